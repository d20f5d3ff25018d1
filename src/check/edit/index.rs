//! Index notation: indices exchanged, one for another, a sum that was forgotten.

use super::{Editor, cost};
use crate::check::tree::{list_of, push};
use crate::number::Number;
use crate::syntax::ast::{Expr, List, NameId, NodeId};

impl Editor<'_> {
    /// Indices exchanged, or one for another.
    pub(super) fn entry(&mut self, id: NodeId, base: NodeId, list: List) {
        let typed = self.typed;
        let indices: Vec<NodeId> = typed.program.list(list).to_vec();
        for k in 1..indices.len() {
            self.replace(id, cost::LETTER, "exchange the indices", |p| {
                let mut indices = indices.clone();
                indices.swap(k - 1, k);
                let list = list_of(p, &indices);
                push(p, Expr::Entry(base, list))
            });
        }
        let mut names: Vec<NameId> = Vec::new();
        for index in &typed.indices {
            if !names.contains(&index.name) {
                names.push(index.name);
            }
        }
        for (k, index) in indices.iter().enumerate() {
            let mut others: Vec<Expr> = Vec::new();
            match self.node(*index) {
                Expr::Name(own) => {
                    others.extend(names.iter().filter(|n| *n != own).map(|n| Expr::Name(*n)));
                }
                Expr::Number(n) => {
                    others
                        .extend((1..=4).map(Number::integer).filter(|m| m != n).map(Expr::Number));
                }
                _ => {}
            }
            for other in others {
                self.replace(id, cost::WORD, "another index", |p| {
                    let other = push(p, other);
                    let mut indices = indices.clone();
                    indices[k] = other;
                    let list = list_of(p, &indices);
                    push(p, Expr::Entry(base, list))
                });
            }
        }
    }

    /// The sum over one index less.
    pub(super) fn index_sum(&mut self, id: NodeId, list: List, body: NodeId) {
        let indices: Vec<NodeId> = self.typed.program.list(list).to_vec();
        for (k, index) in indices.iter().enumerate() {
            let what = format!("no sum over {}", self.source(*index));
            let mut rest = indices.clone();
            rest.remove(k);
            self.replace(id, cost::FACTOR, what, |p| {
                if rest.is_empty() {
                    return body;
                }
                let list = list_of(p, &rest);
                push(p, Expr::IndexSum(list, body))
            });
        }
    }

    /// A sum over an index that the other side does not have, of the whole or of a term.
    pub(super) fn forgotten_sums(&mut self, sides: [NodeId; 2]) {
        let typed = self.typed;
        let other = if sides[0] == self.root { sides[1] } else { sides[0] };
        let name = |i: &crate::shape::typed::IndexId| typed.indices[i.0 as usize].name;
        let bound: Vec<NameId> = typed.free(other).iter().map(name).collect();
        for id in self.nodes.clone() {
            let place = id == self.root || matches!(self.parent(id), Some(Expr::Sum(_)));
            if !place || !self.is_value(id) {
                continue;
            }
            let open: Vec<NameId> =
                typed.free(id).iter().map(name).filter(|n| !bound.contains(n)).collect();
            if open.is_empty() {
                continue;
            }
            let names: Vec<&str> = open.iter().map(|n| typed.program.name(*n)).collect();
            self.replace(id, cost::COMMON, format!("sum over {}", names.join(", ")), |p| {
                let list: Vec<NodeId> = open.iter().map(|n| push(p, Expr::Name(*n))).collect();
                let list = list_of(p, &list);
                push(p, Expr::IndexSum(list, id))
            });
        }
    }
}
