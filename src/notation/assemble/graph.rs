//! What some expressions are made of, each part once.

use crate::tensor::arena::Arena;
use crate::tensor::memo::Memo;
use crate::tensor::node::ExprId;

/// Every node that some roots need, through names, with its children.
pub(super) struct Graph {
    /// The children of all nodes, one list after the other.
    edges: Vec<ExprId>,
    /// For each expression of the arena where its list starts and ends; what is not there starts
    /// behind its end.
    ranges: Vec<(u32, u32)>,
}

const ABSENT: (u32, u32) = (1, 0);

impl Graph {
    /// What the roots need, a name its body.
    pub(super) fn of(arena: &Arena, bodies: &Memo, roots: Vec<ExprId>) -> Graph {
        let mut graph =
            Graph { edges: Vec::with_capacity(2 * arena.len()), ranges: vec![ABSENT; arena.len()] };
        let mut stack = roots;
        while let Some(id) = stack.pop() {
            let range = &mut graph.ranges[id.0 as usize];
            if *range != ABSENT {
                continue;
            }
            let from = graph.edges.len();
            arena.children(id, |c| graph.edges.push(c));
            *range = (from as u32, graph.edges.len() as u32);
            stack.extend_from_slice(&graph.edges[from..]);
            stack.extend(bodies.expr(id));
        }
        graph
    }

    /// The nodes, children before parents.
    pub(super) fn ids(&self) -> impl DoubleEndedIterator<Item = ExprId> {
        let there = self.ranges.iter().enumerate().filter(|(_, range)| **range != ABSENT);
        there.map(|(at, _)| ExprId(at as u32))
    }

    /// The children of a node; `None` where it is not there.
    pub(super) fn children(&self, id: ExprId) -> Option<&[ExprId]> {
        let (from, to) = *self.ranges.get(id.0 as usize)?;
        self.edges.get(from as usize..to as usize)
    }

    /// The children of all nodes, each as often as it is used.
    pub(super) fn edges(&self) -> &[ExprId] {
        &self.edges
    }
}
