//! The plain value of an expression in doubles, with first and second derivatives. This decides what
//! is false; it shares nothing with the checker but the generator of random numbers.

use crate::dual::{Dual, TINY, Undefined, derivatives, divide, power, real};
use crate::expression::{E, ELEMENTWISE, Index, K, M, N, Op, Property, Shape, Size, VARIABLES};
use crate::random::Random;
use std::collections::BTreeMap;

pub(crate) type Values = Result<Array, Undefined>;

#[derive(Clone, Debug)]
pub(crate) struct Array {
    pub(crate) rows: usize,
    pub(crate) data: Vec<Dual>,
}

impl Array {
    fn columns(&self) -> usize {
        self.data.len() / self.rows
    }

    fn at(&self, i: usize, j: usize) -> Dual {
        self.data[i * self.columns() + j]
    }

    fn new(rows: usize, columns: usize, f: impl Fn(usize, usize) -> Dual) -> Array {
        let data = (0..rows * columns).map(|k| f(k / columns, k % columns)).collect();
        Array { rows, data }
    }

    fn number(x: Dual) -> Array {
        Array { rows: 1, data: vec![x] }
    }

    fn map(&self, f: impl Fn(Dual) -> Result<Dual, Undefined>) -> Values {
        let data = self.data.iter().map(|x| f(*x)).collect::<Result<_, _>>()?;
        Ok(Array { rows: self.rows, data })
    }

    fn zip(&self, o: &Array, f: impl Fn(Dual, Dual) -> Result<Dual, Undefined>) -> Values {
        let big = if self.data.len() >= o.data.len() { self } else { o };
        let entry = |x: &Array, k: usize| x.data[if x.data.len() == 1 { 0 } else { k }];
        let count = 0..big.data.len();
        let data = count.map(|k| f(entry(self, k), entry(o, k))).collect::<Result<_, _>>()?;
        Ok(Array { rows: big.rows, data })
    }

    fn transposed(&self) -> Array {
        Array::new(self.columns(), self.rows, |i, j| self.at(j, i))
    }

    fn times(&self, o: &Array) -> Array {
        let inner = self.columns();
        Array::new(self.rows, o.columns(), |i, j| {
            (0..inner).fold(Dual::default(), |s, k| s.add(self.at(i, k).mul(o.at(k, j))))
        })
    }

    fn sum(&self) -> Dual {
        self.data.iter().fold(Dual::default(), |s, x| s.add(*x))
    }
}

/// Sizes and values.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) sizes: [usize; 3],
    pub(crate) values: BTreeMap<&'static str, Array>,
}

impl Point {
    pub(crate) fn draw(sizes: [usize; 3], r: &mut Random) -> Point {
        let mut point = Point { sizes, values: BTreeMap::new() };
        for (name, shape, property) in VARIABLES {
            let (rows, columns) = (point.size(shape.0), point.size(shape.1));
            let mut array = Array::new(rows, columns, |_, _| Dual::default());
            for x in &mut array.data {
                let magnitude = r.between(0.2, 1.6);
                let negative = property != Property::Positive && r.below(2) == 0;
                *x = real(if negative { -magnitude } else { magnitude });
            }
            if property == Property::Symmetric {
                array = Array::new(rows, columns, |i, j| array.at(i.min(j), i.max(j)));
            }
            point.values.insert(name, array);
        }
        point
    }

    fn size(&self, size: Size) -> usize {
        let mut out = 1;
        for (prime, n) in [M, N, K].into_iter().zip(self.sizes) {
            let mut rest = size;
            while rest % prime == 0 {
                out *= n;
                rest /= prime;
            }
        }
        out
    }
}

/// What both sides were found to be at some points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    Equal,
    Different,
    Undefined,
}

