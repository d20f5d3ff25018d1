//! Shapes: the algebra of sizes, and their inference for a whole program.

mod block;
mod call;
mod convention;
mod declare;
pub mod dim;
mod entry;
mod error;
mod explain;
mod finish;
mod indices;
pub mod infer;
mod names;
mod propagate;
mod sides;
mod signature;
pub mod table;
pub mod typed;
mod unify;

pub use error::ShapeError;
