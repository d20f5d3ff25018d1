//! What can be wrong with a text.

use crate::diagnostic::{Diagnostic, Label, Span};
use std::fmt;

/// Why a text cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ParseError {
    /// The text is longer than the bound.
    TooLong {
        /// The bound, in bytes.
        limit: usize,
    },
    /// Brackets, calls and operators are nested deeper than the bound.
    TooDeep {
        /// The bound.
        limit: usize,
        /// Where it was reached.
        span: Span,
    },
    /// The text has more tokens than the bound.
    TooMany {
        /// The bound.
        limit: usize,
        /// Where it was reached.
        span: Span,
    },
    /// A literal with more digits than the bound.
    LongNumber {
        /// The bound.
        limit: usize,
        /// Where.
        span: Span,
    },
    /// A function with more primes than the bound.
    TooManyPrimes {
        /// The bound.
        limit: u8,
        /// Where they stand.
        span: Span,
    },
    /// A character that begins nothing.
    Character {
        /// The character.
        found: char,
        /// Where.
        span: Span,
        /// What to write instead.
        help: Option<&'static str>,
    },
    /// A literal that is no number.
    Number(Span),
    /// Something else was expected.
    Expected {
        /// What.
        expected: &'static str,
        /// What stands there.
        found: String,
        /// Where.
        span: Span,
        /// What to write instead.
        help: Option<String>,
    },
    /// A bracket that is never closed.
    Unclosed {
        /// The bracket.
        bracket: char,
        /// Where it stands.
        open: Span,
        /// Where the text ends or goes wrong.
        span: Span,
    },
    /// A closing bracket without an opening one.
    Unopened {
        /// The bracket.
        bracket: char,
        /// Where.
        span: Span,
    },
    /// `a/b c`
    AmbiguousQuotient(Span),
    /// `2 3`
    NumbersSideBySide(Span),
    /// `A^2'`
    PrimeAfterExponent(Span),
    /// `sum(X, axis=0, axis=1)`
    SecondAxis(Span),
    /// `[A B]`, `[a -b]`
    BlocksSideBySide(Span),
    /// `[A]`
    OneBlock(Span),
    /// A line that begins with a sign below one that is complete.
    SignedLine {
        /// Whether the sign is a minus.
        minus: bool,
        /// The sign.
        span: Span,
    },
    /// A name that is defined or declared twice.
    Twice {
        /// The name.
        name: String,
        /// The second place.
        span: Span,
        /// The first place.
        first: Span,
    },
    /// An attribute that is none.
    Attribute {
        /// What was written.
        found: String,
        /// Where.
        span: Span,
        /// What may have been meant.
        suggestion: Option<&'static str>,
    },
    /// Recognised, but of a later version of the language.
    Unsupported {
        /// What.
        what: &'static str,
        /// Where.
        span: Span,
    },
    /// There is nothing in the text.
    Empty,
}

