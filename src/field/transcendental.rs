//! Elementary functions of [`Ball`]s.
//!
//! Each evaluates a convergent series at the midpoint in ball arithmetic, which keeps account of
//! rounding, adds a bound on what the series leaves out, and then the effect of the radius by a
//! bound on the derivative. So the result contains the true value, and its radius is a few hundred
//! units of 2⁻²⁵⁶ where the argument was exact and moderate.
//!
//! **Source** Brent & Zimmermann, Modern Computer Arithmetic, chapter 4; for erfc Cuyt et al.,
//! Handbook of Continued Fractions, §13.2.

use super::ball::Ball;
use super::magnitude::Magnitude;
use super::wide::{BITS, Wide};
use crate::array::{KernelError, Scalar};
use crate::functions::{Elementary, Function};
use num_bigint::BigInt;
use std::sync::OnceLock;

type Result<T> = std::result::Result<T, KernelError>;

/// What a series leaves out lies this many bits below its first term.
const TERMS_BITS: i64 = BITS + 8;
/// Arguments of exp and of the circular functions are reduced up to 2 to this power.
const LARGEST_REDUCED: i64 = 50;
/// Integer exponents up to this magnitude are repeated products.
const LARGEST_PRODUCT: i64 = 1 << 16;

/// A constant in two parts: the first so short that its moderate multiples are exact.
#[derive(Clone, Copy)]
struct Constant {
    high: Wide,
    low: Ball,
    whole: Ball,
}

/// The bits behind the point of constants as they are computed.
const CONSTANT_BITS: u32 = 560;

impl Constant {
    /// A sum of integers times arctan(1/n) or artanh(1/n), less than 4.
    fn new(terms: &[(i64, i64)], alternating: bool) -> Constant {
        let mut sum = BigInt::ZERO;
        for &(factor, n) in terms {
            let mut power = (BigInt::from(1) << CONSTANT_BITS) / n;
            let (mut total, mut k) = (BigInt::ZERO, 0i64);
            while power != BigInt::ZERO {
                let term = &power / (2 * k + 1);
                total += if alternating && k % 2 == 1 { -term } else { term };
                power /= n * n;
                k += 1;
            }
            sum += total * factor;
        }
        // less than 2⁸ terms are each cut off by less than 4 units, and the factors are below 2⁶
        let error = Magnitude::power_of_two(20 - i64::from(CONSTANT_BITS));
        let cut = CONSTANT_BITS - 190;
        let high: BigInt = (&sum >> cut) << cut;
        let unit = -i64::from(CONSTANT_BITS);
        let rest = Ball::from_big(&(&sum - &high)).scale(unit).widen(error);
        let whole = Ball::from_big(&sum).scale(unit).widen(error);
        Constant { high: Wide::from_big(&high).0.scale(unit), low: rest, whole }
    }

    /// x less n times the constant, for |n| < 2⁶⁰.
    fn reduce(&self, x: Wide, n: i64) -> Ball {
        let n = Ball::integer(n);
        Ball::exact(x).sub(Ball::exact(self.high).mul(n)).sub(self.low.mul(n))
    }
}

/// π/2
fn quarter() -> &'static Constant {
    static QUARTER: OnceLock<Constant> = OnceLock::new();
    // Machin 1706
    QUARTER.get_or_init(|| Constant::new(&[(8, 5), (-2, 239)], true))
}

/// log 2
fn log_two() -> &'static Constant {
    static LOG_TWO: OnceLock<Constant> = OnceLock::new();
    LOG_TWO.get_or_init(|| Constant::new(&[(18, 26), (-2, 4801), (8, 8749)], false))
}

/// π
pub(super) fn pi() -> Ball {
    quarter().whole.scale(1)
}

/// 2/√π
fn two_over_root_pi() -> Ball {
    static FACTOR: OnceLock<Ball> = OnceLock::new();
    *FACTOR.get_or_init(|| {
        let factor = pi().sqrt().and_then(|root| Ball::integer(2).div(root));
        factor.unwrap_or(Ball::UNBOUNDED)
    })
}

/// 1/0!, 1/1!, …
fn inverse_factorials() -> &'static [Ball; 32] {
    static TABLE: OnceLock<[Ball; 32]> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = [Ball::ONE; 32];
        for (k, n) in (1..32).zip(1i64..) {
            table[k] = over(table[k - 1], n);
        }
        table
    })
}

