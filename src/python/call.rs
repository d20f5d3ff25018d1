//! Calls of functions of NumPy, and methods of arrays.

use super::arguments::{Arguments, Read, integer};
use super::entrywise::{choose, operator, unary};
use super::error::CodeError;
use super::spelling::Operation;
use super::structure::structure;
use super::tree::Operator;
use super::value::{Array, Axis, Level, Value};
use super::writer::{Piece, Writer};
use crate::diagnostic::Span;
use crate::functions::{Function, find};

/// The value of a call.
///
/// # Errors
/// Arguments that the operation does not take, and shapes that do not fit.
pub(super) fn call(w: &mut Writer, operation: Operation, mut a: Arguments) -> Read<Value> {
    let array = match operation {
        Operation::Table(f) => table(w, f, &mut a)?,
        Operation::Reduce(f) => return reduction(w, f, a),
        Operation::Operator(op) => {
            let (x, y) = (a.array(0)?, a.array(1)?);
            a.finish(2)?;
            operator(w, op, &x, &y, a.span)?
        }
        Operation::Written(text) => {
            let x = a.array(0)?;
            a.finish(1)?;
            unary(w, &x, a.span, |p| (text.replace("{}", &p.text), Level::Sum))?
        }
        Operation::Variance | Operation::Deviation => {
            let variance = variance(w, &mut a)?;
            match operation {
                Operation::Deviation => {
                    unary(w, &variance, a.span, |p| (format!("sqrt({})", p.text), Level::Atom))?
                }
                _ => variance,
            }
        }
        Operation::Norm => norm(w, &mut a)?,
        Operation::Dot => {
            let (x, y) = (a.array(0)?, a.array(1)?);
            a.finish(2)?;
            if x.axes.len() > 2 || y.axes.len() > 2 {
                return Err(a
                    .unsupported("of arrays with three axes")
                    .or_write("`@` or `np.einsum`"));
            }
            let scale = x.axes.is_empty() || y.axes.is_empty();
            let op = if scale { Operator::Multiply } else { Operator::MatrixMultiply };
            operator(w, op, &x, &y, a.span)?
        }
        Operation::Inner => {
            let (x, y) = (a.array(0)?, a.array(1)?);
            a.finish(2)?;
            let product = operator(w, Operator::Multiply, &x, &y, a.span)?;
            if x.axes.len() > 1 && !a.path.ends_with("vdot") {
                return Err(a.unsupported("of matrices").or_write("`@`"));
            }
            let all: Vec<usize> = (0..product.axes.len()).collect();
            w.reduce("sum", &product, &all, false, a.span)?
        }
        Operation::SignAndLogdet => return sign_and_logdet(w, &mut a),
        Operation::MatrixPower => matrix_power(w, &mut a)?,
        Operation::Clip => clip(w, &mut a)?,
        Operation::Softmax(function) => softmax(w, function, &mut a)?,
        Operation::Where => {
            let (c, x, y) = (a.array(0)?, a.array(1)?, a.array(2)?);
            a.finish(3)?;
            choose(w, &c, &x, &y, a.span)?
        }
        Operation::Einsum => return einsum(w, a),
        _ => return structure(w, operation, a),
    };
    Ok(Value::Array(array))
}

/// `np.linalg.slogdet(x)`.
fn sign_and_logdet(w: &mut Writer, a: &mut Arguments) -> Read<Value> {
    let x = a.array(0)?;
    a.finish(1)?;
    let (Some(det), Some(logdet)) = (find("det"), find("logdet")) else {
        return Err(a.unsupported("here"));
    };
    let sign = shaped(w, det, std::slice::from_ref(&x), a)?;
    let sign = unary(w, &sign, a.span, |p| (format!("sign({})", p.text), Level::Atom))?;
    let value = shaped(w, logdet, &[x], a)?;
    Ok(Value::Tuple(vec![Value::Array(sign), Value::Array(value)]))
}

/// `np.linalg.matrix_power(x, n)`.
fn matrix_power(w: &mut Writer, a: &mut Arguments) -> Read<Array> {
    let x = a.array(0)?;
    let power = a.get(1, &["n"]).as_ref().and_then(integer);
    a.finish(2)?;
    let [Axis::Long(m), Axis::Long(n)] = x.axes[..] else {
        return Err(a.unsupported("of what is not a matrix"));
    };
    let Some(power) = power.filter(|_| w.sizes.unify(m, n)) else {
        return Err(a.unsupported("with this power"));
    };
    let text = format!("{}^({power})", x.at(Level::Atom));
    Ok(Array::new(x.axes, text, Level::Power))
}

