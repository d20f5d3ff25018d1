//! Small dense arrays in row-major order, generic over the kind of number, for kernels and the
//! numeric judge.

use crate::functions::Function;

/// Why a kernel has no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum KernelError {
    /// The arguments lie outside the domain (log of a negative number, inverse of a singular
    /// matrix, division by zero).
    Undefined,
    /// This kind of number has no such operation (an order, a transcendental function).
    Unsupported,
    /// The result would be too large.
    TooLarge,
}

/// A kind of number that expressions can be evaluated in.
pub trait Scalar: Copy + PartialEq + std::fmt::Debug + 'static {
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// The sum.
    #[must_use]
    fn add(self, other: Self) -> Self;
    /// The difference.
    #[must_use]
    fn sub(self, other: Self) -> Self;
    /// The product.
    #[must_use]
    fn mul(self, other: Self) -> Self;
    /// The quotient.
    ///
    /// # Errors
    /// [`KernelError::Undefined`] for a zero divisor.
    fn div(self, other: Self) -> Result<Self, KernelError>;
    /// An exact rational, rounded to this kind of number.
    ///
    /// # Errors
    /// [`KernelError::Undefined`] where this kind of number cannot hold it.
    fn from_number(value: &crate::number::Number) -> Result<Self, KernelError>;
    /// Whether `self < other`.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where this kind of number has no order.
    fn less(self, other: Self) -> Result<bool, KernelError>;
    /// A magnitude to choose pivots by; 0 only for 0.
    fn size(self) -> f64;
    /// An elementwise function of the table.
    ///
    /// # Errors
    /// As the function's kernel says.
    fn map(function: &'static Function, arguments: &[Self]) -> Result<Self, KernelError>;
}

/// A dense array.
#[derive(Clone, PartialEq, Debug)]
pub struct Array<S = f64> {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// The entries, the last axis fastest.
    pub data: Vec<S>,
}
