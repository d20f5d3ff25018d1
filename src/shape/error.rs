//! What can be wrong with names and shapes.

use crate::diagnostic::{Diagnostic, Label, Span};
use std::fmt;

/// Why a program has no shapes.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ShapeError {
    /// Two shapes should be one and are not.
    Mismatch {
        /// What joins them: `a sum`, `a matrix product`, …
        context: String,
        /// The first operand: its place, its shape, where the shape comes from.
        left: (Span, String, String),
        /// The second operand.
        right: (Span, String, String),
        /// The likely repair.
        help: Option<String>,
    },
    /// An operand has the wrong number of axes.
    Operand {
        /// What is asked of it.
        expected: String,
        /// What it is.
        found: String,
        /// Where.
        span: Span,
        /// The likely repair.
        help: Option<String>,
    },
    /// A name that means nothing here.
    Unknown {
        /// `function`, `name`, …
        what: &'static str,
        /// The name.
        name: String,
        /// Where.
        span: Span,
        /// What may have been meant.
        suggestion: Option<String>,
    },
    /// A function is called with too many or too few arguments.
    Arity {
        /// The function.
        name: String,
        /// How many it takes.
        expected: String,
        /// How many there are.
        found: usize,
        /// Where.
        span: Span,
        /// The likely repair.
        help: Option<String>,
    },
    /// A name that is declared or defined twice.
    Twice {
        /// The name.
        name: String,
        /// The second place.
        span: Span,
        /// The first place.
        first: Span,
    },
    /// An index runs over two sizes.
    IndexSizes {
        /// The index.
        name: String,
        /// The first size.
        sizes: String,
        /// The place that fixes the first size, if one does by itself.
        first: Option<(Span, String)>,
        /// The place that fixes the second size.
        second: (Span, String),
    },
    /// Something that is not allowed, in a sentence.
    Invalid {
        /// The sentence.
        message: String,
        /// Where.
        span: Span,
        /// The likely repair.
        help: Option<String>,
    },
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShapeError::Mismatch { context, left, right, .. } => {
                write!(f, "{} and {} do not fit {context}", left.1, right.1)
            }
            ShapeError::Operand { expected, found, .. } => {
                write!(f, "expected {expected}, found {found}")
            }
            ShapeError::Unknown { what, name, .. } => write!(f, "unknown {what} `{name}`"),
            ShapeError::Arity { name, expected, found, .. } => {
                write!(f, "`{name}` takes {expected}, found {found}")
            }
            ShapeError::Twice { name, .. } => write!(f, "`{name}` is declared twice"),
            ShapeError::IndexSizes { name, sizes, second, .. } => write!(
                f,
                "the index `{name}` runs over two different sizes, `{sizes}` and `{}`",
                second.1
            ),
            ShapeError::Invalid { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for ShapeError {}

impl From<ShapeError> for Diagnostic {
    fn from(error: ShapeError) -> Diagnostic {
        let message = error.to_string();
        let (labels, help) = match error {
            ShapeError::Mismatch { left, right, help, .. } => {
                let label = |(span, shape, origin): (Span, String, String)| {
                    let text = if origin.is_empty() { shape } else { format!("{shape}, {origin}") };
                    Label { span, text }
                };
                (vec![label(left), label(right)], help)
            }
            ShapeError::Operand { found, span, help, .. } => {
                (vec![Label { span, text: format!("this is {found}") }], help)
            }
            ShapeError::Unknown { span, suggestion, .. } => (
                vec![Label { span, text: String::new() }],
                suggestion.map(|s| format!("did you mean `{s}`?")),
            ),
            ShapeError::Twice { span, first, .. } => {
                let label = |span, text: &str| Label { span, text: text.to_string() };
                (vec![label(span, "again here"), label(first, "first here")], None)
            }
            ShapeError::IndexSizes { first, second, .. } => {
                let label =
                    |(span, size): (Span, String)| Label { span, text: format!("size {size}") };
                let mut labels = vec![label(second)];
                labels.extend(first.map(label));
                (labels, None)
            }
            ShapeError::Arity { span, help, .. } | ShapeError::Invalid { span, help, .. } => {
                (vec![Label { span, text: String::new() }], help)
            }
        };
        Diagnostic { message, labels, notes: Vec::new(), help }
    }
}