/// `np.clip(x, low, high)`.
fn clip(w: &mut Writer, a: &mut Arguments) -> Read<Array> {
    let x = a.array(0)?;
    let bounds = [a.get(1, &["min", "a_min"]), a.get(2, &["max", "a_max"])];
    a.finish(3)?;
    let mut clipped = x;
    // the lower bound first, then the upper one
    for (bound, function) in bounds.iter().zip(["max", "min"]) {
        if let Some(Value::Array(bound)) = bound {
            clipped = w.elementwise(&[&clipped, bound], a.span, |p| {
                (format!("{function}({}, {})", p[0].text, p[1].text), Level::Atom)
            })?;
        }
    }
    Ok(clipped)
}

/// `softmax(x, axis)` and its logarithm.
fn softmax(w: &mut Writer, function: &str, a: &mut Arguments) -> Read<Array> {
    let x = a.array(0)?;
    let axis = a.get(1, &["axis", "dim"]);
    a.finish(2)?;
    let axis = match axis {
        Some(axis) => a.axis(&axis, x.axes.len())?,
        None if x.axes.len() == 1 => 0,
        None => return Err(a.unsupported("of a matrix without `axis`")),
    };
    Ok(match (x.rank(), x.axes[axis]) {
        (1, Axis::Long(_)) => {
            Array::new(x.axes.clone(), format!("{function}({})", x.text), Level::Atom)
        }
        (2, Axis::Long(_)) => {
            let text = format!("{function}({}, axis={})", x.text, x.position(axis));
            Array::new(x.axes.clone(), text, Level::Atom)
        }
        _ => softmax_by_parts(w, function, &x, axis, a.span)?,
    })
}

/// exp(x)/sum(exp(x)) where the language's own has no such axis.
fn softmax_by_parts(
    w: &mut Writer,
    function: &str,
    x: &Array,
    axis: usize,
    span: Span,
) -> Read<Array> {
    let e = unary(w, x, span, |p| (format!("exp({})", p.text), Level::Atom))?;
    let total = w.reduce("sum", &e, &[axis], true, span)?;
    let p = operator(w, Operator::Divide, &e, &total, span)?;
    if function == "softmax" {
        return Ok(p);
    }
    unary(w, &p, span, |p| (format!("log({})", p.text), Level::Atom))
}

/// A function of the table that is not a reduction.
fn table(w: &mut Writer, f: &'static Function, a: &mut Arguments) -> Read<Array> {
    use crate::functions::Signature;
    let mut arrays = Vec::new();
    let count = a.positional.len().max(1);
    for k in 0..count {
        arrays.push(a.array(k)?);
    }
    a.finish(count)?;
    if !f.accepts(count) {
        return Err(a.unsupported(&format!("with {count} arguments")));
    }
    match f.signature_for(count) {
        Signature::Elementwise => {
            let list: Vec<&Array> = arrays.iter().collect();
            let write = |p: &[Piece]| {
                let texts: Vec<&str> = p.iter().map(|p| p.text.as_str()).collect();
                (format!("{}({})", f.name, texts.join(", ")), Level::Atom)
            };
            let mut out = if let [x] = list[..] {
                unary(w, x, a.span, |p| write(std::slice::from_ref(p)))?
            } else {
                w.elementwise(&list, a.span, write)?
            };
            if let Some(inside) = positive_part(f, &arrays) {
                let above = w.exceeds(inside, &Array::integer(0), false, a.span)?;
                out.above_zero = Some(Box::new(above));
            }
            Ok(out)
        }
        Signature::Reduction { .. } => {
            // of several arrays of one shape
            let list: Vec<&Array> = arrays.iter().collect();
            w.broadcast(&list, a.span)?;
            if arrays.iter().any(|x| x.axes != arrays[0].axes && x.rank() != arrays[0].rank()) {
                return Err(a.unsupported("of arrays of different shapes"));
            }
            let texts: Vec<&str> = arrays.iter().map(|x| x.text.as_str()).collect();
            Ok(Array::scalar(format!("{}({})", f.name, texts.join(", ")), Level::Atom))
        }
        _ => shaped(w, f, &arrays, a),
    }
}

/// What `relu(u)` or `max(0, u)` is the positive part of.
fn positive_part<'a>(f: &Function, arrays: &'a [Array]) -> Option<&'a Array> {
    let is = |name: &str| find(name).is_some_and(|g| g == f);
    match arrays {
        [u] if is("relu") => Some(u),
        [zero, u] | [u, zero] if is("max") && zero.integer == Some(0) => Some(u),
        _ => None,
    }
}

