//! Differentiation: one reverse sweep, seven rules.
//!
//! Knows no function by name: what a function's derivative is stands in the table of functions.

pub mod derivation;
pub mod elaborate;
pub mod rules;
pub mod sweep;
