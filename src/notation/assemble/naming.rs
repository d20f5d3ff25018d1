//! What gets a name: definitions, cotangents, and parts that are used often or get too deep.

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

    /// Every node that the roots need, through names.
    pub(super) fn closure(&self, arena: &Arena, roots: &[ExprId]) -> Vec<ExprId> {
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
    pub(super) fn share(&mut self, arena: &mut Arena) {
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
            let saved = total.saturating_mul(written[id.0 as usize].saturating_sub(1));
            let named = self.often_named && saved >= SAVED && arena.rank(id) < 2;
            if let Some(letter) = value_letter(arena, id).filter(|_| named)
                && !is_root[id.0 as usize]
            {
                let name = self.free(letter).unwrap_or_else(|| self.fresh(&mut count));
                self.name(arena, id, &name);
                weight[id.0 as usize] = (1, 0);
                continue;
            }
            if (often || depth >= DEPTH) && !is_root[id.0 as usize] && arena.rank(id) <= 2 {
                let name = self.fresh(&mut count);
                self.name(arena, id, &name);
                (total, depth) = (1, 0);
            }
            weight[id.0 as usize] = (total, depth);
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
    pub(super) fn order(
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
    pub(super) fn needs(&self, arena: &Arena, root: ExprId, place: &Memo) -> Vec<usize> {
        let mut list = Vec::new();
        self.mentions(arena, root, None, &mut list);
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
