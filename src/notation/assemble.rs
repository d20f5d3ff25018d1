//! From simplified tensors to an [`Answer`]: what gets a name, in what order, and its notation.

use super::answer::{Answer, Binding, Outcome, Parameter, ResultKind};
use super::forms::Forms;
use super::index::IndexNames;
use super::math::{Math, Symbol as Name};
use super::raise::{Raiser, size_math, symbol_math};
use super::written::written;
use crate::shape::typed::{Origin, Typed};
use crate::tensor::arena::Arena;
use crate::tensor::lower::{Equation, Lowered};
use crate::tensor::memo::Memo;
use crate::tensor::node::{ExprId, MatrixFunction, Node, SymbolKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::OnceCell;
use std::rc::Rc;

/// A part that is used more than once is named from this weight on.
const SHARED: u32 = 14;
/// A part that would be written so often is named from a smaller weight on.
const OFTEN: u32 = 16;
/// This is the weight.
const SMALL: u32 = 5;
/// An expression gets no deeper than this before a part of it is named.
const DEPTH: u32 = 40;

/// A result before notation.
#[derive(Clone, Debug)]
pub struct Result_ {
    /// What it is.
    pub kind: ResultKind,
    /// The symbols it is taken by.
    pub wrt: Vec<ExprId>,
    /// Its value.
    pub value: ExprId,
    /// Other forms of it.
    pub forms: Forms,
}

/// Why an answer cannot be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unwritable {
    /// What has no notation.
    pub what: String,
}

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} has no notation in the language yet", self.what)
    }
}

impl std::error::Error for Unwritable {}

/// Brings results into notation.
///
/// # Errors
/// [`Unwritable`] where an expression has neither a matrix form nor an index form.
///
/// # Panics
/// Never: what is named is a symbol.
pub fn assemble(
    typed: &Typed,
    lowered: &mut Lowered,
    cotangents: &[Equation],
    cotangent: Option<ExprId>,
    results: &[Result_],
    want_index: bool,
) -> Result<Answer, Unwritable> {
    let mut naming = Naming::new(typed, lowered, cotangents, results);
    naming.share(&mut lowered.arena);
    let arena = &lowered.arena;
    let (order, below) = naming.order(arena, lowered.objective, results);
    let mut bindings = Vec::with_capacity(order.len());
    let mut place = Memo::with_room(arena.len());
    for symbol in &order {
        let body = naming.bodies.expr(*symbol).expect("a binding has a body");
        let id = arena.as_symbol(*symbol).expect("a binding's name is a symbol");
        let as_written = match arena.symbol(id).kind {
            SymbolKind::Definition(d) => written(typed, typed.definitions[d.0 as usize].body)
                .filter(|_| typed.definitions[d.0 as usize].indices.is_empty()),
            _ => None,
        };
        let value = match as_written {
            Some(math) => math,
            None => naming.write(arena, *symbol, body)?.0,
        };
        let needs = places(below.of(*symbol), &place);
        bindings.push(Binding {
            name: symbol_math(arena, id),
            value,
            shape: shape_math(arena, *symbol),
            needs,
        });
        place.set(*symbol, bindings.len() as u32 - 1);
    }
    let objective_id = arena.as_symbol(lowered.objective).expect("the objective is a symbol");
    let objective_body = lowered.equations.last().map_or(lowered.objective, |e| e.body);
    let mut outcomes = Vec::with_capacity(results.len());
    for result in results {
        let (value, entrywise, index, axes) = naming.write_all(arena, result.value, want_index)?;
        let names = |e: &ExprId| {
            let s = arena.symbol(arena.as_symbol(*e).expect("a target is a symbol"));
            Name { name: s.name.clone(), rank: s.axes.len() as u8 }
        };
        let mut needs = naming.needs(arena, result.value, &place);
        let stacked = result.forms.stacked.iter().flat_map(|(_, term)| term.parts());
        for part in result.forms.action.into_iter().chain(stacked) {
            needs.extend(naming.needs(arena, part, &place));
        }
        needs.sort_unstable();
        needs.dedup();
        outcomes.push(Outcome {
            kind: result.kind,
            wrt: result.wrt.iter().map(names).collect(),
            written: result.wrt.iter().map(|e| written_name(typed, arena, *e)).collect(),
            shape: shape_math(arena, result.value),
            value,
            entrywise,
            index,
            axes,
            needs,
            forms: result.forms.written(&mut naming.raiser(arena, None)),
        });
    }
    let value = match (typed_objective(typed, lowered), &outcomes[..]) {
        (Some(math), _) => math,
        (None, [only]) if only.kind == ResultKind::Value => only.value.clone(),
        _ => naming.write(arena, lowered.objective, objective_body)?.0,
    };
    let value_needs = naming.needs(arena, objective_body, &place);
    let parameters = parameters(typed, lowered, cotangent, objective_id);
    let objective = arena.symbol(objective_id);
    Ok(Answer {
        objective: Name { name: objective.name.clone(), rank: objective.axes.len() as u8 },
        named: lowered.named,
        value,
        shape: shape_math(arena, lowered.objective),
        value_needs,
        bindings,
        parameters,
        functions: unknown_functions(typed, arena),
        scalar_functions: typed
            .unknowns
            .iter()
            .filter(|u| u.scalar)
            .map(|u| Name { name: typed.program.name(u.name).into(), rank: 0 })
            .collect(),
        results: outcomes,
        conditions: conditions(arena, results, &naming),
        remarks: Vec::new(),
    })
}

