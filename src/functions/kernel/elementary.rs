//! The functions of one number that kernels are made of, for every kind of number.
//!
//! A kernel of the table is written once, in these. What has a default here is overridden only
//! where a kind of number would lose digits by it.

use super::reduction::apply;
use super::special;
use crate::array::{KernelError, Scalar};
use crate::functions::Function;
use crate::number::Number;

type Result<T> = std::result::Result<T, KernelError>;

/// A kind of number with elementary functions. All return [`KernelError::Undefined`] outside their
/// domain and [`KernelError::Unsupported`] where this kind lacks them.
#[expect(clippy::missing_errors_doc, reason = "said once above")]
pub trait Elementary: Scalar {
    /// eˣ
    fn exp(self) -> Result<Self>;
    /// The natural logarithm.
    fn log(self) -> Result<Self>;
    /// The square root.
    fn sqrt(self) -> Result<Self>;
    /// sin x
    fn sin(self) -> Result<Self>;
    /// cos x
    fn cos(self) -> Result<Self>;
    /// arcsin x
    fn asin(self) -> Result<Self>;
    /// arccos x
    fn acos(self) -> Result<Self>;
    /// arctan x
    fn atan(self) -> Result<Self>;
    /// The angle of the point (x, self).
    fn atan2(self, x: Self) -> Result<Self>;
    /// arsinh x
    fn asinh(self) -> Result<Self>;
    /// arcosh x
    fn acosh(self) -> Result<Self>;
    /// artanh x
    fn atanh(self) -> Result<Self>;
    /// The error function.
    fn erf(self) -> Result<Self>;
    /// The power with any exponent; 0⁰ is 1.
    fn pow(self, exponent: Self) -> Result<Self>;
    /// |x|
    fn magnitude(self) -> Result<Self>;

    /// eˣ − 1
    fn expm1(self) -> Result<Self> {
        Ok(self.exp()?.sub(Self::ONE))
    }
    /// log(1 + x)
    fn log1p(self) -> Result<Self> {
        Self::ONE.add(self).log()
    }
    /// tan x
    fn tan(self) -> Result<Self> {
        self.sin()?.div(self.cos()?)
    }
    /// sinh x
    fn sinh(self) -> Result<Self> {
        let e = self.exp()?;
        half(e.sub(Self::ONE.div(e)?))
    }
    /// cosh x
    fn cosh(self) -> Result<Self> {
        let e = self.exp()?;
        half(e.add(Self::ONE.div(e)?))
    }
    /// tanh x
    fn tanh(self) -> Result<Self> {
        self.sinh()?.div(self.cosh()?)
    }
    /// 1 − erf x
    fn erfc(self) -> Result<Self> {
        Ok(Self::ONE.sub(self.erf()?))
    }
    /// 1/(1 + e⁻ˣ)
    fn sigmoid(self) -> Result<Self> {
        let e = self.exp()?;
        e.div(Self::ONE.add(e))
    }
    /// log(1 + eˣ)
    fn softplus(self) -> Result<Self> {
        self.exp()?.log1p()
    }
    /// The power series of a function of the table, from that of its argument.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] without a rule.
    fn series(_function: &'static Function, _argument: &[Self]) -> Result<Vec<Self>> {
        Err(KernelError::Unsupported)
    }
}

/// x/2
pub(in crate::functions) fn half<S: Scalar>(x: S) -> Result<S> {
    x.div(S::from_number(&Number::integer(2))?)
}

/// −1, 0 or 1 by the sign of x.
pub(in crate::functions) fn sign<S: Scalar>(x: S) -> Result<S> {
    Ok(if S::ZERO.less(x)? {
        S::ONE
    } else if x.less(S::ZERO)? {
        S::ZERO.sub(S::ONE)
    } else {
        S::ZERO
    })
}

/// 1 where x > 0, else 0.
pub(in crate::functions) fn step<S: Scalar>(x: S) -> Result<S> {
    Ok(if S::ZERO.less(x)? { S::ONE } else { S::ZERO })
}

