//! Derivatives of known functions by primes: `tanh'''(x)`.
//!
//! The function is applied to a symbol, differentiated by it as often as there are primes, by the
//! one calculus there is, and the argument is put in the symbol's place.

use super::{Context, LowerError, Lowerer};
use crate::functions::{Function, Lowering};
use crate::syntax::ast::NodeId;
use crate::tensor::node::{Axes, ExprId, Symbol, SymbolKind};
use crate::tensor::template::Value;

/// The most primes.
const MOST: u32 = 4;

impl Lowerer<'_> {
    /// `f'(x)`, `f''(x)`, … of a function of the table.
    pub(super) fn prime(
        &mut self,
        id: NodeId,
        f: &'static Function,
        primes: u32,
        list: &[NodeId],
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        let known = matches!(f.lowering_for(1), Lowering::Primitive(_) | Lowering::Definition(_));
        let elementwise = matches!(f.signature_for(1), crate::functions::Signature::Elementwise);
        if list.len() != 1 || !known || !elementwise {
            return self.unsupported(id, format!("a derivative of `{}` by primes", f.name));
        }
        if primes > MOST {
            let what = format!("a derivative of `{}` with more than {MOST} primes", f.name);
            return self.unsupported(id, what);
        }
        let x = self.element(list[0], context);
        let axes: Axes = self.arena.axes(x.expr).into();
        let symbol = Symbol::new("argument".into(), SymbolKind::Shared);
        let symbol = self.arena.symbol_expr(symbol, &axes);
        let argument = Value { expr: symbol, wires: x.wires.clone() };
        let mut y = self.arena.value_call(f, &[argument], &[], &context.sizes).expr;
        let ones = self.arena.ones(&axes);
        for _ in 0..primes {
            // entry by entry: the derivative of the sum of all entries
            y = self.calculus.derivative(&mut self.arena, &[], y, symbol, Some(ones));
        }
        let value = self.arena.substitute(y, symbol, x.expr);
        Ok(self.full(context, |_, _| Value { expr: value, wires: x.wires.clone() }))
    }
}
