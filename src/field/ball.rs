//! Real numbers as a midpoint of 256 bits and a radius: the true value is within the radius of the
//! midpoint, always.
//!
//! A radius of 0 means that the midpoint is the value exactly. A ball without a bound stands for a
//! number of which nothing is known (and which may not exist); an undefined ball for one that does
//! certainly not exist. Two balls are compared only where every number of one is less than every
//! number of the other, or both are exact; anything else is refused.
//!
//! **Source** Tucker, Validated Numerics, 2011, chapters 2 and 3, in midpoints and radii.

use super::magnitude::Magnitude;
use super::wide::{BITS, Rounded, Wide};
use crate::array::{KernelError, Scalar};
use crate::functions::{Function, Kernel};
use crate::number::Number;
use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use std::cmp::Ordering;

type Result<T> = std::result::Result<T, KernelError>;

/// Exponents beyond ±2⁶⁰ are out of range: nothing is known of such a number but its bound.
const LARGEST_EXPONENT: i64 = 1 << 60;
/// No decimal expansion of numbers beyond 2 to this power.
const LARGEST_WRITTEN: i64 = 1 << 14;

/// A real number and a bound on its error.
#[derive(Clone, Copy, Debug)]
pub struct Ball {
    mid: Wide,
    radius: Magnitude,
    undefined: bool,
}

impl PartialEq for Ball {
    /// Whether both are exact and equal.
    fn eq(&self, other: &Ball) -> bool {
        self.is_exact() && other.is_exact() && self.mid == other.mid
    }
}

impl Ball {
    /// Of this nothing is known.
    pub const UNBOUNDED: Ball =
        Ball { mid: Wide::ZERO, radius: Magnitude::INFINITE, undefined: false };
    /// This does not exist.
    pub const UNDEFINED: Ball =
        Ball { mid: Wide::ZERO, radius: Magnitude::INFINITE, undefined: true };

    /// An exact number.
    pub const fn exact(mid: Wide) -> Ball {
        Ball { mid, radius: Magnitude::ZERO, undefined: false }
    }

    /// An integer.
    pub fn integer(n: i64) -> Ball {
        Ball::exact(Wide::integer(n))
    }

    /// All numbers within a radius.
    pub fn around(mid: Wide, radius: Magnitude) -> Ball {
        if !radius.is_finite() || mid.exponent() > LARGEST_EXPONENT {
            return Ball::UNBOUNDED;
        }
        if mid.exponent() < -LARGEST_EXPONENT {
            let radius = radius.plus(Magnitude::power_of_two(-LARGEST_EXPONENT));
            return Ball { mid: Wide::ZERO, radius, undefined: false };
        }
        Ball { mid, radius, undefined: false }
    }

    fn rounded((mid, exact): Rounded, radius: Magnitude) -> Ball {
        let error = Magnitude::power_of_two(mid.exponent() - BITS);
        Ball::around(mid, if exact { radius } else { radius.plus(error) })
    }

    /// The midpoint.
    pub fn mid(self) -> Wide {
        self.mid
    }

    /// How far the value may be from the midpoint.
    pub fn radius(self) -> Magnitude {
        self.radius
    }

    /// Whether the midpoint is the value.
    pub fn is_exact(self) -> bool {
        self.radius.is_zero()
    }

    /// Whether anything is known of the value.
    pub fn is_bounded(self) -> bool {
        self.radius.is_finite()
    }

    /// Whether there is no value.
    pub fn is_undefined(self) -> bool {
        self.undefined
    }

    /// The same with a larger radius.
    #[must_use]
    pub fn widen(self, by: Magnitude) -> Ball {
        if self.undefined { self } else { Ball::around(self.mid, self.radius.plus(by)) }
    }

    /// x·2ⁿ
    #[must_use]
    pub fn scale(self, n: i64) -> Ball {
        if self.undefined {
            return self;
        }
        Ball::around(self.mid.scale(n), self.radius.shift(n))
    }

    /// At least the magnitude of every number in this.
    pub fn above(self) -> Magnitude {
        Magnitude::above(self.mid).plus(self.radius)
    }

    /// At most the magnitude of every number in this; `None` where 0 may be among them.
    pub fn below(self) -> Option<Magnitude> {
        Magnitude::below(self.mid).minus(self.radius)
    }

