//! Differentiation: one reverse sweep, seven rules.
//!
//! Knows no function by name: what a function's derivative is stands in the table of functions.

mod collected;
mod decomposition;
pub mod derivation;
pub mod elaborate;
pub mod rules;
pub(crate) mod structure;
pub mod sweep;
