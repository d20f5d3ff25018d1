//! `derive`: matrix calculus with answers as a person would write them.

pub mod array;
pub mod calculus;
pub mod cli;
pub mod diagnostic;
mod engine;
pub mod functions;
pub mod notation;
pub mod number;
pub mod numeric;
pub mod shape;
pub mod simplify;
pub mod syntax;
pub mod tensor;

pub use engine::{Error, Question, Solution, gradient, simplified, verify};
