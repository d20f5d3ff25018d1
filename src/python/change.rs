//! Changes of arrays in place, which all that share their memory follow.

use super::entrywise::{choose, operator};
use super::error::CodeError;
use super::read::{Read, Reader};
use super::slice::{Bounds, with_part};
use super::tree::{Expr, ExprId, Operator};
use super::value::{Array, Axis, Labels, Truth, Value};
use super::writer::Writer;
use crate::diagnostic::Span;

impl Reader<'_> {
    /// `a[index] = value`
    pub(super) fn assign_entry(
        &mut self,
        base: ExprId,
        index: ExprId,
        value: Value,
        span: Span,
    ) -> Read<()> {
        let at = self.value_of(index)?;
        let whole = self.value_of(base)?;
        if let (Value::Object(object), Value::Text(key)) = (&whole, &at) {
            let value = self.named(key, value);
            self.put(*object, key, value, span);
            return Ok(());
        }
        let refused =
            || CodeError::unsupported("an assignment to these entries cannot be read", span);
        let Value::Array(array) = whole else { return Err(refused().into()) };
        let changed = match (at, value) {
            (Value::Array(mask), value) if mask.truth == Truth::Indicator => {
                let value = match value {
                    Value::Masked(array, own) if own == mask.text => array,
                    Value::Array(scalar) if scalar.axes.is_empty() => scalar,
                    _ => return Err(refused().into()),
                };
                let w = &mut self.writer;
                if value.integer == Some(0) {
                    without(w, &array, &mask, span)?
                } else {
                    choose(w, &mask, &value, &array, span)?
                }
            }
            (Value::Slice(Bounds::Whole) | Value::Ellipsis, Value::Array(value)) => {
                let zero = Array::integer(0);
                let none = operator(&mut self.writer, Operator::Multiply, &array, &zero, span)?;
                operator(&mut self.writer, Operator::Add, &none, &value, span)?
            }
            (Value::Tuple(list), Value::Array(value)) => {
                let Some(labels) = rows_and_labels(&list, &array, &self.writer) else {
                    let w = &mut self.writer;
                    let changed = with_part(w, &array, &list, None, &value, span)?;
                    return self.change(base, &array, &changed, span);
                };
                let one = Writer::one_hot(&labels);
                let w = &mut self.writer;
                let kept = without(w, &array, &one, span)?;
                if value.integer == Some(0) {
                    kept
                } else {
                    let put = operator(w, Operator::Multiply, &by_row(value), &one, span)?;
                    operator(w, Operator::Add, &kept, &put, span)?
                }
            }
            (at @ (Value::Slice(_) | Value::Array(_)), Value::Array(value)) => {
                with_part(&mut self.writer, &array, &[at], None, &value, span)?
            }
            _ => return Err(refused().into()),
        };
        self.change(base, &array, &changed, span)
    }

    /// `target op= value`
    pub(super) fn augment(&mut self, op: Operator, target: ExprId, value: ExprId) -> Read<()> {
        let span = self.tree.span(target);
        let right = self.value_of(value)?;
        let Value::Array(right) = right else {
            let message = format!("{} behind an operator cannot be read", right.kind());
            return Err(CodeError::unsupported(message, self.tree.span(value)).into());
        };
        if let Expr::Subscript(base, index) = self.tree.node(target).clone() {
            let (whole, at) = (self.value_of(base)?, self.value_of(index)?);
            if let Value::Array(array) = whole {
                let changed = self.augment_entries(op, &array, &at, &right, span)?;
                return self.change(base, &array, &changed, span);
            }
        }
        let left = self.value_of(target)?;
        let Value::Array(left) = left else {
            let message = format!("{} before an operator cannot be read", left.kind());
            return Err(CodeError::unsupported(message, span).into());
        };
        let changed =
            operator(&mut self.writer, op, &left, &right, span.to(self.tree.span(value)))?;
        if left.axes.is_empty() {
            return self.assign(target, Value::Array(changed));
        }
        if changed.axes.len() != left.axes.len() || changed.rank() != left.rank() {
            let (a, b) = (self.writer.shape(&left.axes), self.writer.shape(&changed.axes));
            let message = format!("an array of shape {a} cannot become {b} in place");
            return Err(CodeError::shapes(message, span).into());
        }
        self.change(target, &left, &changed, span)
    }

    pub(super) fn augment_entries(
        &mut self,
        op: Operator,
        array: &Array,
        at: &Value,
        right: &Array,
        span: Span,
    ) -> Read<Array> {
        let w = &mut self.writer;
        match at {
            Value::Array(mask) if mask.truth == Truth::Indicator && right.axes.is_empty() => {
                let changed = operator(w, op, array, right, span)?;
                Ok(choose(w, mask, &changed, array, span)?)
            }
            Value::Slice(Bounds::Whole) | Value::Ellipsis => {
                Ok(operator(w, op, array, right, span)?)
            }
            Value::Tuple(list) if matches!(op, Operator::Add | Operator::Subtract) => {
                let Some(labels) = rows_and_labels(list, array, w) else {
                    return Ok(with_part(w, array, list, Some(op), right, span)?);
                };
                let one = Writer::one_hot(&labels);
                let change = operator(w, Operator::Multiply, &by_row(right.clone()), &one, span)?;
                Ok(operator(w, op, array, &change, span)?)
            }
            Value::Tuple(list) => Ok(with_part(w, array, list, Some(op), right, span)?),
            Value::Slice(_) | Value::Array(_) => {
                Ok(with_part(w, array, std::slice::from_ref(at), Some(op), right, span)?)
            }
            _ => {
                let message = "a change of these entries cannot be read";
                Err(CodeError::unsupported(message, span).into())
            }
        }
    }

    /// An array is changed in place: everything that shares its memory follows, or is spoilt.
    pub(super) fn change(
        &mut self,
        target: ExprId,
        old: &Array,
        new: &Array,
        span: Span,
    ) -> Read<()> {
        let wish = match self.tree.node(target) {
            Expr::Name(name) | Expr::Attribute(_, name) => name.clone(),
            _ => "t".to_string(),
        };
        let mut named = self.writer.define(&wish, new);
        named.memory = old.memory;
        if old.memory == 0 {
            let message = "what is changed in place has no name";
            return Err(CodeError::unsupported(message, span).into());
        }
        let frames = self.frames.iter_mut().flat_map(|f| f.locals.iter_mut().map(|l| &mut l.1));
        let objects = self.objects.iter_mut().flat_map(|o| {
            let saved = o.saved.iter_mut();
            o.entries.iter_mut().map(|e| &mut e.1).chain(saved)
        });
        let mut pending: Vec<&mut Value> = frames.chain(objects).collect();
        while let Some(value) = pending.pop() {
            match value {
                Value::Array(array) if array.memory == old.memory => {
                    if array.axes == old.axes && array.text == old.text {
                        *array = named.clone();
                    } else {
                        let place = &wish;
                        let why = format!(
                            "this shares its memory with `{place}`, which was changed in place; that cannot be read"
                        );
                        *value = Value::Spoilt(why);
                    }
                }
                Value::Tuple(list) => pending.extend(list.iter_mut()),
                _ => {}
            }
        }
        if let Expr::Name(name) = self.tree.node(target).clone() {
            // the line that says what it is now
            self.bind(&name, Value::Array(named), span);
        }
        Ok(())
    }
}

/// Labels, where an index is a range of rows and labels.
pub(super) fn rows_and_labels(list: &[Value], array: &Array, writer: &Writer) -> Option<Labels> {
    let [Value::Range(rows), Value::Labels(labels)] = list else { return None };
    let [Axis::Long(own), _] = array.axes[..] else { return None };
    (writer.sizes.same(*rows, labels.rows) || writer.sizes.same(*rows, own)).then(|| labels.clone())
}

/// An array with 0 where an indicator is 1.
fn without(w: &mut Writer, array: &Array, mask: &Array, span: Span) -> Result<Array, CodeError> {
    let rest = operator(w, Operator::Subtract, &Array::integer(1), mask, span)?;
    let mut kept = operator(w, Operator::Multiply, array, &rest, span)?;
    if let Some(above) = &array.above_zero {
        let above = operator(w, Operator::Multiply, above, &rest, span)?;
        kept.above_zero = Some(Box::new(above));
    }
    Ok(kept)
}

/// A number for each row as a column.
fn by_row(mut value: Array) -> Array {
    if value.axes.len() == 1 {
        value.axes.push(Axis::One);
    }
    value
}
