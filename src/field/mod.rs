//! Kinds of number in which claims are decided: exact ones modulo a prime, and real ones with a
//! bound on their error.
//!
//! Guarantees that nothing is approximated in silence: an operation that a kind lacks is refused,
//! and a result that may be wrong says by how much. Does not know of expressions.

pub mod ball;
pub mod magnitude;
pub mod modular;
mod series;
mod transcendental;
pub mod wide;
