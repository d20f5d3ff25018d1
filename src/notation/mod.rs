//! How answers are written: one presentation tree, and the formats that print it.

pub mod answer;
pub mod ascii;
pub mod latex;
mod layout;
pub mod math;
mod name;
#[cfg(test)]
mod sample;
pub mod unicode;
