//! One step of propagation: what a node's shape says of its children and they of it.

use super::dim::DimId;
use super::error::ShapeError;
use super::infer::{CotangentOf, Inference};
use super::signature::{alternative, size};
use super::typed::{DefinitionId, DerivativeKind, Meaning, Position, Shape};
use crate::functions::{Function, Signature, Special};
use crate::syntax::ast::{Expr, List, NodeId, ProductOp};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

fn scalar() -> Shape {
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
    fn same(&mut self, a: NodeId, b: NodeId) -> Result<(), ShapeError> {
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

    fn step_elementwise(
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

    fn step_entry(&mut self, id: NodeId, base: NodeId, list: List) -> Result<(), ShapeError> {
        let list: SmallVec<[NodeId; 4]> = self.program.list(list).into();
        self.set(id, &scalar())?;
        if matches!(self.meanings[base.0 as usize], Meaning::Delta) {
            self.shapes[base.0 as usize].get_or_insert_with(scalar);
            let mut first: Option<DimId> = None;
            for i in &list {
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
        let shape = match self.shape(base).cloned() {
            Some(s) => s,
            None => {
                // a definition's shape comes with its body
                if !matches!(self.meanings[base.0 as usize], Meaning::Variable(_)) {
                    return Ok(());
                }
                let axes = list.iter().map(|_| self.fresh()).collect();
                let s = Shape { axes, row: false };
                self.set(base, &s)?;
                s
            }
        };
        if shape.axes.len() != list.len() {
            let expected = format!(
                "an array with {} {}",
                list.len(),
                if list.len() == 1 { "axis" } else { "axes" }
            );
            return Err(self.operand_error(base, &expected, Some("give one index for each axis")));
        }
        for (i, dim) in list.iter().zip(shape.axes) {
            self.entry_index(*i, dim)?;
        }
        Ok(())
    }

    fn entry_index(&mut self, i: NodeId, dim: DimId) -> Result<(), ShapeError> {
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
            }
            return Ok(());
        };
        self.shapes[i.0 as usize].get_or_insert_with(scalar);
        let dim = self.expand(dim);
        let fits = n
            .as_integer()
            .is_some_and(|k| k >= 1 && self.dims.as_number(dim).is_none_or(|d| k <= d));
        if !fits {
            let size = self.dims.text(dim);
            return Err(ShapeError::Invalid {
                message: format!("the index {n} is outside 1..{size}"),
                span: self.program.span(i),
                help: None,
            });
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
            self.shapes[id.0 as usize].get_or_insert_with(scalar);
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

    fn step_call(
        &mut self,
        id: NodeId,
        list: &[NodeId],
        axis: Option<NodeId>,
    ) -> Result<(), ShapeError> {
        if let Some(a) = axis {
            self.set(a, &scalar())?;
        }
        match self.meanings[id.0 as usize] {
            Meaning::Unknown(u) if self.unknowns[u.0 as usize].scalar => self.set(id, &scalar()),
            Meaning::Unknown(_) => self.step_elementwise(id, list, "a call"),
            Meaning::Identity => {
                let n = self.size_argument(list[0])?;
                self.set(id, &Shape { axes: smallvec![n, n], row: false })
            }
            Meaning::Fill(_) => self.step_fill(id, list),
            Meaning::Derivative(kind) => self.step_derivative(id, kind, list),
            Meaning::Function(f) => self.step_function(id, f, list, axis),
            _ => Ok(()),
        }
    }

    fn size_argument(&mut self, node: NodeId) -> Result<DimId, ShapeError> {
        let mut stack = vec![node];
        while let Some(part) = stack.pop() {
            let Expr::Name(name) = self.program.node(part) else {
                self.program.for_each_child(part, |c| stack.push(c));
                continue;
            };
            if !self.dimension_names.contains(name) {
                let text = self.written(*name);
                return Err(ShapeError::Invalid {
                    message: format!("`{text}` is not the size of anything"),
                    span: self.program.span(part),
                    help: Some("sizes come from declarations, as in `var A[m,n]`".into()),
                });
            }
        }
        self.size_expression(node)
    }

    fn step_fill(&mut self, id: NodeId, list: &[NodeId]) -> Result<(), ShapeError> {
        if self.shape(id).is_some() {
            return Ok(());
        }
        let Expr::Call { function, .. } = self.program.node(id) else { return Ok(()) };
        let special = crate::functions::find(self.program.name(*function)).map(|f| f.signature);
        match special {
            Some(Signature::Special(Special::Vector)) => {
                self.set(list[0], &scalar())?;
                let n = self.fresh();
                self.set(id, &Shape { axes: smallvec![n], row: false })
            }
            Some(Signature::Special(Special::Matrix)) => {
                self.set(list[0], &scalar())?;
                let (m, n) = (self.fresh(), self.fresh());
                self.set(id, &Shape { axes: smallvec![m, n], row: false })
            }
            _ => {
                let mut axes = SmallVec::new();
                for n in list {
                    axes.push(self.size_argument(*n)?);
                }
                self.set(id, &Shape { axes, row: false })
            }
        }
    }

    fn step_function(
        &mut self,
        id: NodeId,
        f: &'static Function,
        list: &[NodeId],
        axis: Option<NodeId>,
    ) -> Result<(), ShapeError> {
        match f.signature_for(list.len()) {
            Signature::Elementwise => self.step_elementwise(id, list, &format!("`{}`", f.name)),
            Signature::Reduction { arrays, .. } => {
                if arrays == 2 && list.len() == 2 {
                    match (self.shape(list[0]).cloned(), self.shape(list[1]).cloned()) {
                        (Some(a), Some(b)) => {
                            let fits = a.axes.len() == b.axes.len()
                                && a.axes.iter().zip(&b.axes).all(|(x, y)| self.unify(*x, *y));
                            if !fits {
                                return Err(self.mismatch(
                                    list[0],
                                    list[1],
                                    &format!("`{}`", f.name),
                                    None,
                                ));
                            }
                        }
                        _ => self.same(list[0], list[1])?,
                    }
                }
                self.step_reduction(id, list[0], axis)
            }
            Signature::Axiswise => {
                for extra in &list[1..] {
                    self.set(*extra, &scalar())?;
                }
                self.same(id, list[0])?;
                let Some(s) = self.shape(list[0]) else { return Ok(()) };
                if s.axes.len() >= 2 && axis.is_none() {
                    let help = format!("write `{}(…, axis=1)` to work along each row", f.name);
                    let expected = format!("`axis=` for `{}` of a matrix", f.name);
                    return Err(self.operand_error(list[0], &expected, Some(&help)));
                }
                if let Some(a) = axis {
                    let rank = s.axes.len();
                    self.check_axis(a, rank)?;
                }
                Ok(())
            }
            Signature::Shapes(alternatives) => self.step_shapes(id, f, alternatives, list),
            Signature::Mask => self.step_mask(id, list[0], axis),
            Signature::Special(_) => Ok(()),
        }
    }

    fn check_axis(&self, node: NodeId, rank: usize) -> Result<usize, ShapeError> {
        let value = match self.program.node(node) {
            Expr::Number(n) => n.as_integer(),
            _ => None,
        };
        match value {
            Some(k) if usize::try_from(k).is_ok_and(|k| k < rank) => Ok(k.unsigned_abs() as usize),
            _ => Err(ShapeError::Invalid {
                message: format!("expected an axis below {rank}, counted from 0 as in NumPy"),
                span: self.program.span(node),
                help: None,
            }),
        }
    }

    fn step_reduction(
        &mut self,
        id: NodeId,
        a: NodeId,
        axis: Option<NodeId>,
    ) -> Result<(), ShapeError> {
        let Some(node) = axis else { return self.set(id, &scalar()) };
        if self.shape(a).is_none() {
            if !matches!(self.meanings[a.0 as usize], Meaning::Variable(_)) {
                return Ok(());
            }
            let axes = smallvec![self.fresh(), self.fresh()];
            self.set(a, &Shape { axes, row: false })?;
        }
        let shape = self.shape(a).cloned().unwrap_or_default();
        let k = self.check_axis(node, shape.axes.len())?;
        let mut axes = shape.axes;
        axes.remove(k);
        self.set(id, &Shape { axes, row: false })
    }

    fn step_shapes(
        &mut self,
        id: NodeId,
        f: &'static Function,
        alternatives: &'static [&'static str],
        list: &[NodeId],
    ) -> Result<(), ShapeError> {
        let read: SmallVec<[_; 2]> = alternatives.iter().map(|t| alternative(t)).collect();
        let (list, sizes) = list.split_at(read[0].arguments.len().min(list.len()));
        let known: SmallVec<[Option<usize>; 2]> =
            list.iter().map(|a| self.shape(*a).map(|s| s.axes.len())).collect();
        if sizes.is_empty() && known.iter().all(|r| *r == Some(0)) {
            return self.set(id, &scalar());
        }
        let fits = |alt: &super::signature::Alternative<'_>| {
            alt.arguments.iter().zip(&known).all(|(s, r)| r.is_none_or(|r| r == s.len()))
        };
        let mut fitting = read.iter().filter(|a| fits(a));
        let Some(chosen) = fitting.next() else {
            let at = known.iter().position(|r| {
                r.is_some_and(|r| read.iter().all(|alt| alt.arguments.iter().all(|s| s.len() != r)))
            });
            let expected = match read[0].arguments[0].len() {
                1 => "a vector",
                _ if f.signature_is_square() => "a square matrix",
                _ => "a matrix",
            };
            let expected = format!("{expected} for `{}`", f.name);
            return Err(self.operand_error(list[at.unwrap_or(0)], &expected, None));
        };
        if known.iter().any(Option::is_none) {
            // a name that may still be a scalar waits for its convention
            return Ok(());
        }
        let mut letters: Vec<(&str, DimId)> = Vec::new();
        for (argument, letter) in sizes.iter().zip(&chosen.sizes) {
            let value = self.size_argument(*argument)?;
            self.shapes[argument.0 as usize].get_or_insert_with(scalar);
            self.size_values.insert(*argument, value);
            letters.push((letter, value));
        }
        for (argument, sizes) in list.iter().zip(&chosen.arguments) {
            let axes = self.shape(*argument).cloned().unwrap_or_default().axes;
            for (letter, dim) in sizes.iter().zip(axes) {
                if letter.len() > 1 {
                    // a compound of sizes that are given
                    let find = |n: &str| letters.iter().find(|l| l.0 == n).map(|l| l.1);
                    let asked = size(letter, &mut self.dims, &find);
                    if !asked.is_some_and(|asked| self.unify(asked, dim)) {
                        let text = asked.map_or(String::new(), |d| self.dims.text(d));
                        let expected = format!("{text} entries for `{}`", f.name);
                        return Err(self.operand_error(*argument, &expected, None));
                    }
                    continue;
                }
                match letters.iter().find(|l| l.0 == *letter) {
                    Some(l) => {
                        let other = l.1;
                        if !self.unify(other, dim) {
                            let square = sizes.len() == 2 && sizes[0] == sizes[1];
                            let expected = if square || f.signature_is_square() {
                                format!("a square matrix for `{}`", f.name)
                            } else {
                                format!("equal sizes for `{}`", f.name)
                            };
                            return Err(self.operand_error(*argument, &expected, None));
                        }
                    }
                    None => letters.push((letter, dim)),
                }
            }
        }
        if self.shape(id).is_some() && !chosen.result.iter().any(|t| t.len() == 1) {
            return Ok(());
        }
        let mut axes = SmallVec::new();
        for text in &chosen.result {
            let find = |name: &str| letters.iter().find(|l| l.0 == name).map(|l| l.1);
            axes.push(match find(text) {
                Some(d) => d,
                None => {
                    let solved: Vec<(&str, DimId)> =
                        letters.iter().map(|(l, d)| (*l, self.find(*d))).collect();
                    let letter = |n: &str| solved.iter().find(|l| l.0 == n).map(|l| l.1);
                    size(text, &mut self.dims, &letter).ok_or_else(|| {
                        let window = solved.first().map_or(String::new(), |l| self.dims.text(l.1));
                        let expected = format!("sizes that the window, {window}, divides");
                        self.operand_error(list[0], &expected, None)
                    })?
                }
            });
        }
        for d in &axes {
            let d = self.expand(*d);
            if self.dims.is_never_positive(d) {
                let text = self.dims.text(d);
                let message = format!("`{}` of these leaves an axis of size {text}", f.name);
                let help = Some("the second array is to be no larger than the first".to_string());
                return Err(ShapeError::Invalid { message, span: self.program.span(id), help });
            }
            if !self.dims.is_manageable(d) {
                return Err(Inference::size_limit(self.program.span(id)));
            }
        }
        self.set(id, &Shape { axes, row: false })
    }

    /// The shape of the argument, which may be read along an axis.
    fn step_mask(&mut self, id: NodeId, a: NodeId, axis: Option<NodeId>) -> Result<(), ShapeError> {
        self.same(id, a)?;
        if let (Some(node), Some(s)) = (axis, self.shape(a)) {
            let rank = s.axes.len();
            self.check_axis(node, rank)?;
        }
        Ok(())
    }

    fn step_derivative(
        &mut self,
        id: NodeId,
        kind: DerivativeKind,
        list: &[NodeId],
    ) -> Result<(), ShapeError> {
        // `vec(X)` may stand as the variable of a Jacobian
        let vec = |id: NodeId| match self.meanings[id.0 as usize] {
            Meaning::Function(f) => Some(f) == crate::functions::find("vec"),
            _ => false,
        };
        let by = match self.program.node(list[1]) {
            Expr::Call { arguments, .. } if vec(list[1]) => {
                self.program.list(*arguments).first().copied().unwrap_or(list[1])
            }
            _ => list[1],
        };
        let named =
            matches!(self.meanings[by.0 as usize], Meaning::Variable(_) | Meaning::Definition(_));
        if !named {
            return Err(ShapeError::Operand {
                expected: "the name of a variable or definition to differentiate by".into(),
                found: "an expression".into(),
                span: self.program.span(list[1]),
                help: None,
            });
        }
        if let Some(&g) = list.get(2) {
            self.same(g, list[0]).or_else(|_| self.fit(list[0], g, "`vjp`"))?;
        }
        let (Some(y), Some(x)) = (self.shape(list[0]).cloned(), self.shape(list[1]).cloned())
        else {
            return Ok(());
        };
        if matches!(kind, DerivativeKind::Gradient | DerivativeKind::Hessian) && !y.axes.is_empty()
        {
            let help = "the derivative of an array is `jac(y, x)`, or `vjp(y, x, g)`";
            return Err(self.operand_error(list[0], "a scalar to differentiate", Some(help)));
        }
        let axes = match kind {
            DerivativeKind::Gradient | DerivativeKind::Vjp => x.axes,
            DerivativeKind::Jacobian => y.axes.iter().chain(&x.axes).copied().collect(),
            DerivativeKind::Hessian => x.axes.iter().chain(&x.axes).copied().collect(),
        };
        self.set(id, &Shape { axes, row: false })
    }
}