/// Whether the sides have other values at some point of some sizes, by more than any rounding.
pub(crate) fn compare(left: &E, right: &E, free: &[Index], r: &mut Random) -> Found {
    let mut found = Found::Undefined;
    for sizes in [[3, 2, 4], [2, 3, 2], [2, 2, 2], [1, 3, 1], [4, 3, 2]] {
        let point = Point::draw(sizes, r);
        match at(left, right, free, &point) {
            Ok(true) => return Found::Different,
            Ok(false) => found = Found::Equal,
            Err(Undefined) => {}
        }
    }
    found
}

/// Whether the sides differ at a point.
pub(crate) fn at(left: &E, right: &E, free: &[Index], point: &Point) -> Result<bool, Undefined> {
    let counts: Vec<usize> = free.iter().map(|i| point.size(i.size)).collect();
    let mut differ = false;
    for number in 0..counts.iter().product() {
        let mut rest = number;
        let mut bound = Vec::new();
        for (i, n) in free.iter().zip(&counts) {
            bound.push((i.id, rest % n));
            rest /= n;
        }
        let mut e = Evaluator { point: point.clone(), bound, largest: 0.0, kink: f64::MAX };
        let (a, b) = (e.value(left)?, e.value(right)?);
        if e.kink < 1e-4 || !e.largest.is_finite() {
            return Err(Undefined);
        }
        for k in 0..a.data.len().max(b.data.len()) {
            let of = |x: &Array| x.data[if x.data.len() == 1 { 0 } else { k }].v;
            let (x, y) = (of(&a), of(&b));
            let gap = (x - y).abs();
            differ |= gap > 1e-8 * x.abs().max(y.abs()) && gap > 1e-10 * e.largest;
        }
    }
    Ok(differ)
}

pub(crate) struct Evaluator {
    point: Point,
    bound: Vec<(u8, usize)>,
    /// The largest magnitude met.
    largest: f64,
    /// The distance to the nearest kink.
    kink: f64,
}

impl Evaluator {
    fn index(&self, i: Index) -> usize {
        self.bound.iter().rev().find(|b| b.0 == i.id).map_or(0, |b| b.1)
    }

    fn value(&mut self, e: &E) -> Values {
        let out = self.raw(e)?;
        for x in &out.data {
            if [x.v, x.a, x.b, x.ab].iter().any(|y| !y.is_finite()) {
                return Err(Undefined);
            }
            self.largest = self.largest.max(x.v.abs()).max(x.a.abs()).max(x.ab.abs());
        }
        Ok(out)
    }

    fn shape(&self, s: Shape) -> (usize, usize) {
        (self.point.size(s.0), self.point.size(s.1))
    }

