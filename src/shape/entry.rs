//! Shapes of entries: indices and compound positions inside brackets.

use super::dim::DimId;
use super::error::ShapeError;
use super::infer::Inference;
use super::table::Place;
use super::typed::{IndexId, Meaning, Position};
use crate::syntax::ast::{Expr, List, NodeId, ProductOp};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::{SmallVec, smallvec};

impl Inference<'_> {
    pub(super) fn step_entry(
        &mut self,
        id: NodeId,
        base: NodeId,
        list: List,
    ) -> Result<(), ShapeError> {
        let program = self.program;
        let list = program.list(list);
        let slice = self.has_ranges(list);
        if !slice {
            self.set(id, Place::SCALAR)?;
        }
        if matches!(self.meanings[base.0 as usize], Meaning::Delta) {
            if slice {
                return Err(self.operand_error(id, "two indices for `delta`", None));
            }
            self.stands_for_scalar(base);
            let mut first: Option<DimId> = None;
            for i in list {
                let compound = !matches!(self.program.node(*i), Expr::Name(_) | Expr::Number(_));
                if compound && !self.positions.contains_key(i) {
                    self.note_position(*i)?;
                }
                if let Meaning::Index(index) = self.meanings[i.0 as usize] {
                    let dim = self.indices[self.index_root(index).0 as usize].dim;
                    match first {
                        Some(f) if !self.unify(f, dim) => {
                            return Err(self.operand_error(
                                id,
                                "two indices of one size in `delta`",
                                None,
                            ));
                        }
                        _ => first = Some(dim),
                    }
                }
            }
            return if list.len() == 2 {
                Ok(())
            } else {
                Err(ShapeError::Arity {
                    name: "delta".into(),
                    expected: "two indices".into(),
                    found: list.len(),
                    span: self.program.span(id),
                    help: Some("write `delta[i,j]`".into()),
                })
            };
        }
        let shape = match self.shape(base) {
            Some(s) => s,
            None => {
                // a definition's shape comes with its body
                if !matches!(self.meanings[base.0 as usize], Meaning::Variable(_)) {
                    return Ok(());
                }
                let axes: SmallVec<[DimId; 4]> = list.iter().map(|_| self.fresh()).collect();
                let s = self.shapes.add(&axes, false);
                self.set(base, s)?;
                s
            }
        };
        if shape.rank() != list.len() {
            let expected = format!(
                "an array with {} {}",
                list.len(),
                if list.len() == 1 { "axis" } else { "axes" }
            );
            return Err(self.operand_error(base, &expected, Some("give one index for each axis")));
        }
        if slice {
            return self.step_slice(id, shape, list);
        }
        for (axis, i) in list.iter().enumerate() {
            self.entry_index(*i, self.axis(shape, axis))?;
        }
        Ok(())
    }

    /// A node inside brackets, whose shape nobody asks for.
    pub(super) fn stands_for_scalar(&mut self, id: NodeId) {
        if self.shape(id).is_none() {
            self.shapes.set(id, Place::SCALAR);
        }
    }

    pub(super) fn entry_index(&mut self, i: NodeId, dim: DimId) -> Result<(), ShapeError> {
        if let Meaning::Index(index) = self.meanings[i.0 as usize] {
            let own = self.indices[self.index_root(index).0 as usize].dim;
            if !self.unify(own, dim) {
                return Err(self.index_clash(index, i, dim));
            }
            return Ok(());
        }
        let Expr::Number(n) = self.program.node(i) else {
            if !self.positions.contains_key(&i) {
                self.note_position(i)?;
                self.position_axes.push((i, dim));
            }
            return Ok(());
        };
        self.stands_for_scalar(i);
        let dim = self.expand(dim);
        let fits = n
            .as_integer()
            .is_some_and(|k| k >= 1 && self.dims.as_number(dim).is_none_or(|d| k <= d));
        if !fits {
            let message = if self.is_open(dim) {
                format!("an index is a whole number from 1 on, found {}", n.text())
            } else {
                format!("the index {} is outside 1..{}", n.text(), self.dims.text(dim))
            };
            return Err(ShapeError::Invalid { message, span: self.program.span(i), help: None });
        }
        Ok(())
    }

    /// An index that nothing else fixes runs as far as a position such as `i+k-1` stays within its axis;
    /// whether there is one.
    pub(super) fn fixed_by_position(&mut self, index: IndexId, fixed: &FxHashSet<DimId>) -> bool {
        for at in 0..self.position_axes.len() {
            let (node, axis) = self.position_axes[at];
            let Some(position) = self.positions.get(&node).cloned() else { continue };
            let (mut last, mut own) = (position.constant, 0);
            for (i, factor) in &position.terms {
                let root = self.index_root(*i);
                let size = self.indices[root.0 as usize].dim;
                let size = self.expand(size);
                if root == index {
                    own += i32::from(self.dims.as_number(*factor) == Some(1));
                } else if fixed.contains(&size) || !self.is_open(size) {
                    let far = self.dims.product(*factor, size);
                    last = self.dims.combine(last, far, 1);
                } else {
                    own = -1;
                    break;
                }
            }
            let axis = self.expand(axis);
            if own == 1 && (fixed.contains(&axis) || !self.is_open(axis)) {
                let size = self.dims.combine(axis, last, -1);
                let dim = self.indices[index.0 as usize].dim;
                return self.unify(dim, size);
            }
        }
        false
    }

    /// A position of an entry lies within its axis at every choice of the indices, as far as sizes
    /// tell.
    pub(super) fn check_positions(&mut self) -> Result<(), ShapeError> {
        for (node, axis) in std::mem::take(&mut self.position_axes) {
            let Some(position) = self.positions.get(&node).cloned() else { continue };
            let one = self.dims.number(1);
            let (mut first, mut last) = (position.constant, position.constant);
            for (i, factor) in &position.terms {
                let root = self.index_root(*i);
                let size = self.indices[root.0 as usize].dim;
                let size = self.expand(size);
                let far = self.dims.product(*factor, size);
                let near = self.dims.product(*factor, one);
                let down = self.dims.as_number(*factor).is_some_and(|f| f < 0);
                let (near, far) = if down { (far, near) } else { (near, far) };
                first = self.dims.combine(first, near, 1);
                last = self.dims.combine(last, far, 1);
            }
            let axis = self.expand(axis);
            let (first, last) = (self.expand(first), self.expand(last));
            let before = self.dims.combine(first, one, -1);
            let after = self.dims.combine(axis, last, -1);
            let negative = |d: DimId| self.dims.as_number(d).is_some_and(|n| n < 0);
            if negative(before) || negative(after) {
                let fixed = position.terms.is_empty();
                return Err(ShapeError::Invalid {
                    message: if fixed {
                        "this position lies outside its axis: the first is 1".to_string()
                    } else {
                        "this position leaves its axis where the indices run over theirs"
                            .to_string()
                    },
                    span: self.program.span(node),
                    help: (!fixed)
                        .then(|| "take parts of the axis, as in `x[2:] - x[:n-1]`".to_string()),
                });
            }
        }
        Ok(())
    }

    /// Reads a compound position; another place must fix the sizes of its indices.
    fn note_position(&mut self, id: NodeId) -> Result<(), ShapeError> {
        let position = self.position(id)?;
        let span = self.program.span(id);
        self.bound_spans.extend(position.terms.iter().map(|t| (t.0, span)));
        self.positions.insert(id, position);
        Ok(())
    }

    /// A position such as `i+k-1` or `r + p*(o-1)`: a sum of indices with sizes as factors.
    fn position(&mut self, root: NodeId) -> Result<Position, ShapeError> {
        let mut list = Vec::new();
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            list.push(id);
            self.program.for_each_child(id, |c| stack.push(c));
        }
        list.sort_unstable();
        list.dedup();
        let (zero, one) = (self.dims.number(0), self.dims.number(1));
        let mut values: FxHashMap<NodeId, Position> = FxHashMap::default();
        for id in list {
            let span = self.program.span(id);
            let bad = || {
                ShapeError::Invalid {
                message: "expected a position: a number, an index, or a sum of indices with sizes as factors".into(),
                span,
                help: None,
            }
            };
            self.stands_for_scalar(id);
            let fixed = |constant| Position { terms: SmallVec::new(), constant };
            let value = match (self.program.node(id), self.meanings[id.0 as usize]) {
                (Expr::Number(n), _) => {
                    let n = n.as_integer().ok_or_else(bad)?;
                    fixed(self.dims.number(n))
                }
                (_, Meaning::Index(i)) => Position { terms: smallvec![(i, one)], constant: zero },
                (_, Meaning::Size(d)) => fixed(d),
                (Expr::Negate(a), _) => self.position_sum(&fixed(zero), &values[a], -1),
                (Expr::Sum(terms), _) => {
                    let mut total = fixed(zero);
                    for t in self.program.list(*terms) {
                        total = self.position_sum(&total, &values[t], 1);
                    }
                    total
                }
                (Expr::Product(ProductOp::Product, a, b), _) => {
                    let (a, b) = (values[a].clone(), values[b].clone());
                    let (factor, of) = if a.terms.is_empty() { (a, b) } else { (b, a) };
                    if !factor.terms.is_empty() {
                        return Err(bad());
                    }
                    let c = factor.constant;
                    let terms = of.terms.iter().map(|t| (t.0, self.dims.product(c, t.1))).collect();
                    Position { terms, constant: self.dims.product(c, of.constant) }
                }
                _ => return Err(bad()),
            };
            let all = value.terms.iter().map(|t| t.1).chain([value.constant]);
            if !all.into_iter().all(|d| self.dims.is_manageable(d)) {
                return Err(Inference::size_limit(span));
            }
            values.insert(id, value);
        }
        Ok(values.remove(&root).unwrap_or(Position { terms: SmallVec::new(), constant: one }))
    }

    /// `a + k·b`
    fn position_sum(&mut self, a: &Position, b: &Position, k: i64) -> Position {
        let mut terms = a.terms.clone();
        for (i, c) in &b.terms {
            match terms.iter_mut().find(|t| t.0 == *i) {
                Some(t) => t.1 = self.dims.combine(t.1, *c, k),
                None => {
                    let zero = self.dims.number(0);
                    terms.push((*i, self.dims.combine(zero, *c, k)));
                }
            }
        }
        terms.retain(|t| self.dims.as_number(t.1) != Some(0));
        Position { terms, constant: self.dims.combine(a.constant, b.constant, k) }
    }
}
