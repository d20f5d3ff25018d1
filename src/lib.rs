//! `derive`: matrix calculus with answers as a person would write them.
//!
//! ```
//! let question = derive::Question::new("sigmoid(W*x + b)").wrt(&["W"]);
//! let solution = derive::gradient(&question)?;
//! assert_eq!(solution.ascii(0), "(grad_y .* y .* (1 - y))*x'");
//! assert_eq!(derive::verify(&solution, &question, 0).status, "verified");
//! # Ok::<(), derive::Error>(())
//! ```
//!
#![doc = include_str!("../ARCHITECTURE.md")]

pub mod array;
pub mod calculus;
pub mod check;
pub mod cli;
pub mod diagnostic;
mod engine;
pub mod field;
pub mod functions;
mod id_table;
pub mod identities;
pub mod notation;
pub mod number;
pub mod numeric;
pub mod python;
pub mod render;
pub mod shape;
pub mod simplify;
pub mod syntax;
pub mod tensor;

/// The README's examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

pub use engine::{
    Error, Later, Question, Solution, answer_and_later, gradient, hessian, jacobian, simplified,
    verify,
};
