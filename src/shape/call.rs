//! Shapes of calls: what the signatures of the function table say of arguments and result.

use super::dim::DimId;
use super::error::ShapeError;
use super::infer::Inference;
use super::propagate::Asking;
use super::signature::{alternative, size};
use super::table::Place;
use super::typed::{DerivativeKind, Meaning};
use crate::functions::{Function, Signature, Special};
use crate::syntax::ast::{Expr, NodeId};
use smallvec::SmallVec;

impl Inference<'_> {
    pub(super) fn step_call(
        &mut self,
        id: NodeId,
        list: &[NodeId],
        axis: Option<NodeId>,
    ) -> Result<(), ShapeError> {
        if let Some(a) = axis {
            self.set(a, Place::SCALAR)?;
        }
        match self.meanings[id.0 as usize] {
            Meaning::Unknown(u) if self.unknowns[u.0 as usize].scalar => {
                self.set(id, Place::SCALAR)
            }
            Meaning::Unknown(_) => self.step_elementwise(id, list, Asking::Operation("a call")),
            Meaning::Identity => {
                let n = self.size_argument(list[0])?;
                self.set_axes(id, &[n, n])
            }
            Meaning::Fill(_) => self.step_fill(id, list),
            Meaning::Derivative(kind) => self.step_derivative(id, kind, list),
            Meaning::Function(f) => self.step_function(id, f.function(), list, axis),
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
            if self.known[name.0 as usize].size.is_none() {
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
                self.set(list[0], Place::SCALAR)?;
                let n = self.fresh();
                self.set_axes(id, &[n])
            }
            Some(Signature::Special(Special::Matrix)) => {
                self.set(list[0], Place::SCALAR)?;
                let (m, n) = (self.fresh(), self.fresh());
                self.set_axes(id, &[m, n])
            }
            _ => {
                let mut axes: SmallVec<[DimId; 2]> = SmallVec::new();
                for n in list {
                    axes.push(self.size_argument(*n)?);
                }
                self.set_axes(id, &axes)
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
            Signature::Elementwise => self.step_elementwise(id, list, Asking::Function(f)),
            Signature::Reduction { arrays, .. } => {
                if arrays == 2 && list.len() == 2 {
                    match (self.shape(list[0]), self.shape(list[1])) {
                        (Some(a), Some(b)) if self.unify_axes(a, b) => {}
                        (Some(_), Some(_)) => {
                            let context = format!("`{}`", f.name);
                            return Err(self.mismatch(list[0], list[1], &context, None));
                        }
                        _ => self.same(list[0], list[1])?,
                    }
                }
                self.step_reduction(id, list[0], axis)
            }
            Signature::Axiswise => {
                for extra in &list[1..] {
                    self.set(*extra, Place::SCALAR)?;
                }
                self.same(id, list[0])?;
                let Some(s) = self.shape(list[0]) else { return Ok(()) };
                if s.rank() >= 2 && axis.is_none() {
                    let help = format!("write `{}(…, axis=1)` to work along each row", f.name);
                    let expected = format!("`axis=` for `{}` of a matrix", f.name);
                    return Err(self.operand_error(list[0], &expected, Some(&help)));
                }
                if let Some(a) = axis {
                    self.check_axis(a, s.rank())?;
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
        let Some(node) = axis else { return self.set(id, Place::SCALAR) };
        if self.shape(a).is_none() {
            if !matches!(self.meanings[a.0 as usize], Meaning::Variable(_)) {
                return Ok(());
            }
            let axes = [self.fresh(), self.fresh()];
            self.set_axes(a, &axes)?;
        }
        let shape = self.shape(a).unwrap_or(Place::SCALAR);
        let k = self.check_axis(node, shape.rank())?;
        let mut axes: SmallVec<[DimId; 4]> = self.axes(shape).into();
        axes.remove(k);
        self.set_axes(id, &axes)
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
            list.iter().map(|a| self.shape(*a).map(Place::rank)).collect();
        if sizes.is_empty() && known.iter().all(|r| *r == Some(0)) {
            return self.set(id, Place::SCALAR);
        }
        let rows: SmallVec<[bool; 2]> =
            list.iter().map(|a| self.shape(*a).is_some_and(Place::is_row)).collect();
        let stands = f.reads_rows();
        let fits = |alt: &super::signature::Alternative<'_>| {
            alt.arguments.iter().zip(&known).all(|(s, r)| r.is_none_or(|r| r == s.len()))
                && (!stands || alt.rows.iter().zip(&rows).all(|(a, r)| a == r))
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
        let mut letters: SmallVec<[(&str, DimId); 4]> = SmallVec::new();
        for (argument, letter) in sizes.iter().zip(&chosen.sizes) {
            let value = self.size_argument(*argument)?;
            self.stands_for_scalar(*argument);
            self.size_values.insert(*argument, value);
            letters.push((letter, value));
        }
        for (argument, sizes) in list.iter().zip(&chosen.arguments) {
            let shape = self.shape(*argument).unwrap_or(Place::SCALAR);
            for (axis, letter) in sizes.iter().enumerate().take(shape.rank()) {
                let dim = self.axis(shape, axis);
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
        let axes = self.result_axes(&chosen.result, &letters, list[0])?;
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
        let shape = self.shapes.add(&axes, chosen.result_row);
        self.set(id, shape)
    }

    /// The sizes of a result, its letters bound by the arguments.
    fn result_axes(
        &mut self,
        result: &[&str],
        letters: &[(&str, DimId)],
        argument: NodeId,
    ) -> Result<SmallVec<[DimId; 4]>, ShapeError> {
        let mut axes: SmallVec<[DimId; 4]> = SmallVec::new();
        for text in result {
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
                        self.operand_error(argument, &expected, None)
                    })?
                }
            });
        }
        Ok(axes)
    }

    /// The shape of the argument, which may be read along an axis.
    fn step_mask(&mut self, id: NodeId, a: NodeId, axis: Option<NodeId>) -> Result<(), ShapeError> {
        self.same(id, a)?;
        if let (Some(node), Some(s)) = (axis, self.shape(a)) {
            self.check_axis(node, s.rank())?;
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
            Meaning::Function(f) => Some(f) == crate::functions::find_entry("vec"),
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
            self.same(g, list[0]).or_else(|_| self.fit(list[0], g, Asking::Operation("`vjp`")))?;
        }
        let (Some(y), Some(x)) = (self.shape(list[0]), self.shape(list[1])) else {
            return Ok(());
        };
        if matches!(kind, DerivativeKind::Gradient | DerivativeKind::Hessian) && !y.is_scalar() {
            let help = "the derivative of an array is `jac(y, x)`, or `vjp(y, x, g)`";
            return Err(self.operand_error(list[0], "a scalar to differentiate", Some(help)));
        }
        let axes: SmallVec<[DimId; 4]> = match kind {
            DerivativeKind::Gradient | DerivativeKind::Vjp => self.axes(x).into(),
            DerivativeKind::Jacobian => [self.axes(y), self.axes(x)].concat().into(),
            DerivativeKind::Hessian => [self.axes(x), self.axes(x)].concat().into(),
        };
        self.set_axes(id, &axes)
    }
}
