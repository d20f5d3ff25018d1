//! Floating point numbers with a mantissa of 256 bits and an exponent of 64.
//!
//! Sums, products and quotients are rounded to the nearest number (ties away from zero), and say
//! whether they were: the error is less than one unit in the last place. Exponents are taken to
//! stay far from the ends of `i64`; [`super::ball`] sees to it.
//!
//! **Source** Knuth, The Art of Computer Programming 2, §4.3.1.

use num_bigint::{BigInt, BigUint, Sign};
use std::cmp::Ordering;

/// The limbs of a mantissa.
const LIMBS: usize = 4;
/// The bits of a mantissa.
pub const BITS: i64 = 256;

/// ±0.mantissa · 2^exponent, the mantissa's highest bit set; or 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wide {
    negative: bool,
    exponent: i64,
    /// The lowest first.
    limbs: [u64; LIMBS],
}

/// A result and whether nothing was rounded.
pub type Rounded = (Wide, bool);

type Double = [u64; 2 * LIMBS];

fn shift_left(x: &mut Double, bits: u32) {
    let (limbs, bits) = ((bits / 64) as usize, bits % 64);
    if limbs > 0 {
        x.copy_within(0..2 * LIMBS - limbs, limbs);
        x[..limbs].fill(0);
    }
    if bits > 0 {
        for k in (1..2 * LIMBS).rev() {
            x[k] = x[k] << bits | x[k - 1] >> (64 - bits);
        }
        x[0] <<= bits;
    }
}

fn shift_right(x: &mut Double, bits: u32) {
    let (limbs, bits) = ((bits / 64) as usize, bits % 64);
    if limbs > 0 {
        x.copy_within(limbs.., 0);
        x[2 * LIMBS - limbs..].fill(0);
    }
    if bits > 0 {
        for k in 0..2 * LIMBS - 1 {
            x[k] = x[k] >> bits | x[k + 1] << (64 - bits);
        }
        x[2 * LIMBS - 1] >>= bits;
    }
}

/// a + b with the carry.
fn carry(a: u64, b: u64, carry: &mut u64) -> u64 {
    let sum = u128::from(a) + u128::from(b) + u128::from(*carry);
    *carry = (sum >> 64) as u64;
    sum as u64
}

/// a − b with the borrow.
fn borrow(a: u64, b: u64, borrow: &mut u64) -> u64 {
    let (x, first) = a.overflowing_sub(b);
    let (x, second) = x.overflowing_sub(*borrow);
    *borrow = u64::from(first | second);
    x
}

impl Wide {
    /// 0
    pub const ZERO: Wide = Wide { negative: false, exponent: 0, limbs: [0; LIMBS] };
    /// 1
    pub const ONE: Wide = Wide { negative: false, exponent: 1, limbs: [0, 0, 0, 1 << 63] };

    /// ±0.digits · 2^exponent, rounded to the nearest.
    fn round(negative: bool, mut exponent: i64, mut digits: Double) -> Rounded {
        let Some(top) = digits.iter().rposition(|&limb| limb != 0) else {
            return (Wide::ZERO, true);
        };
        let zeros = (2 * LIMBS - 1 - top) as u32 * 64 + digits[top].leading_zeros();
        if zeros > 0 {
            shift_left(&mut digits, zeros);
            exponent -= i64::from(zeros);
        }
        let [a, b, c, d, high @ ..] = digits;
        let mut limbs: [u64; LIMBS] = high;
        if d >> 63 == 1 {
            let mut up = 1;
            for limb in &mut limbs {
                *limb = carry(*limb, 0, &mut up);
            }
            if up == 1 {
                limbs[LIMBS - 1] = 1 << 63;
                exponent += 1;
            }
        }
        (Wide { negative, exponent, limbs }, a | b | c | d == 0)
    }

    /// An integer.
    pub fn integer(n: i64) -> Wide {
        let digits = [0, 0, 0, 0, 0, 0, 0, n.unsigned_abs()];
        Wide::round(n < 0, 64, digits).0
    }

