//! One step of propagation: what a node's shape says of its children and they of it.

use super::dim::DimId;
use super::error::ShapeError;
use super::infer::{CotangentOf, Inference};
use super::typed::{DefinitionId, Meaning, Shape};
use crate::syntax::ast::{Expr, List, NodeId, ProductOp};
use smallvec::{SmallVec, smallvec};

pub(super) fn scalar() -> Shape {
    Shape::default()
}

impl Inference<'_> {
    pub(super) fn shape(&self, id: NodeId) -> Option<&Shape> {
        self.shapes[id.0 as usize].as_ref()
    }

    /// States the shape of a node: the first statement is kept, a later one must agree.
    pub(super) fn set(&mut self, id: NodeId, shape: &Shape) -> Result<(), ShapeError> {
        if let Some(old) = self.shapes[id.0 as usize].clone() {
            return self.agree(id, &old, shape);
        }
        self.shapes[id.0 as usize] = Some(shape.clone());
        self.touch(id);
        match self.meanings[id.0 as usize] {
            Meaning::Variable(v) if self.variable_states[v.0 as usize].is_none() => {
                let upright = Shape { row: false, ..shape.clone() };
                if shape.row {
                    // a bare name is a column
                    return Err(self.column_expected(id));
                }
                self.set_variable(v, &upright)?;
            }
            _ => {}
        }
        match self.defined_by.get(&id) {
            Some(&d) => self.define(d),
            None => Ok(()),
        }
    }

    fn column_expected(&self, id: NodeId) -> ShapeError {
        ShapeError::Operand {
            expected: "a row".into(),
            found: "a name, which stands for a column".into(),
            span: self.program.span(id),
            help: Some("transpose it with `'`".into()),
        }
    }

    fn agree(&mut self, id: NodeId, old: &Shape, new: &Shape) -> Result<(), ShapeError> {
        let fits = old.axes.len() == new.axes.len()
            && old.row == new.row
            && old.axes.iter().zip(&new.axes).all(|(a, b)| self.unify(*a, *b));
        if fits {
            return Ok(());
        }
        // a node's own rule comes late where its surroundings have asked for a shape already
        let (own, asked) = if id == self.stepping { (new, old) } else { (old, new) };
        let above = self.program.nodes.get(self.parents[id.0 as usize] as usize);
        let place = match above {
            Some(Expr::Sum(_)) => " as a term of this sum",
            Some(Expr::Product(..)) => " as a factor of this product",
            Some(Expr::Call { .. }) => " as this argument",
            _ => " here",
        };
        Err(ShapeError::Operand {
            expected: format!("{}{place}", self.describe(asked)),
            found: self.describe(own),
            span: self.program.span(id),
            help: None,
        })
    }

    /// The shape of a definition is known: so are its uses.
    fn define(&mut self, id: DefinitionId) -> Result<(), ShapeError> {
        let body = self.definition_of(id);
        let Some(shape) = self.shape(body).cloned() else { return Ok(()) };
        let indices = self.definitions[id.0 as usize].indices.clone();
        let mut axes: SmallVec<[DimId; 2]> =
            indices.iter().map(|i| self.indices[self.index_root(*i).0 as usize].dim).collect();
        axes.extend(shape.axes.iter().copied());
        let upright = Shape { axes, row: false };
        for use_ in self.definition_nodes[id.0 as usize].clone() {
            self.set(use_, &upright)?;
        }
        for (c, of) in self.cotangents.clone() {
            if matches!(of, CotangentOf::Definition(d) if d == id) {
                self.set_variable(c, &upright)?;
            }
        }
        Ok(())
    }

    /// Lets shapes flow between a node and its children.
    pub(super) fn step(&mut self, id: NodeId) -> Result<(), ShapeError> {
        if self.is_size[id.0 as usize] || self.is_index[id.0 as usize] {
            return Ok(());
        }
        self.stepping = id;
        match self.program.node(id) {
            Expr::Number(_) => self.set(id, &scalar()),
            Expr::Name(_) => self.step_name(id),
            Expr::Negate(a) => self.same(id, *a),
            Expr::Sum(list) => self.step_sum(id, *list),
            Expr::Product(op, a, b) => match op {
                ProductOp::Product => self.step_product(id, *a, *b),
                ProductOp::Quotient => {
                    if let Some(s) = self.shape(*b)
                        && !s.axes.is_empty()
                    {
                        return Err(self.operand_error(
                            *b,
                            "a scalar divisor",
                            Some("elementwise division is written `./`"),
                        ));
                    }
                    self.set(*b, &scalar())?;
                    self.same(id, *a)
                }
                _ => self.step_elementwise(id, &[*a, *b], "an elementwise product"),
            },
            Expr::Power(a, b) => self.step_power(id, *a, *b),
            Expr::ElementPower(a, b) => {
                self.step_elementwise(id, &[*a, *b], "an elementwise power")
            }
            Expr::Transpose(a) => self.step_transpose(id, *a),
            Expr::Compare(_, a, b) => self.step_elementwise(id, &[*a, *b], "a comparison"),
            Expr::Entry(base, list) => self.step_entry(id, *base, *list),
            Expr::IndexSum(_, body) => self.same(id, *body),
            Expr::Call { arguments, axis, .. } => {
                let list: SmallVec<[NodeId; 4]> = self.program.list(*arguments).into();
                self.step_call(id, &list, *axis)
            }
        }
    }

    fn step_name(&mut self, id: NodeId) -> Result<(), ShapeError> {
        match self.meanings[id.0 as usize] {
            Meaning::Variable(v) => match self.variable_states[v.0 as usize].clone() {
                Some(shape) => self.set(id, &shape),
                None => Ok(()),
            },
            Meaning::Definition(d) => {
                let body = self.definition_of(d);
                if self.shape(body).is_some() && self.shape(id).is_none() {
                    self.define(d)
                } else {
                    Ok(())
                }
            }
            Meaning::Pi | Meaning::Size(_) => self.set(id, &scalar()),
            Meaning::Identity if self.shape(id).is_none() => {
                let n = self.fresh();
                self.set(id, &Shape { axes: smallvec![n, n], row: false })
            }
            _ => Ok(()),
        }
    }

    /// Both have one shape.
    pub(super) fn same(&mut self, a: NodeId, b: NodeId) -> Result<(), ShapeError> {
        if let Some(s) = self.shape(b).cloned() {
            self.set(a, &s)
        } else if let Some(s) = self.shape(a).cloned() {
            self.set(b, &s)
        } else {
            Ok(())
        }
    }

    fn step_sum(&mut self, id: NodeId, list: List) -> Result<(), ShapeError> {
        let list: SmallVec<[NodeId; 8]> = self.program.list(list).into();
        let array =
            list.iter().find(|c| self.shape(**c).is_some_and(|s| !s.axes.is_empty())).copied();
        if let Some(first) = array {
            let shape = self.shape(first).cloned().unwrap_or_default();
            for &c in &list {
                match self.shape(c).cloned() {
                    None if self.insist || self.is_plain(c) => self.set(c, &shape)?,
                    None => {}
                    Some(s) if s.axes.is_empty() => {}
                    Some(_) => {
                        self.fit(first, c, "a sum")?;
                    }
                }
            }
            return self.set(id, &shape);
        }
        if list.iter().all(|c| self.shape(*c).is_some()) {
            return self.set(id, &scalar());
        }
        match self.shape(id).cloned() {
            Some(s) => {
                for &c in &list {
                    if self.shape(c).is_none() {
                        self.set(c, &s)?;
                    }
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether a term is a name but for signs and transposes: beside an array it is an array too.
    /// Of another term it is first seen what it is by itself: `x'*x + x` adds a scalar.
    fn is_plain(&self, mut id: NodeId) -> bool {
        for _ in 0..8 {
            match self.program.node(id) {
                Expr::Name(_) => return true,
                Expr::Negate(a) | Expr::Transpose(a) => id = *a,
                _ => return false,
            }
        }
        false
    }

    /// The sides of a claim have one shape, but that a scalar stands for an array of its value.
    pub(super) fn step_claim(&mut self, claim: usize) -> Result<(), ShapeError> {
        let sides = std::mem::take(&mut self.claims[claim]);
        let array =
            sides.iter().find(|c| self.shape(**c).is_some_and(|s| !s.axes.is_empty())).copied();
        if let Some(first) = array {
            let shape = self.shape(first).cloned().unwrap_or_default();
            for &side in &sides {
                match self.shape(side).cloned() {
                    None if self.insist || self.is_plain(side) => self.set(side, &shape)?,
                    Some(s) if !s.axes.is_empty() => {
                        self.stepping = side;
                        self.fit(first, side, "the two sides of a claim")?;
                    }
                    _ => {}
                }
            }
        }
        self.claims[claim] = sides;
        Ok(())
    }

    /// Two arrays have one shape.
    pub(super) fn fit(&mut self, a: NodeId, b: NodeId, context: &str) -> Result<(), ShapeError> {
        let (Some(l), Some(r)) = (self.shape(a).cloned(), self.shape(b).cloned()) else {
            return Ok(());
        };
        let fits = l.axes.len() == r.axes.len()
            && l.row == r.row
            && l.axes.iter().zip(&r.axes).all(|(x, y)| self.unify(*x, *y));
        if fits {
            return Ok(());
        }
        let help = self.fit_help(a, b, &l, &r, context);
        Err(self.mismatch(a, b, context, help))
    }

    fn step_product(&mut self, id: NodeId, a: NodeId, b: NodeId) -> Result<(), ShapeError> {
        let (left, right) = (self.shape(a).cloned(), self.shape(b).cloned());
        match (left, right) {
            (Some(l), _) if l.axes.is_empty() => self.same(id, b),
            (_, Some(r)) if r.axes.is_empty() => self.same(id, a),
            (Some(l), Some(r)) => {
                let shape = self.product_shape(id, a, b, &l, &r)?;
                self.set(id, &shape)
            }
            (Some(l), None) if l.row => match self.shape(id).cloned() {
                // row × ? = scalar: a column
                Some(s) if s.axes.is_empty() => self.set(b, &Shape { axes: l.axes, row: false }),
                _ => Ok(()),
            },
            (Some(l), None) if l.axes.len() == 2 => match self.shape(id).cloned() {
                Some(s) if s.axes.len() == 1 && !s.row => {
                    self.set(b, &Shape { axes: smallvec![l.axes[1]], row: false })
                }
                _ => Ok(()),
            },
            (None, Some(r)) if r.axes.len() == 1 && !r.row => match self.shape(id).cloned() {
                Some(s) if s.axes.is_empty() => self.set(a, &Shape { axes: r.axes, row: true }),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn product_shape(
        &mut self,
        id: NodeId,
        a: NodeId,
        b: NodeId,
        l: &Shape,
        r: &Shape,
    ) -> Result<Shape, ShapeError> {
        let column = |s: &Shape| s.axes.len() == 1 && !s.row;
        let row = |s: &Shape| s.axes.len() == 1 && s.row;
        if l.axes.len() > 2 || r.axes.len() > 2 {
            let which = if l.axes.len() > 2 { a } else { b };
            return Err(self.operand_error(
                which,
                "a scalar, vector or matrix in a product",
                Some("use entries and `sum[k](…)`"),
            ));
        }
        if column(l) && row(r) {
            return Ok(Shape { axes: smallvec![l.axes[0], r.axes[0]], row: false });
        }
        if column(l) || row(r) {
            let help = self.product_help(a, b, l, r);
            return Err(self.mismatch(a, b, "a matrix product", Some(help)));
        }
        let (inner_left, inner_right) = (*l.axes.last().unwrap_or(&l.axes[0]), r.axes[0]);
        if !self.unify(inner_left, inner_right) {
            let help = self.product_help(a, b, l, r);
            return Err(self.mismatch(a, b, "a matrix product", Some(help)));
        }
        let _ = id;
        let mut axes: SmallVec<[DimId; 2]> = l.axes[..l.axes.len() - 1].into();
        axes.extend_from_slice(&r.axes[1..]);
        Ok(Shape { row: l.row && axes.len() == 1, axes })
    }

    pub(super) fn step_elementwise(
        &mut self,
        id: NodeId,
        list: &[NodeId],
        context: &str,
    ) -> Result<(), ShapeError> {
        let array =
            list.iter().find(|c| self.shape(**c).is_some_and(|s| !s.axes.is_empty())).copied();
        if let Some(first) = array {
            let shape = self.shape(first).cloned().unwrap_or_default();
            for &c in list {
                if self.shape(c).is_some_and(|s| !s.axes.is_empty()) {
                    self.fit(first, c, context)?;
                }
            }
            return self.set(id, &shape);
        }
        if list.iter().all(|c| self.shape(*c).is_some()) {
            return self.set(id, &scalar());
        }
        match self.shape(id).cloned() {
            Some(s) if s.axes.is_empty() => {
                for &c in list {
                    self.set(c, &s)?;
                }
                Ok(())
            }
            Some(s) if list.len() == 1 => self.set(list[0], &s),
            _ => Ok(()),
        }
    }

    fn step_power(&mut self, id: NodeId, a: NodeId, b: NodeId) -> Result<(), ShapeError> {
        if self.shape(b).is_some_and(|s| !s.axes.is_empty()) {
            return Err(self.operand_error(
                b,
                "a scalar exponent",
                Some("the elementwise power is written `.^`"),
            ));
        }
        self.set(b, &scalar())?;
        if let Some(s) = self.shape(a).cloned() {
            let square = s.axes.is_empty() || s.axes.len() == 2 && self.unify(s.axes[0], s.axes[1]);
            if !square {
                let expected = "a scalar or a square matrix to raise to a power";
                return Err(self.operand_error(
                    a,
                    expected,
                    Some("the elementwise power is written `.^`"),
                ));
            }
            if !s.axes.is_empty()
                && let Expr::Number(n) = self.program.node(b)
                && !n.is_integer()
            {
                return Err(ShapeError::Operand {
                    expected: "a whole exponent for a matrix".into(),
                    found: n.to_string(),
                    span: self.program.span(b),
                    help: Some("the elementwise power is written `.^`".into()),
                });
            }
        }
        self.same(id, a)
    }

    fn step_transpose(&mut self, id: NodeId, a: NodeId) -> Result<(), ShapeError> {
        let flip = |s: &Shape| {
            let mut s = s.clone();
            if s.axes.len() == 2 {
                s.axes.swap(0, 1);
            } else if s.axes.len() == 1 {
                s.row = !s.row;
            }
            s
        };
        if let Some(s) = self.shape(a).cloned() {
            if s.axes.len() > 2 {
                return Err(self.operand_error(a, "a vector or matrix to transpose", None));
            }
            self.set(id, &flip(&s))
        } else if let Some(s) = self.shape(id).cloned() {
            self.set(a, &flip(&s))
        } else {
            Ok(())
        }
    }
}
