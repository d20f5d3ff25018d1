//! The evaluator: the value of a node of a typed program at a point.
//!
//! One loop over the nodes in order, since children and the bodies of definitions come before what
//! uses them; no nesting can overflow the stack. An undefined entry is carried along as such
//! (`where` may discard it); it is an error once it reaches what was asked for.

use super::arithmetic::Arithmetic;
use super::block::{Walk, own_axes};
use super::error::EvalError;
use super::instance::Instance;
use super::kink::Trace;
use super::plan::reachable_beside;
use crate::array::{Array, KernelError};
use crate::diagnostic::Span;
use crate::functions::Ties;
use crate::shape::dim::{Atom, DimId};
use crate::shape::typed::{DefinitionId, Fill, IndexId, Meaning, Typed, VariableId};
use crate::syntax::ast::{Expr, NodeId, ProductOp};
use std::collections::BTreeMap;

/// The most elementary steps of one evaluation.
const LARGEST_WORK: u64 = 2_000_000_000;

/// Numbers for everything that a program leaves open.
#[derive(Clone, Debug, Default)]
pub struct Point {
    /// The size of each dimension name.
    pub sizes: BTreeMap<String, usize>,
    /// The value of each variable, by [`VariableId`].
    pub values: Vec<Option<Array>>,
    /// What each unknown function stands for, by [`UnknownId`](crate::shape::typed::UnknownId).
    pub functions: Vec<Option<Instance>>,
}

/// What a derivative varies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Varied {
    /// A variable.
    Variable(VariableId),
    /// A definition: what is defined by it later follows, what it is defined by does not.
    Definition(DefinitionId),
}

/// The value of a node at a point, with its free indices (in the order of [`Typed::free`]) as its
/// leading axes.
///
/// # Errors
/// See [`EvalError`].
pub fn evaluate(typed: &Typed, point: &Point, target: NodeId) -> Result<Array, EvalError> {
    let mut evaluator = Evaluator::<f64>::new(typed, point)?;
    let plan = evaluator.plan(&[target]);
    evaluator.run(&plan)?;
    evaluator.result(target, &plan)
}

/// As [`evaluate`], with these indices in this order as the leading axes: those of a definition's
/// left side, or those of a whole claim. An index that the node lacks repeats it.
///
/// # Errors
/// See [`EvalError`].
pub fn evaluate_over(
    typed: &Typed,
    point: &Point,
    target: NodeId,
    indices: &[IndexId],
) -> Result<Array, EvalError> {
    evaluate_knowing(typed, point, target, indices, &[])
}

/// The value of a gradient as [`evaluate_over`] gives it, with the slope of a norm at 0, which is 0 by
/// the convention of the language.
///
/// # Errors
/// See [`EvalError`].
pub fn evaluate_gradient(
    typed: &Typed,
    point: &Point,
    target: NodeId,
    indices: &[IndexId],
) -> Result<Array, EvalError> {
    let mut evaluator = Evaluator::<f64>::new(typed, point)?;
    evaluator.slopes_at_origins = true;
    let plan = evaluator.plan(&[target]);
    evaluator.run(&plan)?;
    evaluator.result(target, &plan)?;
    evaluator.aligned(target, indices)
}

/// The value of a node without free indices, which may be undefined in places.
///
/// # Errors
/// See [`EvalError`].
pub fn evaluate_partly(typed: &Typed, point: &Point, target: NodeId) -> Result<Array, EvalError> {
    let mut evaluator = Evaluator::<f64>::new(typed, point)?;
    let plan = evaluator.plan(&[target]);
    evaluator.run(&plan)?;
    Ok(evaluator.value(target).clone())
}

/// As [`evaluate_over`], with the values of some nodes known; what only these need is not evaluated.
///
/// # Errors
/// See [`EvalError`].
pub fn evaluate_knowing(
    typed: &Typed,
    point: &Point,
    target: NodeId,
    indices: &[IndexId],
    known: &[(NodeId, Array)],
) -> Result<Array, EvalError> {
    let mut evaluator = Evaluator::<f64>::new(typed, point)?;
    let ids: Vec<NodeId> = known.iter().map(|k| k.0).collect();
    for (id, value) in known {
        evaluator.values[id.0 as usize] = value.clone();
    }
    let plan = reachable_beside(typed, &[target], &ids);
    evaluator.run(&plan)?;
    evaluator.result(target, &plan)?;
    evaluator.aligned(target, indices)
}

