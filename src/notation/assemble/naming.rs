//! What gets a name: definitions, cotangents, and parts that are used often or get too deep.

use super::graph::Graph;
use super::{Result_, Unwritable};
use crate::notation::answer::ResultKind;
use crate::notation::index::IndexNames;
use crate::notation::math::{Math, Symbol as Name};
use crate::notation::raise::{Raiser, product, size_math, symbol_math};
use crate::notation::walk::free_indices;
use crate::shape::typed::Typed;
use crate::tensor::arena::Arena;
use crate::tensor::lower::{Equation, Lowered};
use crate::tensor::memo::Memo;
use crate::tensor::node::{ExprId, MapFunction, Node, SymbolKind};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::cell::OnceCell;
use std::rc::Rc;

/// A part that is used more than once is named from this weight on.
const SHARED: u32 = 14;
/// A part that would be written so often is named from a smaller weight on.
const OFTEN: u32 = 16;
/// This is the weight.
const SMALL: u32 = 5;
/// In second derivatives and Jacobians the value of a function is named, by the letter that the table
/// has for it (`p = softmax(A*x)`), where writing it once alone saves so much weight.
const SAVED: u32 = 6;
/// An expression gets no deeper than this before a part of it is named.
const DEPTH: u32 = 40;

/// The names that each name's body mentions, one list after the other.
#[derive(Default)]
pub(super) struct Mentions {
    all: Vec<ExprId>,
    /// For each name where its list ends, and where it starts.
    ranges: Vec<(u32, u32)>,
    places: Memo,
}

impl Mentions {
    pub(super) fn of(&self, symbol: ExprId) -> &[ExprId] {
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

    /// These names and what they mention, each after what it mentions itself.
    fn sorted(&self, first: Vec<ExprId>) -> Vec<ExprId> {
        let mut done = Memo::default();
        let mut list = Vec::with_capacity(self.ranges.len());
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
                    let mut next: SmallVec<[ExprId; 8]> =
                        self.of(s).iter().copied().filter(|b| !done.contains(*b)).collect();
                    next.sort_by_key(|b| std::cmp::Reverse(b.0));
                    stack.extend(next.into_iter().map(|b| (b, false)));
                }
            }
        }
        list
    }
}

/// The parts of expressions, for walks through them.
pub(super) struct Parts<'a> {
    arena: &'a Arena,
    graph: &'a Graph,
    seen: Memo,
    stack: Vec<ExprId>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(arena: &'a Arena, graph: &'a Graph) -> Parts<'a> {
        Parts { arena, graph, seen: Memo::with_room(arena.len()), stack: Vec::new() }
    }
}

/// How often a part of an answer is used, and how large it is when it is written.
#[derive(Clone, Default)]
struct PartUse {
    uses: u32,
    /// How often it would be written if no further name were given.
    written: u32,
    weight: u32,
    depth: u32,
    is_root: bool,
}

/// What has a name.
pub(super) struct Naming<'a> {
    typed: &'a Typed,
    /// The body of each named symbol.
    pub(super) bodies: Memo,
    /// The symbol that stands for an expression.
    symbols: Memo,
    names: FxHashMap<ExprId, Math>,
    /// What an index must not be called, once that is asked.
    taken: OnceCell<FxHashSet<Rc<str>>>,
    /// The names of the program's own values, in order, then the cotangents.
    sequence: Vec<ExprId>,
    roots: Vec<ExprId>,
    objective: ExprId,
    /// Whether values of functions get names early.
    often_named: bool,
    /// The names that were given here.
    letters: Vec<String>,
}