/// What stands in the way of writing a result.
fn unwritable(arena: &Arena, body: ExprId) -> &'static str {
    use crate::tensor::node::ReduceKind;
    let positions = crate::simplify::reachable(arena, &[body]).into_iter().any(|id| {
        matches!(arena.node(id), Node::Reduce(ReduceKind::ArgMaximum | ReduceKind::ArgMinimum, ..))
    });
    if positions {
        "the position of the largest or smallest entry (the gradient of `max` or `min` over entries)"
    } else {
        "this result"
    }
}

fn shape_math(arena: &Arena, id: ExprId) -> Vec<Math> {
    arena.axes(id).iter().map(|d| size_math(arena.size_text(*d))).collect()
}

/// The positions of the bindings of some names, each once, in order.
fn places(symbols: &[ExprId], place: &Memo) -> Vec<usize> {
    let mut list: Vec<usize> =
        symbols.iter().filter_map(|s| place.get(*s).map(|at| at as usize)).collect();
    list.sort_unstable();
    list.dedup();
    list
}

fn written_name(typed: &Typed, arena: &Arena, e: ExprId) -> String {
    let s = arena.symbol(arena.as_symbol(e).expect("a target is a symbol"));
    as_written(typed, &s.name).to_string()
}

/// A name of the program as it was written; another as it is.
fn as_written<'a>(typed: &'a Typed, name: &'a str) -> &'a str {
    typed.program.find_name(name).map_or(name, |id| typed.program.written(id))
}

/// The objective as its author wrote it.
fn typed_objective(typed: &Typed, lowered: &Lowered) -> Option<Math> {
    use crate::shape::typed::Item;
    let id = lowered.arena.as_symbol(lowered.objective)?;
    match lowered.arena.symbol(id).kind {
        SymbolKind::Definition(d) => {
            let d = &typed.definitions[d.0 as usize];
            d.indices.is_empty().then(|| written(typed, d.body)).flatten()
        }
        _ => typed.items.iter().rev().find_map(|i| match i {
            Item::Expression(node, free) if free.is_empty() => written(typed, *node),
            _ => None,
        }),
    }
}

fn unknown_functions(typed: &Typed, arena: &Arena) -> Vec<(Name, u32)> {
    use crate::tensor::node::MapFunction;
    if typed.unknowns.is_empty() {
        return Vec::new();
    }
    let mut highest: FxHashMap<String, u32> = FxHashMap::default();
    for at in 0..arena.len() {
        if let Node::Map(MapFunction::Unknown(s, n), _) = arena.node(arena.id_at(at)) {
            let slot = highest.entry(arena.symbol(s).name.to_string()).or_default();
            *slot = (*slot).max(n);
        }
    }
    typed
        .unknowns
        .iter()
        .filter(|u| !u.scalar)
        .filter_map(|u| {
            let name = typed.program.name(u.name);
            highest.get(name).map(|n| (Name { name: name.into(), rank: 0 }, *n))
        })
        .collect()
}

