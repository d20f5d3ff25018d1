//! What unknown functions stand for while the judge evaluates: smooth functions without parity,
//! linearity or periodicity, with exact derivatives.

use super::arithmetic::integer_power;
use super::jet;
use crate::array::KernelError;
use crate::functions::Elementary;
use crate::number::Number;
use crate::syntax::ast::Program;
use std::fmt;

/// The highest derivative that a user's own instance is asked for; beyond it the series of the
/// jets have lost their digits.
const HIGHEST_ORDER: u32 = 40;

/// What one unknown function stands for.
#[derive(Clone, Debug)]
pub enum Instance {
    /// An elementwise function in closed form.
    Mix(Mix),
    /// An elementwise function given as an expression of `u`.
    Text(Box<Program>),
    /// A function of a whole array, chosen by a number.
    Functional(u32),
    /// Any function at all, elementwise or of a whole array, told from others by a number: only
    /// numbers in which functions may be random take it.
    Opaque(u32),
}

/// `a*exp(r*u) + b*sin(w*u + p) + c*u^3 + d*u^2`, in hundredths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mix {
    a: i64,
    r: i64,
    b: i64,
    w: i64,
    p: i64,
    c: i64,
    d: i64,
}

#[rustfmt::skip]
const MIXES: [Mix; 4] = [
    Mix { a: 50,  r: 30,  b: 100, w: 130, p: 20,  c: 25,  d: 0 },
    Mix { a: 100, r: 40,  b: -70, w: 90,  p: 50,  c: 0,   d: 35 },
    Mix { a: -80, r: -50, b: 120, w: 70,  p: 110, c: -15, d: 30 },
    Mix { a: 60,  r: 70,  b: 90,  w: 170, p: 80,  c: 10,  d: -40 },
];

impl Mix {
    fn derivative<S: Elementary>(&self, order: u32, u: S) -> Result<S, KernelError> {
        let n = i64::from(order);
        let of = |hundredths| ratio::<S>(hundredths, 100);
        let (a, r, b, w, p) = (of(self.a)?, of(self.r)?, of(self.b)?, of(self.w)?, of(self.p)?);
        let (c, d) = (of(self.c)?, of(self.d)?);
        let times = |k: i64, x: S| Ok::<S, KernelError>(ratio::<S>(k, 1)?.mul(x));
        let polynomial = match order {
            0 => c.mul(u).add(d).mul(u).mul(u),
            1 => times(3, c.mul(u))?.add(times(2, d)?).mul(u),
            2 => times(6, c.mul(u))?.add(times(2, d)?),
            3 => times(6, c)?,
            _ => S::ZERO,
        };
        let angle = w.mul(u).add(p);
        let minus = |x: S| S::ZERO.sub(x);
        let wave = match order % 4 {
            0 => angle.sin()?,
            1 => angle.cos()?,
            2 => minus(angle.sin()?),
            _ => minus(angle.cos()?),
        };
        let growth = a.mul(integer_power(r, n)?).mul(r.mul(u).exp()?);
        Ok(growth.add(b.mul(integer_power(w, n)?).mul(wave)).add(polynomial))
    }
}

/// n/d, rounded to this kind of number.
fn ratio<S: Elementary>(n: i64, d: i64) -> Result<S, KernelError> {
    S::from_number(&Number::ratio(n, d).ok_or(KernelError::Undefined)?)
}

impl fmt::Display for Mix {
    /// An expression of `u` in our language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |hundredths: i64| hundredths as f64 / 100.0;
        let (a, r, b, w, p) = (of(self.a), of(self.r), of(self.b), of(self.w), of(self.p));
        write!(f, "{a}*exp({r}*u) + {b}*sin({w}*u + {p})")?;
        for (coefficient, power) in [(self.c, 3), (self.d, 2)] {
            if coefficient != 0 {
                let sign = if coefficient < 0 { '-' } else { '+' };
                write!(f, " {sign} {}*u^{power}", of(coefficient.abs()))?;
            }
        }
        Ok(())
    }
}

impl Instance {
    /// One of several elementwise functions; different numbers give different ones, in turn.
    pub fn elementwise(number: usize) -> Instance {
        Instance::Mix(MIXES[number % MIXES.len()])
    }