/// Evaluates nodes of one program at one point, again and again with some values moved.
#[derive(Debug)]
pub struct Evaluator<'a, S: Arithmetic = f64> {
    pub(super) typed: &'a Typed,
    pub(super) sizes: Vec<usize>,
    pub(super) variables: Vec<Option<Array<S>>>,
    pub(super) functions: &'a [Option<Instance>],
    pub(super) values: Vec<Array<S>>,
    pub(super) fixed: Vec<Option<Array<S>>>,
    /// Kinks met since it was last reset.
    pub trace: Trace,
    pub(super) work: u64,
    pub(super) depth: u32,
    /// Whether this is a gradient, so that what a norm at 0 divides is 0: its slope there.
    slopes_at_origins: bool,
}

/// Whether a divisor is a norm, or a product with one.
fn has_origin(typed: &Typed, divisor: NodeId) -> bool {
    let mut stack = vec![divisor];
    while let Some(id) = stack.pop() {
        match typed.meaning(id) {
            Meaning::Function(f) if f.facts.ties == Ties::Origin => return true,
            Meaning::Definition(d) => stack.push(typed.definitions[d.0 as usize].body),
            _ => {}
        }
        if let Expr::Product(ProductOp::Product | ProductOp::Hadamard, a, b) =
            typed.program.node(id)
        {
            stack.extend([*b, *a]);
        }
    }
    false
}