fn parameters(
    typed: &Typed,
    lowered: &Lowered,
    cotangent: Option<ExprId>,
    objective: crate::tensor::node::SymbolId,
) -> Vec<Parameter> {
    let arena = &lowered.arena;
    // what the program writes is a parameter, though it may cancel
    let mut list = Vec::with_capacity(typed.variables.len() + 1);
    for (v, variable) in typed.variables.iter().enumerate() {
        let Some(symbol) = lowered.variables[v] else { continue };
        let name = symbol_math(arena, arena.as_symbol(symbol).expect("a variable is a symbol"));
        list.push(Parameter {
            name,
            written: typed.program.written(variable.name).to_string(),
            shape: shape_math(arena, symbol),
            attributes: variable.attributes.clone(),
            assumed: variable.origin != Origin::Declared,
        });
    }
    if let Some(g) = cotangent {
        list.push(Parameter {
            name: symbol_math(arena, arena.as_symbol(g).expect("a cotangent is a symbol")),
            written: {
                let name = &arena.symbol(objective).name;
                format!("grad_{}", as_written(typed, name))
            },
            shape: shape_math(arena, g),
            attributes: Vec::new(),
            assumed: true,
        });
    }
    list
}

/// `X is invertible`, for every inverse in the results, and the like.
fn conditions(arena: &Arena, results: &[Result_], naming: &Naming<'_>) -> Vec<String> {
    let mut list = Vec::new();
    if !(0..arena.len()).any(|at| is_inverse(arena, arena.id_at(at))) {
        return list;
    }
    let roots: Vec<ExprId> = results.iter().map(|r| r.value).collect();
    for id in naming.closure(arena, &roots) {
        let condition = match arena.node(id) {
            // a Cholesky factor is always invertible
            Node::Matrix(MatrixFunction::Inverse, x)
                if matches!(
                    arena.node(naming.bodies.expr(x).unwrap_or(x)),
                    Node::Matrix(MatrixFunction::Cholesky, _)
                ) =>
            {
                None
            }
            Node::Matrix(MatrixFunction::Inverse, x) => Some((x, "invertible")),
            Node::Matrix(MatrixFunction::Cholesky, x) => Some((x, "symmetric positive definite")),
            Node::Matrix(MatrixFunction::Eigenvalues | MatrixFunction::Eigenvectors, x) => {
                Some((x, "symmetric with distinct eigenvalues"))
            }
            _ => None,
        };
        if let Some((x, property)) = condition {
            let names = FxHashMap::default();
            let mut raiser =
                Raiser { arena, names: &names, own: None, depth: Raiser::full_depth() };
            if let Some(m) = raiser.raise(x) {
                list.push(format!("{} is {property}", super::ascii::ascii(&m)));
            }
        }
    }
    list.sort();
    list.dedup();
    list
}

fn is_inverse(arena: &Arena, id: ExprId) -> bool {
    matches!(arena.node(id), Node::Matrix(MatrixFunction::Inverse, _))
}

/// The names that each name's body mentions, one list after the other.
#[derive(Default)]
struct Mentions {
    all: Vec<ExprId>,
    /// For each name where its list ends, and where it starts.
    ranges: Vec<(u32, u32)>,
    places: Memo,
}

impl Mentions {
    fn of(&self, symbol: ExprId) -> &[ExprId] {
        self.places.get(symbol).map_or(&[], |at| {
            let (from, to) = self.ranges[at as usize];
            &self.all[from as usize..to as usize]
        })
    }

    /// Adds the list of a name: what `all` has got since `from`.
    fn close(&mut self, symbol: ExprId, from: usize) {
        self.places.set(symbol, self.ranges.len() as u32);
        self.ranges.push((from as u32, self.all.len() as u32));
    }
}

