//! The judge in real numbers with a bound on their error: what they decide is decided.

pub use crate::field::ball::Ball;

use super::arithmetic::Arithmetic;
use super::instance::Instance;
use crate::array::{Array, KernelError, Scalar};
use crate::field::wide::Wide;
use crate::functions::{Elementary, Function, Kernel};

/// Steps of differences are 2 to minus this power.
const STEP: i64 = 56;

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
    /// 2⁻⁵⁶: the error of an extrapolated difference is about its fourth power.
    fn step() -> Option<Ball> {
        Some(Ball::integer(1).scale(-STEP))
    }
    fn limit(near: Ball, far: Ball) -> Result<Ball, KernelError> {
        let third = Ball::integer(1).div(Ball::integer(3))?;
        let change = near.sub(far);
        let value = near.add(change.mul(third));
        // what extrapolation leaves is smaller than what it took away by the square of the step;
        // half of those digits are given up for the unknown ratio of higher derivatives
        Ok(value.widen(change.above().shift(-STEP)))
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