    fn raw(&mut self, e: &E) -> Values {
        let (rows, columns) = self.shape(e.shape);
        let arrays = match e.op {
            Op::IndexSum(_) | Op::Derivative(_) => Vec::new(),
            _ => e.args.iter().map(|a| self.value(a)).collect::<Result<Vec<_>, _>>()?,
        };
        let scalar = |k: usize| arrays[k].data.len() == 1;
        Ok(match &e.op {
            Op::Hole(..) => return Err(Undefined),
            Op::Number(n, d) => Array::number(real(*n as f64 / *d as f64)),
            Op::Pi => Array::number(real(std::f64::consts::PI)),
            Op::Variable(name) => self.point.values[name].clone(),
            Op::Size(s) => Array::number(real(self.point.size(*s) as f64)),
            Op::Eye(_) => Array::new(rows, columns, |i, j| real(f64::from(i == j))),
            Op::Ones(..) => Array::new(rows, columns, |_, _| real(1.0)),
            Op::Zeros(..) => Array::new(rows, columns, |_, _| real(0.0)),
            Op::Negate => arrays[0].map(|x| Ok(x.scale(-1.0)))?,
            Op::Add => arrays[0].zip(&arrays[1], |a, b| Ok(a.add(b)))?,
            Op::Times => {
                // a number by its shape, not by a size that happens to be 1
                let number = e.args.iter().any(|a| a.shape == (1, 1));
                if number {
                    arrays[0].zip(&arrays[1], |a, b| Ok(a.mul(b)))?
                } else {
                    arrays[0].times(&arrays[1])
                }
            }
            Op::Hadamard => arrays[0].zip(&arrays[1], |a, b| Ok(a.mul(b)))?,
            Op::Quotient | Op::ElementQuotient => arrays[0].zip(&arrays[1], divide)?,
            Op::Power if e.shape != (1, 1) => {
                let mut out = Array::new(rows, columns, |i, j| real(f64::from(i == j)));
                for _ in 0..arrays[1].data[0].v as i64 {
                    out = out.times(&arrays[0]);
                }
                out
            }
            Op::Power | Op::ElementPower => arrays[0].zip(&arrays[1], power)?,
            Op::Transpose => arrays[0].transposed(),
            Op::Less => {
                let out = arrays[0].zip(&arrays[1], |a, b| Ok(real(f64::from(a.v < b.v))))?;
                self.near(arrays[0].zip(&arrays[1], |a, b| Ok(real(a.v - b.v)))?.data);
                out
            }
            Op::Entry(list) => {
                let i = self.index(list[0]);
                let j = list.get(1).map_or(0, |j| self.index(*j));
                Array::number(arrays[0].at(i, j))
            }
            Op::Delta(i, j) => Array::number(real(f64::from(self.index(*i) == self.index(*j)))),
            Op::IndexSum(i) => {
                let mut total = Dual::default();
                for k in 0..self.point.size(i.size) {
                    self.bound.push((i.id, k));
                    let value = self.value(&e.args[0]);
                    self.bound.pop();
                    total = total.add(value?.data[0]);
                }
                Array::number(total)
            }
            Op::Derivative(kind) => self.derivative(kind, e)?,
            Op::Axis(name, axis) => {
                let whole = if *axis == 0 { arrays[0].transposed() } else { arrays[0].clone() };
                let width = whole.columns();
                let mut out = Vec::new();
                for line in whole.data.chunks(width) {
                    let line = Array { rows: width, data: line.to_vec() };
                    out.push(self.function(name, &[line])?);
                }
                let lines = Array {
                    rows: whole.rows,
                    data: out.into_iter().flat_map(|a| a.data).collect(),
                };
                if *axis == 0 && e.shape.1 != 1 { lines.transposed() } else { lines }
            }
            Op::Call(name, primes) if ELEMENTWISE.contains(name) => {
                if matches!(*name, "abs" | "sign" | "relu" | "step") {
                    self.near(arrays[0].data.clone());
                }
                arrays[0].map(|x| {
                    let d = derivatives(name, x.v)?;
                    Ok(match primes {
                        0 => x.map([d[0], d[1], d[2]]),
                        1 => x.map([d[1], d[2], f64::NAN]),
                        _ => x.map([d[2], f64::NAN, f64::NAN]),
                    })
                })?
            }
            Op::Call("where", _) => {
                let chosen = arrays[1].zip(&arrays[2], |a, _| Ok(a))?;
                let data = (0..chosen.data.len()).map(|k| {
                    let of = |j: usize| arrays[j].data[if scalar(j) { 0 } else { k }];
                    if of(0).v > 0.0 { of(1) } else { of(2) }
                });
                Array { rows, data: data.collect() }
            }
            Op::Call("max", _) if e.args.len() == 2 => {
                self.near(arrays[0].zip(&arrays[1], |a, b| Ok(a.sub(b)))?.data);
                arrays[0].zip(&arrays[1], |a, b| Ok(if a.v >= b.v { a } else { b }))?
            }
            Op::Call("min", _) if e.args.len() == 2 => {
                self.near(arrays[0].zip(&arrays[1], |a, b| Ok(a.sub(b)))?.data);
                arrays[0].zip(&arrays[1], |a, b| Ok(if a.v <= b.v { a } else { b }))?
            }
            // of a column that happens to be one entry long, too
            Op::Call("diag", _) if e.shape.1 != 1 => {
                Array::new(
                    rows,
                    columns,
                    |i, j| {
                        if i == j { arrays[0].data[i] } else { Dual::default() }
                    },
                )
            }
            Op::Call(name, _) => self.function(name, &arrays)?,
        })
    }