impl ParseError {
    /// The main place, if there is one.
    pub fn span(&self) -> Option<Span> {
        match self {
            ParseError::TooLong { .. } | ParseError::Empty => None,
            ParseError::TooDeep { span, .. }
            | ParseError::TooMany { span, .. }
            | ParseError::LongNumber { span, .. }
            | ParseError::TooManyPrimes { span, .. }
            | ParseError::Character { span, .. }
            | ParseError::Number(span)
            | ParseError::Expected { span, .. }
            | ParseError::Unclosed { span, .. }
            | ParseError::Unopened { span, .. }
            | ParseError::AmbiguousQuotient(span)
            | ParseError::NumbersSideBySide(span)
            | ParseError::PrimeAfterExponent(span)
            | ParseError::SecondAxis(span)
            | ParseError::BlocksSideBySide(span)
            | ParseError::OneBlock(span)
            | ParseError::SignedLine { span, .. }
            | ParseError::Twice { span, .. }
            | ParseError::Attribute { span, .. }
            | ParseError::Unsupported { span, .. } => Some(*span),
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            ParseError::Character { help, .. } => help.map(str::to_string),
            ParseError::Expected { help, .. } => help.clone(),
            ParseError::AmbiguousQuotient(_) => Some("write `(a/b)*c` or `a/(b*c)`".to_string()),
            ParseError::NumbersSideBySide(_) => Some("write `*` between them".to_string()),
            ParseError::PrimeAfterExponent(_) => Some("write `(A^2)'` or `A'^2`".to_string()),
            ParseError::SecondAxis(_) => {
                Some("without `axis` a reduction is over all entries: `sum(X)`".into())
            }
            ParseError::BlocksSideBySide(_) => {
                Some("write `[A, B]` for blocks, `[A*B, …]` and `[a - b, …]` else".to_string())
            }
            ParseError::OneBlock(_) => {
                Some("blocks are separated by `,`, rows of blocks by `;`".to_string())
            }
            ParseError::SignedLine { .. } => {
                Some("to go on in the next line, end the line above with the operator".to_string())
            }
            ParseError::Attribute { suggestion: Some(s), .. } => {
                Some(format!("did you mean `{s}`?"))
            }
            _ => None,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::TooLong { limit } => write!(f, "the input is longer than {limit} bytes"),
            ParseError::TooDeep { limit, .. } => write!(f, "nesting is deeper than {limit} levels"),
            ParseError::TooMany { limit, .. } => {
                write!(f, "the input has more than {limit} tokens")
            }
            ParseError::LongNumber { limit, .. } => {
                write!(f, "this number has more than {limit} digits")
            }
            ParseError::TooManyPrimes { limit, .. } => {
                write!(f, "a function with more than {limit} primes")
            }
            ParseError::Character { found, .. } if found.is_control() => {
                write!(f, "unexpected control character U+{:04X}", *found as u32)
            }
            ParseError::Character { found, .. } => write!(f, "unexpected character `{found}`"),
            ParseError::Number(_) => f.write_str("this is not a number"),
            ParseError::Expected { expected, found, .. } => {
                write!(f, "expected {expected}, found {found}")
            }
            ParseError::Unclosed { bracket, .. } => write!(f, "`{bracket}` is never closed"),
            ParseError::Unopened { bracket, .. } => {
                write!(f, "`{bracket}` closes nothing")
            }
            ParseError::AmbiguousQuotient(_) => {
                f.write_str("a product by juxtaposition after a quotient is ambiguous")
            }
            ParseError::NumbersSideBySide(_) => f.write_str("two numbers stand side by side"),
            ParseError::PrimeAfterExponent(_) => {
                f.write_str("a transpose right after an exponent would belong to the exponent")
            }
            ParseError::SecondAxis(_) => f.write_str("`axis` is given twice"),
            ParseError::BlocksSideBySide(_) => f.write_str("blank space does not separate blocks"),
            ParseError::OneBlock(_) => f.write_str("a block array has two or more blocks"),
            ParseError::SignedLine { minus, .. } => {
                let sign = if *minus { '-' } else { '+' };
                write!(f, "this line begins with `{sign}` and does not go on with the one above")
            }
            ParseError::Twice { name, .. } => write!(f, "`{name}` is defined twice"),
            ParseError::Attribute { found, .. } => write!(
                f,
                "expected an attribute (symmetric, positive, posdef, diagonal, orthogonal, simplex), found `{found}`"
            ),
            ParseError::Unsupported { what, .. } => write!(f, "{what} not supported yet"),
            ParseError::Empty => f.write_str("the input is empty"),
        }
    }
}

impl std::error::Error for ParseError {}

impl From<ParseError> for Diagnostic {
    fn from(error: ParseError) -> Diagnostic {
        let label = |span: Span, text: &str| Label { span, text: text.to_string() };
        let labels = match &error {
            ParseError::Unclosed { open, span, .. } => {
                vec![label(*open, "opened here"), label(*span, "not closed before this")]
            }
            ParseError::Twice { span, first, .. } => {
                vec![label(*span, "again here"), label(*first, "first here")]
            }
            other => other.span().map(|s| label(s, "")).into_iter().collect(),
        };
        Diagnostic { message: error.to_string(), labels, notes: Vec::new(), help: error.help() }
    }
}