    /// One of several functions of an array to a scalar.
    pub fn scalar(number: usize) -> Instance {
        Instance::Functional((number % 5) as u32)
    }

    /// An elementwise function given as an expression of `u`.
    ///
    /// # Errors
    /// A message where the text cannot be read or uses what jets do not know.
    pub fn parse(text: &str) -> Result<Instance, String> {
        let program = crate::syntax::parser::parse(text).map_err(|e| e.to_string())?;
        match jet::derivative(&program, 0, 0.5f64) {
            Err(KernelError::Unsupported) => {
                Err("expected an elementwise expression of `u` in functions that are known"
                    .to_string())
            }
            _ => Ok(Instance::Text(Box::new(program))),
        }
    }

    /// The function as text in our language, of a variable `u`.
    pub fn text(&self) -> String {
        match self {
            Instance::Mix(mix) => mix.to_string(),
            Instance::Text(program) => program.source.trim().to_string(),
            Instance::Functional(number) => {
                format!("smooth scalar function number {number}, with weights by position")
            }
            Instance::Opaque(number) => format!("any function, number {number}"),
        }
    }

    /// The derivative of an elementwise function; order 0 is the function itself.
    ///
    /// # Errors
    /// [`KernelError::Undefined`] outside the domain, [`KernelError::Unsupported`] for what the
    /// instance's text uses and jets do not know, and for a function of an array.
    pub fn derivative<S: Elementary>(&self, order: u32, u: S) -> Result<S, KernelError> {
        match self {
            Instance::Mix(mix) => mix.derivative(order, u),
            Instance::Text(_) if order > HIGHEST_ORDER => Err(KernelError::TooLarge),
            Instance::Text(program) => jet::derivative(program, order, u),
            Instance::Functional(_) | Instance::Opaque(_) => Err(KernelError::Unsupported),
        }
    }

    /// The value (order 0, one entry), gradient (1) or Hessian (2, row-major) of a function of an
    /// array.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] for higher orders and for elementwise functions,
    /// [`KernelError::TooLarge`] for the Hessian of a large array.
    pub fn functional<S: Elementary>(&self, order: u32, x: &[S]) -> Result<Vec<S>, KernelError> {
        let Instance::Functional(number) = *self else { return Err(KernelError::Unsupported) };
        if order > 2 {
            return Err(KernelError::Unsupported);
        }
        if order == 2 && x.len() > 1 << 10 {
            return Err(KernelError::TooLarge);
        }
        let weights = Weights::<S>::new(number, x.len())?;
        let product = |a: &[S]| a.iter().zip(x).fold(S::ZERO, |sum, (a, x)| sum.add(a.mul(*x)));
        let (s, e) = (product(&weights.linear), product(&weights.rate).exp()?);
        let mut out = Vec::new();
        let mut total = weights.square.mul(s).mul(s).add(e);
        let twice = weights.square.add(weights.square);
        for (k, &v) in x.iter().enumerate() {
            let (a, b, c) = weights.waves[k];
            let angle = b.mul(v).add(c);
            let (linear, rate) = (weights.linear[k], weights.rate[k]);
            match order {
                0 => total = total.add(a.mul(angle.sin()?)),
                1 => {
                    let own = a.mul(b).mul(angle.cos()?);
                    out.push(own.add(twice.mul(s).mul(linear)).add(rate.mul(e)));
                }
                _ => {
                    let own = a.mul(b).mul(b).mul(angle.sin()?);
                    for l in 0..x.len() {
                        let mixed = twice.mul(linear).mul(weights.linear[l]);
                        let mixed = mixed.add(rate.mul(weights.rate[l]).mul(e));
                        out.push(if k == l { mixed.sub(own) } else { mixed });
                    }
                }
            }
        }
        if order == 0 {
            out.push(total);
        }
        Ok(out)
    }
}

/// The coefficients of J(x) = Σ aₖ sin(bₖ xₖ + cₖ) + q (Σ wₖ xₖ)² + exp(Σ vₖ xₖ), which differ from
/// entry to entry so that no permutation of entries goes unseen.
struct Weights<S> {
    waves: Vec<(S, S, S)>,
    linear: Vec<S>,
    rate: Vec<S>,
    square: S,
}

