//! Calls: functions of the table by their kernels, unknown functions by their instances.

use super::arithmetic::Arithmetic;
use super::block::own_axes;
use super::error::EvalError;
use super::eval::{Evaluator, Varied};
use crate::array::{Array, KernelError};
use crate::functions::{Function, Kernel};
use crate::shape::typed::{Meaning, UnknownId};
use crate::syntax::ast::{Expr, NodeId};
use smallvec::SmallVec;

impl<S: Arithmetic> Evaluator<'_, S> {
    pub(super) fn call(
        &mut self,
        id: NodeId,
        primes: u32,
        arguments: &[NodeId],
        axis: Option<NodeId>,
    ) -> Result<Array<S>, EvalError> {
        let span = self.span(id);
        match self.typed.meaning(id) {
            Meaning::Identity => self.identity(id),
            Meaning::Fill(fill) => self.fill(id, fill, arguments),
            Meaning::Function(function) if primes > 0 => {
                self.function_derivative(id, function.function(), primes, arguments)
            }
            Meaning::Function(function) => self.function(id, function.function(), arguments, axis),
            Meaning::Unknown(unknown) => self.unknown(id, unknown, primes, arguments),
            Meaning::Derivative(kind) => self.derivative(id, kind, arguments),
            _ => Err(EvalError::Unsupported { span, what: "this call" }),
        }
    }

    fn function(
        &mut self,
        id: NodeId,
        function: &'static Function,
        arguments: &[NodeId],
        axis: Option<NodeId>,
    ) -> Result<Array<S>, EvalError> {
        let typed = self.typed;
        match function.kernel_for(arguments.len()) {
            Kernel::Elementwise(_) => {
                // a choice may discard an undefined branch; nothing else may
                let choice = function.name == "where";
                self.elementwise(id, arguments, |v, trace| {
                    let checked = if choice { &v[..1] } else { v };
                    if checked.iter().any(|x| x.is_undefined()) {
                        return Err(KernelError::Undefined);
                    }
                    if let (true, &[c, a, b]) = (choice, v) {
                        return Ok(if c.is_zero()? { b } else { a });
                    }
                    trace.elementwise(function, v);
                    if let (true, &[x]) = (trace.snap > 0.0, v) {
                        return S::map(function, &[trace.snapped(function, x)]);
                    }
                    S::map(function, v)
                })
            }
            Kernel::Array(_) | Kernel::Special => {
                let axis = match axis.map(|a| typed.program.node(a)) {
                    Some(Expr::Number(n)) => n.as_integer().and_then(|n| usize::try_from(n).ok()),
                    _ => None,
                };
                let mut inputs = Vec::with_capacity(arguments.len());
                for &argument in arguments {
                    let mut shape = own_axes(typed, &self.sizes, argument)?.to_vec();
                    if function.reads_rows() && typed.shape(argument).row {
                        shape.insert(0, 1);
                    }
                    inputs.push(Array { shape, data: Vec::new() });
                }
                self.blockwise(id, arguments, |blocks, out, trace| {
                    if blocks.iter().any(|b| b.iter().any(|v| v.is_undefined())) {
                        return Err(KernelError::Undefined);
                    }
                    for (input, block) in inputs.iter_mut().zip(blocks) {
                        input.data.clear();
                        input.data.extend_from_slice(block);
                    }
                    let references: SmallVec<[&Array<S>; 4]> = inputs.iter().collect();
                    trace.array(function, &references, axis);
                    out.extend_from_slice(&S::array(function, &references, axis)?.data);
                    Ok(())
                })
            }
        }
    }

    /// What was set for what is varied: always for a variable, for a definition where it is fixed.
    pub(super) fn fixed_value(&self, varied: Varied) -> Option<Array<S>> {
        match varied {
            Varied::Variable(v) => self.variables[v.0 as usize].clone(),
            Varied::Definition(d) => self.fixed.get(d.0 as usize).cloned().flatten(),
        }
    }

    /// An unknown function of an array, or its gradient or Hessian, at the value of a node.
    pub(super) fn functional(
        &mut self,
        id: NodeId,
        unknown: UnknownId,
        order: u32,
        argument: NodeId,
    ) -> Result<Array<S>, EvalError> {
        let functions = self.functions;
        let Some(Some(instance)) = functions.get(unknown.0 as usize) else {
            return Err(self.missing(id, self.typed.unknowns[unknown.0 as usize].name));
        };
        self.blockwise(id, &[argument], |blocks, out, _| {
            out.extend(S::functional(instance, order, blocks[0])?);
            Ok(())
        })
    }

    fn unknown(
        &mut self,
        id: NodeId,
        unknown: UnknownId,
        primes: u32,
        arguments: &[NodeId],
    ) -> Result<Array<S>, EvalError> {
        let functions = self.functions;
        let declared = &self.typed.unknowns[unknown.0 as usize];
        let Some(Some(instance)) = functions.get(unknown.0 as usize) else {
            return Err(self.missing(id, declared.name));
        };
        if declared.scalar {
            let argument = *arguments.first().ok_or(EvalError::Mismatch { span: self.span(id) })?;
            return self.functional(id, unknown, primes, argument);
        }
        self.elementwise(id, arguments, |v, _| {
            let argument = *v.first().ok_or(KernelError::Unsupported)?;
            if argument.is_undefined() {
                return Err(KernelError::Undefined);
            }
            S::unknown(instance, primes, argument)
        })
    }
}