/// x/n
fn over(x: Ball, n: i64) -> Ball {
    x.div(Ball::integer(n)).unwrap_or(Ball::UNBOUNDED)
}

/// xⁿ, rounded up.
fn power_above(x: Magnitude, n: u64) -> Magnitude {
    (0..n).fold(Magnitude::power_of_two(0), |product, _| product.times(x))
}

/// arctan s or artanh s for |s| < 2⁻⁴.
fn odd_series(s: Ball, alternating: bool) -> Ball {
    let above = s.above();
    if above.is_zero() {
        return s;
    }
    if !above.is_finite() || above.exponent() >= -4 {
        return Ball::UNBOUNDED;
    }
    let bits = 2 * (-above.exponent() - 1);
    let terms = (TERMS_BITS / bits + 1).max(1);
    let square = s.mul(s);
    let square = if alternating { Ball::ZERO.sub(square) } else { square };
    let mut sum = Ball::ZERO;
    for k in (0..terms).rev() {
        sum = sum.mul(square).add(over(Ball::ONE, 2 * k + 1));
    }
    // the rest is less than twice its first term
    s.mul(sum).widen(power_above(above, (2 * terms + 1).unsigned_abs()).shift(1))
}

/// eˣ − 1 for an exact |x| < 1.2.
fn expm1_reduced(x: Wide) -> Ball {
    const HALVINGS: i64 = 12;
    const TERMS: usize = 18;
    let t = Ball::exact(x).scale(-HALVINGS);
    let table = inverse_factorials();
    let mut sum = table[TERMS];
    for k in (1..TERMS).rev() {
        sum = sum.mul(t).add(table[k]);
    }
    let rest = power_above(t.above(), TERMS as u64 + 1).times(table[TERMS + 1].above()).shift(1);
    let mut y = sum.mul(t).widen(rest);
    for _ in 0..HALVINGS {
        // e²ᵗ − 1 = (eᵗ − 1)(eᵗ − 1 + 2)
        y = y.mul(y.add(Ball::integer(2)));
    }
    y
}

/// n with |x − n·unit| hardly more than half a unit, for moderate x.
fn nearest_multiple(x: Wide, unit: f64) -> i64 {
    (x.to_double() / unit).round() as i64
}

/// cos x and sin x for an exact moderate x.
fn circle(x: Wide) -> Result<(Ball, Ball)> {
    const HALVINGS: i64 = 8;
    const TERMS: usize = 12;
    if x.is_zero() {
        return Ok((Ball::ONE, Ball::ZERO));
    }
    let turns = nearest_multiple(x, std::f64::consts::FRAC_PI_2);
    let reduced = quarter().reduce(x, turns);
    let angle = Ball::exact(reduced.mid());
    let small = angle.scale(-HALVINGS);
    let square = small.mul(small);
    let minus = Ball::ZERO.sub(square);
    let table = inverse_factorials();
    let mut sum = table[2 * TERMS];
    for k in (1..TERMS).rev() {
        sum = sum.mul(minus).add(table[2 * k]);
    }
    let next = table[2 * TERMS + 2].above().times(power_above(square.above(), TERMS as u64 + 1));
    // cos t − 1, and from it that of the doubled angle: 2(cos t − 1)(cos t + 1)
    let mut versed = sum.mul(minus).widen(next);
    let two = Ball::integer(2);
    for _ in 0..HALVINGS {
        versed = versed.mul(versed.add(two)).scale(1);
    }
    let square = Ball::ZERO.sub(versed.mul(versed.add(two)));
    let sine = square.sqrt()?;
    let sine = if angle.mid().is_negative() { Ball::ZERO.sub(sine) } else { sine };
    let sine = sine.widen(reduced.radius());
    let cosine = versed.add(Ball::ONE).widen(reduced.radius());
    let minus = |x: Ball| Ball::ZERO.sub(x);
    Ok(match turns.rem_euclid(4) {
        0 => (cosine, sine),
        1 => (minus(sine), cosine),
        2 => (minus(cosine), minus(sine)),
        _ => (sine, minus(cosine)),
    })
}

