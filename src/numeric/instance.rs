//! What unknown functions stand for while the judge evaluates: smooth functions without parity,
//! linearity or periodicity, with exact derivatives.

use super::jet;
use crate::array::KernelError;
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

/// `a*exp(r*u) + b*sin(w*u + p) + c*u^3 + d*u^2`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Mix {
    a: f64,
    r: f64,
    b: f64,
    w: f64,
    p: f64,
    c: f64,
    d: f64,
}

#[rustfmt::skip]
const MIXES: [Mix; 4] = [
    Mix { a: 0.5,  r: 0.3,  b: 1.0,  w: 1.3, p: 0.2, c: 0.25,  d: 0.0 },
    Mix { a: 1.0,  r: 0.4,  b: -0.7, w: 0.9, p: 0.5, c: 0.0,   d: 0.35 },
    Mix { a: -0.8, r: -0.5, b: 1.2,  w: 0.7, p: 1.1, c: -0.15, d: 0.3 },
    Mix { a: 0.6,  r: 0.7,  b: 0.9,  w: 1.7, p: 0.8, c: 0.1,   d: -0.4 },
];

impl Mix {
    fn derivative(&self, order: u32, u: f64) -> f64 {
        let n = i32::try_from(order).unwrap_or(i32::MAX);
        let turn = f64::from(order % 4) * std::f64::consts::FRAC_PI_2;
        let polynomial = match order {
            0 => self.c * u * u * u + self.d * u * u,
            1 => 3.0 * self.c * u * u + 2.0 * self.d * u,
            2 => 6.0 * self.c * u + 2.0 * self.d,
            3 => 6.0 * self.c,
            _ => 0.0,
        };
        // sin⁽ⁿ⁾(t) = sin(t + nπ/2)
        self.a * self.r.powi(n) * (self.r * u).exp()
            + self.b * self.w.powi(n) * (self.w * u + self.p + turn).sin()
            + polynomial
    }
}

impl fmt::Display for Mix {
    /// An expression of `u` in our language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}*exp({}*u) + {}*sin({}*u + {})", self.a, self.r, self.b, self.w, self.p)?;
        for (coefficient, power) in [(self.c, 3), (self.d, 2)] {
            if coefficient != 0.0 {
                let sign = if coefficient < 0.0 { '-' } else { '+' };
                write!(f, " {sign} {}*u^{power}", coefficient.abs())?;
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
        match jet::derivative(&program, 0, 0.5) {
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
    pub fn derivative(&self, order: u32, u: f64) -> Result<f64, KernelError> {
        match self {
            Instance::Mix(mix) => Ok(mix.derivative(order, u)),
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
    pub fn functional(&self, order: u32, x: &[f64]) -> Result<Vec<f64>, KernelError> {
        let Instance::Functional(number) = *self else { return Err(KernelError::Unsupported) };
        // J(x) = Σ a_k sin(b_k x_k + c_k) + q (Σ w_k x_k)² + exp(Σ v_k x_k), with weights that
        // differ from entry to entry so that no permutation of entries goes unseen
        let weight = |k: usize, salt: f64| {
            let t = (k as f64 + 1.0) * 0.618_033_988_75 + salt + 0.37 * f64::from(number);
            t - t.floor()
        };
        let wave = |k: usize| (0.5 + weight(k, 0.1), 0.7 + weight(k, 0.3), weight(k, 0.6));
        let linear = |k: usize| 0.3 + weight(k, 0.8);
        let scale = 0.4 / (x.len().max(1) as f64).sqrt();
        let rate = |k: usize| scale * (weight(k, 0.45) - 0.3);
        let q = 0.15;
        let s: f64 = x.iter().enumerate().map(|(k, v)| linear(k) * v).sum();
        let e: f64 = x.iter().enumerate().map(|(k, v)| rate(k) * v).sum::<f64>().exp();
        let entries = x.iter().enumerate();
        match order {
            0 => {
                let waves: f64 = entries
                    .map(|(k, v)| {
                        let (a, b, c) = wave(k);
                        a * (b * v + c).sin()
                    })
                    .sum();
                Ok(vec![waves + q * s * s + e])
            }
            1 => Ok(entries
                .map(|(k, v)| {
                    let (a, b, c) = wave(k);
                    a * b * (b * v + c).cos() + 2.0 * q * s * linear(k) + rate(k) * e
                })
                .collect()),
            2 if x.len() > 1 << 10 => Err(KernelError::TooLarge),
            2 => {
                let mut out = Vec::with_capacity(x.len() * x.len());
                for (k, v) in entries {
                    for l in 0..x.len() {
                        let (a, b, c) = wave(k);
                        let own = if k == l { -a * b * b * (b * v + c).sin() } else { 0.0 };
                        out.push(own + 2.0 * q * linear(k) * linear(l) + rate(k) * rate(l) * e);
                    }
                }
                Ok(out)
            }
            _ => Err(KernelError::Unsupported),
        }
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
                let at = |u| f.derivative(order, u).expect("a mix has every derivative");
                let slope = (at(0.7 + h) - at(0.7 - h)) / (2.0 * h);
                let exact = f.derivative(order + 1, 0.7).expect("a mix has every derivative");
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
                let (a, b) = (mix.derivative(order, -0.6), text.derivative(order, -0.6));
                let (a, b) = (a.expect("a value"), b.expect("a value"));
                assert!((a - b).abs() < 1e-12, "{number} {order}: {a} {b}");
            }
        }
        assert!(Instance::parse("u +").is_err() && Instance::parse("v").is_err());
    }

    #[test]
    fn gradient_and_hessian_belong_to_the_function_of_an_array() {
        let j = Instance::scalar(2);
        let x = [0.3, -1.1, 0.8];
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
}
