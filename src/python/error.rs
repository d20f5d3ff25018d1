//! Why Python code cannot be read.

use crate::diagnostic::{Diagnostic, Label, Span};
use std::fmt;

/// Why a Python file cannot be read as a value and its gradient.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CodeError {
    /// The text is not Python as far as it is read here.
    Syntax {
        /// What was expected or is wrong.
        message: String,
        /// Where.
        span: Span,
    },
    /// It is Python, but not of the part that is translated.
    Unsupported {
        /// What cannot be read.
        message: String,
        /// Where.
        span: Span,
        /// What to write instead.
        help: Option<String>,
    },
    /// Shapes that do not fit.
    Shapes {
        /// What does not fit.
        message: String,
        /// Where.
        span: Span,
    },
    /// Which function, parameter or shape is meant is open.
    Open {
        /// What is open.
        message: String,
        /// Where, as far as there is a place.
        span: Option<Span>,
        /// The option that settles it.
        help: Option<String>,
    },
}

impl CodeError {
    pub(super) fn syntax(message: impl Into<String>, span: Span) -> CodeError {
        CodeError::Syntax { message: message.into(), span }
    }

    pub(super) fn unsupported(message: impl Into<String>, span: Span) -> CodeError {
        CodeError::Unsupported { message: message.into(), span, help: None }
    }

    pub(super) fn shapes(message: impl Into<String>, span: Span) -> CodeError {
        CodeError::Shapes { message: message.into(), span }
    }

    pub(super) fn open(message: impl Into<String>, span: Option<Span>, help: &str) -> CodeError {
        let help = (!help.is_empty()).then(|| help.to_string());
        CodeError::Open { message: message.into(), span, help }
    }

    /// Adds what to write instead.
    #[must_use]
    pub(super) fn or_write(self, text: impl Into<String>) -> CodeError {
        match self {
            CodeError::Unsupported { message, span, .. } => {
                CodeError::Unsupported { message, span, help: Some(text.into()) }
            }
            other => other,
        }
    }
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodeError::Syntax { message, .. }
            | CodeError::Unsupported { message, .. }
            | CodeError::Shapes { message, .. }
            | CodeError::Open { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for CodeError {}

impl From<CodeError> for Diagnostic {
    fn from(error: CodeError) -> Diagnostic {
        let (message, span, help) = match error {
            CodeError::Syntax { message, span } | CodeError::Shapes { message, span } => {
                (message, Some(span), None)
            }
            CodeError::Unsupported { message, span, help } => (message, Some(span), help),
            CodeError::Open { message, span, help } => (message, span, help),
        };
        let labels = span.map(|span| Label { span, text: String::new() }).into_iter().collect();
        Diagnostic { message, labels, notes: Vec::new(), help }
    }
}