/// √x for an exact positive x.
fn root(x: Wide) -> Ball {
    let half = (x.exponent() + 1).div_euclid(2);
    let x = x.scale(-2 * half);
    // Newton's iteration for 1/√x, 53 bits at first
    let guess = Wide::from_double(1.0 / x.to_double().sqrt()).unwrap_or(Wide::ONE);
    let times = |a: Wide, b: Wide| a.product(b).0;
    let mut z = guess;
    for _ in 0..3 {
        let rest = Wide::ONE.difference(times(x, times(z, z))).0;
        z = z.sum(times(z, rest).scale(-1)).0;
    }
    let y = times(x, z);
    let y = y.sum(times(z, x.difference(times(y, y)).0).scale(-1)).0;
    let short = y.shorten();
    let y = if short.product(short) == (x, true) { short } else { y };
    // whatever the iteration did: |y − √x| ≤ |y² − x|/y
    let square = Ball::exact(y).mul(Ball::exact(y));
    let error = square.sub(Ball::exact(x)).above().per(Magnitude::below(y));
    Ball::around(y, error).scale(half)
}

/// log x for an exact positive x.
fn logarithm(x: Wide) -> Result<Ball> {
    let mut e = x.exponent();
    let mut m = x.scale(-e);
    if m.to_double() < std::f64::consts::FRAC_1_SQRT_2 {
        m = m.scale(1);
        e -= 1;
    }
    let guess = Wide::from_double(m.to_double().ln()).unwrap_or(Wide::ZERO);
    let z = Ball::exact(m).mul(Ball::exact(guess.negated()).exp()?).sub(Ball::ONE);
    let s = z.div(z.add(Ball::integer(2)))?;
    let log = Ball::exact(guess).add(odd_series(s, false).scale(1));
    Ok(if e == 0 { log } else { log.add(log_two().whole.mul(Ball::integer(e))) })
}

/// arctan x for an exact x with |x| ≤ 1.
fn arctangent(x: Wide) -> Result<Ball> {
    if x.exponent() < -20 {
        return Ok(odd_series(Ball::exact(x), true));
    }
    let guess = Wide::from_double(x.to_double().atan()).unwrap_or(Wide::ZERO);
    let (cosine, sine) = circle(guess)?;
    let x = Ball::exact(x);
    let small = x.mul(cosine).sub(sine).div(cosine.add(x.mul(sine)))?;
    Ok(Ball::exact(guess).add(odd_series(small, true)))
}

/// erf x for an exact |x| < 5: no term of the series 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹/(2n+1)!! cancels
/// another.
fn error_series(x: Wide) -> Result<Ball> {
    if x.is_zero() {
        return Ok(Ball::ZERO);
    }
    let x = Ball::exact(x);
    let square = x.mul(x);
    let twice = square.scale(1);
    let (mut term, mut sum, mut n) = (x, x, 1i64);
    let enough = x.mid().exponent() - TERMS_BITS;
    while term.mid().exponent() > enough || n < 64 {
        term = over(term.mul(twice), 2 * n + 1);
        sum = sum.add(term);
        n += 1;
    }
    // x² < 25 and n ≥ 64: the ratio of terms is less than 1/2
    let sum = sum.widen(term.above());
    Ok(two_over_root_pi().mul(Ball::ZERO.sub(square).exp()?).mul(sum))
}

/// erfc x for an exact x ≥ 4: e^(−x²)/√π over x + ½/(x + 1/(x + 3⁄2/(x + …))).
fn error_fraction(x: Wide) -> Result<Ball> {
    let exact = Ball::exact(x);
    let double = x.to_double();
    let steps = ((100.0 / double).powi(2) / 2.0) as i64 + 2;
    let half = |n: i64| Ball::integer(n).scale(-1);
    // all is positive: the tail of the fraction lies between x and x + (n/2)/x,
    // and the value between those with these
    let mut tail = exact;
    let mut other = exact.add(half(steps + 1).div(exact)?);
    for n in (1..=steps).rev() {
        tail = exact.add(half(n).div(tail)?);
        other = exact.add(half(n).div(other)?);
    }
    let tail = tail.widen(tail.sub(other).above());
    let power = Ball::ZERO.sub(exact.mul(exact)).exp()?;
    power.mul(two_over_root_pi().scale(-1)).div(tail)
}

/// The arguments of which nothing can be said.
enum Known {
    Nothing,
    Value(Ball),
}