impl<'a, S: Arithmetic> Evaluator<'a, S> {
    /// An evaluator at this point.
    ///
    /// # Errors
    /// [`EvalError::Unsupported`] where the kind of number cannot hold a value of the point.
    pub fn new(typed: &'a Typed, point: &'a Point) -> Result<Evaluator<'a, S>, EvalError> {
        let mut variables = Vec::with_capacity(typed.variables.len());
        for k in 0..typed.variables.len() {
            variables.push(match point.values.get(k) {
                Some(Some(value)) => Some(convert(value)?),
                _ => None,
            });
        }
        Ok(Evaluator {
            typed,
            sizes: dimension_sizes(typed, &point.sizes),
            variables,
            functions: &point.functions,
            values: vec![Array { shape: Vec::new(), data: Vec::new() }; typed.program.nodes.len()],
            fixed: Vec::new(),
            trace: Trace::default(),
            work: 0,
            depth: 0,
            slopes_at_origins: false,
        })
    }

    /// Evaluates the nodes of a plan.
    ///
    /// # Errors
    /// See [`EvalError`].
    pub fn run(&mut self, plan: &[NodeId]) -> Result<(), EvalError> {
        for &id in plan {
            let value = self.node(id)?;
            self.work += value.data.len() as u64 + 1;
            if self.work > LARGEST_WORK {
                let bound = "2000000000 elementary steps";
                return Err(EvalError::TooLarge { span: self.span(id), bound });
            }
            self.values[id.0 as usize] = value;
        }
        Ok(())
    }

    /// The value of an evaluated node.
    pub fn value(&self, id: NodeId) -> &Array<S> {
        &self.values[id.0 as usize]
    }

    /// The value of an evaluated node, which must be defined throughout.
    ///
    /// # Errors
    /// [`EvalError::Undefined`] at the first node of the plan without a value.
    pub fn result(&self, id: NodeId, plan: &[NodeId]) -> Result<Array<S>, EvalError> {
        let value = self.value(id);
        if value.data.iter().any(|v| v.is_undefined()) {
            let first =
                plan.iter().copied().find(|&n| self.value(n).data.iter().any(|v| v.is_undefined()));
            return Err(EvalError::Undefined { span: self.span(first.unwrap_or(id)) });
        }
        Ok(value.clone())
    }

    /// The value of what is varied; a definition must have been evaluated, or fixed.
    pub fn varied(&self, varied: Varied) -> Option<Array<S>> {
        match varied {
            Varied::Variable(v) => self.variables.get(v.0 as usize)?.clone(),
            Varied::Definition(d) => self.fixed_value(varied).or_else(|| {
                let definition = self.typed.definitions.get(d.0 as usize)?;
                self.aligned(definition.body, &definition.indices).ok()
            }),
        }
    }

    /// Gives what is varied another value; `None` frees a definition again.
    pub fn set(&mut self, varied: Varied, value: Option<Array<S>>) {
        match varied {
            Varied::Variable(v) => self.variables[v.0 as usize] = value,
            Varied::Definition(d) => {
                if self.fixed.is_empty() {
                    self.fixed.resize(self.typed.definitions.len(), None);
                }
                self.fixed[d.0 as usize] = value;
            }
        }
    }

    /// The value of an evaluated node with these indices, in this order, as its leading axes.
    ///
    /// # Errors
    /// [`EvalError::Mismatch`] where the node has a free index that is not among them.
    pub fn aligned(&self, id: NodeId, indices: &[IndexId]) -> Result<Array<S>, EvalError> {
        let value = self.value(id);
        if self.typed.free(id) == indices {
            return Ok(value.clone());
        }
        let span = self.span(id);
        let own = own_axes(self.typed, &self.sizes, id)?;
        let n: usize = own.iter().product();
        let mut shape = super::block::index_axes(self.typed, &self.sizes, indices, span)?.to_vec();
        let mut walk = Walk::new(self.typed, &self.sizes, indices, &[id], span)?;
        let mut data = Vec::with_capacity(walk.count() * n);
        loop {
            data.extend_from_slice(&value.data[walk.offsets[0]..walk.offsets[0] + n]);
            if !walk.advance() {
                break;
            }
        }
        shape.extend_from_slice(&own);
        Ok(Array { shape, data })
    }

    pub(super) fn span(&self, id: NodeId) -> Span {
        self.typed.program.span(id)
    }

    fn node(&mut self, id: NodeId) -> Result<Array<S>, EvalError> {
        let typed = self.typed;
        match typed.program.node(id) {
            Expr::Number(number) => {
                let value = S::from_number(number).map_err(|e| EvalError::at(self.span(id), e))?;
                self.constant(id, value)
            }
            Expr::Name(_) => self.name(id),
            Expr::Negate(a) => self.elementwise(id, &[*a], |v, _| Ok(S::ZERO.sub(v[0]))),
            Expr::Sum(list) => self.elementwise(id, typed.program.list(*list), |v, _| {
                let (first, rest) = v.split_first().ok_or(KernelError::Unsupported)?;
                Ok(rest.iter().fold(*first, |s, &t| s.add(t)))
            }),
            Expr::Product(ProductOp::Product, a, b) => self.product(id, *a, *b),
            Expr::Product(ProductOp::Hadamard, a, b) => {
                self.elementwise(id, &[*a, *b], |v, _| Ok(v[0].mul(v[1])))
            }
            Expr::Product(ProductOp::Quotient | ProductOp::ElementQuotient, a, b) => {
                let slope = self.slopes_at_origins && has_origin(typed, *b);
                self.elementwise(id, &[*a, *b], |v, _| {
                    if slope && v[1].size() == 0.0 { Ok(S::ZERO) } else { v[0].div(v[1]) }
                })
            }
            Expr::Power(a, k) if !typed.shape(*a).axes.is_empty() => self.matrix_power(id, *a, *k),
            Expr::Power(a, k) | Expr::ElementPower(a, k) => {
                self.elementwise(id, &[*a, *k], |v, trace| {
                    if v[1].to_integer().is_none() {
                        trace.nearest = trace.nearest.min(v[0].size());
                    }
                    v[0].power(v[1])
                })
            }
            Expr::Transpose(a) => self.transpose(id, *a),
            Expr::Compare(comparison, a, b) => {
                let (comparison, fixed) = (*comparison, self.is_constant(id));
                self.elementwise(id, &[*a, *b], |v, trace| {
                    // what no variable moves has no kink
                    let mut own = Trace::default();
                    let trace = if fixed { &mut own } else { trace };
                    super::kink::compare(trace, comparison, v[0], v[1])
                })
            }
            Expr::Entry(base, list) => self.entry(id, *base, *list),
            Expr::Block { down, list } => self.block(id, *down, *list),
            // a part of its entry
            Expr::Range(..) => self.constant(id, S::ZERO),
            Expr::IndexSum(list, body) => self.index_sum(id, *list, *body),
            Expr::Call { primes, arguments, axis, .. } => {
                let arguments = typed.program.list(*arguments);
                self.call(id, (*primes).into(), arguments, *axis)
            }
        }
    }

    /// The constant array of the node's shape.
    fn constant(&self, id: NodeId, value: S) -> Result<Array<S>, EvalError> {
        let own = own_axes(self.typed, &self.sizes, id)?;
        let n = own.iter().product();
        Ok(Array { shape: own.to_vec(), data: vec![value; n] })
    }

    pub(super) fn missing(&self, id: NodeId, name: crate::syntax::ast::NameId) -> EvalError {
        let function = self.typed.unknowns.iter().any(|u| u.name == name && !u.scalar);
        let name = self.typed.program.name(name).to_string();
        EvalError::Missing { span: self.span(id), name, function }
    }

    fn name(&mut self, id: NodeId) -> Result<Array<S>, EvalError> {
        let typed = self.typed;
        match typed.meaning(id) {
            Meaning::Variable(v) => {
                let value = self.variables[v.0 as usize].clone();
                let value =
                    value.ok_or_else(|| self.missing(id, typed.variables[v.0 as usize].name))?;
                // a point of another program may have other sizes
                let own = own_axes(typed, &self.sizes, id)?;
                if value.data.len() != own.iter().product::<usize>() {
                    return Err(EvalError::Mismatch { span: self.span(id) });
                }
                Ok(value)
            }
            Meaning::Definition(d) => {
                if let Some(Some(value)) = self.fixed.get(d.0 as usize) {
                    return Ok(value.clone());
                }
                let definition = &typed.definitions[d.0 as usize];
                self.aligned(definition.body, &definition.indices)
            }
            Meaning::Pi => self.constant(id, S::pi().map_err(|e| EvalError::at(self.span(id), e))?),
            Meaning::Size(dim) => {
                let value = self.size(id, dim)?;
                self.constant(id, value)
            }
            Meaning::Identity => self.identity(id),
            Meaning::Fill(fill) => self.fill(id, fill, &[]),
            _ => Err(EvalError::Unsupported { span: self.span(id), what: "this name" }),
        }
    }

    pub(super) fn size(&self, id: NodeId, dim: DimId) -> Result<S, EvalError> {
        let n = self.sizes.get(dim.0 as usize).copied().unwrap_or(0);
        if n == 0 {
            let size = self.typed.dims.text(dim);
            return Err(EvalError::NoSize { span: self.span(id), size });
        }
        S::from_number(&crate::number::Number::integer(i64::try_from(n).unwrap_or(i64::MAX)))
            .map_err(|e| EvalError::at(self.span(id), e))
    }

    pub(super) fn identity(&self, id: NodeId) -> Result<Array<S>, EvalError> {
        let own = own_axes(self.typed, &self.sizes, id)?;
        if own.is_empty() {
            return self.constant(id, S::ONE);
        }
        let &[m, n] = own.as_slice() else {
            return Err(EvalError::Mismatch { span: self.span(id) });
        };
        let mut data = vec![S::ZERO; m * n];
        data.iter_mut().step_by(n + 1).take(m.min(n)).for_each(|v| *v = S::ONE);
        Ok(Array { shape: vec![m, n], data })
    }

    pub(super) fn fill(
        &mut self,
        id: NodeId,
        fill: Fill,
        arguments: &[NodeId],
    ) -> Result<Array<S>, EvalError> {
        match (fill, arguments) {
            (Fill::Ones, _) => self.constant(id, S::ONE),
            (Fill::Zeros, _) => self.constant(id, S::ZERO),
            (Fill::Argument, [argument, ..]) => self.elementwise(id, &[*argument], |v, _| Ok(v[0])),
            (Fill::Argument, []) => Err(EvalError::Mismatch { span: self.span(id) }),
        }
    }
}

