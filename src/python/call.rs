//! Calls of functions of NumPy, and methods of arrays.

use super::error::CodeError;
use super::spelling::Operation;
use super::tree::Operator;
use super::value::{Array, Axis, Level, Truth, Value};
use super::writer::{Piece, Writer};
use crate::diagnostic::Span;
use crate::functions::{Function, find};

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Value>,
    pub(super) named: Vec<(String, Value)>,
    pub(super) span: Span,
    /// What is called, for messages.
    pub(super) path: String,
    /// Whether PyTorch's defaults hold.
    pub(super) torch: bool,
}

/// Named arguments that change nothing of a value.
const IDLE: &[&str] = &["dtype", "device", "requires_grad", "optimize", "check_finite", "assume_a"];

type Read<T> = Result<T, CodeError>;

impl Arguments {
    pub(super) fn unsupported(&self, what: &str) -> CodeError {
        CodeError::unsupported(format!("`{}` {what} cannot be read", self.path), self.span)
    }

    /// A named argument, by any of its names.
    fn take(&mut self, names: &[&str]) -> Option<Value> {
        let at = self.named.iter().position(|n| names.contains(&n.0.as_str()))?;
        Some(self.named.remove(at).1)
    }

    /// The argument at a position, or by any of these names.
    fn get(&mut self, position: usize, names: &[&str]) -> Option<Value> {
        self.positional.get(position).cloned().or_else(|| self.take(names))
    }

    pub(super) fn array(&mut self, position: usize) -> Read<Array> {
        match self.get(position, &["a", "x", "input", "x1", "x2", "other"]) {
            Some(Value::Array(a)) => Ok(a),
            Some(other) => Err(self.unsupported(&format!("of {}", other.kind()))),
            None => Err(self.unsupported(&format!("without argument {}", position + 1))),
        }
    }

    /// What nothing asked for is not ignored.
    fn finish(&self, positional: usize) -> Read<()> {
        if self.positional.len() > positional {
            return Err(self.unsupported(&format!("with {} arguments", self.positional.len())));
        }
        match self.named.iter().find(|n| !IDLE.contains(&n.0.as_str())) {
            Some((name, _)) => Err(self.unsupported(&format!("with `{name}`"))),
            None => Ok(()),
        }
    }

    /// The axes that `axis=` names, and `keepdims`.
    fn axes(&mut self, rank: usize, position: usize) -> Read<(Vec<usize>, bool)> {
        let axis = self.get(position, &["axis", "dim"]);
        let keep = match self.get(position + 1, &["keepdims", "keepdim"]) {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(other) => return Err(self.unsupported(&format!("with {} for `keepdims`", other.kind()))),
        };
        let list = match axis {
            None | Some(Value::None) => (0..rank).collect(),
            Some(Value::Tuple(list)) => {
                list.iter().map(|v| self.axis(v, rank)).collect::<Read<Vec<usize>>>()?
            }
            Some(one) => vec![self.axis(&one, rank)?],
        };
        Ok((list, keep))
    }

    fn axis(&self, value: &Value, rank: usize) -> Read<usize> {
        let Some(n) = integer(value) else {
            return Err(self.unsupported(&format!("with {} for an axis", value.kind())));
        };
        let at = if n < 0 { n + rank as i64 } else { n };
        match usize::try_from(at) {
            Ok(at) if at < rank => Ok(at),
            _ => {
                let message = format!("axis {n} of an array with {rank} axes");
                Err(CodeError::shapes(message, self.span))
            }
        }
    }
}