impl Ball {
    fn known(self) -> Result<Known> {
        if self.is_undefined() {
            return Err(KernelError::Undefined);
        }
        Ok(if self.is_bounded() { Known::Value(self) } else { Known::Nothing })
    }

    /// f of the midpoint, with the effect of the radius for a derivative of at most 2ᵏ throughout.
    fn smooth(self, k: i64, f: impl FnOnce(Wide) -> Result<Ball>) -> Result<Ball> {
        match self.known()? {
            Known::Nothing => Ok(Ball::UNBOUNDED),
            Known::Value(x) => Ok(f(x.mid())?.widen(x.radius().shift(k))),
        }
    }

    /// Whether this is less than 2ᵏ in magnitude, radius and all.
    fn is_within(self, k: i64) -> bool {
        let above = self.above();
        above.is_zero() || (above.is_finite() && above.exponent() < k)
    }

    /// The ball about 0 or 1 that a function with values between −1 and 1 always lies in.
    fn somewhere() -> Ball {
        Ball::ZERO.widen(Magnitude::power_of_two(0))
    }

    fn circular(self, choose: impl FnOnce((Ball, Ball)) -> Ball) -> Result<Ball> {
        if self.is_bounded() && !self.is_within(LARGEST_REDUCED) {
            return Ok(Ball::somewhere());
        }
        self.smooth(0, |x| Ok(choose(circle(x)?)))
    }

    /// Whether this is certainly no integer.
    fn is_fraction(self) -> bool {
        let near = self.mid().to_double().round();
        self.is_within(LARGEST_REDUCED) && self.sub(Ball::integer(near as i64)).is_nonzero()
    }

    /// The power of an integer, by repeated squaring.
    fn integer_power(self, exponent: i64) -> Result<Ball> {
        let mut square = if exponent < 0 { Ball::ONE.div(self)? } else { self };
        let (mut left, mut product) = (exponent.unsigned_abs(), Ball::ONE);
        while left > 0 {
            if left & 1 == 1 {
                product = product.mul(square);
            }
            left >>= 1;
            if left > 0 {
                square = square.mul(square);
            }
        }
        Ok(product)
    }
}

impl Elementary for Ball {
    fn series(function: &'static Function, argument: &[Ball]) -> Result<Vec<Ball>> {
        (function.series.ok_or(KernelError::Unsupported)?.ball)(argument)
    }
    fn exp(self) -> Result<Ball> {
        let Known::Value(x) = self.known()? else { return Ok(Ball::UNBOUNDED) };
        if x.radius().compare(Magnitude::power_of_two(0)).is_gt() {
            return Ok(Ball::UNBOUNDED);
        }
        let mid = x.mid();
        if mid.is_zero() && x.is_exact() {
            return Ok(Ball::ONE);
        }
        if mid.exponent() > LARGEST_REDUCED {
            // less than e to the power −2⁵⁰ + 1
            let tiny = Magnitude::power_of_two(-(1 << LARGEST_REDUCED));
            let small = Ball::ZERO.widen(tiny);
            return if mid.is_negative() { Ok(small) } else { Err(KernelError::TooLarge) };
        }
        let n = nearest_multiple(mid, std::f64::consts::LN_2);
        let reduced = log_two().reduce(mid, n);
        // |reduced| < 1.2, so that the derivative is less than 4
        let y = expm1_reduced(reduced.mid()).widen(reduced.radius().shift(2));
        let y = y.add(Ball::ONE).scale(n);
        // |e^δ − 1| ≤ 2|δ| for |δ| ≤ 1
        let spread =
            if x.is_exact() { Magnitude::ZERO } else { y.above().times(x.radius()).shift(1) };
        Ok(y.widen(spread))
    }

    fn expm1(self) -> Result<Ball> {
        if self.is_within(-1) {
            // the derivative is less than √e
            return self.smooth(1, |x| Ok(expm1_reduced(x)));
        }
        Ok(self.exp()?.sub(Ball::ONE))
    }

    fn log(self) -> Result<Ball> {
        let Known::Value(x) = self.known()? else { return Ok(Ball::UNBOUNDED) };
        if x.is_positive() {
            let log = logarithm(x.mid())?;
            return Ok(match x.below() {
                Some(below) if !x.is_exact() => log.widen(x.radius().per(below)),
                _ => log,
            });
        }
        let outside = x.is_negative() || x == Ball::ZERO;
        if outside { Err(KernelError::Undefined) } else { Ok(Ball::UNBOUNDED) }
    }