    fn near(&mut self, distances: Vec<Dual>) {
        for d in distances {
            self.kink = self.kink.min(d.v.abs());
        }
    }

    /// Derivatives by each entry of the variable.
    fn derivative(&mut self, kind: &str, e: &E) -> Values {
        let Op::Variable(name) = e.args[1].op else { return Err(Undefined) };
        let seed = match e.args.get(2) {
            Some(g) => Some(self.value(g)?),
            None => None,
        };
        let variable = self.point.values[name].clone();
        let count = variable.data.len();
        let mut along = |a: usize, b: Option<usize>| -> Values {
            let mut moved = variable.clone();
            moved.data[a].a = 1.0;
            if let Some(b) = b {
                moved.data[b].b = 1.0;
            }
            self.point.values.insert(name, moved);
            let out = self.value(&e.args[0]);
            self.point.values.insert(name, variable.clone());
            out
        };
        if kind == "hess" {
            let mut out = Vec::new();
            for i in 0..count {
                for j in 0..count {
                    out.push(real(along(i, Some(j))?.data[0].ab));
                }
            }
            return Ok(Array { rows: count, data: out });
        }
        let mut slopes = Vec::new();
        for k in 0..count {
            slopes.push(along(k, None)?);
        }
        Ok(match (kind, seed) {
            ("jac", _) => Array::new(slopes[0].data.len(), count, |i, j| real(slopes[j].data[i].a)),
            (_, seed) => {
                let data = slopes.iter().map(|s| {
                    let weight = |k: usize| seed.as_ref().map_or(1.0, |g| g.data[k].v);
                    real(s.data.iter().enumerate().map(|(k, x)| x.a * weight(k)).sum())
                });
                Array { rows: variable.rows, data: data.collect() }
            }
        })
    }