    /// Whether this is certainly not 0. Nothing is certain of what is undefined.
    pub fn is_nonzero(self) -> bool {
        self.below().is_some()
    }

    /// Whether every number in this is greater than 0.
    pub fn is_positive(self) -> bool {
        self.is_nonzero() && !self.mid.is_negative()
    }

    /// Whether every number in this is less than 0.
    pub fn is_negative(self) -> bool {
        self.is_nonzero() && self.mid.is_negative()
    }

    /// Whether two values are certainly different.
    pub fn differs(self, other: Ball) -> bool {
        if self.is_exact() && other.is_exact() {
            return self.mid != other.mid;
        }
        self.sub(other).is_nonzero()
    }

    /// The number of decimal digits to which two values certainly agree, relative to the larger:
    /// infinite where both are exact and equal, negative where nothing is known.
    pub fn agreement(self, other: Ball) -> f64 {
        if self == other {
            return f64::INFINITY;
        }
        let difference = self.sub(other).above();
        let scale = match (self.below(), other.below()) {
            (Some(a), Some(b)) if a.compare(b) == Ordering::Less => b,
            (Some(a), _) => a,
            (None, Some(b)) => b,
            (None, None) => return -1.0,
        };
        let relative = difference.per(scale);
        if !relative.is_finite() {
            return -1.0;
        }
        // below the logarithm of what is less than 2^(e + 1)
        -(relative.exponent() as f64 + 1.0) * std::f64::consts::LOG10_2
    }

    /// The nearest double, with the error that the radius allows; NaN where undefined, infinite
    /// where nothing is known.
    pub fn to_double(self) -> f64 {
        match (self.undefined, self.is_bounded()) {
            (true, _) => f64::NAN,
            (false, false) => f64::INFINITY,
            _ => self.mid.to_double(),
        }
    }

    /// The value where it is exactly an integer of at most 62 bits.
    pub fn to_integer(self) -> Option<i64> {
        if self.is_exact() { self.mid.to_integer() } else { None }
    }

    /// The nearest number to an integer of any size.
    pub(super) fn from_big(n: &BigInt) -> Ball {
        Ball::rounded(Wide::from_big(n), Magnitude::ZERO)
    }

    /// The midpoint in decimal, this many significant digits, cut off; `None` for numbers too
    /// large or too small to be written so.
    pub fn to_decimal(self, digits: u32) -> Option<String> {
        if !self.is_bounded() || self.mid.exponent().abs() > LARGEST_WRITTEN {
            return None;
        }
        let (n, e) = self.mid.to_big();
        if n.is_zero() {
            return Some("0".to_string());
        }
        let digits = digits.clamp(1, 100);
        let magnitude = n.abs();
        // |x| is about 10^tens; one digit more or less is cut off below
        let tens = (self.mid.exponent() as f64 * std::f64::consts::LOG10_2).floor() as i64;
        let shift = i64::from(digits) + 1 - tens;
        let ten = |k: i64| BigInt::from(10).pow(k.unsigned_abs() as u32);
        let two = |k: i64| BigInt::from(1) << k.unsigned_abs();
        let mut scaled = magnitude;
        if shift > 0 {
            scaled *= ten(shift);
        }
        if e > 0 {
            scaled *= two(e);
        }
        if shift < 0 {
            scaled /= ten(shift);
        }
        if e < 0 {
            scaled /= two(e);
        }
        let text = scaled.to_string();
        let exponent = i64::try_from(text.len()).unwrap_or(0) - 1 - shift;
        let kept = &text[..text.len().min(digits as usize)];
        let sign = if self.mid.is_negative() { "-" } else { "" };
        Some(place(sign, kept, exponent))
    }
}

/// Digits with their decimal point: `0.00123`, `123.4`, `1.2e40`.
fn place(sign: &str, digits: &str, exponent: i64) -> String {
    let trim = |text: String| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            text
        }
    };
    let count = i64::try_from(digits.len()).unwrap_or(0);
    match exponent {
        0.. if exponent < count => {
            let (whole, part) = digits.split_at(exponent.unsigned_abs() as usize + 1);
            format!("{sign}{}", trim(format!("{whole}.{part}")))
        }
        -6..0 => {
            let zeros = "0".repeat((-exponent - 1).unsigned_abs() as usize);
            format!("{sign}{}", trim(format!("0.{zeros}{digits}")))
        }
        _ => {
            let (whole, part) = digits.split_at(1);
            format!("{sign}{}e{exponent}", trim(format!("{whole}.{part}")))
        }
    }
}

