//! The core: an arena of hash-consed tensor expressions in normal form.
//!
//! A node has axes (sizes by position) and no orientation: rows, columns and transposes exist only
//! in the surface language and in notation. Building is the only way to get an [`ExprId`](node::ExprId), and
//! building normalises, so that two expressions with one normal form are one id.
//!
//! This module knows no names of axes, and no strings but those of symbols.

pub mod arena;
pub mod build;
pub mod einsum;
pub(crate) mod indicator;
pub mod linear_map;
pub mod lower;
pub(crate) mod memo;
pub mod node;
mod part;
pub(crate) mod rebuild;
pub mod template;
mod triangle;
