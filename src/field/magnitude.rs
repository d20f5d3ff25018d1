//! Bounds on errors: numbers at least 0 of short precision, always rounded up.

use super::wide::Wide;
use std::cmp::Ordering;

/// More than the relative error of a few operations on doubles.
const UP: f64 = 1.0 + 1.0 / (1u64 << 50) as f64;
const DOWN: f64 = 1.0 - 1.0 / (1u64 << 50) as f64;

/// m·2^e with 1 ≤ m < 2, or 0, or infinite.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Magnitude {
    m: f64,
    e: i64,
}

impl Magnitude {
    /// 0
    pub const ZERO: Magnitude = Magnitude { m: 0.0, e: 0 };
    /// No bound.
    pub const INFINITE: Magnitude = Magnitude { m: f64::INFINITY, e: 0 };

    /// m·2^e for a moderate m that is rounded up already.
    fn new(m: f64, e: i64) -> Magnitude {
        if m == 0.0 || !m.is_finite() {
            return Magnitude { m, e: 0 };
        }
        let bits = m.to_bits();
        let exponent = i64::from((bits >> 52) as u16) - 1023;
        let m = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
        Magnitude { m, e: e + exponent }
    }

    /// 2^e
    pub fn power_of_two(e: i64) -> Magnitude {
        Magnitude { m: 1.0, e }
    }

    /// At least |x|.
    pub fn above(x: Wide) -> Magnitude {
        if x.is_zero() {
            return Magnitude::ZERO;
        }
        let (m, e) = x.head();
        Magnitude::new(m * UP, e)
    }

    /// At most |x|.
    pub fn below(x: Wide) -> Magnitude {
        if x.is_zero() {
            return Magnitude::ZERO;
        }
        let (m, e) = x.head();
        Magnitude { m, e }
    }

    /// Whether this is 0.
    pub fn is_zero(self) -> bool {
        self.m == 0.0
    }

    /// Whether this is a bound.
    pub fn is_finite(self) -> bool {
        self.m.is_finite()
    }

    /// The e with 2^e ≤ x < 2^(e + 1).
    pub fn exponent(self) -> i64 {
        self.e
    }

    /// At least the sum.
    #[must_use]
    pub fn plus(self, other: Magnitude) -> Magnitude {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        if !self.is_finite() || !other.is_finite() {
            return Magnitude::INFINITE;
        }
        let (large, small) = if self.e >= other.e { (self, other) } else { (other, self) };
        let small = small.m * scale(small.e - large.e);
        Magnitude::new((large.m + small) * UP, large.e)
    }

    /// At least the product.
    #[must_use]
    pub fn times(self, other: Magnitude) -> Magnitude {
        if self.is_zero() || other.is_zero() {
            return Magnitude::ZERO;
        }
        if !self.is_finite() || !other.is_finite() {
            return Magnitude::INFINITE;
        }
        Magnitude::new(self.m * other.m * UP, self.e.saturating_add(other.e))
    }

    /// At least the quotient.
    #[must_use]
    pub fn per(self, other: Magnitude) -> Magnitude {
        if other.is_zero() || !self.is_finite() {
            return Magnitude::INFINITE;
        }
        if self.is_zero() || !other.is_finite() {
            return Magnitude::ZERO;
        }
        Magnitude::new(self.m / other.m * UP, self.e.saturating_sub(other.e))
    }

    /// At most the difference; `None` where it may be 0 or less.
    pub fn minus(self, other: Magnitude) -> Option<Magnitude> {
        if self.is_zero() || !other.is_finite() || !self.is_finite() {
            return None;
        }
        if other.is_zero() {
            return Some(self);
        }
        let other = if other.e > self.e + 1 { return None } else { other };
        let rest = self.m * DOWN - other.m * scale(other.e - self.e) * UP;
        (rest > 0.0).then(|| Magnitude::new(rest * DOWN, self.e))
    }

    /// x·2ⁿ
    #[must_use]
    pub fn shift(self, n: i64) -> Magnitude {
        Magnitude { e: if self.is_zero() { 0 } else { self.e.saturating_add(n) }, ..self }
    }

    /// The m in m·2^e, where 1 ≤ m < 2; 0 for 0.
    pub fn m(self) -> f64 {
        self.m
    }

    /// The order of the values.
    pub fn compare(self, other: Magnitude) -> Ordering {
        let key = |x: Magnitude| match (x.is_zero(), x.is_finite()) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        let finite = self.e.cmp(&other.e).then(self.m.total_cmp(&other.m));
        key(self).cmp(&key(other)).then(if key(self) == 1 { finite } else { Ordering::Equal })
    }

    /// At least this, as a double.
    pub fn to_double(self) -> f64 {
        if self.is_zero() || !self.is_finite() {
            return self.m;
        }
        let e = self.e.clamp(-1074, 1025) as i32;
        // a subnormal result may be rounded down
        (self.m * 2f64.powi(e / 2) * 2f64.powi(e - e / 2) * UP).max(f64::MIN_POSITIVE)
    }
}

/// 2^e for e ≤ 1, not exact (but not 0) where e is far below.
fn scale(e: i64) -> f64 {
    f64::from_bits((e.clamp(-900, 1) + 1023).unsigned_abs() << 52)
}
