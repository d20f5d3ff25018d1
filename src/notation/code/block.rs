//! Slices and block arrays as array operations.

use super::CodeError;
use super::graph::{Id, Op};
use super::lower::{Lower, Value};
use crate::notation::math::Math;
use crate::notation::walk::free_indices;

/// What of an axis is taken, positions counted from 0.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Taken {
    /// The whole axis.
    All,
    /// One position.
    At(Id),
    /// From a position (the first where there is none) up to but without another.
    Span(Option<Id>, Id),
}

/// How arrays are put together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stack {
    /// Vectors and scalars to one vector.
    Ends,
    /// Under each other; a vector is a row.
    Rows,
    /// Beside each other; a vector is a column.
    Columns,
}

/// Whether an entry keeps an axis, or stands at a position that is computed from sizes.
pub(super) fn is_slice(math: &Math) -> bool {
    let Math::Entry(_, at) = math else { return false };
    at.iter().any(|p| matches!(p, Math::Range(_)))
        || at.iter().any(|p| matches!(p, Math::Sum(_) | Math::Product(_)))
            && free_indices(&Math::Entry(Box::new(Math::Pi), at.clone())).is_empty()
}

/// `A[1:k,:]`, `x[n+1]`
pub(super) fn slice(
    lower: &mut Lower<'_>,
    base: &Math,
    positions: &[Math],
) -> Result<Value, CodeError> {
    let base = lower.value(base)?;
    if usize::from(lower.build.rank(base.id)) != positions.len() {
        return Err(CodeError::Unsupported { what: "a slice of an array of other rank".into() });
    }
    let mut taken = Vec::with_capacity(positions.len());
    for position in positions {
        taken.push(match position {
            Math::Range(None) => Taken::All,
            Math::Range(Some(ends)) => {
                let (first, last) = (lower.size(&ends.0)?, lower.size(&ends.1)?);
                let start = (!lower.build.is_unit(first)).then(|| before(lower, first));
                Taken::Span(start, last)
            }
            Math::Symbol(_) => {
                return Err(CodeError::Unsupported { what: "a slice at an index".into() });
            }
            other => {
                let at = lower.value(other)?.id;
                Taken::At(before(lower, at))
            }
        });
    }
    let rank = taken.iter().filter(|t| !matches!(t, Taken::At(_))).count() as u8;
    let row = match &taken[..] {
        [Taken::At(_), _] => rank == 1,
        [_] => base.row,
        _ => false,
    };
    Ok(Value { id: lower.build.graph.node(Op::Slice(base.id, taken), rank), row })
}

fn before(lower: &mut Lower<'_>, position: Id) -> Id {
    let one = lower.build.integer(1);
    lower.build.sum(vec![(false, position), (true, one)])
}

/// `[a, b; c, d]`
pub(super) fn block(lower: &mut Lower<'_>, rows: &[Vec<Math>]) -> Result<Value, CodeError> {
    let mut list = Vec::with_capacity(rows.len());
    for row in rows {
        let mut values = Vec::with_capacity(row.len());
        for math in row {
            values.push(lower.value(math)?);
        }
        list.push(joined(lower, &values, false));
    }
    Ok(joined(lower, &list, true))
}

fn joined(lower: &mut Lower<'_>, values: &[Value], down: bool) -> Value {
    if let [one] = values {
        return *one;
    }
    // a vector along the blocks is put at the end of others, one across is a row or column
    let along = |v: &Value| match lower.build.rank(v.id) {
        0 => true,
        1 => v.row != down,
        _ => false,
    };
    let ends = values.iter().all(along);
    let stack = match (ends, down) {
        (true, _) => Stack::Ends,
        (false, true) => Stack::Rows,
        (false, false) => Stack::Columns,
    };
    let ids = values.iter().map(|v| v.id).collect();
    let id = lower.build.graph.node(Op::Stack(stack, ids), if ends { 1 } else { 2 });
    Value { id, row: ends && !down }
}
