//! Operators and names: what each node of the syntax tree but calls and entries is as a tensor.

use super::{Context, LowerError, Lowerer};
use crate::functions::{Lowering, Signature};
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::shape::typed::Meaning;
use crate::syntax::ast::{Expr, NodeId, ProductOp};
use crate::tensor::arena::Arena;
use crate::tensor::node::{ExprId, MapFunction, MatrixFunction, Network, Operand, Wires};
use crate::tensor::template::{Value, range};
use smallvec::{SmallVec, smallvec};

/// The largest literal power of a matrix that is multiplied out.
const MATRIX_POWER: i64 = 32;

impl Lowerer<'_> {
    pub(super) fn node(&mut self, id: NodeId) -> Result<Option<ExprId>, LowerError> {
        let typed = self.typed;
        match typed.program.node(id) {
            Expr::Number(n) => return Ok(Some(self.arena.number(n))),
            Expr::Name(_) => return self.name(id),
            Expr::Product(ProductOp::Quotient | ProductOp::ElementQuotient, _, b)
                if typed.free(*b).is_empty() =>
            {
                let divisor = self.value(*b);
                if self.arena.is_zero(divisor) {
                    return Err(LowerError::DivisionByZero { span: typed.program.span(*b) });
                }
            }
            _ => {}
        }
        if typed.free(id).is_empty()
            && let Some(value) = self.plain(id)
        {
            return Ok(Some(value));
        }
        self.indexed(id).map(Some)
    }

    fn name(&mut self, id: NodeId) -> Result<Option<ExprId>, LowerError> {
        let typed = self.typed;
        Ok(Some(match typed.meaning(id) {
            Meaning::Variable(v) => self.variable(v),
            Meaning::Definition(d) => self.definitions[d.0 as usize]
                .expect("definitions are lowered in the order of the program"),
            Meaning::Pi => self.arena.pi(),
            Meaning::Size(dim) => {
                let sizes = smallvec![dim];
                let (operands, output) = (SmallVec::new(), Wires::new());
                let coefficient = Number::ONE;
                self.arena.einsum(Network { coefficient, operands, output, sizes })
            }
            Meaning::Identity => self.identity(typed.shape(id).axes),
            Meaning::Index(_) | Meaning::Delta => return Ok(None),
            _ => {
                let name = match typed.program.node(id) {
                    Expr::Name(name) => typed.program.name(*name),
                    _ => "this",
                };
                return self.unsupported(id, format!("`{name}` as a value"));
            }
        }))
    }

    /// An operator on operands without free indices, which nearly all are: their axes are the
    /// wires. `None` for what is not so simple.
    fn plain(&mut self, id: NodeId) -> Option<ExprId> {
        let typed = self.typed;
        let axes = typed.shape(id).axes;
        Some(match typed.program.node(id) {
            Expr::Negate(a) => {
                let a = self.value(*a);
                self.arena.negate(a)
            }
            Expr::Sum(list) => {
                let mut terms: SmallVec<[ExprId; 8]> = SmallVec::new();
                for term in typed.program.list(*list) {
                    let term = self.value(*term);
                    terms.push(self.arena.broadcast(term, axes));
                }
                self.arena.sum_of(&terms)
            }
            Expr::Product(op, a, b) => {
                let ranks = (typed.shape(*a).axes.len(), typed.shape(*b).axes.len());
                let (x, y) = (self.value(*a), self.value(*b));
                match op {
                    ProductOp::Product if ranks.0 > 0 && ranks.1 > 0 => {
                        return self.matrix_product(*a, *b);
                    }
                    ProductOp::Product | ProductOp::Hadamard => self.arena.hadamard(&[x, y]),
                    ProductOp::Quotient | ProductOp::ElementQuotient => {
                        let inverse = self.arena.power(y, &Number::MINUS_ONE);
                        self.arena.hadamard(&[x, inverse])
                    }
                }
            }
            // a power of a matrix is a product
            Expr::Power(..) if !axes.is_empty() => return None,
            Expr::Power(a, b) | Expr::ElementPower(a, b) => {
                let pair = [self.value(*a), self.value(*b)];
                self.arena.map(MapFunction::Known(self.arena.known.pow), &pair)
            }
            Expr::Transpose(a) => {
                let value = self.value(*a);
                if axes.len() == 2 { self.arena.permute(value, &[1, 0], &[0, 1]) } else { value }
            }
            Expr::Compare(c, a, b) => {
                let pair = [self.value(*a), self.value(*b)];
                self.arena.map(MapFunction::Compare(*c), &pair)
            }
            Expr::Call { primes: 0, arguments, .. } => {
                let Meaning::Function(entry) = typed.meaning(id) else { return None };
                let f = entry.function();
                let list = typed.program.list(*arguments);
                let elementwise = matches!(f.signature_for(list.len()), Signature::Elementwise);
                if !elementwise || !matches!(f.lowering_for(list.len()), Lowering::Primitive(_)) {
                    return None;
                }
                let mut values: SmallVec<[ExprId; 4]> = SmallVec::new();
                for argument in list {
                    values.push(self.value(*argument));
                }
                self.arena.map(MapFunction::Known(f), &values)
            }
            _ => return None,
        })
    }

    /// The matrix product of two arrays without free indices: the last axis of the left one is the
    /// first of the right one, but for an outer product.
    fn matrix_product(&mut self, a: NodeId, b: NodeId) -> Option<ExprId> {
        let (left, right) = (self.typed.shape(a), self.typed.shape(b));
        let (m, n) = (left.axes.len(), right.axes.len());
        if m > 2 || n > 2 {
            return None;
        }
        let outer = m == 1 && n == 1 && !left.row && right.row;
        let shared = usize::from(!outer);
        let start = m - shared;
        let mut output = range(0, start);
        for wire in start + shared..start + n {
            output.push(wire as u32);
        }
        let mut sizes: SmallVec<[DimId; 8]> = SmallVec::from_slice(left.axes);
        sizes.extend_from_slice(&right.axes[shared..]);
        let operands = smallvec![
            Operand { expr: self.value(a), wires: range(0, m) },
            Operand { expr: self.value(b), wires: range(start, start + n) },
        ];
        Some(self.arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes }))
    }

    /// A node whose operands may have free indices, which are wires of their own.
    fn indexed(&mut self, id: NodeId) -> Result<ExprId, LowerError> {
        let typed = self.typed;
        let context = self.context(typed.free(id), typed.shape(id).axes);
        Ok(match typed.program.node(id) {
            Expr::Number(_) | Expr::Name(_) => return self.unsupported(id, "this name"),
            Expr::Negate(a) => {
                let v = self.element(*a, &context);
                self.arena.negate(v.expr)
            }
            Expr::Sum(list) => {
                let terms: SmallVec<[Value; 8]> =
                    typed.program.list(*list).iter().map(|t| self.element(*t, &context)).collect();
                self.full(&context, |a, sizes| a.value_sum(&terms, sizes))
            }
            Expr::Product(op, a, b) => self.product(id, *op, *a, *b, &context)?,
            Expr::ElementPower(a, b) => {
                let pair = [self.element(*a, &context), self.element(*b, &context)];
                let pow = MapFunction::Known(self.arena.known.pow);
                self.full(&context, |arena, sizes| arena.value_map(pow, &pair, sizes))
            }
            Expr::Power(a, b) => self.matrix_power(id, *a, *b, &context)?,
            Expr::Transpose(a) => {
                let rank = typed.shape(*a).axes.len();
                let first = context.free.len();
                let own: Wires = if rank == 2 {
                    smallvec![first as u32 + 1, first as u32]
                } else {
                    range(first, first + rank)
                };
                self.operand(*a, &context, &own).expr
            }
            Expr::Compare(c, a, b) => {
                let pair = [self.element(*a, &context), self.element(*b, &context)];
                let f = MapFunction::Compare(*c);
                self.full(&context, |arena, sizes| arena.value_map(f, &pair, sizes))
            }
            Expr::Entry(array, list) => {
                let list = typed.program.list(*list);
                self.entry(id, *array, list, &context)?
            }
            Expr::Block { down, list } => {
                self.block(id, *down, typed.program.list(*list), &context)?
            }
            Expr::Range(..) => return self.unsupported(id, "a range by itself"),
            Expr::IndexSum(list, body) => {
                self.index_sum(typed.program.list(*list), *body, &context)
            }
            Expr::Call { primes, arguments, axis, .. } => {
                let list = typed.program.list(*arguments);
                self.call(id, (*primes).into(), list, *axis, &context)?
            }
        })
    }

    /// What `build` makes, with all axes of the context.
    pub(super) fn full(
        &mut self,
        context: &Context,
        build: impl FnOnce(&mut Arena, &[DimId]) -> Value,
    ) -> ExprId {
        let value = build(&mut self.arena, &context.sizes);
        let all = range(0, context.sizes.len());
        self.arena.value_broadcast(&value, &all, &context.sizes).expr
    }

    pub(super) fn identity(&mut self, shape: &[DimId]) -> ExprId {
        match shape {
            [n, m] if n == m => self.arena.identity(*n),
            _ => self.arena.ones(&[]),
        }
    }

    fn product(
        &mut self,
        id: NodeId,
        op: ProductOp,
        a: NodeId,
        b: NodeId,
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        let (left, right) = (self.typed.shape(a), self.typed.shape(b));
        let scaling = left.axes.is_empty() || right.axes.is_empty();
        match op {
            ProductOp::Hadamard => {}
            ProductOp::Quotient | ProductOp::ElementQuotient => {
                let pair = (self.element(a, context), self.element(b, context));
                return Ok(self.full(context, |arena, s| arena.value_quotient(&pair.0, &pair.1, s)));
            }
            ProductOp::Product if scaling => {}
            ProductOp::Product => return self.contraction(id, a, b, context),
        }
        let pair = (self.element(a, context), self.element(b, context));
        Ok(self.full(context, |arena, s| arena.value_product(&pair.0, &pair.1, s)))
    }

    /// The matrix product of two arrays: the last axis of the left one with the first of the right
    /// one; an outer product where the left is a column and the right a row.
    fn contraction(
        &mut self,
        id: NodeId,
        a: NodeId,
        b: NodeId,
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        let (left, right) = (self.typed.shape(a), self.typed.shape(b));
        let first = context.free.len();
        let outer = left.axes.len() == 1 && !left.row && right.axes.len() == 1 && right.row;
        if left.axes.len() > 2 || right.axes.len() > 2 {
            return self.unsupported(id, "a matrix product of arrays with more than two axes");
        }
        if outer {
            let pair = (
                self.operand(a, context, &range(first, first + 1)),
                self.operand(b, context, &range(first + 1, first + 2)),
            );
            return Ok(self.full(context, |arena, s| arena.value_product(&pair.0, &pair.1, s)));
        }
        let middle = context.sizes.len() as u32;
        let mut sizes = context.sizes.clone();
        sizes.push(*left.axes.last().expect("a scalar scales"));
        let mut wires: Wires = range(first, first + left.axes.len() - 1);
        wires.push(middle);
        let start = first + left.axes.len() - 1;
        let mut other: Wires = smallvec![middle];
        other.extend(range(start, start + right.axes.len() - 1));
        let pair = [self.operand(a, context, &wires), self.operand(b, context, &other)];
        let all = range(0, context.sizes.len());
        Ok(self.arena.contract(&pair, &all, &sizes).expr)
    }

    pub(super) fn literal(&self, id: NodeId) -> Option<Number> {
        match self.typed.program.node(id) {
            Expr::Number(n) => Some(n.clone()),
            Expr::Negate(a) => match self.typed.program.node(*a) {
                Expr::Number(n) => Some(n.neg()),
                _ => None,
            },
            _ => None,
        }
    }

    fn matrix_power(
        &mut self,
        id: NodeId,
        a: NodeId,
        b: NodeId,
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        let rank = self.typed.shape(a).axes.len();
        if rank == 0 {
            let pair = [self.element(a, context), self.element(b, context)];
            let pow = MapFunction::Known(self.arena.known.pow);
            return Ok(self.full(context, |arena, sizes| arena.value_map(pow, &pair, sizes)));
        }
        let exponent = self.literal(b).and_then(|n| n.as_integer());
        let Some(k) = exponent.filter(|k| k.abs() <= MATRIX_POWER) else {
            return self.unsupported(
                b,
                format!("a matrix power other than an integer literal up to {MATRIX_POWER}"),
            );
        };
        if !context.free.is_empty() {
            return self.unsupported(id, "a matrix power of an array with free indices");
        }
        let base = self.value(a);
        let base = if k < 0 { self.arena.matrix(MatrixFunction::Inverse, base) } else { base };
        let dim = self.arena.axes(base)[0];
        if k == 0 {
            return Ok(self.arena.identity(dim));
        }
        let n = k.unsigned_abs() as u32;
        let operands = (0..n)
            .map(|i| Operand {
                expr: base,
                wires: smallvec![
                    if i == 0 { 0 } else { i + 1 },
                    if i == n - 1 { 1 } else { i + 2 }
                ],
            })
            .collect();
        let sizes = smallvec![dim; n as usize + 1];
        let output = range(0, 2);
        Ok(self.arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes }))
    }
}
