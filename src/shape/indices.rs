//! Indices: which names are some, which are free where, and which are one.

use super::error::ShapeError;
use super::infer::Inference;
use super::typed::IndexId;
use crate::diagnostic::Span;
use crate::syntax::ast::{Expr, NameId, NodeId};
use smallvec::SmallVec;

impl Inference<'_> {
    /// An index that is bound and does not occur, or occurs bound already.
    pub(super) fn unused_index(&self, at: NodeId, name: NameId, bound: &[NodeId]) -> ShapeError {
        let text = self.written(name);
        let same = |b: &&NodeId| *self.program.node(**b) == Expr::Name(name);
        let message = if bound.iter().filter(same).count() > 1 {
            format!("the index `{text}` is summed over twice")
        } else {
            format!(
                "nothing fixes the size that the index `{text}` runs over: it does not occur in this sum"
            )
        };
        ShapeError::Invalid { message, span: self.program.span(at), help: None }
    }

    /// Marks the indices inside positions such as `X[i+k-1]`: what is no size there is one.
    pub(super) fn mark_positions(&mut self) {
        let mut compound = std::mem::take(&mut self.compound);
        while let Some(id) = compound.pop() {
            self.roles[id.0 as usize].index = match self.program.node(id) {
                Expr::Name(name) => self.known[name.0 as usize].size.is_none(),
                _ => true,
            };
            self.program.for_each_child(id, |c| compound.push(c));
        }
    }

    /// The list of free indices of a node, which is about to get some.
    pub(super) fn free_mut(&mut self, id: NodeId) -> &mut SmallVec<[IndexId; 2]> {
        if self.free.is_empty() {
            self.free = vec![SmallVec::new(); self.program.nodes.len()];
        }
        &mut self.free[id.0 as usize]
    }

    pub(super) fn free(&self, id: NodeId) -> &[IndexId] {
        self.free.get(id.0 as usize).map_or(&[], |list| list)
    }

    /// The free indices of a node are those of its children.
    pub(super) fn merge_free(&mut self, id: NodeId) {
        if self.free.is_empty() {
            return;
        }
        let mut all: SmallVec<[IndexId; 2]> = SmallVec::new();
        let mut clash = None;
        let (program, free, indices) = (self.program, &self.free, &self.indices);
        // a call of a derivative operator binds nothing; a sum's own names are handled there
        program.for_each_child(id, |child| {
            for i in &free[child.0 as usize] {
                let name = indices[i.0 as usize].name;
                match all.iter().find(|j| indices[j.0 as usize].name == name) {
                    Some(j) if j != i => clash.get_or_insert_with(Vec::new).push((*j, *i)),
                    Some(_) => {}
                    None => all.push(*i),
                }
            }
        });
        for (a, b) in clash.into_iter().flatten() {
            // sizes that differ are found when the index is used
            let _ = self.unite_indices(a, b);
        }
        self.free[id.0 as usize] = all;
    }

    pub(super) fn index_root(&self, i: IndexId) -> IndexId {
        let mut at = i.0;
        while self.index_parent[at as usize] != at {
            at = self.index_parent[at as usize];
        }
        IndexId(at)
    }

    pub(super) fn unite_indices(&mut self, a: IndexId, b: IndexId) -> Result<(), ShapeError> {
        let (a, b) = (self.index_root(a), self.index_root(b));
        if a == b {
            return Ok(());
        }
        let (keep, lose) = if a.0 < b.0 { (a, b) } else { (b, a) };
        let (x, y) = (self.indices[keep.0 as usize].dim, self.indices[lose.0 as usize].dim);
        self.index_parent[lose.0 as usize] = keep.0;
        if !self.unify(x, y) {
            let name = self.program.written(self.indices[keep.0 as usize].name);
            let (x, y) = (self.size_text(x), self.size_text(y));
            return Err(ShapeError::Invalid {
                message: format!("the index `{name}` runs over two different sizes, {x} and {y}"),
                span: Span::default(),
                help: None,
            });
        }
        Ok(())
    }
}
