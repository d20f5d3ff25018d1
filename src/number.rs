//! Exact rational numbers, small ones without an allocation.
//!
//! Guarantees: every value is in lowest terms with a positive denominator, and has one
//! representation, so that equality and hashing are by representation. No value passes through
//! floating point.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::{BigRational, Ratio};
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroI64;

/// An exact rational number.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Number(Repr);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Repr {
    /// Numerator and denominator.
    Small(i64, NonZeroI64),
    Big(Box<BigRational>),
}

/// The denominator of an integer.
const ONE: NonZeroI64 = NonZeroI64::new(1).unwrap();
/// From so many places on a decimal is written with a power of ten.
const PLACES: u32 = 3;
/// A whole number with so many zeros at its end is written with a power of ten.
const ZEROS: usize = 10;
/// Powers with more bits are not computed: they have more digits than a literal may have.
const LARGEST_POWER: u64 = 1 << 15;
/// So many digits that count are written out.
const DIGITS: i64 = 10_000_000;

/// A decimal n/10ᵏ as its digits with a point and the power of ten after them, if there is one:
/// 0.25, 1.5, and 2e-5 as ("2", −5).
fn decimal_digits(n: u64, places: u32) -> (String, Option<i64>) {
    let digits = n.to_string();
    let count = places as usize;
    if digits.len() + PLACES as usize <= count {
        let power = i64::from(places) + 1 - i64::try_from(digits.len()).unwrap_or(0);
        return (pointed(&digits), Some(-power));
    }
    let digits = format!("{digits:0>width$}", width = count + 1);
    let (whole, part) = digits.split_at(digits.len() - count);
    (format!("{whole}.{part}"), None)
}

