//! How answers are written: one presentation tree, and the formats that print it.
//!
//! Computes nothing: what is here was built by the calculus and is only brought into form.

pub mod answer;
pub mod ascii;
pub mod assemble;
pub mod code;
mod index;
pub mod json;
pub mod latex;
mod layout;
pub mod math;
pub mod numpy;
pub mod raise;
pub mod text;
pub mod unicode;
mod written;
