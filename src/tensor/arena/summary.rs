//! What is kept of a node besides its words, from what is kept of its children.

use super::{Arena, AxesId, MINUS_ONE, ONE, Tag};
use crate::tensor::node::{ExprId, Ids, MapFunction, Node, SymbolKind};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// What is kept of a node besides its words.
pub(super) struct Summary {
    pub(super) fingerprint: u64,
    pub(super) weight: u32,
    pub(super) first: u32,
}

impl Arena {
    /// What is kept of a new node, from what is kept of its children.
    pub(super) fn summary(&self, tag: Tag, axes: AxesId, words: &[u32]) -> Summary {
        let mut h = FxHasher::default();
        tag.hash_into(&mut h);
        self.axes_at(axes).hash(&mut h);
        let (mut weight, mut first) = (0u32, u32::MAX);
        let mut child = |e: ExprId| {
            let header = self.header(e);
            first = first.min(header.first);
            (header.fingerprint, header.weight)
        };
        let mut list = |ids: Ids<'_>, h: &mut FxHasher| {
            ids.iter().fold(1u32, |sum, e| {
                let (fingerprint, weight) = child(e);
                fingerprint.hash(h);
                sum.saturating_add(weight)
            })
        };
        match self.read(tag, words) {
            Node::Symbol(s) => {
                let symbol = self.symbol(s);
                symbol.name.hash(&mut h);
                std::mem::discriminant(&symbol.kind).hash(&mut h);
                weight = 1;
                first = if symbol.kind == SymbolKind::Cotangent { 0 } else { symbol.order };
            }
            Node::Add(terms) => {
                for (c, e) in terms.iter() {
                    let (fingerprint, heavy) = child(e);
                    self.number_of(c).hash(&mut h);
                    fingerprint.hash(&mut h);
                    let own = u32::from(c != ONE && c != MINUS_ONE) + 1;
                    weight = weight.saturating_add(heavy.saturating_add(own));
                }
                weight = weight.max(1);
            }
            Node::Einsum(view) => {
                view.output().hash(&mut h);
                for wire in 0..view.wires() {
                    view.size(wire as u32).0.hash(&mut h);
                }
                let mut count = 0;
                for (e, wires) in view.operands() {
                    let (fingerprint, heavy) = child(e);
                    fingerprint.hash(&mut h);
                    wires.hash(&mut h);
                    weight = weight.saturating_add(heavy.saturating_add(1));
                    count += 1;
                }
                let contracted = view.wires() > view.output().len();
                weight = if count < 2 {
                    weight.max(1) + u32::from(contracted && weight > 0)
                } else {
                    weight - 1
                };
            }
            Node::Map(f, ids) => {
                match f {
                    MapFunction::Known(f) => f.name.hash(&mut h),
                    MapFunction::Unknown(s, n) => (&self.symbol(s).name, n).hash(&mut h),
                    MapFunction::Compare(c) => (c as u32).hash(&mut h),
                }
                weight = list(ids, &mut h);
            }
            Node::Named { function, active, arguments } => {
                (function.name, active).hash(&mut h);
                weight = list(arguments, &mut h);
            }
            Node::Reduce(kind, active, e) => {
                let (fingerprint, heavy) = child(e);
                (kind, active, fingerprint).hash(&mut h);
                weight = heavy.saturating_add(1);
            }
            Node::Window { kind, active, width, argument } => {
                let (fingerprint, heavy) = child(argument);
                (kind, active, width.0, fingerprint).hash(&mut h);
                weight = heavy.saturating_add(2);
            }
            Node::Matrix(kind, e) => {
                let (fingerprint, heavy) = child(e);
                (kind, fingerprint).hash(&mut h);
                weight = heavy.saturating_add(1);
            }
            Node::Apply(s, order, e) => {
                let (fingerprint, heavy) = child(e);
                (&self.symbol(s).name, order, fingerprint).hash(&mut h);
                weight = heavy.saturating_add(1);
                // the gradient of an unknown function reads like a cotangent
                first = if order > 0 { 0 } else { first };
            }
        }
        Summary { fingerprint: h.finish(), weight, first }
    }
}

impl Tag {
    fn hash_into(self, h: &mut FxHasher) {
        (self as u32).hash(h);
    }
}
