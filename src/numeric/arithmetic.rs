//! What the judge asks of a kind of number beyond [`Scalar`], and its meaning for doubles.
//!
//! A further kind (dual numbers, modular numbers) is one more implementation; operations that it
//! lacks are refused, never approximated.

use super::instance::Instance;
use crate::array::{Array, KernelError, Scalar};
use crate::functions::{Function, Kernel};

/// An exponent that is nearer than this to an integer may be one.
const ROUNDED_EXPONENT: f64 = 1e-12;
/// Integer exponents up to this magnitude are powers by repeated multiplication.
const LARGEST_EXACT_EXPONENT: u64 = 1 << 16;

/// A kind of number that the judge evaluates in.
pub trait Arithmetic: Scalar {
    /// A value that stands for "no value here" inside an array, where there is one (NaN).
    fn undefined() -> Option<Self>;
    /// Whether this is [`Arithmetic::undefined`].
    fn is_undefined(self) -> bool;
    /// The number nearest to a double.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where doubles have no meaning in this kind.
    fn from_double(value: f64) -> Result<Self, KernelError>;
    /// The double nearest to this number, where it has one.
    fn to_double(self) -> Option<f64>;
    /// The value where it is an integer of moderate size.
    fn to_integer(self) -> Option<i64>;
    /// A step for central differences in this kind, where it has digits enough for one small step;
    /// `None` where differences are extrapolated in doubles.
    fn step() -> Option<Self> {
        None
    }
    /// The limit of central differences at one and two steps, with what is left of their error.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where there is no [`Arithmetic::step`].
    fn limit(_near: Self, _far: Self) -> Result<Self, KernelError> {
        Err(KernelError::Unsupported)
    }
    /// The power with any exponent; integer exponents are exact products.
    ///
    /// # Errors
    /// [`KernelError::Undefined`] for a negative power of 0 and a fractional power of a negative
    /// number.
    fn power(self, exponent: Self) -> Result<Self, KernelError>;
    /// A function of the table on whole arrays.
    ///
    /// # Errors
    /// As the kernel says.
    fn array(
        function: &'static Function,
        arguments: &[&Array<Self>],
        axis: Option<usize>,
    ) -> Result<Array<Self>, KernelError>;
    /// The derivative of this order of an unknown elementwise function.
    ///
    /// # Errors
    /// As [`Instance::derivative`].
    fn unknown(instance: &Instance, order: u32, argument: Self) -> Result<Self, KernelError>;
    /// The value (order 0), gradient (1) or Hessian (2) of an unknown function of an array.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] for higher orders.
    fn functional(
        instance: &Instance,
        order: u32,
        argument: &[Self],
    ) -> Result<Vec<Self>, KernelError>;
}

/// The power with an integer exponent, by repeated squaring.
///
/// # Errors
/// [`KernelError::Undefined`] for a negative power of 0.
pub fn integer_power<S: Scalar>(base: S, exponent: i64) -> Result<S, KernelError> {
    let mut square = if exponent < 0 { S::ONE.div(base)? } else { base };
    let mut left = exponent.unsigned_abs();
    let mut product = S::ONE;
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

impl Arithmetic for f64 {
    fn undefined() -> Option<f64> {
        Some(f64::NAN)
    }
    fn is_undefined(self) -> bool {
        self.is_nan()
    }
    fn from_double(value: f64) -> Result<f64, KernelError> {
        Ok(value)
    }
    fn to_double(self) -> Option<f64> {
        Some(self)
    }
    fn to_integer(self) -> Option<i64> {
        (self.fract() == 0.0 && self.abs() < 1e15).then_some(self as i64)
    }
    fn power(self, exponent: f64) -> Result<f64, KernelError> {
        if let Some(k) = exponent.to_integer() {
            if k.unsigned_abs() <= LARGEST_EXACT_EXPONENT {
                return integer_power(self, k);
            }
        }
        let nearest = exponent.round();
        // a rounded exponent is what it is rounded from; more digits decide what this leaves open
        if self < 0.0
            && (exponent - nearest).abs() < ROUNDED_EXPONENT
            && nearest.abs() <= LARGEST_EXACT_EXPONENT as f64
        {
            return integer_power(self, nearest as i64);
        }
        let value = self.powf(exponent);
        if value.is_nan() || (self == 0.0 && exponent < 0.0) {
            return Err(KernelError::Undefined);
        }
        Ok(value)
    }
    fn array(
        function: &'static Function,
        arguments: &[&Array<f64>],
        axis: Option<usize>,
    ) -> Result<Array<f64>, KernelError> {
        match function.kernel_for(arguments.len()) {
            Kernel::Array(kernel) => (kernel.double)(arguments, axis),
            Kernel::Elementwise(_) | Kernel::Special => Err(KernelError::Unsupported),
        }
    }
    fn unknown(instance: &Instance, order: u32, argument: f64) -> Result<f64, KernelError> {
        instance.derivative(order, argument)
    }
    fn functional(
        instance: &Instance,
        order: u32,
        argument: &[f64],
    ) -> Result<Vec<f64>, KernelError> {
        instance.functional(order, argument)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_powers_of_negative_numbers_exist_and_fractional_ones_do_not() {
        assert_eq!((-2.0f64).power(3.0), Ok(-8.0));
        assert_eq!((-2.0f64).power(-2.0), Ok(0.25));
        assert_eq!(0.0f64.power(0.0), Ok(1.0));
        assert_eq!(0.0f64.power(-1.0), Err(KernelError::Undefined));
        assert_eq!((-2.0f64).power(0.5), Err(KernelError::Undefined));
        assert_eq!((-2.0f64).power(2.0f64.exp().ln()), Ok(4.0));
    }
}
