//! In which order the named values of an answer stand, and what each of them needs.

use super::graph::Graph;
use super::naming::Naming;
use super::{Result_, objective_body};
use crate::notation::answer::Needs;
use crate::notation::forms::Forms;
use crate::tensor::arena::Arena;
use crate::tensor::lower::Lowered;
use crate::tensor::memo::Memo;
use crate::tensor::node::ExprId;
use smallvec::SmallVec;

/// The named values in order, and which of them, by position, each part of an answer needs.
pub(super) struct Plan {
    pub(super) bindings: Vec<(ExprId, Needs)>,
    pub(super) results: Vec<Needs>,
    pub(super) value: Needs,
}

impl Plan {
    pub(super) fn of(
        naming: &Naming<'_>,
        lowered: &Lowered,
        graph: &Graph,
        results: &[Result_],
    ) -> Plan {
        let arena = &lowered.arena;
        let (seen, stack) = (Memo::with_room(arena.len()), Vec::with_capacity(16));
        let mut parts = Parts { arena, graph, seen, stack };
        let mut wanted = List::with_room(results.len() + 1);
        for result in results {
            wanted.add(|list| parts.mentions(naming, result.value, None, list));
        }
        for part in results.iter().filter_map(|r| r.forms.as_deref()).flat_map(Forms::parts) {
            wanted.add(|list| parts.mentions(naming, part, None, list));
        }
        if let Some(body) = naming.bodies.expr(lowered.objective) {
            wanted.add(|list| parts.mentions(naming, body, Some(lowered.objective), list));
        }
        let below = Below::of(naming, &mut parts, &wanted.all);
        // the program's own order first, then what only these need
        let mut first: Vec<ExprId> =
            naming.sequence.iter().copied().filter(|s| below.places.contains(*s)).collect();
        first.extend_from_slice(&wanted.all);
        let mut place = Memo::with_room(arena.len());
        let order = below.sorted(first, arena);
        let mut bindings = Vec::with_capacity(order.len());
        for (at, symbol) in order.into_iter().enumerate() {
            bindings.push((symbol, places(below.of_symbol(symbol), &place)));
            place.set(symbol, at as u32);
        }
        let mut needs = |e: ExprId| {
            let mut list = Names::new();
            parts.mentions(naming, e, None, &mut list);
            places(&list, &place)
        };
        let mut of_results = Vec::with_capacity(results.len());
        for (at, result) in results.iter().enumerate() {
            let mut list = places(wanted.get(at), &place);
            for part in result.forms.iter().flat_map(|f| f.parts()) {
                list.extend(needs(part));
            }
            list.sort_unstable();
            list.dedup();
            of_results.push(list);
        }
        let value = match naming.bodies.expr(lowered.objective) {
            Some(_) => places(wanted.last(), &place),
            None => needs(objective_body(lowered)),
        };
        Plan { bindings, results: of_results, value }
    }
}

/// The positions of the bindings of some names, each once, in order.
fn places(symbols: &[ExprId], place: &Memo) -> Needs {
    let mut list: Needs = symbols.iter().filter_map(|s| place.get(*s)).collect();
    list.sort_unstable();
    list.dedup();
    list
}

/// Names in a list.
type Names = SmallVec<[ExprId; 16]>;

/// Lists of names, one after the other.
struct List {
    all: Names,
    ends: SmallVec<[u32; 8]>,
}

impl List {
    fn with_room(lists: usize) -> List {
        List { all: SmallVec::with_capacity(2 * lists), ends: SmallVec::with_capacity(lists) }
    }

    fn add(&mut self, fill: impl FnOnce(&mut Names)) {
        fill(&mut self.all);
        self.ends.push(self.all.len() as u32);
    }

    fn last(&self) -> &[ExprId] {
        self.ends.len().checked_sub(1).map_or(&[], |last| self.get(last))
    }

    fn get(&self, at: usize) -> &[ExprId] {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[from as usize..self.ends[at] as usize]
    }
}

/// The names that each name's body mentions.
struct Below {
    lists: List,
    places: Memo,
}

impl Below {
    /// Of these names and of all that they mention.
    fn of(naming: &Naming<'_>, parts: &mut Parts<'_>, wanted: &[ExprId]) -> Below {
        let places = Memo::with_room(parts.arena.len());
        let mut below = Below { lists: List::with_room(naming.sequence.len()), places };
        let mut stack = wanted.to_vec();
        while let Some(s) = stack.pop() {
            if !below.places.contains(s) {
                below.places.set(s, below.lists.ends.len() as u32);
                let body = naming.bodies.expr(s).expect("a name has a body");
                below.lists.add(|list| parts.mentions(naming, body, Some(s), list));
                stack.extend_from_slice(below.lists.get(below.lists.ends.len() - 1));
            }
        }
        below
    }

    fn of_symbol(&self, symbol: ExprId) -> &[ExprId] {
        self.places.get(symbol).map_or(&[], |at| self.lists.get(at as usize))
    }

    /// These names and what they mention, each after what it mentions itself.
    fn sorted(&self, first: Vec<ExprId>, arena: &Arena) -> Vec<ExprId> {
        let mut done = Memo::with_room(arena.len());
        let mut list = Vec::with_capacity(self.lists.ends.len());
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
                        self.of_symbol(s).iter().copied().filter(|b| !done.contains(*b)).collect();
                    next.sort_by_key(|b| std::cmp::Reverse(b.0));
                    stack.extend(next.into_iter().map(|b| (b, false)));
                }
            }
        }
        list
    }
}

/// The parts of expressions, for walks through them.
struct Parts<'a> {
    arena: &'a Arena,
    graph: &'a Graph,
    seen: Memo,
    stack: Vec<ExprId>,
}

impl Parts<'_> {
    /// Adds the named symbols that an expression mentions, not through other names.
    fn mentions(
        &mut self,
        naming: &Naming<'_>,
        root: ExprId,
        own: Option<ExprId>,
        list: &mut Names,
    ) {
        let Parts { arena, graph, seen, stack } = self;
        seen.clear();
        stack.push(root);
        while let Some(id) = stack.pop() {
            if !seen.set(id, 0) {
                continue;
            }
            let name = naming.symbols.expr(id).filter(|s| Some(*s) != own);
            let name = name.or_else(|| naming.bodies.contains(id).then_some(id));
            match (name, graph.children(id)) {
                (Some(symbol), _) => list.push(symbol),
                (None, Some(children)) => stack.extend_from_slice(children),
                (None, None) => arena.children(id, |c| stack.push(c)),
            }
        }
    }
}