/// What has a name.
struct Naming<'a> {
    typed: &'a Typed,
    /// The body of each named symbol.
    bodies: Memo,
    /// The symbol that stands for an expression.
    symbols: Memo,
    names: FxHashMap<ExprId, Math>,
    /// What an index must not be called, once that is asked.
    taken: OnceCell<FxHashSet<Rc<str>>>,
    /// The names of the program's own values, in order, then the cotangents.
    sequence: Vec<ExprId>,
    roots: Vec<ExprId>,
    objective: ExprId,
}

impl<'a> Naming<'a> {
    fn new(
        typed: &'a Typed,
        lowered: &Lowered,
        cotangents: &[Equation],
        results: &[Result_],
    ) -> Naming<'a> {
        let mut naming = Naming {
            typed,
            bodies: Memo::with_room(lowered.arena.len()),
            symbols: Memo::with_room(lowered.arena.len()),
            names: FxHashMap::default(),
            taken: OnceCell::new(),
            sequence: Vec::new(),
            roots: results.iter().map(|r| r.value).collect(),
            objective: lowered.objective,
        };
        let scalar = lowered.arena.rank(lowered.objective) == 0;
        let last = lowered.equations.len().wrapping_sub(1);
        // a value asked for is not written as its own name
        let value = results.iter().any(|r| r.kind == ResultKind::Value);
        for (at, e) in lowered.equations.iter().chain(cotangents).enumerate() {
            naming.bodies.set_expr(e.symbol, e.body);
            naming.sequence.push(e.symbol);
            // the value of a definition is written by its name wherever it occurs; that of an
            // unnamed scalar objective is written out
            let unnamed = at == last && (value || !lowered.named && scalar);
            let trivial = lowered.arena.weight(e.body) < 2;
            if at <= last && !unnamed && !trivial && !naming.symbols.contains(e.body) {
                naming.symbols.set_expr(e.body, e.symbol);
                let name = lowered.arena.as_symbol(e.symbol).expect("a name is a symbol");
                naming.names.insert(e.body, symbol_math(&lowered.arena, name));
            }
        }
        naming
    }

    /// Every node that the roots need, through names.
    fn closure(&self, arena: &Arena, roots: &[ExprId]) -> Vec<ExprId> {
        let mut seen = vec![false; arena.len()];
        let mut stack = roots.to_vec();
        let mut list = Vec::new();
        while let Some(id) = stack.pop() {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                continue;
            }
            list.push(id);
            if let Some(body) = self.bodies.expr(id) {
                stack.push(body);
            }
            arena.children(id, |c| stack.push(c));
        }
        list.sort_unstable_by_key(|id| id.0);
        list
    }

    /// Names what is heavy and used more than once, what gets too deep, and the arguments of
    /// unknown functions' gradients.
    fn share(&mut self, arena: &mut Arena) {
        let mut roots = self.roots.clone();
        roots.push(self.objective);
        let list = self.closure(arena, &roots);
        let mut uses: Vec<u32> = vec![0; arena.len()];
        for &id in &list {
            arena.children(id, |c| uses[c.0 as usize] += 1);
        }
        // how often each part would be written if no further name were given
        let mut written: Vec<u32> = vec![0; arena.len()];
        for &id in list.iter().rev() {
            let own = if self.symbols.contains(id) { 1 } else { written[id.0 as usize].max(1) };
            arena.children(id, |c| {
                let slot = &mut written[c.0 as usize];
                *slot = slot.saturating_add(own);
            });
        }
        let mut is_root = vec![false; arena.len()];
        for body in self.sequence.iter().filter_map(|s| self.bodies.expr(*s)) {
            is_root[body.0 as usize] = true;
        }
        for root in &self.roots {
            is_root[root.0 as usize] = true;
        }
        let mut weight: Vec<(u32, u32)> = vec![(1, 0); arena.len()];
        let mut count = 0;
        for id in list {
            if self.symbols.contains(id) || arena.as_symbol(id).is_some() {
                continue;
            }
            let (mut total, mut depth) = (1u32, 0u32);
            arena.children(id, |c| {
                let (w, d) = weight[c.0 as usize];
                total = total.saturating_add(w);
                depth = depth.max(d + 1);
            });
            if let Node::Apply(_, 1.., x) = arena.node(id)
                && arena.as_symbol(x).is_none()
                && !self.symbols.contains(x)
            {
                let name = self.fresh(&mut count);
                self.name(arena, x, &name);
            }
            let least = if written[id.0 as usize] >= OFTEN { SMALL } else { SHARED };
            // of a reciprocal only some entries may be read, and only these defined: `1/L[i,i]`
            let partial = arena.rank(id) == 2
                && arena.as_power(id).is_some_and(|p| arena.number_of(p.1).is_negative());
            let often = uses[id.0 as usize] > 1 && total >= least && !partial;
            if (often || depth >= DEPTH) && !is_root[id.0 as usize] && arena.rank(id) <= 2 {
                let name = self.fresh(&mut count);
                self.name(arena, id, &name);
                (total, depth) = (1, 0);
            }
            weight[id.0 as usize] = (total, depth);
        }
    }

    fn fresh(&self, count: &mut usize) -> String {
        loop {
            *count += 1;
            let name = format!("t{count}");
            if self.typed.program.find_name(&name).is_none() {
                return name;
            }
        }
    }

    fn name(&mut self, arena: &mut Arena, id: ExprId, name: &str) {
        let axes = arena.axes(id).into();
        let order = arena.key(id).0;
        let (name, symbol) = arena.symbol_expr(crate::tensor::node::Symbol {
            name: name.into(),
            kind: SymbolKind::Shared,
            axes,
            properties: crate::tensor::node::Properties::default(),
            order,
        });
        self.bodies.set_expr(symbol, id);
        self.symbols.set_expr(id, symbol);
        self.names.insert(id, symbol_math(arena, name));
    }

    /// Adds the named symbols that an expression mentions, not through other names.
    fn mentions(&self, arena: &Arena, root: ExprId, own: Option<ExprId>, list: &mut Vec<ExprId>) {
        let mut seen: FxHashSet<ExprId> = FxHashSet::default();
        let mut few: smallvec::SmallVec<[ExprId; 24]> = smallvec::SmallVec::new();
        let mut stack: smallvec::SmallVec<[ExprId; 24]> = smallvec::smallvec![root];
        while let Some(id) = stack.pop() {
            // most expressions are small: a list is searched faster than a set
            if few.len() < 24 {
                if few.contains(&id) {
                    continue;
                }
                few.push(id);
            } else if few.contains(&id) || !seen.insert(id) {
                continue;
            }
            let name = self.symbols.expr(id).filter(|s| Some(*s) != own);
            let name = name.or_else(|| self.bodies.contains(id).then_some(id));
            match name {
                Some(symbol) => list.push(symbol),
                None => arena.children(id, |c| stack.push(c)),
            }
        }
    }

    /// Named symbols in the order of dependence: each after what it mentions.
    fn order(
        &self,
        arena: &Arena,
        objective: ExprId,
        results: &[Result_],
    ) -> (Vec<ExprId>, Mentions) {
        let mut wanted: Vec<ExprId> = Vec::new();
        for r in results {
            self.mentions(arena, r.value, None, &mut wanted);
        }
        if let Some(body) = self.bodies.expr(objective) {
            self.mentions(arena, body, Some(objective), &mut wanted);
        }
        // the program's own order first, then what only these need
        let mut below = Mentions::default();
        let mut stack = wanted.clone();
        while let Some(s) = stack.pop() {
            if !below.places.contains(s) {
                let from = below.all.len();
                let body = self.bodies.expr(s).expect("a name has a body");
                self.mentions(arena, body, Some(s), &mut below.all);
                stack.extend_from_slice(&below.all[from..]);
                below.close(s, from);
            }
        }
        let mut first: Vec<ExprId> =
            self.sequence.iter().copied().filter(|s| below.places.contains(*s)).collect();
        first.extend(wanted);
        let mut done = Memo::with_room(arena.len());
        let mut list = Vec::with_capacity(below.ranges.len());
        let mut stack = Vec::new();
        for start in first {
            stack.push((start, false));
            while let Some((s, ready)) = stack.pop() {
                if ready {
                    if done.set(s, 1) {
                        list.push(s);
                    }
                } else if !done.contains(s) {
                    stack.push((s, true));
                    let mut next: smallvec::SmallVec<[ExprId; 8]> =
                        below.of(s).iter().copied().filter(|b| !done.contains(*b)).collect();
                    next.sort_by_key(|b| std::cmp::Reverse(b.0));
                    stack.extend(next.into_iter().map(|b| (b, false)));
                }
            }
        }
        (list, below)
    }

    /// The positions of the bindings that an expression mentions.
    fn needs(&self, arena: &Arena, root: ExprId, place: &Memo) -> Vec<usize> {
        let mut list = Vec::new();
        self.mentions(arena, root, None, &mut list);
        places(&list, place)
    }

    /// Names for indices: none is called like a name of the program or a size.
    fn index_names(&self) -> IndexNames<'_> {
        let typed = self.typed;
        let names = || typed.program.names.iter().map(Rc::from).chain(typed.dims.texts()).collect();
        IndexNames::new(self.taken.get_or_init(names))
    }

    fn raiser<'b>(&'b self, arena: &'b Arena, own: Option<ExprId>) -> Raiser<'b> {
        Raiser { arena, names: &self.names, own, depth: Raiser::full_depth() }
    }

    /// The body of a name.
    fn write(&self, arena: &Arena, own: ExprId, body: ExprId) -> Result<(Math, bool), Unwritable> {
        // a definition is not written as itself
        let hidden = (self.symbols.expr(body) == Some(own)).then_some(body);
        let mut raiser = self.raiser(arena, hidden);
        if let Some(math) = raiser.raise(body) {
            return Ok((math, true));
        }
        if arena.rank(body) == 0 {
            let mut fresh = self.index_names();
            if let Some(math) = raiser.entry(body, &[], &mut fresh) {
                return Ok((math, false));
            }
        }
        Err(Unwritable { what: "a part of this answer".into() })
    }

    /// A result: its value, whether that is an entry, the entry where it is wanted or needed, and
    /// the entry's indices.
    fn write_all(
        &self,
        arena: &Arena,
        body: ExprId,
        want_index: bool,
    ) -> Result<(Math, bool, Option<Math>, Vec<Name>), Unwritable> {
        let mut raiser = self.raiser(arena, None);
        let matrix = match raiser.raise(body) {
            Some(math) if !want_index => return Ok((math, false, None, Vec::new())),
            matrix => matrix,
        };
        let mut fresh = self.index_names();
        let axes: Vec<Name> = (0..arena.rank(body)).map(|_| fresh.fresh()).collect();
        let at: Vec<Math> = axes.iter().cloned().map(Math::Symbol).collect();
        let mut entry = |fresh: &mut IndexNames<'_>| {
            let mut entry = raiser.entry(body, &at, fresh)?;
            // an axis along which all is the same keeps its size
            for ((axis, name), dim) in axes.iter().zip(&at).zip(arena.axes(body)) {
                if !super::walk::free_indices(&entry).contains(axis) {
                    let ones = Math::Ones(vec![size_math(arena.size_text(*dim))]);
                    let one = Math::Entry(Box::new(ones), vec![name.clone()]);
                    entry = super::raise::product(vec![entry, one]);
                }
            }
            Some(entry)
        };
        let mixed = if matrix.is_none() {
            let mut fresh = fresh.mixed();
            entry(&mut fresh)
        } else {
            None
        };
        let index = entry(&mut fresh);
        match (matrix, index) {
            (Some(m), Some(i)) => Ok((m, false, Some(i), axes)),
            (None, Some(i)) => Ok((mixed.unwrap_or_else(|| i.clone()), true, Some(i), axes)),
            (Some(m), None) => {
                let entry =
                    if at.is_empty() { m.clone() } else { Math::Entry(Box::new(m.clone()), at) };
                Ok((m, false, Some(entry), axes))
            }
            (None, None) => Err(Unwritable { what: unwritable(arena, body).into() }),
        }
    }
}
