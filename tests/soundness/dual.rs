//! Hyper-dual numbers: a value with its first and second derivatives (Fike & Alonso 2011), and the
//! elementwise functions of them.

/// `v + a·ε₁ + b·ε₂ + ab·ε₁ε₂`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Dual {
    pub(crate) v: f64,
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) ab: f64,
}

pub(crate) fn real(v: f64) -> Dual {
    Dual { v, a: 0.0, b: 0.0, ab: 0.0 }
}

impl Dual {
    pub(crate) fn add(self, o: Dual) -> Dual {
        Dual { v: self.v + o.v, a: self.a + o.a, b: self.b + o.b, ab: self.ab + o.ab }
    }

    pub(crate) fn scale(self, k: f64) -> Dual {
        Dual { v: k * self.v, a: k * self.a, b: k * self.b, ab: k * self.ab }
    }

    pub(crate) fn sub(self, o: Dual) -> Dual {
        self.add(o.scale(-1.0))
    }

    pub(crate) fn mul(self, o: Dual) -> Dual {
        Dual {
            v: self.v * o.v,
            a: self.a * o.v + self.v * o.a,
            b: self.b * o.v + self.v * o.b,
            ab: self.ab * o.v + self.a * o.b + self.b * o.a + self.v * o.ab,
        }
    }

    /// A function with this value and these first two derivatives.
    pub(crate) fn map(self, [f, f1, f2]: [f64; 3]) -> Dual {
        let second = if self.a == 0.0 || self.b == 0.0 { 0.0 } else { f2 * self.a * self.b };
        let first = |x: f64| if x == 0.0 { 0.0 } else { f1 * x };
        Dual { v: f, a: first(self.a), b: first(self.b), ab: first(self.ab) + second }
    }

    pub(crate) fn reciprocal(self) -> Dual {
        let r = 1.0 / self.v;
        self.map([r, -r * r, 2.0 * r * r * r])
    }
}

/// What is nearer than this to 0 is not divided by.
pub(crate) const TINY: f64 = 1e-7;

/// The value is not defined, or not known well enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undefined;

pub(crate) fn divide(a: Dual, b: Dual) -> Result<Dual, Undefined> {
    if b.v.abs() < TINY { Err(Undefined) } else { Ok(a.mul(b.reciprocal())) }
}

pub(crate) fn power(a: Dual, b: Dual) -> Result<Dual, Undefined> {
    let constant = b.a == 0.0 && b.b == 0.0 && b.ab == 0.0;
    if constant && b.v.fract() == 0.0 {
        if b.v < 0.0 && a.v.abs() < TINY {
            return Err(Undefined);
        }
        let k = b.v as i32;
        let slope = if k == 0 { 0.0 } else { b.v * a.v.powi(k - 1) };
        let second = if k == 0 || k == 1 { 0.0 } else { b.v * (b.v - 1.0) * a.v.powi(k - 2) };
        return Ok(a.map([a.v.powi(k), slope, second]));
    }
    let log = a.map(derivatives("log", a.v)?);
    let exponent = log.mul(b);
    Ok(exponent.map(derivatives("exp", exponent.v)?))
}

/// The error function by its series.
fn erf(x: f64) -> f64 {
    if x.abs() > 4.0 {
        return x.signum();
    }
    let (mut term, mut total) = (x, x);
    for n in 1..120 {
        term *= -x * x / f64::from(n);
        total += term / f64::from(2 * n + 1);
    }
    total * 2.0 / std::f64::consts::PI.sqrt()
}

/// An elementwise function and its first two derivatives.
pub(crate) fn derivatives(name: &str, x: f64) -> Result<[f64; 3], Undefined> {
    let outside = match name {
        "log" | "sqrt" => x < TINY,
        "log1p" => x < TINY - 1.0,
        "asin" | "acos" | "atanh" => x.abs() > 1.0 - TINY,
        "acosh" => x < 1.0 + TINY,
        "tan" => x.cos().abs() < 1e-3,
        _ => false,
    };
    if outside {
        return Err(Undefined);
    }
    let s = 1.0 / (1.0 + (-x).exp());
    let (s1, s2) = (s * (1.0 - s), s * (1.0 - s) * (1.0 - 2.0 * s));
    let (sin, cos, exp, t) = (x.sin(), x.cos(), x.exp(), x.tanh());
    let positive = f64::from(x > 0.0);
    let sign = if x == 0.0 { 0.0 } else { x.signum() };
    Ok(match name {
        "exp" => [exp, exp, exp],
        "expm1" => [x.exp_m1(), exp, exp],
        "log" => [x.ln(), 1.0 / x, -1.0 / (x * x)],
        "log1p" => [x.ln_1p(), 1.0 / (1.0 + x), -1.0 / (1.0 + x).powi(2)],
        "sqrt" => [x.sqrt(), 0.5 / x.sqrt(), -0.25 / (x * x.sqrt())],
        "sin" => [sin, cos, -sin],
        "cos" => [cos, -sin, -cos],
        "tan" => [x.tan(), 1.0 / (cos * cos), 2.0 * sin / cos.powi(3)],
        "asin" => [x.asin(), (1.0 - x * x).powf(-0.5), x * (1.0 - x * x).powf(-1.5)],
        "acos" => [x.acos(), -(1.0 - x * x).powf(-0.5), -x * (1.0 - x * x).powf(-1.5)],
        "atan" => [x.atan(), 1.0 / (1.0 + x * x), -2.0 * x / (1.0 + x * x).powi(2)],
        "sinh" => [x.sinh(), x.cosh(), x.sinh()],
        "cosh" => [x.cosh(), x.sinh(), x.cosh()],
        "tanh" => [t, 1.0 - t * t, -2.0 * t * (1.0 - t * t)],
        "asinh" => [x.asinh(), (1.0 + x * x).powf(-0.5), -x * (1.0 + x * x).powf(-1.5)],
        "acosh" => [x.acosh(), (x * x - 1.0).powf(-0.5), -x * (x * x - 1.0).powf(-1.5)],
        "atanh" => [x.atanh(), 1.0 / (1.0 - x * x), 2.0 * x / (1.0 - x * x).powi(2)],
        "abs" => [x.abs(), sign, 0.0],
        "sign" => [sign, 0.0, 0.0],
        "relu" => [x * positive, positive, 0.0],
        "step" => [positive, 0.0, 0.0],
        "sigmoid" => [s, s1, s2],
        "softplus" => [if x > 30.0 { x } else { exp.ln_1p() }, s, s1],
        "silu" => [x * s, s + x * s1, 2.0 * s1 + x * s2],
        "erf" => {
            let bell = 2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp();
            [erf(x), bell, -2.0 * x * bell]
        }
        // stands for every function
        "f" => {
            let u = 1.3 * x + 0.2;
            [u.sin() + 0.3 * x * x, 1.3 * u.cos() + 0.6 * x, -1.69 * u.sin() + 0.6]
        }
        _ => return Err(Undefined),
    })
}
