//! The judge in real numbers with a bound on their error: what they decide is decided.

pub use crate::field::ball::Ball;

use super::arithmetic::Arithmetic;
use super::instance::Instance;
use crate::array::{Array, KernelError};
use crate::field::wide::Wide;
use crate::functions::{Elementary, Function, Kernel};

impl Arithmetic for Ball {
    fn undefined() -> Option<Ball> {
        Some(Ball::UNDEFINED)
    }
    fn is_undefined(self) -> bool {
        Ball::is_undefined(self)
    }
    /// Exactly this double; an infinity is a number of which nothing is known.
    fn from_double(value: f64) -> Result<Ball, KernelError> {
        let unknown = if value.is_nan() { Ball::UNDEFINED } else { Ball::UNBOUNDED };
        Ok(Wide::from_double(value).map_or(unknown, Ball::exact))
    }
    fn to_double(self) -> Option<f64> {
        Some(Ball::to_double(self))
    }
    fn to_integer(self) -> Option<i64> {
        Ball::to_integer(self)
    }
    fn power(self, exponent: Ball) -> Result<Ball, KernelError> {
        self.pow(exponent)
    }
    fn array(
        function: &'static Function,
        arguments: &[&Array<Ball>],
        axis: Option<usize>,
    ) -> Result<Array<Ball>, KernelError> {
        match function.kernel_for(arguments.len()) {
            Kernel::Array(kernel) => (kernel.ball)(arguments, axis),
            Kernel::Elementwise(_) | Kernel::Special => Err(KernelError::Unsupported),
        }
    }
    fn unknown(instance: &Instance, order: u32, argument: Ball) -> Result<Ball, KernelError> {
        instance.derivative(order, argument)
    }
    fn functional(
        instance: &Instance,
        order: u32,
        argument: &[Ball],
    ) -> Result<Vec<Ball>, KernelError> {
        instance.functional(order, argument)
    }
}
