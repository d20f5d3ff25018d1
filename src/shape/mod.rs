//! Shapes: the algebra of sizes, and their inference for a whole program.

pub mod dim;
pub mod typed;
