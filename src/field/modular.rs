//! Integers modulo a 61-bit prime, for deciding identities exactly (Schwartz 1980, Zippel 1979).
//!
//! Sums, products, quotients and integer powers are exact. Every other function is *opaque*: a
//! random function of its exact arguments, subject only to relations that the true function has
//! (exp(−x) exp(x) = 1, sin² + cos² = 1). So an identity that holds here holds for every choice of
//! these functions, the true one among them. The converse is not so: where a value is
//! [opaque](Modular::is_opaque), two different values refute nothing.
//!
//! Each value knows how high the degree of the polynomials behind it may be, which bounds the
//! chance that a false identity holds at a random point ([`Modular::chance`]). Coefficients that
//! one prime divides are seen by the other: what is called verified has to hold modulo both.

use crate::array::{KernelError, Scalar};
use crate::functions::{Elementary, Function, Kernel};
use crate::number::Number;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::ToPrimitive;
use std::fmt::Debug;
use std::marker::PhantomData;

/// The bits of the primes.
const BITS: u32 = 61;
const MASK: u64 = (1 << BITS) - 1;
/// Constants up to this magnitude count as integers.
const LARGEST_INTEGER: u64 = 1 << 32;

/// A prime 2⁶¹ − c with a small c.
pub trait Prime: Copy + PartialEq + Debug + 'static {
    /// The c in 2⁶¹ − c.
    const BELOW: u64;
    /// The prime.
    const P: u64 = (1 << BITS) - Self::BELOW;
    /// The instance of an elementwise kernel.
    fn elementwise(kernel: &crate::functions::ElementKernel) -> ElementOf<Self>;
    /// The instance of a kernel of arrays.
    fn array(kernel: &crate::functions::ArrayKernel) -> crate::functions::KernelOf<Modular<Self>>;
}

/// An elementwise kernel in these numbers.
type ElementOf<P> = crate::functions::ElementOf<Modular<P>>;

/// 2⁶¹ − 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mersenne;

/// 2⁶¹ − 31, the next prime below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Companion;

impl Prime for Mersenne {
    const BELOW: u64 = 1;
    fn elementwise(kernel: &crate::functions::ElementKernel) -> ElementOf<Mersenne> {
        kernel.modular
    }
    fn array(kernel: &crate::functions::ArrayKernel) -> crate::functions::KernelOf<Modular> {
        kernel.modular
    }
}

impl Prime for Companion {
    const BELOW: u64 = 31;
    fn elementwise(kernel: &crate::functions::ElementKernel) -> ElementOf<Companion> {
        kernel.companion
    }
    fn array(
        kernel: &crate::functions::ArrayKernel,
    ) -> crate::functions::KernelOf<Modular<Companion>> {
        kernel.companion
    }
}

/// An integer modulo a prime, with what is known of the rational function that it is a value of.
#[derive(Clone, Copy, Debug)]
pub struct Modular<P: Prime = Mersenne> {
    value: u64,
    /// Bounds on the degrees of numerator and denominator.
    numerator: f32,
    denominator: f32,
    opaque: bool,
    prime: PhantomData<P>,
}

impl<P: Prime> PartialEq for Modular<P> {
    /// Whether the values are equal; what is known of their origin does not count.
    fn eq(&self, other: &Modular<P>) -> bool {
        self.value == other.value
    }
}

/// x mod 2⁶¹ − c, by folding the upper bits down twice.
fn reduce<P: Prime>(x: u128) -> u64 {
    let fold = |x: u128| (x & u128::from(MASK)) + (x >> BITS) * u128::from(P::BELOW);
    // below 2¹²², then below 2⁶⁷, then below 2⁶¹ + 2¹²
    let x = fold(fold(x)) as u64;
    if x >= P::P { x - P::P } else { x }
}

fn times<P: Prime>(a: u64, b: u64) -> u64 {
    reduce::<P>(u128::from(a) * u128::from(b))
}

