//! One step of propagation: what a node's shape says of its children and they of it.

use super::dim::DimId;
use super::error::ShapeError;
use super::infer::{Above, CotangentOf, Inference, NONE};
use super::table::Place;
use super::typed::{DefinitionId, Meaning};
use crate::functions::Function;
use crate::syntax::ast::{Expr, List, NodeId, ProductOp};
use smallvec::SmallVec;
use std::fmt;

/// What asks for equal shapes; spelt out where they are not.
#[derive(Clone, Copy)]
pub(super) enum Asking {
    Operation(&'static str),
    Function(&'static Function),
}

impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Asking::Operation(text) => f.write_str(text),
            Asking::Function(function) => write!(f, "`{}`", function.name),
        }
    }
}

impl Inference<'_> {
    pub(super) fn shape(&self, id: NodeId) -> Option<Place> {
        self.shapes.place(id)
    }

    /// The shape of a node, where it is an array.
    pub(super) fn array(&self, id: NodeId) -> Option<Place> {
        self.shape(id).filter(|s| !s.is_scalar())
    }

    /// States the shape of a node: the first statement is kept, a later one must agree.
    pub(super) fn set(&mut self, id: NodeId, shape: Place) -> Result<(), ShapeError> {
        if let Some(old) = self.shape(id) {
            return if old == shape { Ok(()) } else { self.agree(id, old, shape) };
        }
        self.shapes.set(id, shape);
        if let Meaning::Variable(v) = self.meanings[id.0 as usize]
            && self.variable_states[v.0 as usize].is_none()
        {
            if shape.is_row() {
                // a bare name is a column
                return Err(self.column_expected(id));
            }
            self.set_variable(v, shape)?;
        }
        self.touch(id)
    }

    fn column_expected(&self, id: NodeId) -> ShapeError {
        ShapeError::Operand {
            expected: "a row".into(),
            found: "a name, which stands for a column".into(),
            span: self.program.span(id),
            help: Some("transpose it with `'`".into()),
        }
    }

    fn agree(&mut self, id: NodeId, old: Place, new: Place) -> Result<(), ShapeError> {
        if old.is_row() == new.is_row() && self.unify_axes(old, new) {
            return Ok(());
        }
        // a node's own rule comes late where its surroundings have asked for a shape already
        let (own, asked) = if id == self.stepping { (new, old) } else { (old, new) };
        let above = match self.above(id) {
            Above::Node(parent) => Some(self.program.node(parent)),
            _ => None,
        };
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
    pub(super) fn define(&mut self, id: DefinitionId) -> Result<(), ShapeError> {
        let Some(shape) = self.shape(self.definition_of(id)) else { return Ok(()) };
        let definition = &self.definitions[id.0 as usize];
        let upright = if definition.indices.is_empty() {
            shape.stand(false)
        } else {
            let dims = definition.indices.iter();
            let mut axes: SmallVec<[DimId; 4]> =
                dims.map(|i| self.indices[self.index_root(*i).0 as usize].dim).collect();
            axes.extend_from_slice(self.axes(shape));
            self.shapes.add(&axes, false)
        };
        self.set_uses(self.definition_uses[id.0 as usize], upright)?;
        for at in 0..self.cotangents.len() {
            match self.cotangents[at] {
                (c, CotangentOf::Definition(d)) if d == id => self.set_variable(c, upright)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Lets shapes flow between a node and its children.
    pub(super) fn step(&mut self, id: NodeId) -> Result<(), ShapeError> {
        if !self.has_shape(id) {
            return Ok(());
        }
        self.stepping = id;
        self.apply_rule(id)?;
        self.stepping = NodeId(NONE);
        Ok(())
    }

    fn apply_rule(&mut self, id: NodeId) -> Result<(), ShapeError> {
        let program = self.program;
        match program.node(id) {
            Expr::Number(_) => self.set(id, Place::SCALAR),
            Expr::Name(_) => self.step_name(id),
            Expr::Negate(a) => self.same(id, *a),
            Expr::Sum(list) => self.step_sum(id, *list),
            Expr::Product(op, a, b) => match op {
                ProductOp::Product => self.step_product(id, *a, *b),
                ProductOp::Quotient => {
                    if self.array(*b).is_some() {
                        let help = "elementwise division is written `./`";
                        return Err(self.operand_error(*b, "a scalar divisor", Some(help)));
                    }
                    self.set(*b, Place::SCALAR)?;
                    self.same(id, *a)
                }
                _ => {
                    let asking = Asking::Operation("an elementwise product");
                    self.step_elementwise(id, &[*a, *b], asking)
                }
            },
            Expr::Power(a, b) => self.step_power(id, *a, *b),
            Expr::ElementPower(a, b) => {
                self.step_elementwise(id, &[*a, *b], Asking::Operation("an elementwise power"))
            }
            Expr::Transpose(a) => self.step_transpose(id, *a),
            Expr::Compare(_, a, b) => {
                self.step_elementwise(id, &[*a, *b], Asking::Operation("a comparison"))
            }
            Expr::Entry(base, list) => self.step_entry(id, *base, *list),
            Expr::Block { down, list } => self.step_block(id, *down, *list),
            // a part of its entry
            Expr::Range(..) => Ok(()),
            Expr::IndexSum(_, body) => self.same(id, *body),
            Expr::Call { arguments, axis, .. } => {
                self.step_call(id, program.list(*arguments), *axis)
            }
        }
    }

    fn step_name(&mut self, id: NodeId) -> Result<(), ShapeError> {
        match self.meanings[id.0 as usize] {
            Meaning::Variable(v) => match self.variable_states[v.0 as usize] {
                Some(shape) => self.set(id, shape),
                None => Ok(()),
            },
            Meaning::Definition(d) if self.shape(id).is_none() => self.define(d),
            Meaning::Pi | Meaning::Size(_) => self.set(id, Place::SCALAR),
            Meaning::Identity if self.shape(id).is_none() => {
                let n = self.fresh();
                self.set_axes(id, &[n, n])
            }
            _ => Ok(()),
        }
    }

    /// States the axes of a node that is no row.
    pub(super) fn set_axes(&mut self, id: NodeId, axes: &[DimId]) -> Result<(), ShapeError> {
        let shape = self.shapes.add(axes, false);
        self.set(id, shape)
    }

    /// Both have one shape.
    pub(super) fn same(&mut self, a: NodeId, b: NodeId) -> Result<(), ShapeError> {
        if let Some(s) = self.shape(b) {
            self.set(a, s)
        } else if let Some(s) = self.shape(a) {
            self.set(b, s)
        } else {
            Ok(())
        }
    }

    /// The first of these nodes that is known to be an array, with its shape.
    fn first_array(&self, list: &[NodeId]) -> Option<(NodeId, Place)> {
        list.iter().find_map(|c| Some((*c, self.array(*c)?)))
    }

    fn all_known(&self, list: &[NodeId]) -> bool {
        list.iter().all(|c| self.shape(*c).is_some())
    }

    fn step_sum(&mut self, id: NodeId, list: List) -> Result<(), ShapeError> {
        let program = self.program;
        let list = program.list(list);
        if let Some((first, shape)) = self.first_array(list) {
            for &c in list {
                match self.shape(c) {
                    None if self.insist || self.is_plain(c) => self.set(c, shape)?,
                    Some(s) if !s.is_scalar() => self.fit(first, c, Asking::Operation("a sum"))?,
                    _ => {}
                }
            }
            return self.set(id, shape);
        }
        if self.all_known(list) {
            return self.set(id, Place::SCALAR);
        }
        if let Some(s) = self.shape(id) {
            for &c in list {
                if self.shape(c).is_none() {
                    self.set(c, s)?;
                }
            }
        }
        Ok(())
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
        if let Some((first, shape)) = self.first_array(&sides) {
            for &side in &sides {
                match self.shape(side) {
                    None if self.insist || self.is_plain(side) => self.set(side, shape)?,
                    Some(s) if !s.is_scalar() => {
                        self.stepping = side;
                        self.fit(first, side, Asking::Operation("the two sides of a claim"))?;
                        self.stepping = NodeId(NONE);
                    }
                    _ => {}
                }
            }
        }
        self.claims[claim] = sides;
        Ok(())
    }

    /// Two arrays have one shape.
    pub(super) fn fit(&mut self, a: NodeId, b: NodeId, asking: Asking) -> Result<(), ShapeError> {
        let (Some(l), Some(r)) = (self.shape(a), self.shape(b)) else { return Ok(()) };
        if l == r || l.is_row() == r.is_row() && self.unify_axes(l, r) {
            return Ok(());
        }
        let context = asking.to_string();
        let help = self.fit_help(a, b, l, r, &context);
        Err(self.mismatch(a, b, &context, help))
    }

    fn step_product(&mut self, id: NodeId, a: NodeId, b: NodeId) -> Result<(), ShapeError> {
        match (self.shape(a), self.shape(b)) {
            (Some(l), _) if l.is_scalar() => self.same(id, b),
            (_, Some(r)) if r.is_scalar() => self.same(id, a),
            (Some(l), Some(r)) => {
                let shape = self.product_shape((a, l), (b, r))?;
                self.set(id, shape)
            }
            // row × ? = scalar: a column
            (Some(l), None) if l.is_row() => match self.shape(id) {
                Some(s) if s.is_scalar() => self.set(b, l.stand(false)),
                _ => Ok(()),
            },
            (Some(l), None) if l.rank() == 2 => match self.shape(id) {
                Some(s) if s.is_column() => self.set_axes(b, &[self.axis(l, 1)]),
                _ => Ok(()),
            },
            (None, Some(r)) if r.is_column() => match self.shape(id) {
                Some(s) if s.is_scalar() => self.set(a, r.stand(true)),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn product_shape(
        &mut self,
        (a, l): (NodeId, Place),
        (b, r): (NodeId, Place),
    ) -> Result<Place, ShapeError> {
        if l.rank() > 2 || r.rank() > 2 {
            return Err(self.operand_error(
                if l.rank() > 2 { a } else { b },
                "a scalar, vector or matrix in a product",
                Some("use entries and `sum[k](…)`"),
            ));
        }
        if l.is_column() && r.is_row() {
            let axes = [self.axis(l, 0), self.axis(r, 0)];
            return Ok(self.shapes.add(&axes, false));
        }
        let inner = (self.axis(l, l.rank() - 1), self.axis(r, 0));
        if l.is_column() || r.is_row() || !self.unify(inner.0, inner.1) {
            let help = self.product_help(a, b, l, r);
            return Err(self.mismatch(a, b, "a matrix product", Some(help)));
        }
        let mut axes: SmallVec<[DimId; 2]> = SmallVec::new();
        axes.extend_from_slice(&self.axes(l)[..l.rank() - 1]);
        axes.extend_from_slice(&self.axes(r)[1..]);
        Ok(self.shapes.add(&axes, l.is_row()))
    }

    pub(super) fn step_elementwise(
        &mut self,
        id: NodeId,
        list: &[NodeId],
        asking: Asking,
    ) -> Result<(), ShapeError> {
        if let Some((first, shape)) = self.first_array(list) {
            for &c in list {
                if self.array(c).is_some() {
                    self.fit(first, c, asking)?;
                }
            }
            return self.set(id, shape);
        }
        if self.all_known(list) {
            return self.set(id, Place::SCALAR);
        }
        match self.shape(id) {
            Some(s) if s.is_scalar() => list.iter().try_for_each(|c| self.set(*c, s)),
            Some(s) if list.len() == 1 => self.set(list[0], s),
            _ => Ok(()),
        }
    }

    fn step_power(&mut self, id: NodeId, a: NodeId, b: NodeId) -> Result<(), ShapeError> {
        let help = "the elementwise power is written `.^`";
        if self.array(b).is_some() {
            return Err(self.operand_error(b, "a scalar exponent", Some(help)));
        }
        self.set(b, Place::SCALAR)?;
        if let Some(s) = self.array(a) {
            if s.rank() != 2 || !self.unify(self.axis(s, 0), self.axis(s, 1)) {
                let expected = "a scalar or a square matrix to raise to a power";
                return Err(self.operand_error(a, expected, Some(help)));
            }
            if let Expr::Number(n) = self.program.node(b)
                && !n.is_integer()
            {
                return Err(ShapeError::Operand {
                    expected: "a whole exponent for a matrix".into(),
                    found: n.to_string(),
                    span: self.program.span(b),
                    help: Some(help.into()),
                });
            }
        }
        self.same(id, a)
    }

    fn flipped(&mut self, shape: Place) -> Place {
        match *self.axes(shape) {
            [m, n] => self.shapes.add(&[n, m], false),
            [_] => shape.stand(!shape.is_row()),
            _ => shape,
        }
    }

    fn step_transpose(&mut self, id: NodeId, a: NodeId) -> Result<(), ShapeError> {
        match (self.shape(a), self.shape(id)) {
            (Some(s), _) if s.rank() > 2 => {
                Err(self.operand_error(a, "a vector or matrix to transpose", None))
            }
            (Some(s), _) => {
                let flipped = self.flipped(s);
                self.set(id, flipped)
            }
            (None, Some(s)) => {
                let flipped = self.flipped(s);
                self.set(a, flipped)
            }
            (None, None) => Ok(()),
        }
    }
}
