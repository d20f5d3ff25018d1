//! From text to a syntax tree, and back.
//!
//! Knows no shapes and resolves no names, except where reading itself depends on it (`A(B + C)` is
//! a product, `a(b + c)` a call).

pub mod ast;
mod block;
mod continuation;
mod error;
mod lexer;
pub mod names;
pub mod operator;
pub mod parser;
pub mod print;
mod statement;

pub use error::ParseError;
pub(crate) use statement::attribute_text;