/// Digits with a point after the first.
fn pointed(digits: &str) -> String {
    let (first, rest) = digits.split_at(1);
    format!("{first}{}{rest}", if rest.is_empty() { "" } else { "." })
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number::whole(0);
    /// One.
    pub const ONE: Number = Number::whole(1);
    /// Minus one.
    pub const MINUS_ONE: Number = Number::whole(-1);

    /// The integer `n`.
    pub fn integer(n: i64) -> Number {
        // i64::MIN is left to the big form so that negation of a small number is small
        if n == i64::MIN { Number::from_big(BigInt::from(n).into()) } else { Number::whole(n) }
    }

    /// An integer but the smallest.
    const fn whole(n: i64) -> Number {
        Number(Repr::Small(n, ONE))
    }

    /// The quotient `n / d`; `None` where `d` is zero.
    pub fn ratio(n: i64, d: i64) -> Option<Number> {
        Number::integer(n).div(&Number::integer(d))
    }

    /// The value of a decimal literal such as `0.1`, `12`, `1e-3`, exactly; `None` where the text is
    /// none, or its exponent is beyond ±10000 (such a number could not be written down).
    pub fn from_decimal(text: &str) -> Option<Number> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() + fraction.len() == 0 || exponent.abs() > 10_000 {
            return None;
        }
        if exponent == 0 && whole.len() <= 18 && fraction.is_empty() {
            let n = whole
                .bytes()
                .try_fold(0i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))?;
            return Some(Number::whole(n));
        }
        let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
        let shift = exponent - i64::try_from(fraction.len()).ok()?;
        let power = BigInt::from(10).pow(u32::try_from(shift.unsigned_abs()).ok()?);
        Some(Number::from_big(if shift >= 0 {
            BigRational::from_integer(digits * power)
        } else {
            BigRational::new(digits, power)
        }))
    }

    fn from_big(r: BigRational) -> Number {
        match (r.numer().to_i64(), r.denom().to_i64().and_then(NonZeroI64::new)) {
            (Some(n), Some(d)) if n != i64::MIN => Number(Repr::Small(n, d)),
            _ => Number(Repr::Big(Box::new(r))),
        }
    }

    fn from_wide(n: i128, d: i128) -> Number {
        let g = n.gcd(&d).max(1);
        let (n, d) = if d < 0 { (-n / g, -d / g) } else { (n / g, d / g) };
        match (i64::try_from(n), i64::try_from(d).map(NonZeroI64::new)) {
            (Ok(n), Ok(Some(d))) if n != i64::MIN => Number(Repr::Small(n, d)),
            _ => Number::from_big(BigRational::new_raw(n.into(), d.into())),
        }
    }

    fn big(&self) -> BigRational {
        match &self.0 {
            Repr::Small(n, d) => Ratio::new_raw((*n).into(), d.get().into()),
            Repr::Big(r) => (**r).clone(),
        }
    }

    /// Numerator and denominator where both fit in 64 bits.
    pub fn small(&self) -> Option<(i64, i64)> {
        match &self.0 {
            Repr::Small(n, d) => Some((*n, d.get())),
            Repr::Big(_) => None,
        }
    }

    /// The value where it is an integer of 64 bits.
    pub fn as_integer(&self) -> Option<i64> {
        self.small().and_then(|(n, d)| (d == 1).then_some(n))
    }

    /// The numerator as decimal digits (with a sign) and the denominator as decimal digits.
    pub fn parts(&self) -> (String, String) {
        match &self.0 {
            Repr::Small(n, d) => (n.to_string(), d.to_string()),
            Repr::Big(r) => (r.numer().to_string(), r.denom().to_string()),
        }
    }

    /// The digits `n` and places `k` of a value n/10ᵏ that a person would write as a decimal: the
    /// expansion ends after at most seven digits that count, and halves alone do not make it.
    pub fn decimal(&self) -> Option<(i64, u32)> {
        let Some((n, d)) = self.small() else { return self.tiny_decimal() };
        if d % 5 != 0 {
            return None;
        }
        let (mut rest, mut places) = (d, [0u32; 2]);
        for (p, count) in [2, 5].into_iter().zip(&mut places) {
            while rest % p == 0 {
                rest /= p;
                *count += 1;
            }
        }
        let places = places[0].max(places[1]);
        let Some(power) = 10i64.checked_pow(places) else { return self.tiny_decimal() };
        let digits = n.checked_mul(power / d)?;
        (rest == 1 && digits.abs() < DIGITS).then_some((digits, places))
    }

    /// The same of a number with a denominator beyond 64 bits.
    fn tiny_decimal(&self) -> Option<(i64, u32)> {
        let r = self.big();
        let (mut rest, mut places) = (r.denom().clone(), [0u32; 2]);
        for (p, count) in [2, 5].into_iter().zip(&mut places) {
            let p = BigInt::from(p);
            while (&rest % &p).is_zero() {
                rest /= &p;
                *count += 1;
            }
        }
        if !rest.is_one() || places[1] == 0 {
            return None;
        }
        let places = places[0].max(places[1]);
        let digits = r.numer() * (BigInt::from(10).pow(places) / r.denom());
        digits.to_i64().filter(|n| n.abs() < DIGITS).map(|n| (n, places))
    }

    /// The magnitude of a number as a decimal with the power of ten after it, if there is one:
    /// `0.2`, `1` and 20, `2.5` and −8; `None` for what is written without point and power.
    pub(crate) fn decimal_text(&self) -> Option<(String, Option<i64>)> {
        if let Some((digits, places)) = self.decimal() {
            return Some(decimal_digits(digits.unsigned_abs(), places));
        }
        if !self.is_integer()
            || self.small().is_some_and(|(n, _)| n.unsigned_abs() < 10_000_000_000)
        {
            return None;
        }
        let all = self.to_string();
        let all = all.trim_start_matches('-');
        let digits = all.trim_end_matches('0');
        let few = all.len() - digits.len() >= ZEROS && digits.len() <= DIGITS.ilog10() as usize;
        few.then(|| (pointed(digits), i64::try_from(all.len() - 1).ok()))
    }

    /// The number as a person would type it: `0.2`, `1e-8`, `2/3`.
    pub fn text(&self) -> String {
        let sign = if self.is_negative() { "-" } else { "" };
        match self.decimal_text() {
            None => self.to_string(),
            Some((digits, None)) => format!("{sign}{digits}"),
            Some((digits, Some(power))) => format!("{sign}{digits}e{power}"),
        }
    }

    /// Whether this is a decimal that is written with a power of ten.
    pub fn is_tiny(&self) -> bool {
        self.decimal().is_some() && self.to_f64().abs() < 1e-3
    }

    /// Whether this is written with a numerator and a denominator.
    pub fn is_fraction(&self) -> bool {
        !self.is_integer() && self.decimal().is_none()
    }

    /// Numerator (with the sign) and denominator, as numbers.
    pub fn fraction(&self) -> (Number, Number) {
        match &self.0 {
            Repr::Small(n, d) => (Number::whole(*n), Number::whole(d.get())),
            Repr::Big(r) => {
                let whole = |n: &BigInt| Number::from_big(BigRational::from_integer(n.clone()));
                (whole(r.numer()), whole(r.denom()))
            }
        }
    }

    /// The exact value as a big rational.
    pub fn to_big(&self) -> BigRational {
        self.big()
    }

    /// The nearest double (relative error at most one unit in the last place).
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small(n, d) => *n as f64 / d.get() as f64,
            Repr::Big(r) => r.to_f64().unwrap_or(f64::NAN),
        }
    }

    /// Whether this is 0.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0, _))
    }

    /// Whether this is 1.
    pub fn is_one(&self) -> bool {
        matches!(self.0, Repr::Small(1, d) if d == ONE)
    }

    /// Whether this is less than zero.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small(n, _) => *n < 0,
            Repr::Big(r) => r.is_negative(),
        }
    }

    /// Whether the denominator is 1.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small(_, d) => *d == ONE,
            Repr::Big(r) => r.denom().is_one(),
        }
    }

    /// The sum.
    #[must_use]
    pub fn add(&self, other: &Number) -> Number {
        if let (Some(a), Some(c)) = (self.as_integer(), other.as_integer())
            && let Some(n) = a.checked_add(c)
        {
            return Number::integer(n);
        }
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            let (a, b, c, d) = (i128::from(a), i128::from(b), i128::from(c), i128::from(d));
            if b == d {
                return Number::from_wide(a + c, b);
            }
            if let Some(n) = (a * d).checked_add(c * b) {
                return Number::from_wide(n, b * d);
            }
        }
        Number::from_big(self.big() + other.big())
    }

    /// The product.
    #[must_use]
    pub fn mul(&self, other: &Number) -> Number {
        if let (Some(a), Some(c)) = (self.as_integer(), other.as_integer())
            && let Some(n) = a.checked_mul(c)
        {
            return Number::integer(n);
        }
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            return Number::from_wide(i128::from(a) * i128::from(c), i128::from(b) * i128::from(d));
        }
        Number::from_big(self.big() * other.big())
    }

    /// The quotient; `None` where `other` is zero.
    pub fn div(&self, other: &Number) -> Option<Number> {
        if other.is_one() {
            return Some(self.clone());
        }
        other.recip().map(|r| self.mul(&r))
    }

    /// The reciprocal; `None` for zero.
    pub fn recip(&self) -> Option<Number> {
        match &self.0 {
            // lowest terms stay lowest terms
            Repr::Small(n, d) => {
                let denominator = NonZeroI64::new(n.abs())?;
                Some(Number(Repr::Small(d.get() * n.signum(), denominator)))
            }
            Repr::Big(r) => Some(Number::from_big(r.recip())),
        }
    }

    /// The value with the other sign.
    #[must_use]
    pub fn neg(&self) -> Number {
        match &self.0 {
            Repr::Small(n, d) => Number(Repr::Small(-n, *d)),
            Repr::Big(r) => Number::from_big(-(**r).clone()),
        }
    }

    /// The magnitude.
    #[must_use]
    pub fn abs(&self) -> Number {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    /// The power with an integer exponent; `None` for a negative power of zero, or where the result
    /// would have more than about 2^20 bits.
    pub fn pow(&self, exponent: i64) -> Option<Number> {
        if exponent < 0 {
            return self.recip()?.pow(exponent.checked_neg()?);
        }
        if self.is_zero() || self.is_one() {
            return Some(if exponent == 0 { Number::ONE } else { self.clone() });
        }
        let r = self.big();
        let bits = r.numer().bits().max(r.denom().bits());
        let exponent = u32::try_from(exponent).ok()?;
        if bits.checked_mul(u64::from(exponent))? > LARGEST_POWER {
            return None;
        }
        Some(Number::from_big(BigRational::new_raw(
            r.numer().pow(exponent),
            r.denom().pow(exponent),
        )))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            return (i128::from(a) * i128::from(d)).cmp(&(i128::from(c) * i128::from(b)));
        }
        self.big().cmp(&other.big())
    }
}

