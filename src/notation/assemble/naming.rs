//! What gets a name: definitions, cotangents, and parts that are used often or get too deep.

use super::graph::Graph;
use super::{Result_, Unwritable};
use crate::notation::answer::{Indices, ResultKind};
use crate::notation::index::IndexNames;
use crate::notation::math::Math;
use crate::notation::raise::{Raiser, product, size_math};
use crate::notation::walk::free_indices;
use crate::shape::typed::Typed;
use crate::tensor::arena::Arena;
use crate::tensor::lower::{Equation, Lowered};
use crate::tensor::memo::Memo;
use crate::tensor::node::{Axes, ExprId, MapFunction, Node, Symbol, SymbolKind};
use rustc_hash::FxHashSet;
use std::cell::OnceCell;
use std::rc::Rc;

/// A part that is written more than once is named from this weight on.
const SHARED: u32 = 14;
/// A part that would be written so often is named from a smaller weight on.
const OFTEN: u32 = 16;
/// This is the weight.
const SMALL: u32 = 5;
/// A part that is written more than once is named too where writing it once alone saves so much weight.
const LONG: u32 = 18;
/// The same for the value of a function.
const LONG_VALUE: u32 = 12;
/// From this weight on whatever is used more than once, so that no answer doubles.
const HUGE: u32 = 200;
/// The value of a function that the table has a letter for (`p = softmax(A*x)`) is named where that
/// saves so much weight, in gradients and (the second number) in second derivatives and Jacobians.
const SAVED: [u32; 2] = [10, 6];
/// An expression gets no deeper than this before a part of it is named.
const DEPTH: u32 = 40;

/// How often a part of an answer is written, and how large it is then.
#[derive(Clone, Default)]
struct PartUse {
    /// How often it is used.
    uses: u32,
    /// How often in results and cotangents, if what is worth a name has one.
    written: u32,
    weight: u32,
    depth: u32,
    is_root: bool,
}

impl PartUse {
    /// The weight that is saved where a part of this weight is written once.
    fn saved(&self, weight: u32) -> u32 {
        weight.saturating_mul(self.written.saturating_sub(1))
    }
}

/// What has a name.
pub(super) struct Naming<'a> {
    typed: &'a Typed,
    /// The body of each named symbol.
    pub(super) bodies: Memo,
    /// The symbol that stands for an expression.
    pub(super) symbols: Memo,
    /// What an index must not be called, once that is asked.
    taken: OnceCell<FxHashSet<Rc<str>>>,
    /// The names of the program's own values, in order, then the cotangents.
    pub(super) sequence: Vec<ExprId>,
    /// How many of these are the program's own.
    definitions: usize,
    roots: Vec<ExprId>,
    objective: ExprId,
    /// The body of an objective that is not written by its name; else the objective.
    written_out: ExprId,
    /// Whether values of functions get names early.
    often_named: bool,
    /// The names that were given here, and those that are not to be given.
    letters: FxHashSet<Rc<str>>,
}

