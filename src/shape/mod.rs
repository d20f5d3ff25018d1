//! Shapes: the algebra of sizes, and their inference for a whole program.

mod convention;
pub mod dim;
mod error;
mod explain;
pub mod infer;
mod names;
mod propagate;
mod signature;
pub mod typed;

pub use error::ShapeError;