fn convert<S: Arithmetic>(value: &Array) -> Result<Array<S>, EvalError> {
    let data: Result<Vec<S>, KernelError> = value.data.iter().map(|&v| S::from_double(v)).collect();
    let data = data.map_err(|e| EvalError::at(Span::default(), e))?;
    Ok(Array { shape: value.shape.clone(), data })
}

/// The number that each size stands for; 0 where it has none.
pub fn dimension_sizes(typed: &Typed, names: &BTreeMap<String, usize>) -> Vec<usize> {
    let mut sizes: Vec<i128> = Vec::with_capacity(typed.dims.len());
    for k in 0..typed.dims.len() {
        let mut total = Some(0i128);
        for (atoms, coefficient) in &typed.dims.get(DimId(k as u32)).terms {
            let mut term = Some(i128::from(*coefficient));
            for (atom, exponent) in atoms {
                let value = match atom {
                    Atom::Name(name) => names.get(&**name).map(|&n| n as i128),
                    // interned before what refers to them
                    Atom::Quotient(a, b) => {
                        let of = |d: &DimId| sizes.get(d.0 as usize).copied();
                        match (of(a), of(b)) {
                            (Some(a), Some(b)) if b > 0 && a % b == 0 => Some(a / b),
                            _ => None,
                        }
                    }
                };
                for _ in 0..*exponent {
                    term = term.zip(value).and_then(|(t, v)| t.checked_mul(v));
                }
            }
            total = total.zip(term).and_then(|(a, b)| a.checked_add(b));
        }
        sizes.push(total.unwrap_or(0));
    }
    sizes.iter().map(|&n| usize::try_from(n).ok().filter(|&n| n < 1 << 32).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Toy, array};
    use super::*;
    use crate::shape::typed::DerivativeKind;
    use crate::syntax::ast::{NameId, ProductOp};

    fn point(sizes: &[(&str, usize)], values: &[Array]) -> Point {
        Point {
            sizes: sizes.iter().map(|(n, s)| ((*n).to_string(), *s)).collect(),
            values: values.iter().cloned().map(Some).collect(),
            functions: vec![Some(Instance::scalar(0))],
        }
    }

    #[test]
    fn a_matrix_times_a_vector() {
        let mut toy = Toy::new();
        let (w, x) = (toy.variable("W", &["m", "n"]), toy.variable("x", &["n"]));
        let m = toy.dims(&["m"]);
        let y = toy.product(ProductOp::Product, w, x, &m, &[]);
        let typed = toy.expression(y);
        let at = point(
            &[("m", 2), ("n", 3)],
            &[array(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), array(&[3], &[1.0, 0.0, -1.0])],
        );
        assert_eq!(evaluate(&typed, &at, y), Ok(array(&[2], &[-2.0, -2.0])));
    }

    #[test]
    fn free_indices_are_aligned_by_name_and_not_by_position() {
        // A[i,j]*B[j,i] has axes i, j; summed over j it is the diagonal of A*B
        let mut toy = Toy::new();
        let (a, b) = (toy.variable("A", &["m", "n"]), toy.variable("B", &["n", "m"]));
        let (i, j) = (toy.index("i", "m"), toy.index("j", "n"));
        let (aij, bji) = (toy.entry(a, &[i, j]), toy.entry(b, &[j, i]));
        let term = toy.product(ProductOp::Product, aij, bji, &[], &[i, j]);
        let sum = toy.sum(&[j], term, &[i]);
        let typed = toy.expression(sum);
        let at = point(
            &[("m", 2), ("n", 3)],
            &[
                array(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
                array(&[3, 2], &[1.0, 0.0, 0.0, 1.0, 2.0, 3.0]),
            ],
        );
        assert_eq!(
            evaluate(&typed, &at, term).map(|v| v.data),
            Ok(vec![1.0, 0.0, 6.0, 0.0, 5.0, 18.0])
        );
        assert_eq!(evaluate(&typed, &at, sum), Ok(array(&[2], &[7.0, 23.0])));
    }

    #[test]
    fn division_by_zero_is_undefined_at_its_place() {
        let mut toy = Toy::new();
        let (one, x) = (toy.number(1), toy.variable("x", &["n"]));
        let n = toy.dims(&["n"]);
        let y = toy.product(ProductOp::ElementQuotient, one, x, &n, &[]);
        let typed = toy.expression(y);
        let at = point(&[("n", 2)], &[array(&[2], &[1.0, 0.0])]);
        assert!(matches!(evaluate(&typed, &at, y), Err(EvalError::Undefined { .. })));
    }

    #[test]
    fn derivatives_vary_the_definition_that_they_name() {
        // u = c*x; grad(J(u), u) is exact, grad(J(u), x) goes through u and is c times it
        let mut toy = Toy::new();
        let (c, x) = (toy.variable("c", &[]), toy.variable("x", &["n"]));
        let n = toy.dims(&["n"]);
        let body = toy.product(ProductOp::Product, c, x, &n, &[]);
        let d = toy.define("u", body, &[]);
        let j = toy.unknown("J", true);
        let grad = |toy: &mut Toy, by: NodeId| {
            let u = toy.used(d);
            let value = toy.apply(j, 0, u);
            let arguments = toy.list(&[value, by]);
            let call = Expr::Call { function: NameId(0), primes: 0, arguments, axis: None };
            toy.node(call, Meaning::Derivative(DerivativeKind::Gradient), &n, &[])
        };
        let u = toy.used(d);
        let by_u = grad(&mut toy, u);
        let again = toy.again(x);
        let by_x = grad(&mut toy, again);
        let typed = toy.expression(by_x);
        let at = point(&[("n", 3)], &[array(&[], &[3.0]), array(&[3], &[0.2, -0.4, 0.7])]);
        let by_u = evaluate(&typed, &at, by_u).expect("an instance has a gradient");
        let by_x = evaluate(&typed, &at, by_x).expect("an instance is smooth");
        let scaled: Vec<f64> = by_u.data.iter().map(|g| 3.0 * g).collect();
        assert!(super::super::compare::relative_error(&by_x.data, &scaled) < 1e-9);
    }
}