impl<S: Elementary> Weights<S> {
    fn new(number: u32, n: usize) -> Result<Weights<S>, KernelError> {
        let exact = |millionths: i64| ratio::<S>(millionths, 1_000_000);
        // the fractional parts of multiples of the golden ratio never repeat
        let weight = |k: usize, salt: f64| {
            let t = (k as f64 + 1.0) * 0.618_033_988_75 + salt + 0.37 * f64::from(number);
            ((t - t.floor()) * 1e6).round() as i64
        };
        let scale = exact((4e5 / (n.max(1) as f64).sqrt()).round() as i64)?;
        let mut weights = Weights {
            waves: Vec::with_capacity(n),
            linear: Vec::with_capacity(n),
            rate: Vec::with_capacity(n),
            square: exact(150_000)?,
        };
        for k in 0..n {
            let (a, b) = (500_000 + weight(k, 0.1), 700_000 + weight(k, 0.3));
            weights.waves.push((exact(a)?, exact(b)?, exact(weight(k, 0.6))?));
            weights.linear.push(exact(300_000 + weight(k, 0.8))?);
            weights.rate.push(scale.mul(exact(weight(k, 0.45) - 300_000)?));
        }
        Ok(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_the_function() {
        let h = 1e-5;
        for number in 0..4 {
            let f = Instance::elementwise(number);
            for order in 0..6 {
                let at = |u: f64| f.derivative(order, u).expect("a mix has every derivative");
                let slope = (at(0.7 + h) - at(0.7 - h)) / (2.0 * h);
                let exact = f.derivative(order + 1, 0.7f64).expect("a mix has every derivative");
                assert!((slope - exact).abs() < 1e-8, "{number} {order}");
            }
        }
    }

    #[test]
    fn a_mix_and_its_text_have_the_same_derivatives() {
        for number in 0..4 {
            let mix = Instance::elementwise(number);
            let text = Instance::parse(&mix.text()).expect("the text is in our language");
            for order in 0..5 {
                let (a, b) = (mix.derivative(order, -0.6f64), text.derivative(order, -0.6f64));
                let (a, b) = (a.expect("a value"), b.expect("a value"));
                assert!((a - b).abs() < 1e-12, "{number} {order}: {a} {b}");
            }
        }
        assert!(Instance::parse("u +").is_err() && Instance::parse("v").is_err());
    }

    #[test]
    fn gradient_and_hessian_belong_to_the_function_of_an_array() {
        let j = Instance::scalar(2);
        let x = [0.3f64, -1.1, 0.8];
        let h = 1e-5;
        for order in 0..2 {
            let exact = j.functional(order + 1, &x).expect("orders to 2 exist");
            for k in 0..3 {
                let at = |t: f64| {
                    let mut moved = x;
                    moved[k] += t;
                    j.functional(order, &moved).expect("orders to 2 exist")
                };
                for (i, (p, m)) in at(h).iter().zip(&at(-h)).enumerate() {
                    let slope = (p - m) / (2.0 * h);
                    assert!((slope - exact[i * if order == 0 { 0 } else { 3 } + k]).abs() < 1e-8);
                }
            }
        }
    }

    #[test]
    fn balls_and_doubles_see_the_same_function() {
        use crate::field::ball::Ball;
        let x = [0.25f64, -1.5, 0.75];
        let ball = |v: f64| Ball::exact(crate::field::wide::Wide::from_double(v).expect("finite"));
        for number in 0..4 {
            let f = Instance::elementwise(number);
            let text = Instance::parse(&f.text()).expect("our language");
            for order in 0..6 {
                let exact = f.derivative(order, ball(0.75)).expect("smooth");
                let double = f.derivative(order, 0.75f64).expect("smooth");
                assert!((exact.to_double() - double).abs() < 1e-13);
                let same = text.derivative(order, ball(0.75)).expect("smooth");
                assert!(exact.agreement(same) > 68.0, "{number} {order}");
            }
            let j = Instance::scalar(number);
            for order in 0..3 {
                let exact = j.functional(order, &x.map(ball)).expect("orders to 2 exist");
                let doubles = j.functional(order, &x).expect("orders to 2 exist");
                for (a, b) in exact.iter().zip(doubles) {
                    assert!((a.to_double() - b).abs() < 1e-13);
                }
            }
        }
    }
}