/// A whole number that is known while reading.
pub(super) fn integer(value: &Value) -> Option<i64> {
    if let Value::Array(a) = value { a.integer } else { None }
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
                return Err(a.unsupported("of arrays with three axes").or_write("`@` or `np.einsum`"));
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
        Operation::SignAndLogdet => {
            let x = a.array(0)?;
            a.finish(1)?;
            let (Some(det), Some(logdet)) = (find("det"), find("logdet")) else {
                return Err(a.unsupported("here"));
            };
            let sign = shaped(w, det, std::slice::from_ref(&x), &a)?;
            let sign = unary(w, &sign, a.span, |p| (format!("sign({})", p.text), Level::Atom))?;
            let value = shaped(w, logdet, &[x], &a)?;
            return Ok(Value::Tuple(vec![Value::Array(sign), Value::Array(value)]));
        }
        Operation::MatrixPower => {
            let x = a.array(0)?;
            let power = a.get(1, &["n"]).as_ref().and_then(integer);
            a.finish(2)?;
            let [Axis::Long(m), Axis::Long(n)] = x.axes[..] else {
                return Err(a.unsupported("of what is not a matrix"));
            };
            let Some(power) = power.filter(|_| w.sizes.unify(m, n)) else {
                return Err(a.unsupported("with this power"));
            };
            Array::new(x.axes.clone(), format!("{}^({power})", x.at(Level::Atom)), Level::Power)
        }
        Operation::Clip => {
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
            clipped
        }
        Operation::Softmax(function) => {
            let x = a.array(0)?;
            let axis = a.get(1, &["axis", "dim"]);
            a.finish(2)?;
            let axis = match axis {
                Some(axis) => a.axis(&axis, x.axes.len())?,
                None if x.axes.len() == 1 => 0,
                None => return Err(a.unsupported("of a matrix without `axis`")),
            };
            match (x.rank(), x.axes[axis]) {
                (1, Axis::Long(_)) => {
                    Array::new(x.axes.clone(), format!("{function}({})", x.text), Level::Atom)
                }
                (2, Axis::Long(_)) => {
                    let text = format!("{function}({}, axis={})", x.text, x.position(axis));
                    Array::new(x.axes.clone(), text, Level::Atom)
                }
                _ => softmax_by_parts(w, function, &x, axis, a.span)?,
            }
        }
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

/// A function of one array, entry by entry.
pub(super) fn unary(
    w: &mut Writer,
    x: &Array,
    span: Span,
    build: impl Fn(&Piece) -> (String, Level),
) -> Read<Array> {
    if let Some(picked) = &x.picked {
        // entries by label: a function of them is the entries of the function
        let (base, labels) = picked.as_ref().clone();
        let mapped = w.elementwise(&[&base], span, |p| build(&p[0]))?;
        return w.pick(&mapped, &labels, span);
    }
    w.elementwise(&[x], span, |p| build(&p[0]))
}

/// `a op b`, entry by entry or as a matrix product.
pub(super) fn operator(
    w: &mut Writer,
    op: Operator,
    a: &Array,
    b: &Array,
    span: Span,
) -> Read<Array> {
    if op == Operator::MatrixMultiply {
        return w.matmul(a, b, span);
    }
    if matches!(op, Operator::And | Operator::Or) && (a.truth == Truth::No || b.truth == Truth::No)
    {
        return Err(CodeError::unsupported("`&` and `|` of numbers cannot be read", span));
    }
    let mut out = w.elementwise(&[a, b], span, |p| binary(op, &p[0], &p[1]))?;
    if let (Some(x), Some(y), Operator::Add | Operator::Subtract | Operator::Multiply) =
        (a.integer, b.integer, op)
    {
        let value = match op {
            Operator::Add => x.checked_add(y),
            Operator::Subtract => x.checked_sub(y),
            _ => x.checked_mul(y),
        };
        out = value.map_or(out, Array::integer);
    }
    if matches!(op, Operator::And | Operator::Or) {
        out.truth = Truth::Indicator;
    }
    Ok(out)
}

fn binary(op: Operator, a: &Piece, b: &Piece) -> (String, Level) {
    let scalar = a.scalar || b.scalar;
    // a sign behind an operator is bracketed
    let signed = |p: &Piece, least| {
        if p.text.starts_with('-') { format!("({})", p.text) } else { p.at(least) }
    };
    match op {
        Operator::Add => (format!("{} + {}", a.at(Level::Sum), signed(b, Level::Sum)), Level::Sum),
        Operator::Subtract => {
            (format!("{} - {}", a.at(Level::Sum), signed(b, Level::Product)), Level::Sum)
        }
        Operator::Multiply | Operator::And => {
            let sign = if scalar { "*" } else { " .* " };
            (format!("{}{sign}{}", a.at(Level::Product), signed(b, Level::Power)), Level::Product)
        }
        Operator::Or => {
            (format!("max({}, {})", a.text, b.text), Level::Atom)
        }
        Operator::Divide => {
            let sign = if b.scalar { "/" } else { " ./ " };
            (format!("{}{sign}{}", a.at(Level::Product), signed(b, Level::Power)), Level::Product)
        }
        Operator::Power => {
            let sign = if a.scalar && b.scalar { "^" } else { " .^ " };
            (format!("{}{sign}{}", a.at(Level::Atom), b.at(Level::Atom)), Level::Power)
        }
        Operator::MatrixMultiply => unreachable!("a matrix product is not entry by entry"),
    }
}

/// `np.where(c, x, y)`.
pub(super) fn choose(w: &mut Writer, c: &Array, x: &Array, y: &Array, span: Span) -> Read<Array> {
    if c.truth == Truth::No {
        return Err(CodeError::unsupported("a condition that is no comparison cannot be read", span));
    }
    w.elementwise(&[c, x, y], span, |p| {
        (format!("where({} > 0, {}, {})", p[0].at(Level::Sum), p[1].text, p[2].text), Level::Atom)
    })
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
        Signature::Elementwise if count == 1 => {
            unary(w, &arrays[0], a.span, |p| (format!("{}({})", f.name, p.text), Level::Atom))
        }
        Signature::Elementwise => {
            let list: Vec<&Array> = arrays.iter().collect();
            w.elementwise(&list, a.span, |p| {
                let texts: Vec<&str> = p.iter().map(|p| p.text.as_str()).collect();
                (format!("{}({})", f.name, texts.join(", ")), Level::Atom)
            })
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
                        let message = format!("`{}` of {} does not fit", a.path, shapes.join(" and "));
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
    let two = a.positional.len() == 2 && matches!(&a.positional[1], Value::Array(x) if x.integer.is_none());
    if f.binary.is_some() && (two || a.path.ends_with("imum") || !a.path.contains('.') && a.positional.len() == 2)
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
    let pair = a.torch && by_axis && f.binary.is_some() && !a.path.contains("amax") && !a.path.contains("amin");
    Ok(if pair {
        // PyTorch's `max` along an axis: values and positions
        Value::Tuple(vec![value, Value::Spoilt("positions of largest entries cannot be read".into())])
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
            let mut once: Vec<char> =
                all.iter().copied().filter(|c| all.iter().filter(|d| *d == c).count() == 1).collect();
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

/// Operations that move axes, make arrays or ask for their shape.
fn structure(w: &mut Writer, operation: Operation, mut a: Arguments) -> Read<Value> {
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
    if let Operation::Full = operation {
        let list = match a.get(0, &["shape"]) {
            Some(Value::Tuple(list)) => list,
            Some(other) => vec![other],
            None => Vec::new(),
        };
        let (Some(axes), Some(Value::Array(value))) = (shape_of(&list), a.get(1, &["fill_value"])) else {
            return Err(a.unsupported("of a shape that is not made of sizes"));
        };
        a.finish(2)?;
        return Ok(Value::Array(w.filled(axes, &value)));
    }
    if let (Operation::Size | Operation::Length, Some(Value::Tuple(list))) = (operation, a.positional.first())
    {
        return Ok(Value::Array(Array::integer(list.len() as i64)));
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
        Operation::Transpose => {
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
            w.permute(&x, &order, a.span)?
        }
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
        Operation::Squeeze => {
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
            out
        }
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
        a.unsupported("to another arrangement of the entries").or_write(
            "a reshape that only adds or removes axes of length 1, or `np.einsum`",
        )
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