fn power<P: Prime>(base: u64, mut exponent: u64) -> u64 {
    let (mut square, mut product) = (base, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            product = times::<P>(product, square);
        }
        square = times::<P>(square, square);
        exponent >>= 1;
    }
    product
}

/// One step of a hash over words of 64 bits.
fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word) * 0xd6e8_feb8_6659_fd93;
    let folded = (product >> 64) as u64 ^ product as u64 ^ state.rotate_left(23);
    let spread = (folded ^ (folded >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (spread ^ (spread >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) ^ (spread >> 31)
}

impl<P: Prime> Modular<P> {
    const fn raw(value: u64, numerator: f32, denominator: f32, opaque: bool) -> Modular<P> {
        Modular { value, numerator, denominator, opaque, prime: PhantomData }
    }

    /// A constant.
    pub fn integer(n: i64) -> Modular<P> {
        let magnitude = reduce::<P>(u128::from(n.unsigned_abs()));
        let value = if n < 0 && magnitude > 0 { P::P - magnitude } else { magnitude };
        Modular::raw(value, 0.0, 0.0, false)
    }

    /// The value of a variable: any 64 random bits will do.
    pub fn variable(bits: u64) -> Modular<P> {
        Modular::raw(reduce::<P>(u128::from(bits)), 1.0, 0.0, false)
    }

    /// The representative from 0 to p − 1.
    pub fn residue(self) -> u64 {
        self.value
    }

    /// Whether a function was involved that is random here: then a difference refutes nothing.
    pub fn is_opaque(self) -> bool {
        self.opaque
    }

    /// A bound on the degree of the numerator of the rational function behind this value, in the
    /// variables and in the values of opaque functions.
    pub fn degree(self) -> f64 {
        f64::from(self.numerator)
    }

    /// A bound on the chance that two values agree at a point with independent entries, each drawn
    /// from `choices` values (at most 2⁶¹ count), though they are not the same function.
    pub fn chance(self, other: Modular<P>, choices: f64) -> f64 {
        (self.sub(other).degree() / choices.min(P::P as f64)).min(1.0)
    }

    /// A value of the random function with this name and order of derivative. Functions that
    /// differ in either are independent.
    #[must_use]
    pub fn opaque_value(name: &str, order: u32, arguments: &[Modular<P>]) -> Modular<P> {
        let mut state = mix(u64::from(order), P::P);
        for chunk in name.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            state = mix(state, u64::from_le_bytes(word));
        }
        state = mix(state, name.len() as u64);
        // two arguments that are different functions agree with a chance that counts as well
        let mut degree = 1.0;
        for argument in arguments {
            state = mix(state, argument.value);
            degree += 2.0 * (argument.numerator + argument.denominator);
        }
        let wide = u128::from(mix(state, 1)) << 64 | u128::from(mix(state, 2));
        let value = (wide % u128::from(P::P - 1)) as u64 + 1;
        Modular::raw(value, degree, 0.0, true)
    }

    /// The representative of {x, −x} that is at most p/2, and whether it is −x.
    fn magnitude(self) -> (Modular<P>, bool) {
        let negative = self.value > P::P / 2;
        (if negative { Modular::ZERO.sub(self) } else { self }, negative)
    }

    /// Whether this is certainly the same at every point.
    fn is_constant(self) -> bool {
        self.numerator == 0.0 && self.denominator == 0.0 && !self.opaque
    }

    /// The value where it is a constant and an integer of moderate size.
    pub fn to_integer(self) -> Option<i64> {
        let (m, negative) = self.magnitude();
        let n = i64::try_from(m.value).ok()?;
        let fits = self.is_constant() && m.value <= LARGEST_INTEGER;
        fits.then_some(if negative { -n } else { n })
    }

    /// The number that a double is exactly, as the value of a variable.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] for an infinity or NaN.
    pub fn from_double(value: f64) -> Result<Modular<P>, KernelError> {
        if !value.is_finite() {
            return Err(KernelError::Unsupported);
        }
        let bits = value.to_bits();
        let exponent = i64::from((bits >> 52) as u16 & 0x7ff);
        let fraction = bits & ((1 << 52) - 1);
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        let scale = exponent.max(1) - 1075;
        let two = if scale < 0 { (P::P).div_ceil(2) } else { 2 };
        let magnitude = times::<P>(mantissa, power::<P>(two, scale.unsigned_abs()));
        let x = Modular::raw(magnitude, 1.0, 0.0, false);
        Ok(if value < 0.0 { Modular::ZERO.sub(x) } else { x })
    }

    /// The power by repeated squaring.
    fn integer_power(self, exponent: i64) -> Result<Modular<P>, KernelError> {
        if exponent == 0 {
            return Ok(Modular::ONE);
        }
        let base = if exponent < 0 { Modular::ONE.div(self)? } else { self };
        let times = exponent.unsigned_abs();
        Ok(Modular {
            value: power::<P>(base.value, times),
            numerator: base.numerator * times as f32,
            denominator: base.denominator * times as f32,
            ..base
        })
    }

    /// The power: exact for moderate integers that are constant, by the square root for half of
    /// them, and opaque for other exponents.
    ///
    /// # Errors
    /// [`KernelError::Undefined`] for a negative power of 0.
    pub fn power(self, exponent: Modular<P>) -> Result<Modular<P>, KernelError> {
        const LARGEST: u64 = 1 << 16;
        let small = |n: Modular<P>| n.to_integer().filter(|n| n.unsigned_abs() <= LARGEST);
        if let Some(n) = small(exponent) {
            return self.integer_power(n);
        }
        if let Some(n) = small(exponent.add(exponent)) {
            // n is odd: x^(n/2) = √x x^((n−1)/2)
            return Ok(self.sqrt()?.mul(self.integer_power((n - 1) / 2)?));
        }
        Ok(Modular::opaque_value("pow", 0, &[self, exponent]))
    }
}

impl<P: Prime> Scalar for Modular<P> {
    const ZERO: Modular<P> = Modular::raw(0, 0.0, 0.0, false);
    const ONE: Modular<P> = Modular::raw(1, 0.0, 0.0, false);
    const OVERFLOWS: bool = false;

    fn add(self, other: Modular<P>) -> Modular<P> {
        let sum = self.value + other.value;
        let value = if sum >= P::P { sum - P::P } else { sum };
        let numerator =
            (self.numerator + other.denominator).max(other.numerator + self.denominator);
        let denominator = self.denominator + other.denominator;
        Modular::raw(value, numerator, denominator, self.opaque || other.opaque)
    }

    fn sub(self, other: Modular<P>) -> Modular<P> {
        let value = if other.value == 0 { 0 } else { P::P - other.value };
        self.add(Modular { value, ..other })
    }

    fn mul(self, other: Modular<P>) -> Modular<P> {
        let value = times::<P>(self.value, other.value);
        let numerator = self.numerator + other.numerator;
        let denominator = self.denominator + other.denominator;
        Modular::raw(value, numerator, denominator, self.opaque || other.opaque)
    }

    fn div(self, other: Modular<P>) -> Result<Modular<P>, KernelError> {
        if other.value == 0 {
            return Err(KernelError::Undefined);
        }
        let inverse = Modular {
            value: power::<P>(other.value, P::P - 2),
            numerator: other.denominator,
            denominator: other.numerator,
            ..other
        };
        Ok(self.mul(inverse))
    }

    fn from_number(value: &Number) -> Result<Modular<P>, KernelError> {
        if let Some((n, d)) = value.small() {
            return Modular::integer(n).div(Modular::integer(d));
        }
        let big = value.to_big();
        let residue = |n: &BigInt| {
            let r = n.mod_floor(&BigInt::from(P::P)).to_i64();
            r.map(Modular::integer).ok_or(KernelError::Unsupported)
        };
        residue(big.numer())?.div(residue(big.denom())?)
    }

    fn less(self, _: Modular<P>) -> Result<bool, KernelError> {
        Err(KernelError::Unsupported)
    }

    /// The least magnitude of an integer with this residue.
    fn size(self) -> f64 {
        self.magnitude().0.value as f64
    }

    fn map(function: &'static Function, arguments: &[Modular<P>]) -> Result<Self, KernelError> {
        match function.kernel_for(arguments.len()) {
            Kernel::Elementwise(kernel) if arguments.len() == function.parameters.len() => {
                match P::elementwise(&kernel)(arguments) {
                    // what asks for an order is a function of its arguments all the same
                    Err(KernelError::Unsupported) => {
                        Ok(Modular::opaque_value(function.name, 0, arguments))
                    }
                    value => value,
                }
            }
            _ => Err(KernelError::Unsupported),
        }
    }

    /// Only constants are told from 0: what vanishes at no random point may vanish somewhere.
    fn is_zero(self) -> Result<bool, KernelError> {
        if self.is_constant() { Ok(self.value == 0) } else { Err(KernelError::Unsupported) }
    }

    fn pi() -> Result<Modular<P>, KernelError> {
        Ok(Modular::opaque_value("pi", 0, &[]))
    }
}

/// Defines functions that are opaque but for f(0) = 0.
macro_rules! opaque {
    ($($name:ident)*) => {
        $(fn $name(self) -> Result<Self, KernelError> {
            if self.value == 0 {
                return Ok(self.like(0));
            }
            Ok(Modular::opaque_value(stringify!($name), 0, &[self]))
        })*
    };
}

impl<P: Prime> Modular<P> {
    /// A value that follows from the value of this.
    fn like(self, value: u64) -> Modular<P> {
        Modular::raw(value, self.numerator + self.denominator, 0.0, self.opaque)
    }

    /// A random point (cos x, sin x) of the circle, rationally parametrised.
    fn circle(self) -> Result<(Modular<P>, Modular<P>), KernelError> {
        if self.value == 0 {
            return Ok((self.like(1), self.like(0)));
        }
        let (x, negative) = self.magnitude();
        let t = Modular::opaque_value("circle", 0, &[x]);
        let square = t.mul(t);
        let below = Modular::ONE.add(square);
        let cosine = Modular::ONE.sub(square).div(below)?;
        let sine = t.add(t).div(below)?;
        Ok((cosine, if negative { Modular::ZERO.sub(sine) } else { sine }))
    }
}

impl<P: Prime> Elementary for Modular<P> {
    opaque!(sqrt asin atan asinh atanh erf);

    fn exp(self) -> Result<Self, KernelError> {
        if self.value == 0 {
            return Ok(self.like(1));
        }
        let (x, negative) = self.magnitude();
        let y = Modular::opaque_value("exp", 0, &[x]);
        if negative { Self::ONE.div(y) } else { Ok(y) }
    }

    fn log(self) -> Result<Self, KernelError> {
        if self.value < 2 {
            return if self.value == 1 { Ok(self.like(0)) } else { Err(KernelError::Undefined) };
        }
        Ok(Modular::opaque_value("log", 0, &[self]))
    }

    fn sin(self) -> Result<Self, KernelError> {
        Ok(self.circle()?.1)
    }

    fn cos(self) -> Result<Self, KernelError> {
        Ok(self.circle()?.0)
    }

    fn acos(self) -> Result<Self, KernelError> {
        Ok(Modular::opaque_value("acos", 0, &[self]))
    }

    fn acosh(self) -> Result<Self, KernelError> {
        Ok(Modular::opaque_value("acosh", 0, &[self]))
    }

    fn pow(self, exponent: Self) -> Result<Self, KernelError> {
        self.power(exponent)
    }

    fn atan2(self, x: Self) -> Result<Self, KernelError> {
        Ok(Modular::opaque_value("atan2", 0, &[self, x]))
    }

    fn magnitude(self) -> Result<Self, KernelError> {
        Ok(Modular::opaque_value("abs", 0, &[Modular::magnitude(self).0]))
    }
}

#[cfg(test)]
#[path = "modular_tests.rs"]
mod tests;
