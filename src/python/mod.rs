//! Hand-written gradients in Python: a function for a value and one for its gradient are read into
//! the language and checked as claims.
//!
//! Both functions are executed on expressions instead of numbers (`read`): what straight-line code
//! of NumPy, PyTorch or JAX does to arrays is written as definitions of the language (`writer`,
//! `call`), line by line, and each gradient becomes a claim (`question`). The verdicts are those of
//! `check`.
//!
//! Guarantees that code which is not understood is refused with its place, and that no repair is
//! offered that was not itself checked.

mod call;
mod error;
mod hints;
mod infer;
mod outline;
mod pair;
mod parser;
mod question;
mod read;
mod repair;
mod report;
mod size;
mod spelling;
mod token;
mod tree;
mod value;
mod writer;

pub use error::CodeError;
pub use pair::Options;
pub use report::{Answer, Mended, Report, check_code};
