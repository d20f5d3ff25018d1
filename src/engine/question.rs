//! A question in text, what comes back, and why nothing does.

use crate::calculus::rules::Corruption;
use crate::diagnostic::Diagnostic;
use crate::notation::answer::Answer;
use crate::notation::assemble::Unwritable;
use crate::notation::steps::Steps;
use crate::shape::ShapeError;
use crate::shape::typed::Typed;
use crate::syntax::ParseError;
use crate::tensor::lower::LowerError;
use std::fmt;
use std::sync::Arc;

/// A question.
///
/// ```
/// let question = derive::Question::new("norm2(A*x - y)^2").wrt(&["x"]);
/// let solution = derive::gradient(&question)?;
/// assert_eq!(solution.ascii(0), "2*A'*(A*x - y)");
/// # Ok::<(), derive::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The program.
    pub program: Arc<str>,
    /// Declarations as in `--shape`.
    pub shapes: Option<String>,
    /// The objective's name; the last expression or definition where there is none.
    pub objective: Option<String>,
    /// The variables; all of them where there is none.
    pub wrt: Vec<String>,
    /// Whether results are wanted in index notation too.
    pub index: bool,
    /// Whether the derivation is wanted too.
    pub steps: bool,
    /// Whether gradients within declared structures are wanted beside the entrywise ones.
    pub structured: bool,
    /// A deliberate mistake, to test verification.
    #[doc(hidden)]
    pub corruption: Option<Corruption>,
}

impl Question {
    /// A question about a program.
    pub fn new(program: &str) -> Question {
        Question { program: program.into(), ..Question::default() }
    }

    /// By these variables.
    #[must_use]
    pub fn wrt(mut self, names: &[&str]) -> Question {
        self.wrt = names.iter().map(ToString::to_string).collect();
        self
    }

    /// With these declarations.
    #[must_use]
    pub fn shapes(mut self, shapes: &str) -> Question {
        self.shapes = Some(shapes.to_string());
        self
    }

    /// With its derivation.
    #[must_use]
    pub fn with_steps(mut self) -> Question {
        self.steps = true;
        self
    }

    /// With the gradients within declared structures (`symmetric`, `diagonal`, `orthogonal`,
    /// `posdef`, `simplex`) beside the entrywise ones.
    ///
    /// ```
    /// let question = derive::Question::new("logdet(S)").shapes("S[n,n] symmetric").structured();
    /// let solution = derive::gradient(&question)?;
    /// assert_eq!(solution.ascii(1), "2*inv(S) - diag(diag(inv(S)))");
    /// # Ok::<(), derive::Error>(())
    /// ```
    #[must_use]
    pub fn structured(mut self) -> Question {
        self.structured = true;
        self
    }

    /// Of this definition.
    #[must_use]
    pub fn of(mut self, name: &str) -> Question {
        self.objective = Some(name.to_string());
        self
    }
}

/// An answer with the program it is about.
#[derive(Clone, Debug)]
pub struct Solution {
    /// The program, with shapes.
    pub typed: Typed,
    /// The answer.
    pub answer: Answer,
    /// How it comes about, where that was asked for.
    pub steps: Option<Steps>,
}

impl Solution {
    /// One result in ASCII, without what it is in terms of.
    ///
    /// # Panics
    /// Where there is no such result.
    pub fn ascii(&self, result: usize) -> String {
        crate::notation::ascii::ascii(&self.answer.results[result].value)
    }
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The text cannot be read.
    Parse(ParseError),
    /// The shapes do not fit.
    Shape(ShapeError),
    /// The calculus has no meaning for a part of it.
    Lower(LowerError),
    /// A name in `wrt` is none of the program.
    Target {
        /// The name.
        name: String,
        /// What may have been meant.
        suggestion: Option<String>,
        /// The names there are.
        known: Vec<String>,
    },
    /// The answer has no notation.
    Unwritable(Unwritable),
    /// There is no variable to differentiate by.
    Constant,
    /// The objective does not rest on the definition with this name.
    Unneeded(String),
    /// Second derivatives are of scalars.
    NotScalar,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Parse(e) => e.fmt(f),
            Error::Shape(e) => e.fmt(f),
            Error::Lower(e) => e.fmt(f),
            Error::Unwritable(e) => e.fmt(f),
            Error::NotScalar => {
                f.write_str("second derivatives are of a scalar; this objective is an array")
            }
            Error::Constant => f.write_str("there is no variable to differentiate by"),
            Error::Unneeded(name) => {
                write!(f, "the objective does not depend on `{name}`")
            }
            Error::Target { name, .. } => {
                write!(f, "`{name}` is not a variable or definition of the program")
            }
        }
    }
}

impl std::error::Error for Error {}

impl From<ParseError> for Error {
    fn from(e: ParseError) -> Error {
        Error::Parse(e)
    }
}

impl From<ShapeError> for Error {
    fn from(e: ShapeError) -> Error {
        Error::Shape(e)
    }
}

impl From<LowerError> for Error {
    fn from(e: LowerError) -> Error {
        Error::Lower(e)
    }
}

impl From<Unwritable> for Error {
    fn from(e: Unwritable) -> Error {
        Error::Unwritable(e)
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Diagnostic {
        let message = error.to_string();
        let plain = |help: Option<String>| Diagnostic {
            message,
            labels: Vec::new(),
            notes: Vec::new(),
            help,
        };
        match error {
            Error::Parse(e) => e.into(),
            Error::Shape(e) => e.into(),
            Error::Lower(e) => e.into(),
            Error::Target { suggestion: Some(s), .. } => {
                plain(Some(format!("did you mean `{s}`?")))
            }
            Error::Target { known, .. } if !known.is_empty() => {
                plain(Some(format!("its names are {}", known.join(", "))))
            }
            Error::NotScalar => plain(Some("`derive jacobian` differentiates arrays".into())),
            Error::Target { .. } | Error::Unneeded(_) | Error::Unwritable(_) | Error::Constant => {
                plain(None)
            }
        }
    }
}
