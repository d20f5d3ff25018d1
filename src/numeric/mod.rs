//! The numeric judge: evaluates the typed syntax tree with the textbook meaning of every operation
//! and compares printed derivatives with differences of the input.
//!
//! Guarantees that nothing here knows how answers are derived: it reads syntax, shapes and the
//! kernels of the function table, and shares no code with lowering, differentiation,
//! simplification or raising. So the check of an answer covers the whole path to it.

mod apply;
pub mod arithmetic;
pub mod ball;
mod block;
mod call;
pub mod compare;
pub mod derivative;
pub mod difference;
mod direction;
pub mod error;
pub mod eval;
pub mod instance;
pub mod jet;
pub mod kink;
pub mod modular;
mod operation;
pub mod plan;
pub mod point;
pub mod read;
pub mod sample;
mod slice;
mod structure;
#[cfg(test)]
mod toy;
mod unstable;
pub mod verify;