    fn log1p(self) -> Result<Ball> {
        if self.is_within(-8) {
            // the derivative is less than 2
            return self.smooth(1, |x| {
                let x = Ball::exact(x);
                Ok(odd_series(x.div(x.add(Ball::integer(2)))?, false).scale(1))
            });
        }
        Ball::ONE.add(self).log()
    }

    fn sqrt(self) -> Result<Ball> {
        let Known::Value(x) = self.known()? else { return Ok(Ball::UNBOUNDED) };
        if x == Ball::ZERO {
            return Ok(Ball::ZERO);
        }
        if x.is_positive() {
            let y = root(x.mid());
            // |√a − √b| ≤ |a − b|/√b
            return Ok(match y.below() {
                Some(below) if !x.is_exact() => y.widen(x.radius().per(below)),
                _ => y,
            });
        }
        if x.is_negative() { Err(KernelError::Undefined) } else { Ok(Ball::UNBOUNDED) }
    }

    fn sin(self) -> Result<Ball> {
        self.circular(|(_, sine)| sine)
    }

    fn cos(self) -> Result<Ball> {
        self.circular(|(cosine, _)| cosine)
    }

    fn asin(self) -> Result<Ball> {
        if let Some(n @ (-1 | 1)) = self.to_integer() {
            return Ok(quarter().whole.mul(Ball::integer(n)));
        }
        let rest = Ball::ONE.sub(self).mul(Ball::ONE.add(self)).sqrt()?;
        self.div(rest)?.atan()
    }

    fn acos(self) -> Result<Ball> {
        match self.to_integer() {
            Some(1) => return Ok(Ball::ZERO),
            Some(-1) => return Ok(pi()),
            _ => {}
        }
        let quotient = Ball::ONE.sub(self).div(Ball::ONE.add(self))?;
        Ok(quotient.sqrt()?.atan()?.scale(1))
    }

    fn atan(self) -> Result<Ball> {
        self.smooth(0, |x| {
            if x.abs().compare(Wide::ONE).is_le() {
                return arctangent(x);
            }
            let inverse = Ball::ONE.div(Ball::exact(x))?;
            let quarter = quarter().whole;
            let quarter = if x.is_negative() { Ball::ZERO.sub(quarter) } else { quarter };
            Ok(quarter.sub(arctangent(inverse.mid())?.widen(inverse.radius())))
        })
    }

    fn atan2(self, x: Ball) -> Result<Ball> {
        let y = self;
        if y.is_undefined() || x.is_undefined() {
            return Err(KernelError::Undefined);
        }
        let quarter = quarter().whole;
        if x.is_positive() {
            y.div(x)?.atan()
        } else if y.is_positive() {
            Ok(quarter.sub(x.div(y)?.atan()?))
        } else if y.is_negative() {
            Ok(Ball::ZERO.sub(quarter).sub(x.div(y)?.atan()?))
        } else if y == Ball::ZERO && x.is_negative() {
            Ok(pi())
        } else if y == Ball::ZERO && x == Ball::ZERO {
            Ok(Ball::ZERO)
        } else {
            Ok(Ball::UNBOUNDED)
        }
    }

    fn sinh(self) -> Result<Ball> {
        let e = self.expm1()?;
        Ok(e.add(e.div(e.add(Ball::ONE))?).scale(-1))
    }

    fn cosh(self) -> Result<Ball> {
        let e = self.exp()?;
        Ok(e.add(Ball::ONE.div(e)?).scale(-1))
    }

    fn tanh(self) -> Result<Ball> {
        if self.is_nonzero() && self.mid().exponent() > LARGEST_REDUCED - 4 {
            let one = Ball::ONE.widen(Magnitude::power_of_two(-(1 << (LARGEST_REDUCED - 6))));
            return Ok(if self.is_positive() { one } else { Ball::ZERO.sub(one) });
        }
        let e = self.scale(1).expm1()?;
        e.div(e.add(Ball::integer(2)))
    }