/// A function whose entry states its shapes: `A[n,n], b[n] -> [n]`.
fn shaped(w: &mut Writer, f: &Function, arrays: &[Array], a: &Arguments) -> Read<Array> {
    use crate::functions::Signature;
    let Signature::Shapes(alternatives) = f.signature else {
        return Err(a.unsupported("here"));
    };
    let letters = |text: &str| -> Option<Vec<char>> {
        let inside = text.split_once('[')?.1.split(']').next()?;
        let names: Vec<&str> = inside.split(',').map(str::trim).filter(|s| !s.is_empty()).collect();
        names.iter().map(|n| if n.len() == 1 { n.chars().next() } else { None }).collect()
    };
    for alternative in alternatives {
        let Some((left, right)) = alternative.split_once("->") else { continue };
        let parameters: Option<Vec<Vec<char>>> =
            left.split(']').filter(|s| s.contains('[')).map(letters).collect();
        let (Some(parameters), Some(result)) = (parameters, letters(right)) else { continue };
        let fits = parameters.len() == arrays.len()
            && parameters.iter().zip(arrays).all(|(p, x)| p.len() == x.axes.len());
        if !fits || arrays.iter().any(|x| x.rank() != x.axes.len()) {
            continue;
        }
        let mut known: Vec<(char, super::size::SizeId)> = Vec::new();
        for (letters, array) in parameters.iter().zip(arrays) {
            for (letter, size) in letters.iter().zip(array.sizes()) {
                match known.iter().find(|k| k.0 == *letter) {
                    Some((_, other)) if !w.sizes.unify(*other, size) => {
                        let shapes: Vec<String> = arrays.iter().map(|x| w.shape(&x.axes)).collect();
                        let message =
                            format!("`{}` of {} does not fit", a.path, shapes.join(" and "));
                        return Err(CodeError::shapes(message, a.span));
                    }
                    Some(_) => {}
                    None => known.push((*letter, size)),
                }
            }
        }
        let axes = result
            .iter()
            .filter_map(|l| known.iter().find(|k| k.0 == *l).map(|k| Axis::Long(k.1)))
            .collect();
        let texts: Vec<&str> = arrays.iter().map(|x| x.text.as_str()).collect();
        return Ok(Array::new(axes, format!("{}({})", f.name, texts.join(", ")), Level::Atom));
    }
    let shapes: Vec<String> = arrays.iter().map(|x| w.shape(&x.axes)).collect();
    Err(CodeError::shapes(format!("`{}` does not take {}", a.path, shapes.join(" and ")), a.span))
}

fn reduction(w: &mut Writer, f: &'static Function, mut a: Arguments) -> Read<Value> {
    let two = a.positional.len() == 2
        && matches!(&a.positional[1], Value::Array(x) if x.integer.is_none());
    if f.binary.is_some()
        && (two || a.path.ends_with("imum") || !a.path.contains('.') && a.positional.len() == 2)
    {
        return Ok(Value::Array(table(w, f, &mut a)?));
    }
    let x = a.array(0)?;
    let builtin = !a.path.contains('.') && matches!(f.name, "sum" | "max" | "min");
    if builtin && x.axes.len() > 1 {
        return Err(a.unsupported("of Python, of a matrix,").or_write("NumPy's"));
    }
    let by_axis = a.positional.len() > 1 || a.named.iter().any(|n| n.0 == "dim" || n.0 == "axis");
    let (axes, keep) = a.axes(x.axes.len(), 1)?;
    a.finish(3)?;
    let value = Value::Array(w.reduce(f.name, &x, &axes, keep, a.span)?);
    let pair = a.torch
        && by_axis
        && f.binary.is_some()
        && !a.path.contains("amax")
        && !a.path.contains("amin");
    Ok(if pair {
        // PyTorch's `max` along an axis: values and positions
        Value::Tuple(vec![
            value,
            Value::Spoilt("positions of largest entries cannot be read".into()),
        ])
    } else {
        value
    })
}

