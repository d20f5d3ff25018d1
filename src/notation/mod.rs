//! How answers are written: one presentation tree, and the formats that print it.

pub mod answer;
pub mod math;
