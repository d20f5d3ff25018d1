//! The index by which equal nodes are found.

use super::{Arena, AxesId, Tag, mix};
use crate::id_table::IdTable;
use crate::tensor::node::ExprId;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// The number of nodes from which on an index that is not needed is not kept.
const LARGE: usize = 1 << 14;

impl Arena {
    /// Frees the memory of the indices by which equal nodes and axes are found, where that is much: they are made
    /// again for the next node.
    pub(crate) fn forget_index(&mut self) {
        if self.headers.len() >= LARGE {
            (self.table, self.axes_table) = (IdTable::default(), IdTable::default());
        }
    }

    /// Makes the index of all lists of axes but the empty one, which needs none.
    pub(super) fn index_axes(&mut self) {
        for id in 1..self.axes_ends.len() as u32 {
            self.axes_table.insert(mix(self.axes_at(AxesId(id))), id);
        }
    }

    /// Makes the index of all nodes.
    pub(super) fn index(&mut self) {
        for id in 0..self.headers.len() as u32 {
            let node = ExprId(id);
            let hash = hash_of(self.tag(node), self.axes_of(node), self.payload(node));
            self.table.insert(hash, id);
        }
    }
}

/// The hash by which equal nodes are found.
pub(super) fn hash_of(tag: Tag, axes: AxesId, words: &[u32]) -> u64 {
    let mut hasher = FxHasher::default();
    (tag as u32, axes.0).hash(&mut hasher);
    words.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::node::{Symbol, SymbolKind};

    #[test]
    fn equal_nodes_are_one_also_after_the_index_was_forgotten() {
        let mut arena = Arena::new();
        let scalar = |arena: &mut Arena, k: usize| {
            let symbol = Symbol::new(format!("x{k}").into(), SymbolKind::Shared);
            arena.symbol_expr(Symbol { order: k as u32, ..symbol }, &[])
        };
        let symbols: Vec<ExprId> = (0..LARGE).map(|k| scalar(&mut arena, k)).collect();
        let pair = |arena: &mut Arena, k: usize| arena.sum_of(&[symbols[k], symbols[k + 1]]);
        let sums: Vec<ExprId> = (0..100).map(|k| pair(&mut arena, k)).collect();
        arena.forget_index();
        assert!(arena.table.is_empty() && arena.axes_table.is_empty());
        let again: Vec<ExprId> = (0..100).map(|k| pair(&mut arena, k)).collect();
        assert_eq!(sums, again);
    }
}