/// The mean of squared deviations, with `ddof`.
fn variance(w: &mut Writer, a: &mut Arguments) -> Read<Array> {
    let x = a.array(0)?;
    let less = match (a.take(&["ddof", "correction"]), a.take(&["unbiased"])) {
        (Some(n), _) => integer(&n).ok_or_else(|| a.unsupported("with this `ddof`"))?,
        (None, Some(Value::Bool(unbiased))) => i64::from(unbiased),
        (None, None) => i64::from(a.torch),
        _ => return Err(a.unsupported("with this `unbiased`")),
    };
    let (axes, keep) = a.axes(x.axes.len(), 1)?;
    a.finish(3)?;
    let x = w.define("x", &x);
    let mean = w.reduce("mean", &x, &axes, true, a.span)?;
    let centred = operator(w, Operator::Subtract, &x, &mean, a.span)?;
    let squares = operator(w, Operator::Power, &centred, &Array::integer(2), a.span)?;
    if less == 0 {
        return w.reduce("mean", &squares, &axes, keep, a.span);
    }
    let total = w.reduce("sum", &squares, &axes, keep, a.span)?;
    let counts: Vec<String> = axes
        .iter()
        .filter_map(|k| if let Axis::Long(s) = x.axes[*k] { Some(w.sizes.text(s)) } else { None })
        .collect();
    let count = Array::scalar(format!("{} - {less}", counts.join("*")), Level::Sum);
    operator(w, Operator::Divide, &total, &count, a.span)
}

fn norm(w: &mut Writer, a: &mut Arguments) -> Read<Array> {
    let x = a.array(0)?;
    let order = match a.get(1, &["ord", "p"]) {
        None | Some(Value::None) => 2,
        Some(Value::Text(t)) if t == "fro" => 2,
        Some(n) => match integer(&n) {
            Some(2) if x.axes.len() == 1 || a.take(&["axis"]).is_some() => 2,
            Some(n @ (1 | 2)) if x.axes.len() == 1 => n,
            Some(2) if a.torch => 2,
            _ => return Err(a.unsupported("with this order")),
        },
    };
    let whole = a.positional.len() < 3 && !a.named.iter().any(|n| n.0 == "axis" || n.0 == "dim");
    let (axes, keep) = a.axes(x.axes.len(), 2)?;
    a.finish(4)?;
    let name = if order == 1 { "norm1" } else { "norm2" };
    if whole && !keep {
        return w.reduce(name, &x, &axes, false, a.span);
    }
    if order == 1 {
        let size = unary(w, &x, a.span, |p| (format!("abs({})", p.text), Level::Atom))?;
        return w.reduce("sum", &size, &axes, keep, a.span);
    }
    let squares = operator(w, Operator::Power, &x, &Array::integer(2), a.span)?;
    let total = w.reduce("sum", &squares, &axes, keep, a.span)?;
    unary(w, &total, a.span, |p| (format!("sqrt({})", p.text), Level::Atom))
}

fn einsum(w: &mut Writer, mut a: Arguments) -> Read<Value> {
    let Some(Value::Text(spec)) = a.positional.first().cloned() else {
        return Err(a.unsupported("without subscripts first"));
    };
    let mut arrays = Vec::new();
    for k in 1..a.positional.len() {
        arrays.push(a.array(k)?);
    }
    a.finish(arrays.len() + 1)?;
    let spec: String = spec.chars().filter(|c| !c.is_whitespace()).collect();
    if !spec.chars().all(|c| c.is_ascii_alphabetic() || ",->".contains(c)) {
        return Err(a.unsupported(&format!("with the subscripts `{spec}`")));
    }
    let (left, right) = spec.split_once("->").map_or((spec.as_str(), None), |(l, r)| (l, Some(r)));
    let inputs: Vec<Vec<char>> = left.split(',').map(|s| s.chars().collect()).collect();
    let output: Vec<char> = match right {
        Some(right) => right.chars().collect(),
        None => {
            // without an arrow: the letters that occur once, in the order of the alphabet
            let all: Vec<char> = inputs.iter().flatten().copied().collect();
            let mut once: Vec<char> = all
                .iter()
                .copied()
                .filter(|c| all.iter().filter(|d| *d == c).count() == 1)
                .collect();
            once.sort_unstable();
            once
        }
    };
    let fits = inputs.len() == arrays.len()
        && inputs.iter().zip(&arrays).all(|(l, x)| l.len() == x.axes.len());
    if !fits {
        let shapes: Vec<String> = arrays.iter().map(|x| w.shape(&x.axes)).collect();
        let message = format!("the subscripts `{spec}` do not fit {}", shapes.join(" and "));
        return Err(CodeError::shapes(message, a.span));
    }
    let stray = output.iter().find(|c| !inputs.iter().any(|i| i.contains(c)));
    if let Some(c) = stray {
        return Err(CodeError::shapes(format!("`{c}` stands in no operand"), a.span));
    }
    let operands: Vec<(&Array, Vec<char>)> = arrays.iter().zip(inputs).collect();
    Ok(Value::Array(w.contract(&operands, &output, a.span)?))
}