impl Zero for Number {
    fn zero() -> Number {
        Number::ZERO
    }
    fn is_zero(&self) -> bool {
        Number::is_zero(self)
    }
}

impl std::ops::Add for Number {
    type Output = Number;
    fn add(self, other: Number) -> Number {
        Number::add(&self, &other)
    }
}

impl fmt::Display for Number {
    /// `3`, `-1/2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, d) = self.parts();
        if d == "1" { f.write_str(&n) } else { write!(f, "{n}/{d}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(Number::from_decimal("0.1"), Number::ratio(1, 10));
        assert_eq!(Number::from_decimal("1e-3"), Number::ratio(1, 1000));
        assert_eq!(Number::from_decimal("2.50E2"), Some(Number::integer(250)));
        let decimal = |n, d| Number::ratio(n, d).and_then(|c| c.decimal());
        assert_eq!(decimal(-3, 40), Some((-75, 3)));
        assert_eq!([decimal(3, 8), decimal(1, 30), decimal(2, 1)], [None; 3]);
        assert_eq!(decimal(1, 1 << 40), None);
        assert_eq!(Number::from_decimal("1e99999"), None);
    }

    #[test]
    fn arithmetic_leaves_and_returns_from_64_bits() {
        let big = Number::integer(i64::MAX).mul(&Number::integer(i64::MAX));
        assert!(big.small().is_none());
        assert_eq!(big.div(&Number::integer(i64::MAX)), Some(Number::integer(i64::MAX)));
        assert_eq!(Number::integer(i64::MIN).neg().neg(), Number::integer(i64::MIN));
        let third = Number::ratio(-1, 3).expect("3 is not zero");
        assert_eq!(third.to_string(), "-1/3");
        assert_eq!(third.add(&Number::ratio(1, 3).expect("3 is not zero")), Number::ZERO);
        assert!(third < Number::ZERO);
        assert_eq!(third.pow(-2), Some(Number::integer(9)));
    }
}
