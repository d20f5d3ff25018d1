//! Constants and convergent series in ball arithmetic, each with a bound on what it leaves out.

use super::ball::Ball;
use super::magnitude::Magnitude;
use super::wide::{BITS, Wide};
use crate::array::{KernelError, Scalar};
use crate::functions::Elementary;
use num_bigint::BigInt;
use std::sync::OnceLock;

type Result<T> = std::result::Result<T, KernelError>;

/// What a series leaves out lies this many bits below its first term.
const TERMS_BITS: i64 = BITS + 8;

/// A constant in two parts: the first so short that its moderate multiples are exact.
#[derive(Clone, Copy)]
pub(super) struct Constant {
    pub(super) high: Wide,
    pub(super) low: Ball,
    pub(super) whole: Ball,
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
    pub(super) fn reduce(&self, x: Wide, n: i64) -> Ball {
        let n = Ball::integer(n);
        Ball::exact(x).sub(Ball::exact(self.high).mul(n)).sub(self.low.mul(n))
    }
}

/// π/2
pub(super) fn quarter() -> &'static Constant {
    static QUARTER: OnceLock<Constant> = OnceLock::new();
    // Machin 1706
    QUARTER.get_or_init(|| Constant::new(&[(8, 5), (-2, 239)], true))
}

/// log 2
pub(super) fn log_two() -> &'static Constant {
    static LOG_TWO: OnceLock<Constant> = OnceLock::new();
    LOG_TWO.get_or_init(|| Constant::new(&[(18, 26), (-2, 4801), (8, 8749)], false))
}

/// π
pub(super) fn pi() -> Ball {
    quarter().whole.scale(1)
}

/// 2/√π
pub(super) fn two_over_root_pi() -> Ball {
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
pub(super) fn over(x: Ball, n: i64) -> Ball {
    x.div(Ball::integer(n)).unwrap_or(Ball::UNBOUNDED)
}

/// xⁿ, rounded up.
pub(super) fn power_above(x: Magnitude, n: u64) -> Magnitude {
    (0..n).fold(Magnitude::power_of_two(0), |product, _| product.times(x))
}

/// arctan s or artanh s for |s| < 2⁻⁴.
pub(super) fn odd_series(s: Ball, alternating: bool) -> Ball {
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
pub(super) fn expm1_reduced(x: Wide) -> Ball {
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
pub(super) fn nearest_multiple(x: Wide, unit: f64) -> i64 {
    (x.to_double() / unit).round() as i64
}

/// cos x and sin x for an exact moderate x.
pub(super) fn circle(x: Wide) -> Result<(Ball, Ball)> {
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
pub(super) fn root(x: Wide) -> Ball {
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
pub(super) fn logarithm(x: Wide) -> Result<Ball> {
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
pub(super) fn arctangent(x: Wide) -> Result<Ball> {
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
pub(super) fn error_series(x: Wide) -> Result<Ball> {
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
pub(super) fn error_fraction(x: Wide) -> Result<Ball> {
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
