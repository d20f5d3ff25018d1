//! The judge in integers modulo a prime: identities that hold for every choice of the functions in
//! them are decided exactly.
//!
//! An unknown function must be [`Instance::Opaque`]: a random function, independent of its
//! derivatives and of all functions with another number. The closed forms that floating point uses
//! are refused, since two unknown functions might share one.

pub use crate::field::modular::{Companion, Mersenne, Modular, Prime};

use super::arithmetic::Arithmetic;
use super::instance::Instance;
use crate::array::{Array, KernelError};
use crate::functions::{Function, Kernel};

/// A Hessian has at most this many rows.
const LARGEST_HESSIAN: usize = 1 << 10;

fn name(number: u32) -> String {
    format!("unknown {number}")
}

impl<P: Prime> Arithmetic for Modular<P> {
    fn undefined() -> Option<Modular<P>> {
        None
    }
    fn is_undefined(self) -> bool {
        false
    }
    fn from_double(value: f64) -> Result<Modular<P>, KernelError> {
        Modular::from_double(value)
    }
    fn to_double(self) -> Option<f64> {
        None
    }
    fn to_integer(self) -> Option<i64> {
        Modular::to_integer(self)
    }
    fn power(self, exponent: Modular<P>) -> Result<Modular<P>, KernelError> {
        Modular::power(self, exponent)
    }
    fn array(
        function: &'static Function,
        arguments: &[&Array<Modular<P>>],
        axis: Option<usize>,
    ) -> Result<Array<Modular<P>>, KernelError> {
        match function.kernel_for(arguments.len()) {
            Kernel::Array(kernel) => P::array(&kernel)(arguments, axis),
            Kernel::Elementwise(_) | Kernel::Special => Err(KernelError::Unsupported),
        }
    }
    fn unknown(
        instance: &Instance,
        order: u32,
        argument: Modular<P>,
    ) -> Result<Modular<P>, KernelError> {
        let Instance::Opaque(number) = *instance else { return Err(KernelError::Unsupported) };
        Ok(Modular::opaque_value(&name(number), order, &[argument]))
    }
    fn functional(
        instance: &Instance,
        order: u32,
        argument: &[Modular<P>],
    ) -> Result<Vec<Modular<P>>, KernelError> {
        let Instance::Opaque(number) = *instance else { return Err(KernelError::Unsupported) };
        let n = argument.len();
        // the positions of a derivative follow the entries; its order keeps them apart from these
        let at = |positions: &[usize]| {
            let mut all = argument.to_vec();
            let position = |k: &usize| Modular::<P>::integer(i64::try_from(*k).unwrap_or(i64::MAX));
            all.extend(positions.iter().map(position));
            Modular::opaque_value(&name(number), order, &all)
        };
        match order {
            0 => Ok(vec![at(&[])]),
            1 => Ok((0..n).map(|k| at(&[k])).collect()),
            2 if n > LARGEST_HESSIAN => Err(KernelError::TooLarge),
            // second derivatives are symmetric
            2 => Ok((0..n)
                .flat_map(|k| (0..n).map(move |l| [k.min(l), k.max(l)]))
                .map(|pair| at(&pair))
                .collect()),
            _ => Err(KernelError::Unsupported),
        }
    }
}
