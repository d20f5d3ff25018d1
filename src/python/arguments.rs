//! The arguments of a call.

use super::error::CodeError;
use super::value::{Array, Value};
use crate::diagnostic::Span;

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Value>,
    pub(super) named: Vec<(String, Value)>,
    pub(super) span: Span,
    /// What is called, for messages.
    pub(super) path: String,
    /// Whether `PyTorch`'s defaults hold.
    pub(super) torch: bool,
}

/// Named arguments that change nothing of a value.
const IDLE: &[&str] = &["dtype", "device", "requires_grad", "optimize", "check_finite", "assume_a"];

pub(super) type Read<T> = Result<T, CodeError>;

impl Arguments {
    pub(super) fn unsupported(&self, what: &str) -> CodeError {
        CodeError::unsupported(format!("`{}` {what} cannot be read", self.path), self.span)
    }

    /// A named argument, by any of its names.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<Value> {
        let at = self.named.iter().position(|n| names.contains(&n.0.as_str()))?;
        Some(self.named.remove(at).1)
    }

    /// The argument at a position, or by any of these names.
    pub(super) fn get(&mut self, position: usize, names: &[&str]) -> Option<Value> {
        self.positional.get(position).cloned().or_else(|| self.take(names))
    }

    pub(super) fn array(&mut self, position: usize) -> Read<Array> {
        match self.get(position, &["a", "x", "input", "x1", "x2", "other"]) {
            Some(Value::Array(a)) => Ok(a),
            Some(other) => Err(self.unsupported(&format!("of {}", other.kind()))),
            None => Err(self.unsupported(&format!("without argument {}", position + 1))),
        }
    }

    /// What nothing asked for is not ignored.
    pub(super) fn finish(&self, positional: usize) -> Read<()> {
        if self.positional.len() > positional {
            return Err(self.unsupported(&format!("with {} arguments", self.positional.len())));
        }
        match self.named.iter().find(|n| !IDLE.contains(&n.0.as_str())) {
            Some((name, _)) => Err(self.unsupported(&format!("with `{name}`"))),
            None => Ok(()),
        }
    }

    /// The axes that `axis=` names, and `keepdims`.
    pub(super) fn axes(&mut self, rank: usize, position: usize) -> Read<(Vec<usize>, bool)> {
        let axis = self.get(position, &["axis", "dim"]);
        let keep = match self.get(position + 1, &["keepdims", "keepdim"]) {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(other) => {
                return Err(self.unsupported(&format!("with {} for `keepdims`", other.kind())));
            }
        };
        let list = match axis {
            None | Some(Value::None) => (0..rank).collect(),
            Some(Value::Tuple(list)) => {
                list.iter().map(|v| self.axis(v, rank)).collect::<Read<Vec<usize>>>()?
            }
            Some(one) => vec![self.axis(&one, rank)?],
        };
        Ok((list, keep))
    }

    pub(super) fn axis(&self, value: &Value, rank: usize) -> Read<usize> {
        let Some(n) = integer(value) else {
            return Err(self.unsupported(&format!("with {} for an axis", value.kind())));
        };
        let at = if n < 0 { n + i64::try_from(rank).unwrap_or(i64::MAX) } else { n };
        match usize::try_from(at) {
            Ok(at) if at < rank => Ok(at),
            _ => {
                let message = format!("axis {n} of an array with {rank} axes");
                Err(CodeError::shapes(message, self.span))
            }
        }
    }
}

/// A whole number that is known while reading.
pub(super) fn integer(value: &Value) -> Option<i64> {
    if let Value::Array(a) = value { a.integer } else { None }
}
