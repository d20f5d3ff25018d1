//! Operations that move axes, make arrays or ask for their shape.

use super::arguments::{Arguments, Read, integer};
use super::error::CodeError;
use super::spelling::Operation;
use super::value::{Array, Axis, Level, Value};
use super::writer::Writer;

/// Operations that move axes, make arrays or ask for their shape.
pub(super) fn structure(w: &mut Writer, operation: Operation, mut a: Arguments) -> Read<Value> {
    if matches!(operation, Operation::Filled(_) | Operation::Full) {
        return constant(w, operation, &mut a);
    }
    if let (Operation::Size | Operation::Length, Some(Value::Tuple(list))) =
        (operation, a.positional.first())
    {
        return Ok(Value::Array(Array::integer(i64::try_from(list.len()).unwrap_or(i64::MAX))));
    }
    if let (Operation::Shape, Some(Value::Array(x))) = (operation, a.positional.first()) {
        return Ok(shape_value(w, x));
    }
    let x = a.array(0)?;
    let rank = x.axes.len();
    let out = match operation {
        Operation::Like(n) => {
            a.finish(1)?;
            w.filled(x.axes, &Array::integer(n))
        }
        Operation::FullLike => {
            let value = a.array(1)?;
            a.finish(2)?;
            w.filled(x.axes, &value)
        }
        Operation::Eye => {
            a.finish(1)?;
            let Some(size) = x.size else { return Err(a.unsupported("of what is no size")) };
            let text = format!("eye({})", w.sizes.text(size));
            Array::new(vec![Axis::Long(size); 2], text, Level::Atom)
        }
        Operation::Same { copy } => {
            // a type or a device, not a number
            a.positional.retain(|v| !matches!(v, Value::Text(_) | Value::Path(_)));
            a.named.retain(|n| n.0 != "copy");
            a.finish(1)?;
            let mut same = x;
            if copy {
                same.memory = 0;
            }
            same
        }
        Operation::Transpose => transpose(w, &x, &mut a)?,
        Operation::SwapAxes => {
            let list: Vec<Value> = a.positional[1..].to_vec();
            let axes = list.iter().map(|v| a.axis(v, rank)).collect::<Read<Vec<usize>>>()?;
            a.finish(3)?;
            let [p, q] = axes[..] else { return Err(a.unsupported("without two axes")) };
            let mut order: Vec<usize> = (0..rank).collect();
            order.swap(p, q);
            w.permute(&x, &order, a.span)?
        }
        Operation::Unsqueeze => {
            let axis = a.get(1, &["axis", "dim"]);
            a.finish(2)?;
            let Some(axis) = axis else { return Err(a.unsupported("without an axis")) };
            let at = a.axis(&axis, rank + 1)?;
            let mut out = x;
            out.axes.insert(at, Axis::One);
            out
        }
        Operation::Squeeze => squeeze(x, &mut a)?,
        Operation::Flatten => {
            a.finish(1)?;
            flattened(x, &a)?
        }
        Operation::Reshape => reshape(w, x, &a)?,
        Operation::Detach => x,
        Operation::Length => {
            let size = match x.axes.first() {
                Some(Axis::Long(size)) => size_value(w, *size),
                Some(Axis::One) => Array::integer(1),
                None => return Err(a.unsupported("of a number")),
            };
            a.finish(1)?;
            size
        }
        Operation::Size => {
            a.finish(1)?;
            count(w, &x)
        }
        Operation::Range => {
            a.finish(1)?;
            let Some(size) = x.size else { return Err(a.unsupported("of what is no size")) };
            return Ok(Value::Range(size));
        }
        _ => return Err(a.unsupported("here")),
    };
    Ok(Value::Array(out))
}

/// An array of one number.
fn constant(w: &mut Writer, operation: Operation, a: &mut Arguments) -> Read<Value> {
    if let Operation::Filled(n) = operation {
        let list = match &a.positional[..] {
            [Value::Tuple(list)] => list.clone(),
            all => all.to_vec(),
        };
        let Some(axes) = shape_of(&list) else {
            return Err(a.unsupported("of a shape that is not made of sizes"));
        };
        a.finish(a.positional.len())?;
        return Ok(Value::Array(w.filled(axes, &Array::integer(n))));
    }
    let list = match a.get(0, &["shape"]) {
        Some(Value::Tuple(list)) => list,
        Some(other) => vec![other],
        None => Vec::new(),
    };
    let (Some(axes), Some(Value::Array(value))) = (shape_of(&list), a.get(1, &["fill_value"]))
    else {
        return Err(a.unsupported("of a shape that is not made of sizes"));
    };
    a.finish(2)?;
    Ok(Value::Array(w.filled(axes, &value)))
}