impl Scalar for Ball {
    const ZERO: Ball = Ball::exact(Wide::ZERO);
    const ONE: Ball = Ball::exact(Wide::ONE);
    const OVERFLOWS: bool = false;

    fn add(self, other: Ball) -> Ball {
        if self.undefined || other.undefined {
            return Ball::UNDEFINED;
        }
        Ball::rounded(self.mid.sum(other.mid), self.radius.plus(other.radius))
    }

    fn sub(self, other: Ball) -> Ball {
        self.add(Ball { mid: other.mid.negated(), ..other })
    }

    fn mul(self, other: Ball) -> Ball {
        if self.undefined || other.undefined {
            return Ball::UNDEFINED;
        }
        if !self.is_bounded() || !other.is_bounded() {
            return Ball::UNBOUNDED;
        }
        let mut radius = Magnitude::ZERO;
        if !self.is_exact() {
            radius = self.radius.times(other.above());
        }
        if !other.is_exact() {
            radius = radius.plus(Magnitude::above(self.mid).times(other.radius));
        }
        Ball::rounded(self.mid.product(other.mid), radius)
    }

    fn div(self, other: Ball) -> Result<Ball> {
        if self.undefined || other.undefined || other == Ball::ZERO {
            return Err(KernelError::Undefined);
        }
        let (Some(below), true) = (other.below(), self.is_bounded()) else {
            return Ok(Ball::UNBOUNDED);
        };
        let Some(quotient) = self.mid.quotient(other.mid) else { return Ok(Ball::UNBOUNDED) };
        let mut radius = self.radius;
        if !other.is_exact() {
            // |a/b − q| = |a − q b|/|b|; the quotient's own rounding is added with it
            let q = Ball::rounded(quotient, Magnitude::ZERO).above();
            radius = radius.plus(q.times(other.radius));
        }
        Ok(Ball::rounded(quotient, if radius.is_zero() { radius } else { radius.per(below) }))
    }

    fn from_number(value: &Number) -> Result<Ball> {
        if let Some((n, d)) = value.small() {
            return if d == 1 {
                Ok(Ball::integer(n))
            } else {
                Ball::integer(n).div(Ball::integer(d))
            };
        }
        let big = value.to_big();
        Ball::from_big(big.numer()).div(Ball::from_big(big.denom()))
    }

    fn less(self, other: Ball) -> Result<bool> {
        if self.undefined || other.undefined {
            return Err(KernelError::Undefined);
        }
        if self.is_exact() && other.is_exact() {
            return Ok(self.mid.compare(other.mid) == Ordering::Less);
        }
        let difference = self.sub(other);
        if difference.is_nonzero() {
            Ok(difference.mid.is_negative())
        } else {
            Err(KernelError::Unsupported)
        }
    }

    fn size(self) -> f64 {
        if self.undefined {
            return f64::NAN;
        }
        if self.is_exact() && self.mid.is_zero() {
            return 0.0;
        }
        // finite: nothing here has overflowed; and a pivot of which nothing is known comes last
        let size = if self.is_bounded() { self.mid.to_double().abs() } else { 0.0 };
        size.clamp(f64::MIN_POSITIVE, f64::MAX)
    }

    fn map(function: &'static Function, arguments: &[Ball]) -> Result<Ball> {
        match function.kernel_for(arguments.len()) {
            Kernel::Elementwise(kernel) if arguments.len() == function.parameters.len() => {
                (kernel.ball)(arguments)
            }
            _ => Err(KernelError::Unsupported),
        }
    }

    fn is_zero(self) -> Result<bool> {
        match (self.undefined, self.is_exact(), self.is_nonzero()) {
            (true, ..) => Err(KernelError::Undefined),
            (_, true, _) => Ok(self.mid.is_zero()),
            (_, _, true) => Ok(false),
            _ => Err(KernelError::Unsupported),
        }
    }

    fn pi() -> Result<Ball> {
        Ok(super::series::pi())
    }
}

#[cfg(test)]
#[path = "ball_tests.rs"]
mod tests;
