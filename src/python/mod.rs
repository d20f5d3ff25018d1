//! Hand-written gradients in Python: a function for a value and one for its gradient are read into
//! the language and checked as claims.
//!
//! Both functions are executed on expressions instead of numbers (`read`): what straight-line code
//! of `NumPy`, `PyTorch` or JAX does to arrays is written as definitions of the language (`writer`,
//! `call`), line by line, and each gradient becomes a claim (`question`). The verdicts are those of
//! `check`.
//!
//! Guarantees that code which is not understood is refused with its place, and that no repair is
//! offered that was not itself checked.

mod arguments;
mod belong;
mod call;
mod change;
mod edit;
mod entrywise;
mod error;
mod evaluate;
mod hints;
mod infer;
mod invoke;
mod outline;
mod pair;
mod parser;
mod program;
mod question;
mod read;
mod repair;
mod report;
mod size;
mod slice;
mod spelling;
mod structure;
mod token;
mod tree;
mod value;
mod writer;

pub use error::CodeError;
pub use pair::Options;
pub use report::{Answer, Mended, Report, check_code};