    fn function(&mut self, name: &str, args: &[Array]) -> Values {
        let x = &args[0];
        let n = x.data.len() as f64;
        let elementwise =
            |x: &Array, f: &str| x.map(|v| derivatives(f, v.v).map(|d| v.map([d[0], d[1], d[2]])));
        Ok(match name {
            "sum" => Array::number(x.sum()),
            "mean" => Array::number(x.sum().scale(1.0 / n)),
            "prod" => Array::number(x.data.iter().fold(real(1.0), |p, v| p.mul(*v))),
            "max" | "min" => {
                let sign = if name == "max" { 1.0 } else { -1.0 };
                let mut order: Vec<Dual> = x.data.clone();
                order.sort_by(|a, b| (sign * b.v).total_cmp(&(sign * a.v)));
                if let [a, b, ..] = order[..] {
                    self.near(vec![a.sub(b)]);
                }
                Array::number(order[0])
            }
            "norm1" => {
                self.near(x.data.clone());
                Array::number(elementwise(x, "abs")?.sum())
            }
            "norm2" => {
                let square = Array::number(x.zip(x, |a, b| Ok(a.mul(b)))?.sum());
                elementwise(&square, "sqrt")?
            }
            "logsumexp" => elementwise(&Array::number(elementwise(x, "exp")?.sum()), "log")?,
            "softmax" => {
                let e = elementwise(x, "exp")?;
                let total = e.sum().reciprocal();
                e.map(|v| Ok(v.mul(total)))?
            }
            "logsoftmax" => {
                let total = self.function("logsumexp", args)?;
                x.zip(&total, |a, b| Ok(a.sub(b)))?
            }
            "layernorm" => {
                let mean = x.sum().scale(1.0 / n);
                let centred = x.map(|v| Ok(v.sub(mean)))?;
                let variance = centred.zip(&centred, |a, b| Ok(a.mul(b)))?.sum().scale(1.0 / n);
                let under = Array::number(variance.add(args[1].data[0]));
                let root = elementwise(&under, "sqrt")?.data[0];
                centred.map(|v| divide(v, root))?
            }
            "dot" => Array::number(x.zip(&args[1], |a, b| Ok(a.mul(b)))?.sum()),
            "mse" => {
                let gap = x.zip(&args[1], |a, b| Ok(a.sub(b)))?;
                Array::number(gap.zip(&gap, |a, b| Ok(a.mul(b)))?.sum().scale(1.0 / n))
            }
            "cross_entropy" => {
                let logs = elementwise(x, "log")?;
                Array::number(logs.zip(&args[1], |a, b| Ok(a.mul(b)))?.sum().scale(-1.0))
            }
            "tr" => Array::number((0..x.rows).fold(Dual::default(), |s, k| s.add(x.at(k, k)))),
            "det" => Array::number(eliminate(x)?.0),
            "logdet" => {
                let det = eliminate(x)?.0;
                let size = det.scale(det.v.signum());
                elementwise(&Array::number(size), "log")?
            }
            "inv" => eliminate(x)?.1,
            "adj" => {
                let (det, inverse) = eliminate(x)?;
                inverse.map(|v| Ok(v.mul(det)))?
            }
            "solve" => eliminate(x)?.1.times(&args[1]),
            "diag" => Array::new(x.rows, 1, |i, _| x.at(i, i)),
            "tril" => {
                Array::new(x.rows, x.rows, |i, j| if j <= i { x.at(i, j) } else { real(0.0) })
            }
            "triu" => {
                Array::new(x.rows, x.rows, |i, j| if j >= i { x.at(i, j) } else { real(0.0) })
            }
            "vec" => Array { rows: x.data.len(), data: x.transposed().data },
            "outer" => Array::new(x.rows, args[1].rows, |i, j| x.data[i].mul(args[1].data[j])),
            "kron" => {
                let y = &args[1];
                let (p, q) = (y.rows, y.columns());
                Array::new(x.rows * p, x.columns() * q, |i, j| {
                    x.at(i / p, j / q).mul(y.at(i % p, j % q))
                })
            }
            _ => return Err(Undefined),
        })
    }
}

/// Determinant and inverse by Gauss and Jordan; a matrix that is close to singular has neither.
fn eliminate(x: &Array) -> Result<(Dual, Array), Undefined> {
    let n = x.rows;
    let mut a = x.clone();
    let mut inverse = Array::new(n, n, |i, j| real(f64::from(i == j)));
    let mut det = real(1.0);
    let scale = x.data.iter().fold(0.0f64, |m, v| m.max(v.v.abs()));
    for k in 0..n {
        let size = |i: usize| a.at(i, k).v.abs();
        let pivot = (k..n).max_by(|i, j| size(*i).total_cmp(&size(*j))).unwrap_or(k);
        if size(pivot) < 1e-4 * scale || size(pivot) < TINY {
            return Err(Undefined);
        }
        if pivot != k {
            det = det.scale(-1.0);
            for j in 0..n {
                a.data.swap(pivot * n + j, k * n + j);
                inverse.data.swap(pivot * n + j, k * n + j);
            }
        }
        det = det.mul(a.at(k, k));
        let by = a.at(k, k).reciprocal();
        for j in 0..n {
            a.data[k * n + j] = a.at(k, j).mul(by);
            inverse.data[k * n + j] = inverse.at(k, j).mul(by);
        }
        for i in (0..n).filter(|i| *i != k) {
            let factor = a.at(i, k);
            for j in 0..n {
                a.data[i * n + j] = a.at(i, j).sub(factor.mul(a.at(k, j)));
                inverse.data[i * n + j] = inverse.at(i, j).sub(factor.mul(inverse.at(k, j)));
            }
        }
    }
    Ok((det, inverse))
}