    /// The number that a double is; `None` for an infinity or NaN.
    pub fn from_double(x: f64) -> Option<Wide> {
        if !x.is_finite() {
            return None;
        }
        let bits = x.to_bits();
        let exponent = i64::from((bits >> 52) as u16 & 0x7ff);
        let fraction = bits & ((1 << 52) - 1);
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        let digits = [0, 0, 0, 0, 0, 0, 0, mantissa];
        // the mantissa counts units of 2^(exponent − 1075)
        Some(Wide::round(x < 0.0, exponent.max(1) - 1075 + 64, digits).0)
    }

    /// The nearest number to an integer of any size.
    pub fn from_big(n: &BigInt) -> Rounded {
        let digits = n.magnitude().to_u64_digits();
        let mut top = [0; 2 * LIMBS];
        let kept = digits.len().min(2 * LIMBS);
        let (rest, high) = digits.split_at(digits.len() - kept);
        top[2 * LIMBS - kept..].copy_from_slice(high);
        let lost = rest.iter().any(|&limb| limb != 0);
        let exponent = i64::try_from(digits.len() * 64).unwrap_or(i64::MAX);
        let (value, exact) = Wide::round(n.sign() == Sign::Minus, exponent, top);
        (value, exact && !lost)
    }

    /// The double nearest to this, but for one unit in the last place; infinite or 0 where it is
    /// too large or too small for one.
    pub fn to_double(self) -> f64 {
        let mantissa = self.limbs[LIMBS - 1] as f64 * 2f64.powi(-64);
        // in two steps, so that subnormal results keep their digits
        let exponent = self.exponent.clamp(-1200, 1200) as i32;
        let magnitude = mantissa * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2);
        if self.negative { -magnitude } else { magnitude }
    }

    /// The magnitude as m·2^e with 1 ≤ m < 2, m cut off after 53 bits: at most one unit of 2⁻⁵² is
    /// lost.
    pub(super) fn head(self) -> (f64, i64) {
        let top = self.limbs[LIMBS - 1] >> 11;
        ((top as f64) * 2f64.powi(-52), self.exponent - 1)
    }

    /// The value where it is an integer of at most 62 bits.
    pub fn to_integer(self) -> Option<i64> {
        if self.is_zero() {
            return Some(0);
        }
        let [a, b, c, top] = self.limbs;
        if !(1..=62).contains(&self.exponent) || a | b | c != 0 {
            return None;
        }
        let below = 64 - self.exponent.unsigned_abs() as u32;
        let n = i64::try_from(top >> below).ok()?;
        (top.trailing_zeros() >= below).then_some(if self.negative { -n } else { n })
    }

    /// The mantissa as an integer, and the exponent of its lowest bit.
    pub fn to_big(self) -> (BigInt, i64) {
        let limbs = self.limbs.iter().flat_map(|l| [*l as u32, (*l >> 32) as u32]).collect();
        let sign = if self.negative { Sign::Minus } else { Sign::Plus };
        (BigInt::from_biguint(sign, BigUint::new(limbs)), self.exponent - BITS)
    }

    /// Whether this is 0.
    pub fn is_zero(self) -> bool {
        self.limbs[LIMBS - 1] == 0
    }

    /// Whether this is less than 0.
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// The e with 2^(e − 1) ≤ |x| < 2^e; 0 for 0.
    pub fn exponent(self) -> i64 {
        self.exponent
    }

    /// The value with the other sign.
    #[must_use]
    pub fn negated(self) -> Wide {
        Wide { negative: !self.negative && !self.is_zero(), ..self }
    }

    /// The magnitude.
    #[must_use]
    pub fn abs(self) -> Wide {
        Wide { negative: false, ..self }
    }

    /// x·2ⁿ
    #[must_use]
    pub fn scale(self, n: i64) -> Wide {
        if self.is_zero() { self } else { Wide { exponent: self.exponent + n, ..self } }
    }

    /// The nearest number with half the bits.
    #[must_use]
    pub fn shorten(self) -> Wide {
        // one limb of room for a carry
        let [_, b, c, d] = self.limbs;
        let mut digits = [0, 0, 0, 0, 0, c, d, 0];
        let mut up = b >> 63;
        for digit in &mut digits[5..] {
            *digit = carry(*digit, 0, &mut up);
        }
        Wide::round(self.negative, self.exponent + 64, digits).0
    }

    fn compare_magnitude(self, other: Wide) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ => self
                .exponent
                .cmp(&other.exponent)
                .then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev())),
        }
    }

    /// The order of the values.
    pub fn compare(self, other: Wide) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_magnitude(other),
            (true, true) => other.compare_magnitude(self),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }

    /// The sum.
    pub fn sum(self, other: Wide) -> Rounded {
        let (large, small) = match self.compare_magnitude(other) {
            Ordering::Less => (other, self),
            _ => (self, other),
        };
        if small.is_zero() {
            return (large, true);
        }
        let apart = large.exponent - small.exponent;
        if apart > BITS + 2 {
            return (large, false);
        }
        let mut a: Double = [0; 2 * LIMBS];
        a[LIMBS..].copy_from_slice(&large.limbs);
        let mut b: Double = [0; 2 * LIMBS];
        b[LIMBS..].copy_from_slice(&small.limbs);
        // one bit of room for a carry
        shift_right(&mut a, 1);
        shift_right(&mut b, apart.unsigned_abs() as u32 + 1);
        // at most three bits are lost, far below the rounding place
        let lost = apart + 1 > BITS;
        b[0] |= u64::from(lost);
        let mut over = 0;
        for (a, &b) in a.iter_mut().zip(&b) {
            *a = if large.negative == small.negative {
                carry(*a, b, &mut over)
            } else {
                borrow(*a, b, &mut over)
            };
        }
        let (sum, exact) = Wide::round(large.negative, large.exponent + 1, a);
        (sum, exact && !lost)
    }

    /// The difference.
    pub fn difference(self, other: Wide) -> Rounded {
        self.sum(other.negated())
    }

    /// The product.
    pub fn product(self, other: Wide) -> Rounded {
        let mut product: Double = [0; 2 * LIMBS];
        for (i, &a) in self.limbs.iter().enumerate() {
            let mut over = 0u64;
            for (j, &b) in other.limbs.iter().enumerate() {
                let sum =
                    u128::from(a) * u128::from(b) + u128::from(product[i + j]) + u128::from(over);
                product[i + j] = sum as u64;
                over = (sum >> 64) as u64;
            }
            product[i + LIMBS] = over;
        }
        Wide::round(self.negative != other.negative, self.exponent + other.exponent, product)
    }

    /// The quotient; `None` for a zero divisor.
    pub fn quotient(self, other: Wide) -> Option<Rounded> {
        if other.is_zero() {
            return None;
        }
        // algorithm D: the divisor's highest bit is set already
        let mut rest = [0u64; 2 * LIMBS + 1];
        rest[LIMBS..2 * LIMBS].copy_from_slice(&self.limbs);
        let divisor = other.limbs;
        let top = u128::from(divisor[LIMBS - 1]);
        let mut digits: Double = [0; 2 * LIMBS];
        for j in (0..=LIMBS).rev() {
            let head = u128::from(rest[j + LIMBS]) << 64 | u128::from(rest[j + LIMBS - 1]);
            let mut guess = (head / top).min(u128::from(u64::MAX));
            let mut remainder = head - guess * top;
            while remainder >> 64 == 0
                && guess * u128::from(divisor[LIMBS - 2])
                    > (remainder << 64 | u128::from(rest[j + LIMBS - 2]))
            {
                guess -= 1;
                remainder += top;
            }
            let mut digit = guess as u64;
            let (mut over, mut under) = (0u64, 0u64);
            for k in 0..LIMBS {
                let product = u128::from(digit) * u128::from(divisor[k]) + u128::from(over);
                over = (product >> 64) as u64;
                rest[j + k] = borrow(rest[j + k], product as u64, &mut under);
            }
            rest[j + LIMBS] = borrow(rest[j + LIMBS], over, &mut under);
            if under == 1 {
                // the guess was one too large
                digit -= 1;
                let mut over = 0;
                for k in 0..LIMBS {
                    rest[j + k] = carry(rest[j + k], divisor[k], &mut over);
                }
                rest[j + LIMBS] = rest[j + LIMBS].wrapping_add(over);
            }
            digits[j + LIMBS - 1] = digit;
        }
        // a remainder lies below all digits
        digits[0] |= u64::from(rest.iter().any(|&limb| limb != 0));
        let exponent = self.exponent - other.exponent + 64;
        Some(Wide::round(self.negative != other.negative, exponent, digits))
    }
}