    fn asinh(self) -> Result<Ball> {
        self.smooth(0, |x| {
            let m = Ball::exact(x.abs());
            let square = m.mul(m);
            let root = Ball::ONE.add(square).sqrt()?;
            let y = m.add(square.div(Ball::ONE.add(root))?).log1p()?;
            Ok(if x.is_negative() { Ball::ZERO.sub(y) } else { y })
        })
    }

    fn acosh(self) -> Result<Ball> {
        let t = self.sub(Ball::ONE);
        if t.is_undefined() || t.is_negative() {
            return Err(KernelError::Undefined);
        }
        t.add(t.mul(self.add(Ball::ONE)).sqrt()?).log1p()
    }

    fn atanh(self) -> Result<Ball> {
        let quotient = self.scale(1).div(Ball::ONE.sub(self))?;
        Ok(quotient.log1p()?.scale(-1))
    }

    fn erf(self) -> Result<Ball> {
        // 2/√π is less than 2
        self.smooth(1, |x| {
            if x.exponent() < 3 {
                return error_series(x);
            }
            let y = Ball::ONE.sub(error_fraction(x.abs())?);
            Ok(if x.is_negative() { Ball::ZERO.sub(y) } else { y })
        })
    }

    fn erfc(self) -> Result<Ball> {
        let Known::Value(x) = self.known()? else { return Ok(Ball::UNBOUNDED) };
        if x.mid().exponent() < 3 || x.mid().is_negative() {
            return Ok(Ball::ONE.sub(x.erf()?));
        }
        let y = error_fraction(x.mid())?;
        if x.is_exact() {
            return Ok(y);
        }
        // the derivative is −2/√π e^(−t²), and t² ≥ x² − 2xr: for 2xr ≤ 1 at most 4 e^(−x²)
        let product = Magnitude::above(x.mid()).times(x.radius());
        let near = product.compare(Magnitude::power_of_two(-1)).is_le();
        let exact = Ball::exact(x.mid());
        let slope = if near {
            Ball::ZERO.sub(exact.mul(exact)).exp()?.above().shift(2)
        } else {
            Magnitude::power_of_two(1)
        };
        Ok(y.widen(x.radius().times(slope)))
    }

    fn pow(self, exponent: Ball) -> Result<Ball> {
        if self.is_undefined() || exponent.is_undefined() {
            return Err(KernelError::Undefined);
        }
        let integer = exponent.to_integer();
        if let Some(n) = integer.filter(|n| n.abs() <= LARGEST_PRODUCT) {
            return self.integer_power(n);
        }
        if let Some(n) = exponent.scale(1).to_integer().filter(|n| n.abs() <= LARGEST_PRODUCT) {
            return self.sqrt()?.integer_power(n);
        }
        if self.is_positive() {
            return exponent.mul(self.log()?).exp();
        }
        if self == Ball::ZERO {
            return match (exponent.is_positive(), exponent.is_negative()) {
                (true, _) => Ok(Ball::ZERO),
                (_, true) => Err(KernelError::Undefined),
                _ => Ok(Ball::UNBOUNDED),
            };
        }
        if !self.is_negative() {
            return Ok(Ball::UNBOUNDED);
        }
        match integer {
            Some(n) => {
                let y = exponent.mul(Ball::ZERO.sub(self).log()?).exp()?;
                Ok(if n % 2 == 0 { y } else { Ball::ZERO.sub(y) })
            }
            None if exponent.is_fraction() => Err(KernelError::Undefined),
            None => Ok(Ball::UNBOUNDED),
        }
    }

    fn magnitude(self) -> Result<Ball> {
        match self.known()? {
            Known::Nothing => Ok(Ball::UNBOUNDED),
            // ||a| − |b|| ≤ |a − b|
            Known::Value(x) => Ok(Ball::around(x.mid().abs(), x.radius())),
        }
    }

    fn softplus(self) -> Result<Ball> {
        // log(1 + eˣ) = x + log(1 + e⁻ˣ): the exponential of a large number is not needed
        if self.is_positive() {
            return Ok(self.add(Ball::ZERO.sub(self).exp()?.log1p()?));
        }
        self.exp()?.log1p()
    }

    fn sigmoid(self) -> Result<Ball> {
        if self.is_positive() {
            return Ball::ONE.div(Ball::ONE.add(Ball::ZERO.sub(self).exp()?));
        }
        let e = self.exp()?;
        e.div(Ball::ONE.add(e))
    }
}
