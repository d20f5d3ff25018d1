//! Why an expression has no value at a point.

use crate::array::KernelError;
use crate::diagnostic::{Diagnostic, Label, Span};
use std::fmt;

/// Why an evaluation gave no value.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum EvalError {
    /// The value does not exist at this point (log of a negative number, inverse of a singular
    /// matrix).
    Undefined {
        /// The expression.
        span: Span,
    },
    /// The judge has no meaning for this.
    Unsupported {
        /// The expression.
        span: Span,
        /// What it is.
        what: &'static str,
    },
    /// A bound on sizes or work was reached.
    TooLarge {
        /// The expression.
        span: Span,
        /// Which bound.
        bound: &'static str,
    },
    /// An entry beyond the end of an axis.
    OutOfRange {
        /// The entry.
        span: Span,
        /// The 1-based number asked for.
        index: i64,
        /// The length of the axis.
        length: usize,
    },
    /// A variable or an unknown function without a value.
    Missing {
        /// The expression that needs it.
        span: Span,
        /// Its name.
        name: String,
        /// Whether it is an elementwise function.
        function: bool,
    },
    /// A dimension without a size, or with one that is no whole number from 1 on.
    NoSize {
        /// The expression that needs it.
        span: Span,
        /// The dimension: `n`, `n/2`.
        size: String,
    },
    /// Shapes at this place do not fit; inference should have said so.
    Mismatch {
        /// The expression.
        span: Span,
    },
}

impl EvalError {
    /// The place.
    pub fn span(&self) -> Span {
        match self {
            EvalError::Undefined { span }
            | EvalError::Unsupported { span, .. }
            | EvalError::TooLarge { span, .. }
            | EvalError::OutOfRange { span, .. }
            | EvalError::Missing { span, .. }
            | EvalError::NoSize { span, .. }
            | EvalError::Mismatch { span } => *span,
        }
    }

    /// A kernel's error at a place.
    pub fn at(span: Span, error: KernelError) -> EvalError {
        match error {
            KernelError::Undefined => EvalError::Undefined { span },
            KernelError::TooLarge => EvalError::TooLarge { span, bound: "the size of an array" },
            KernelError::Unsupported => {
                EvalError::Unsupported { span, what: "this operation in this kind of number" }
            }
        }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalError::Undefined { .. } => f.write_str("this has no value at the point"),
            EvalError::Unsupported { what, .. } => write!(f, "{what} cannot be evaluated yet"),
            EvalError::TooLarge { bound, .. } => write!(f, "too large to evaluate: {bound}"),
            EvalError::OutOfRange { index, length, .. } => {
                write!(f, "expected an index from 1 to {length}, found {index}")
            }
            EvalError::Missing { name, .. } => write!(f, "the point has no value for `{name}`"),
            EvalError::NoSize { size, .. } if is_name(size) => {
                write!(f, "the point has no value for the size `{size}`")
            }
            EvalError::NoSize { size, .. } => {
                write!(f, "the size `{size}` is no whole number from 1 on at this point")
            }
            EvalError::Mismatch { .. } => f.write_str("the shapes here do not fit together"),
        }
    }
}

fn is_name(size: &str) -> bool {
    size.chars().all(|c| c.is_alphanumeric() || c == '_')
}

impl std::error::Error for EvalError {}

impl From<EvalError> for Diagnostic {
    fn from(error: EvalError) -> Diagnostic {
        let help = match &error {
            EvalError::Missing { name, function: true, .. } => {
                let value = format!("\"functions\": {{\"{name}\": \"sin(2*u)\"}}");
                Some(format!("add an expression of `u` to the point, such as {value}"))
            }
            EvalError::Missing { name, .. } => Some(format!("add \"{name}\" to the point")),
            EvalError::NoSize { size, .. } if is_name(size) => {
                Some(format!("add \"{size}\" to the point"))
            }
            EvalError::Undefined { .. } => Some("choose a point inside the domain".to_string()),
            _ => None,
        };
        Diagnostic {
            message: error.to_string(),
            labels: vec![Label { span: error.span(), text: String::new() }],
            notes: Vec::new(),
            help,
        }
    }
}
