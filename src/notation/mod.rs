//! How answers are written: one presentation tree, and the formats that print it.
//!
//! Computes nothing: what is here was built by the calculus and is only brought into form.

pub mod answer;
pub mod ascii;
pub mod assemble;
pub mod code;
mod equations;
pub mod forms;
pub mod html;
mod index;
pub mod jax;
pub mod json;
pub mod latex;
mod layout;
mod left;
mod lines;
pub mod markdown;
pub mod math;
mod name;
pub mod numpy;
mod order;
mod program;
pub mod raise;
#[cfg(test)]
mod roundtrip;
#[cfg(test)]
mod sample;
pub mod steps;
pub mod svg;
pub mod text;
pub mod torch;
pub mod unicode;
mod walk;
mod written;