impl<'a> Naming<'a> {
    pub(super) fn new(
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
            often_named: results
                .iter()
                .any(|r| matches!(r.kind, ResultKind::Hessian | ResultKind::Jacobian)),
            letters: Vec::new(),
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

    /// Names what is heavy and used more than once, what gets too deep, and the arguments of
    /// unknown functions' gradients.
    pub(super) fn share(&mut self, arena: &mut Arena, graph: &Graph) {
        let mut parts = self.uses(arena, graph);
        let mut count = 0;
        for id in graph.ids() {
            if self.symbols.contains(id) || arena.as_symbol(id).is_some() {
                continue;
            }
            let (mut total, mut depth) = (1u32, 0u32);
            for c in graph.children(id).unwrap_or_default() {
                let part = &parts[c.0 as usize];
                total = total.saturating_add(part.weight);
                depth = depth.max(part.depth + 1);
            }
            if let Node::Apply(_, 1.., x) = arena.node(id)
                && arena.as_symbol(x).is_none()
                && !self.symbols.contains(x)
            {
                let name = self.fresh(&mut count);
                self.name(arena, x, &name);
            }
            let part = &parts[id.0 as usize];
            let least = if part.written >= OFTEN { SMALL } else { SHARED };
            let often = part.uses > 1 && total >= least && !is_partial(arena, id);
            let saved = total.saturating_mul(part.written.saturating_sub(1));
            let named = self.often_named && saved >= SAVED && arena.rank(id) < 2;
            if let Some(letter) = value_letter(arena, id).filter(|_| named)
                && !part.is_root
            {
                let name = self.free(letter).unwrap_or_else(|| self.fresh(&mut count));
                self.name(arena, id, &name);
                parts[id.0 as usize].weight = 1;
                continue;
            }
            if (often || depth >= DEPTH) && !part.is_root && arena.rank(id) <= 2 {
                let name = self.fresh(&mut count);
                self.name(arena, id, &name);
                (total, depth) = (1, 0);
            }
            let part = &mut parts[id.0 as usize];
            (part.weight, part.depth) = (total, depth);
        }
    }

    /// A name as it is, or with the first number that makes it no other's.
    fn free(&self, letter: &str) -> Option<String> {
        let taken = |name: &str| {
            self.typed.program.find_name(name).is_some()
                || self.typed.dims.texts().any(|t| &*t == name)
                || self.letters.iter().any(|t| t == name)
        };
        let numbered = (1..10).map(|n| format!("{letter}{n}"));
        std::iter::once(letter.to_string()).chain(numbered).find(|name| !taken(name))
    }

    /// How often each expression is used and would be written.
    fn uses(&self, arena: &Arena, graph: &Graph) -> Vec<PartUse> {
        let mut parts = vec![PartUse { weight: 1, ..PartUse::default() }; arena.len()];
        for c in graph.edges() {
            parts[c.0 as usize].uses += 1;
        }
        for id in graph.ids().rev() {
            let written = parts[id.0 as usize].written;
            let own = if self.symbols.contains(id) { 1 } else { written.max(1) };
            for c in graph.children(id).unwrap_or_default() {
                let written = &mut parts[c.0 as usize].written;
                *written = written.saturating_add(own);
            }
        }
        let bodies = self.sequence.iter().filter_map(|s| self.bodies.expr(*s));
        for root in bodies.chain(self.roots.iter().copied()) {
            parts[root.0 as usize].is_root = true;
        }
        parts
    }

    /// What the results and the objective need.
    pub(super) fn graph(&self, arena: &Arena) -> Graph {
        let mut roots = self.roots.clone();
        roots.push(self.objective);
        Graph::of(arena, &self.bodies, &roots)
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
        self.letters.push(name.into());
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
    fn mentions(
        &self,
        parts: &mut Parts<'_>,
        root: ExprId,
        own: Option<ExprId>,
        list: &mut Vec<ExprId>,
    ) {
        let Parts { arena, graph, seen, stack } = parts;
        seen.clear();
        stack.push(root);
        while let Some(id) = stack.pop() {
            if !seen.set(id, 0) {
                continue;
            }
            let name = self.symbols.expr(id).filter(|s| Some(*s) != own);
            let name = name.or_else(|| self.bodies.contains(id).then_some(id));
            match (name, graph.children(id)) {
                (Some(symbol), _) => list.push(symbol),
                (None, Some(children)) => stack.extend_from_slice(children),
                (None, None) => arena.children(id, |c| stack.push(c)),
            }
        }
    }

    /// Named symbols in the order of dependence: each after what it mentions. Further, what each of
    /// them and each result mentions.
    pub(super) fn order(
        &self,
        parts: &mut Parts<'_>,
        objective: ExprId,
        results: &[Result_],
    ) -> (Vec<ExprId>, Mentions, Vec<Vec<ExprId>>) {
        let mut wanted: Vec<ExprId> = Vec::new();
        let mut of_results = Vec::with_capacity(self.roots.len());
        for root in &self.roots {
            let mut list = Vec::new();
            self.mentions(parts, *root, None, &mut list);
            wanted.extend_from_slice(&list);
            of_results.push(list);
        }
        for part in results.iter().flat_map(|r| r.forms.parts()) {
            self.mentions(parts, part, None, &mut wanted);
        }
        if let Some(body) = self.bodies.expr(objective) {
            self.mentions(parts, body, Some(objective), &mut wanted);
        }
        // the program's own order first, then what only these need
        let mut below = Mentions::default();
        let mut stack = wanted.clone();
        while let Some(s) = stack.pop() {
            if !below.places.contains(s) {
                let from = below.all.len();
                let body = self.bodies.expr(s).expect("a name has a body");
                self.mentions(parts, body, Some(s), &mut below.all);
                stack.extend_from_slice(&below.all[from..]);
                below.close(s, from);
            }
        }
        let mut first: Vec<ExprId> =
            self.sequence.iter().copied().filter(|s| below.places.contains(*s)).collect();
        first.extend(wanted);
        (below.sorted(first), below, of_results)
    }

    /// The positions of the bindings that an expression mentions.
    pub(super) fn needs(&self, parts: &mut Parts<'_>, root: ExprId, place: &Memo) -> Vec<usize> {
        let mut list = Vec::new();
        self.mentions(parts, root, None, &mut list);
        places(&list, place)
    }

    /// Names for indices: none is called like a name of the program or a size.
    fn index_names(&self) -> IndexNames<'_> {
        let typed = self.typed;
        let names = || {
            let own = self.letters.iter().map(|n| Rc::from(n.as_str()));
            typed.program.names.iter().map(Rc::from).chain(typed.dims.texts()).chain(own).collect()
        };
        IndexNames::new(self.taken.get_or_init(names))
    }

    pub(super) fn raiser<'b>(&'b self, arena: &'b Arena, own: Option<ExprId>) -> Raiser<'b> {
        Raiser { arena, names: &self.names, own, depth: Raiser::full_depth() }
    }

    /// The body of a name.
    pub(super) fn write(
        &self,
        arena: &Arena,
        own: ExprId,
        body: ExprId,
    ) -> Result<(Math, bool), Unwritable> {
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
    pub(super) fn write_all(
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
                if !free_indices(&entry).contains(axis) {
                    let ones = Math::Ones(vec![size_math(arena.size_text(*dim))]);
                    let one = Math::Entry(Box::new(ones), vec![name.clone()]);
                    entry = product(vec![entry, one]);
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

/// Whether this is a reciprocal, of which only some entries may be read, and only these defined:
/// `1/L[i,i]`.
fn is_partial(arena: &Arena, id: ExprId) -> bool {
    arena.rank(id) == 2 && arena.as_power(id).is_some_and(|p| arena.number_of(p.1).is_negative())
}

/// The positions of the bindings of some names, each once, in order.
pub(super) fn places(symbols: &[ExprId], place: &Memo) -> Vec<usize> {
    let mut list: Vec<usize> =
        symbols.iter().filter_map(|s| place.get(*s).map(|at| at as usize)).collect();
    list.sort_unstable();
    list.dedup();
    list
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

/// What the value of a function of the table is called.
fn value_letter(arena: &Arena, id: ExprId) -> Option<&'static str> {
    match arena.node(id) {
        Node::Named { function, .. } | Node::Map(MapFunction::Known(function), _) => {
            function.letter
        }
        _ => None,
    }
}
