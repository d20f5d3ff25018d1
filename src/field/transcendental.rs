//! Elementary functions of [`Ball`]s.
//!
//! Each evaluates a convergent series (`series.rs`) at the midpoint in ball arithmetic, which keeps account of
//! rounding and of what the series leaves out, and adds the effect of the radius by a
//! bound on the derivative. So the result contains the true value, and its radius is a few hundred
//! units of 2⁻²⁵⁶ where the argument was exact and moderate.
//!
//! **Source** Brent & Zimmermann, Modern Computer Arithmetic, chapter 4; for erfc Cuyt et al.,
//! Handbook of Continued Fractions, §13.2.

use super::ball::Ball;
use super::magnitude::Magnitude;
use super::series::{
    arctangent, circle, error_fraction, error_series, expm1_reduced, log_two, logarithm,
    nearest_multiple, odd_series, pi, quarter, root,
};
use super::wide::Wide;
use crate::array::{KernelError, Scalar};
use crate::functions::{Elementary, Function};

type Result<T> = std::result::Result<T, KernelError>;

/// Arguments of exp and of the circular functions are reduced up to 2 to this power.
const LARGEST_REDUCED: i64 = 50;
/// An exponent known better than this, with an integer in its ball, is that integer.
const ONE_INTEGER: f64 = 1e-40;
/// Integer exponents up to this magnitude are repeated products.
const LARGEST_PRODUCT: i64 = 1 << 16;

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
        // an exponent that all digits say is an integer is one: `x^(log(exp(2)))`
        let nearest = exponent.to_double().round();
        if nearest.abs() <= LARGEST_PRODUCT as f64 {
            let n = nearest as i64;
            let gap = exponent.sub(Ball::integer(n));
            if !gap.is_nonzero() && gap.above().to_double() < ONE_INTEGER {
                return self.integer_power(n);
            }
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