/// `x.transpose(…)`, `x.permute(…)`.
fn transpose(w: &mut Writer, x: &Array, a: &mut Arguments) -> Read<Array> {
    let rank = x.axes.len();
    let order: Vec<Value> = match &a.positional[1..] {
        [] => match a.take(&["axes"]) {
            Some(Value::Tuple(list)) => list,
            _ => Vec::new(),
        },
        [Value::Tuple(list)] => list.clone(),
        list => list.to_vec(),
    };
    a.finish(a.positional.len())?;
    let mut order = order.iter().map(|v| a.axis(v, rank)).collect::<Read<Vec<usize>>>()?;
    if order.is_empty() {
        order = (0..rank).rev().collect();
    } else if order.len() == 2 && a.torch && rank >= 2 && a.path.ends_with("transpose") {
        // PyTorch's `transpose` exchanges two axes
        let mut all: Vec<usize> = (0..rank).collect();
        all.swap(order[0], order[1]);
        order = all;
    }
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted != (0..rank).collect::<Vec<usize>>() {
        return Err(a.unsupported("with these axes"));
    }
    w.permute(x, &order, a.span)
}

/// Leaves out axes of length 1.
fn squeeze(x: Array, a: &mut Arguments) -> Read<Array> {
    let rank = x.axes.len();
    let axis = a.get(1, &["axis", "dim"]);
    a.finish(2)?;
    let gone: Vec<usize> = match axis {
        Some(axis) => vec![a.axis(&axis, rank)?],
        None => (0..rank).filter(|k| x.axes[*k] == Axis::One).collect(),
    };
    if gone.iter().any(|k| x.axes[*k] != Axis::One) {
        return Err(CodeError::shapes("only an axis of length 1 can be left out", a.span));
    }
    let mut out = x;
    let mut k = 0;
    out.axes.retain(|_| {
        k += 1;
        !gone.contains(&(k - 1))
    });
    Ok(out)
}

/// The number of entries.
pub(super) fn count(w: &Writer, x: &Array) -> Array {
    let texts: Vec<String> = x.sizes().iter().map(|s| w.sizes.text(*s)).collect();
    match x.sizes()[..] {
        [] => Array::integer(1),
        [one] => size_value(w, one),
        _ => Array::scalar(texts.join("*"), Level::Product),
    }
}

/// The size of an axis as a number.
pub(super) fn size_value(w: &Writer, size: super::size::SizeId) -> Array {
    let mut value = Array::scalar(w.sizes.text(size), Level::Atom);
    value.size = Some(size);
    value
}

/// `x.shape`.
pub(super) fn shape_value(w: &Writer, x: &Array) -> Value {
    let axis = |a: &Axis| match a {
        Axis::One => Array::integer(1),
        Axis::Long(size) => size_value(w, *size),
    };
    Value::Tuple(x.axes.iter().map(|a| Value::Array(axis(a))).collect())
}

fn flattened(x: Array, a: &Arguments) -> Read<Array> {
    let long = x.sizes();
    match long[..] {
        [] => Ok(Array { axes: vec![Axis::One], ..x }),
        [size] => Ok(Array { axes: vec![Axis::Long(size)], ..x }),
        _ => Err(a.unsupported("of a matrix")),
    }
}

/// A reshape that only adds or removes axes of length 1.
fn reshape(w: &mut Writer, x: Array, a: &Arguments) -> Read<Array> {
    let list = match &a.positional[1..] {
        [Value::Tuple(list)] => list.clone(),
        list => list.to_vec(),
    };
    a.finish(a.positional.len())?;
    let open = list.iter().filter(|v| integer(v) == Some(-1)).count();
    let wanted: Option<Vec<Option<Axis>>> = list
        .iter()
        .map(|v| match v {
            Value::Array(Array { integer: Some(-1), .. }) => Some(None),
            v => shape_of(std::slice::from_ref(v)).map(|l| Some(l[0])),
        })
        .collect();
    let refused = || {
        a.unsupported("to another arrangement of the entries")
            .or_write("a reshape that only adds or removes axes of length 1, or `np.einsum`")
    };
    let Some(wanted) = wanted.filter(|_| open <= 1) else { return Err(refused()) };
    let mut rest = x.sizes().into_iter();
    let long = wanted.iter().filter(|a| matches!(a, None | Some(Axis::Long(_)))).count();
    // -1 stands for what is left: an axis, or 1 where nothing is
    let fill = long == rest.len();
    let mut axes = Vec::new();
    for axis in wanted {
        axes.push(match axis {
            Some(Axis::One) => Axis::One,
            None if !fill => Axis::One,
            None => Axis::Long(rest.next().ok_or_else(refused)?),
            Some(Axis::Long(size)) => {
                let own = rest.next().ok_or_else(refused)?;
                if !w.sizes.unify(own, size) {
                    return Err(refused());
                }
                Axis::Long(own)
            }
        });
    }
    if rest.next().is_some() {
        return Err(refused());
    }
    Ok(Array { axes, ..x })
}

/// The sizes of a shape: each an axis.
fn shape_of(list: &[Value]) -> Option<Vec<Axis>> {
    list.iter()
        .map(|v| match v {
            Value::Array(Array { size: Some(size), .. }) => Some(Axis::Long(*size)),
            Value::Array(Array { integer: Some(1), .. }) => Some(Axis::One),
            _ => None,
        })
        .collect()
}