impl<'a> Naming<'a> {
    pub(super) fn new(
        typed: &'a Typed,
        lowered: &mut Lowered,
        cotangents: &[Equation],
        results: &[Result_],
        reserved: &[Rc<str>],
    ) -> Naming<'a> {
        let mut naming = Naming {
            typed,
            bodies: Memo::with_room(lowered.arena.len()),
            symbols: Memo::with_room(lowered.arena.len()),
            taken: OnceCell::new(),
            sequence: Vec::with_capacity(lowered.equations.len() + cotangents.len()),
            definitions: lowered.equations.len(),
            roots: results.iter().map(|r| r.value).collect(),
            objective: lowered.objective,
            written_out: lowered.objective,
            often_named: results
                .iter()
                .any(|r| matches!(r.kind, ResultKind::Hessian | ResultKind::Jacobian)),
            letters: reserved.iter().cloned().collect(),
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
            if unnamed {
                naming.written_out = e.body;
            }
            if at <= last && !unnamed && !trivial && !naming.symbols.contains(e.body) {
                naming.symbols.set_expr(e.body, e.symbol);
            }
        }
        let mut deltas = 0;
        for e in cotangents {
            let id = lowered.arena.as_symbol(e.symbol).expect("what is named is a symbol");
            if lowered.arena.symbol(id).kind == SymbolKind::Shared {
                let name: Rc<str> = naming.next("delta", &mut deltas).into();
                lowered.arena.rename(id, name.clone());
                naming.letters.insert(name);
            }
        }
        naming
    }

    /// Whether something else has this name.
    fn is_taken(&self, name: &str) -> bool {
        self.typed.program.find_name(name).is_some()
            || self.letters.contains(name)
            || self.typed.dims.has_name(name)
    }

    /// Names what is heavy and used more than once, what gets too deep, and the arguments of
    /// unknown functions' gradients.
    pub(super) fn share(&mut self, arena: &mut Arena, graph: &Graph) {
        if self.is_simple(arena, graph) {
            return;
        }
        let (mut parts, found) = self.uses(arena, graph);
        if !found && Naming::is_flat(arena, graph) {
            return;
        }
        let mut count = 0;
        for id in graph.ids() {
            if self.symbols.contains(id) || arena.as_symbol(id).is_some() {
                continue;
            }
            let children = graph.children(id).unwrap_or_default();
            // constants and ones weigh nothing
            let (mut total, mut depth) = (u32::from(!children.is_empty()), 0u32);
            for c in children {
                let part = &parts[c.0 as usize];
                total = total.saturating_add(part.weight);
                depth = depth.max(part.depth + 1);
            }
            if let Node::Apply(_, 1.., x) = arena.node(id)
                && arena.as_symbol(x).is_none()
                && !self.symbols.contains(x)
            {
                let name = self.next("t", &mut count);
                self.name(arena, x, &name);
            }
            let part = &parts[id.0 as usize];
            let letter = self.letter(arena, id, part, total);
            if let Some(letter) = letter.filter(|_| !part.is_root) {
                // a matrix has a capital
                let letter = match arena.rank(id) {
                    2 => letter.to_uppercase(),
                    _ => letter.to_string(),
                };
                let name = self.free(&letter).unwrap_or_else(|| self.next("t", &mut count));
                self.name(arena, id, &name);
                parts[id.0 as usize].weight = 1;
                continue;
            }
            let often = is_long(arena, id, part, total);
            if (often || depth >= DEPTH && arena.rank(id) <= 2) && !part.is_root {
                let name = self.next("t", &mut count);
                self.name(arena, id, &name);
                (total, depth) = (1, 0);
            }
            let part = &mut parts[id.0 as usize];
            (part.weight, part.depth) = (total, depth);
        }
    }

    /// A name as it is, or with the first number that makes it no other's.
    fn free(&self, letter: &str) -> Option<String> {
        let numbered = (1..10).map(|n| format!("{letter}{n}"));
        std::iter::once(letter.to_string()).chain(numbered).find(|name| !self.is_taken(name))
    }

    /// The letter of a value of a function, if a name for it saves enough.
    fn letter(
        &self,
        arena: &Arena,
        id: ExprId,
        part: &PartUse,
        weight: u32,
    ) -> Option<&'static str> {
        let enough = part.saved(weight) >= SAVED[usize::from(self.often_named)]
            || is_long(arena, id, part, weight);
        if enough && arena.rank(id) <= 2 { value_letter(arena, id) } else { None }
    }

    /// Whether nothing can get a name: every part is small and written once.
    fn is_simple(&self, arena: &Arena, graph: &Graph) -> bool {
        let mut used = vec![false; arena.len()];
        let mut again = |id: ExprId| {
            std::mem::replace(&mut used[id.0 as usize], true)
                && arena.as_symbol(id).is_none()
                && !self.symbols.contains(id)
                && graph.children(id).is_some_and(|c| !c.is_empty())
        };
        let bodies = self.sequence[self.definitions..].iter().filter_map(|s| self.bodies.expr(*s));
        let mut parts =
            self.roots.iter().copied().chain(bodies).chain(graph.edges().iter().copied());
        !parts.any(&mut again) && Naming::is_flat(arena, graph)
    }

    /// Whether nothing can be too deep, and no unknown function has an array as its argument.
    fn is_flat(arena: &Arena, graph: &Graph) -> bool {
        let mut inner = 0;
        !graph.ids().any(|id| {
            inner += u32::from(graph.children(id).is_some_and(|c| !c.is_empty()));
            inner >= DEPTH || matches!(arena.node(id), Node::Apply(..))
        })
    }

    /// How often each expression would be written if what is worth a name had one, and whether
    /// anything is.
    fn uses(&self, arena: &Arena, graph: &Graph) -> (Vec<PartUse>, bool) {
        let mut parts = vec![PartUse { weight: 1, ..PartUse::default() }; arena.len()];
        for c in graph.edges() {
            parts[c.0 as usize].uses += 1;
        }
        // a body is not named again; an objective that is not written by its name may be
        let named = |body: &ExprId| *body != self.written_out;
        let bodies = self.sequence.iter().filter_map(|s| self.bodies.expr(*s)).filter(named);
        for root in bodies.chain(self.roots.iter().copied()) {
            parts[root.0 as usize].is_root = true;
        }
        // definitions are written as their author did
        let cotangents = self.sequence[self.definitions..].iter();
        let bodies = cotangents.filter_map(|s| self.bodies.expr(*s));
        for root in bodies.chain(self.roots.iter().copied()) {
            parts[root.0 as usize].written += 1;
        }
        // parts of axes are read off the notation of slices and blocks
        for id in graph.ids().filter(|id| arena.as_indicator(*id).is_some()) {
            parts[id.0 as usize].weight = 0;
        }
        let known = |id: ExprId| self.symbols.contains(id) || arena.as_symbol(id).is_some();
        for id in graph.ids().filter(|id| !known(*id)) {
            let children = graph.children(id).unwrap_or_default();
            let weight = |sum: u32, c: &ExprId| sum.saturating_add(parts[c.0 as usize].weight);
            let own = u32::from(!children.is_empty());
            parts[id.0 as usize].weight = children.iter().fold(own, weight);
        }
        // the largest parts first: what is written in them alone needs no name
        let mut found = false;
        for id in graph.ids().rev() {
            let part = &parts[id.0 as usize];
            let known = known(id);
            let worth = !known
                && !part.is_root
                && (is_long(arena, id, part, part.weight)
                    || self.letter(arena, id, part, part.weight).is_some());
            found |= worth;
            let named = known || worth;
            let own = if named { part.written.min(1) } else { part.written };
            for c in graph.children(id).unwrap_or_default() {
                let written = &mut parts[c.0 as usize].written;
                *written = written.saturating_add(own);
            }
        }
        (parts, found)
    }

    /// What the results and the objective need.
    pub(super) fn graph(&self, arena: &Arena) -> Graph {
        let mut roots = Vec::with_capacity(2 * self.roots.len() + 8);
        roots.extend_from_slice(&self.roots);
        roots.push(self.objective);
        Graph::of(arena, &self.bodies, roots)
    }

    /// The next of the numbered names of this kind that is no other's.
    fn next(&self, kind: &str, count: &mut usize) -> String {
        loop {
            *count += 1;
            let name = format!("{kind}{count}");
            if !self.is_taken(&name) {
                return name;
            }
        }
    }

    fn name(&mut self, arena: &mut Arena, id: ExprId, name: &str) {
        let name: Rc<str> = name.into();
        self.letters.insert(name.clone());
        let axes = Axes::from_slice(arena.axes(id));
        let order = arena.key(id).0;
        let symbol = Symbol { order, ..Symbol::new(name, SymbolKind::Shared) };
        let symbol = arena.symbol_expr(symbol, &axes);
        self.bodies.set_expr(symbol, id);
        self.symbols.set_expr(id, symbol);
    }

    /// Names for indices: none is called like a name of the program or a size.
    fn index_names(&self) -> IndexNames<'_> {
        let typed = self.typed;
        let names = || {
            let own = self.letters.iter().cloned();
            typed.names_of_values().map(Rc::from).chain(typed.dims.texts()).chain(own).collect()
        };
        IndexNames::new(self.taken.get_or_init(names))
    }

    pub(super) fn raiser<'b>(&'b self, arena: &'b Arena, own: Option<ExprId>) -> Raiser<'b> {
        Raiser { arena, names: &self.symbols, own, depth: Raiser::full_depth(), turning: false }
    }

    /// The body of a name, and the names of its axes where it is written entry by entry.
    pub(super) fn write(
        &self,
        arena: &Arena,
        own: ExprId,
        body: ExprId,
    ) -> Result<(Math, Indices), Unwritable> {
        // a definition is not written as itself
        let hidden = (self.symbols.expr(body) == Some(own)).then_some(body);
        Ok(match self.written(arena, body, hidden, false)? {
            (_, true, Some(entry), axes) => (entry, axes),
            (value, ..) => (value, Box::default()),
        })
    }

    /// A result: its value, whether that is an entry, the entry where it is wanted or needed, and
    /// the entry's indices.
    pub(super) fn write_all(
        &self,
        arena: &Arena,
        body: ExprId,
        want_index: bool,
    ) -> Result<(Math, bool, Option<Math>, Indices), Unwritable> {
        self.written(arena, body, None, want_index)
    }

    /// The same of an expression that is not written by its name.
    fn written(
        &self,
        arena: &Arena,
        body: ExprId,
        own: Option<ExprId>,
        want_index: bool,
    ) -> Result<(Math, bool, Option<Math>, Indices), Unwritable> {
        let mut raiser = self.raiser(arena, own);
        let matrix = match raiser.raise(body) {
            Some(math) if !want_index => return Ok((math, false, None, Box::default())),
            matrix => matrix,
        };
        let mut fresh = self.index_names();
        let axes: Indices = (0..arena.rank(body)).map(|_| fresh.fresh()).collect();
        let at: Vec<Math> = axes.iter().cloned().map(Math::Symbol).collect();
        let mut entry = |fresh: &mut IndexNames<'_>| {
            let mut entry = raiser.entry(body, &at, fresh)?;
            // an axis along which all is the same keeps its size
            for ((axis, name), dim) in axes.iter().zip(&at).zip(arena.axes(body)) {
                if !free_indices(&entry).contains(axis) {
                    let ones = Math::Ones(vec![size_math(arena.size_text(*dim))]);
                    let one = Math::Entry(Box::new(ones), Box::new([name.clone()]));
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
                let entry = if at.is_empty() {
                    m.clone()
                } else {
                    Math::Entry(Box::new(m.clone()), at.into())
                };
                Ok((m, false, Some(entry), axes))
            }
            (None, None) => Err(Unwritable { what: unwritable(arena, body).into() }),
        }
    }
}

/// Whether a part is worth a name by how long and how often it would be written.
fn is_long(arena: &Arena, id: ExprId, part: &PartUse, weight: u32) -> bool {
    if part.written <= 1 && (part.uses <= 1 || weight < HUGE) {
        return false;
    }
    let least = if part.written >= OFTEN { SMALL } else { SHARED };
    let is_value = matches!(arena.node(id), Node::Map(..)) && arena.as_power(id).is_none();
    let long = if is_value { LONG_VALUE } else { LONG };
    let often = weight >= least || weight > SMALL && part.saved(weight) >= long;
    (part.written > 1 && often || part.uses > 1 && weight >= HUGE)
        && arena.rank(id) <= 2
        && !is_reciprocal(arena, id)
}

/// Whether this divides: what it divides by gets the name, that other powers have in common with it.
/// (And only some entries of a matrix of reciprocals may be read, and only these defined: `1/L[i,i]`.)
fn is_reciprocal(arena: &Arena, id: ExprId) -> bool {
    arena.as_power(id).is_some_and(|p| arena.number_of(p.1).is_negative())
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
