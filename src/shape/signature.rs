//! Signatures of the function table, read: `"A[m,n], B[p,q] -> [m*p,n*q]"`.

use super::dim::{DimId, Dims};
use smallvec::SmallVec;

/// One alternative of a signature. Sizes are texts over the letters of the arguments.
#[derive(Debug)]
pub(super) struct Alternative<'a> {
    /// The sizes of the axes of each argument that is an array.
    pub(super) arguments: SmallVec<[SmallVec<[&'a str; 2]>; 2]>,
    /// Which of them are vectors that stand as rows, `x[n]'`.
    pub(super) rows: SmallVec<[bool; 2]>,
    /// The letters of the arguments after the arrays, which are sizes themselves.
    pub(super) sizes: SmallVec<[&'a str; 2]>,
    pub(super) result: SmallVec<[&'a str; 2]>,
    /// Whether the result is a row.
    pub(super) result_row: bool,
}

fn sizes(text: &str) -> SmallVec<[&str; 2]> {
    let inner = text.split_once('[').map_or("", |(_, r)| r.split_once(']').map_or("", |(i, _)| i));
    inner.split(',').map(str::trim).filter(|s| !s.is_empty()).collect()
}

pub(super) fn alternative(text: &str) -> Alternative<'_> {
    let (left, right) = text.split_once("->").unwrap_or((text, ""));
    let (mut arguments, mut rows) = (SmallVec::new(), SmallVec::new());
    let mut rest = left;
    while let Some(end) = rest.find(']') {
        arguments.push(sizes(&rest[..=end]));
        rest = &rest[end + 1..];
        rows.push(rest.starts_with('\''));
        rest = rest.strip_prefix('\'').unwrap_or(rest);
    }
    let last = rest.split(',').map(str::trim).filter(|s| !s.is_empty()).collect();
    let result_row = right.ends_with('\'');
    Alternative { arguments, rows, sizes: last, result: sizes(right), result_row }
}

/// The size that a text such as `m*p`, `n/p` or `m-p+1` is, its letters bound; `None` where a
/// quotient cannot be a whole number.
pub(super) fn size(
    text: &str,
    dims: &mut Dims,
    letter: &dyn Fn(&str) -> Option<DimId>,
) -> Option<DimId> {
    if let Some((a, b)) = text.split_once('/') {
        let (a, b) = (size(a, dims, letter)?, size(b, dims, letter)?);
        return dims.quotient(a, b);
    }
    let mut total = dims.number(0);
    let mut sign = 1;
    let mut start = 0;
    let bytes = text.as_bytes();
    for at in 0..=bytes.len() {
        if at < bytes.len() && bytes[at] != b'+' && bytes[at] != b'-' {
            continue;
        }
        let mut term = dims.number(1);
        for factor in text[start..at].split('*') {
            let value = match factor.parse::<i64>() {
                Ok(n) => dims.number(n),
                Err(_) => letter(factor).unwrap_or_else(|| dims.name(factor)),
            };
            term = dims.product(term, value);
        }
        total = dims.combine(total, term, sign);
        sign = if bytes.get(at) == Some(&b'-') { -1 } else { 1 };
        start = at + 1;
    }
    Some(total)
}