/// The larger of two, the first at a tie.
pub(in crate::functions) fn max<S: Scalar>(a: S, b: S) -> Result<S> {
    match a.less(b) {
        Ok(true) => Ok(b),
        Ok(false) => first(a, b, b.less(a)?),
        // (a + b + |a − b|)/2, where a value does not need an order
        Err(KernelError::Unsupported) => half(a.add(b).add(apply("abs", a.sub(b))?)),
        Err(error) => Err(error),
    }
}

/// The smaller of two, the first at a tie.
pub(in crate::functions) fn min<S: Scalar>(a: S, b: S) -> Result<S> {
    match b.less(a) {
        Ok(true) => Ok(b),
        Ok(false) => first(a, b, a.less(b)?),
        Err(KernelError::Unsupported) => half(a.add(b).sub(apply("abs", a.sub(b))?)),
        Err(error) => Err(error),
    }
}

/// The first of two where it comes before the other or is equal: where neither holds, one of them
/// is undefined.
fn first<S: Scalar>(a: S, b: S, before: bool) -> Result<S> {
    if before || a == b { Ok(a) } else { Err(KernelError::Undefined) }
}

/// Positive x, or x times the factor.
pub(in crate::functions) fn leak<S: Scalar>(x: S, negative: impl Fn() -> Result<S>) -> Result<S> {
    if S::ZERO.less(x)? { Ok(x) } else { negative() }
}

/// x (1 + erf(x/√2))/2; erfc keeps the digits of the left tail.
pub(in crate::functions) fn gelu<S: Elementary>(x: S) -> Result<S> {
    let root = S::from_number(&Number::integer(2))?.sqrt()?;
    half(x.mul(S::ZERO.sub(x).div(root)?.erfc()?))
}

/// A double, unless it is none.
fn defined(x: f64) -> Result<f64> {
    if x.is_nan() { Err(KernelError::Undefined) } else { Ok(x) }
}

impl Elementary for f64 {
    fn series(function: &'static Function, argument: &[f64]) -> Result<Vec<f64>> {
        (function.series.ok_or(KernelError::Unsupported)?.double)(argument)
    }
    fn exp(self) -> Result<f64> {
        defined(f64::exp(self))
    }
    fn log(self) -> Result<f64> {
        defined(special::log(self))
    }
    fn sqrt(self) -> Result<f64> {
        defined(f64::sqrt(self))
    }
    fn sin(self) -> Result<f64> {
        defined(f64::sin(self))
    }
    fn cos(self) -> Result<f64> {
        defined(f64::cos(self))
    }
    fn asin(self) -> Result<f64> {
        defined(f64::asin(self))
    }
    fn acos(self) -> Result<f64> {
        defined(f64::acos(self))
    }
    fn atan(self) -> Result<f64> {
        defined(f64::atan(self))
    }
    fn atan2(self, x: f64) -> Result<f64> {
        defined(f64::atan2(self, x))
    }
    fn asinh(self) -> Result<f64> {
        defined(f64::asinh(self))
    }
    fn acosh(self) -> Result<f64> {
        defined(special::acosh(self))
    }
    fn atanh(self) -> Result<f64> {
        if self.abs() >= 1.0 { Err(KernelError::Undefined) } else { defined(f64::atanh(self)) }
    }
    fn erf(self) -> Result<f64> {
        defined(special::erf(self))
    }
    fn pow(self, exponent: f64) -> Result<f64> {
        defined(special::pow(self, exponent))
    }
    fn magnitude(self) -> Result<f64> {
        defined(self.abs())
    }
    fn expm1(self) -> Result<f64> {
        defined(self.exp_m1())
    }
    fn log1p(self) -> Result<f64> {
        if self <= -1.0 { Err(KernelError::Undefined) } else { defined(self.ln_1p()) }
    }
    fn tan(self) -> Result<f64> {
        defined(f64::tan(self))
    }
    fn sinh(self) -> Result<f64> {
        defined(f64::sinh(self))
    }
    fn cosh(self) -> Result<f64> {
        defined(f64::cosh(self))
    }
    fn tanh(self) -> Result<f64> {
        defined(f64::tanh(self))
    }
    fn erfc(self) -> Result<f64> {
        defined(special::erfc(self))
    }
    fn sigmoid(self) -> Result<f64> {
        defined(special::sigmoid(self))
    }
    fn softplus(self) -> Result<f64> {
        defined(special::softplus(self))
    }
}
