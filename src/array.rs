//! Small dense arrays in row-major order, generic over the kind of number, for kernels and the
//! numeric judge.

use crate::functions::{Function, Kernel};

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
    /// Whether numbers of moderate size have exponentials or squares without a finite value, which
    /// kernels avoid by scaling.
    const OVERFLOWS: bool = true;
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
    /// Whether this is 0, as the condition of a choice.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where it is not certain.
    fn is_zero(self) -> Result<bool, KernelError> {
        Ok(self == Self::ZERO)
    }
    /// π
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where this kind of number has none.
    fn pi() -> Result<Self, KernelError>;
}

/// A dense array.
#[derive(Clone, PartialEq, Debug)]
pub struct Array<S = f64> {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// The entries, the last axis fastest.
    pub data: Vec<S>,
}

impl Scalar for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    fn add(self, other: f64) -> f64 {
        self + other
    }
    fn sub(self, other: f64) -> f64 {
        self - other
    }
    fn mul(self, other: f64) -> f64 {
        self * other
    }
    fn div(self, other: f64) -> Result<f64, KernelError> {
        if other == 0.0 { Err(KernelError::Undefined) } else { Ok(self / other) }
    }
    fn from_number(value: &crate::number::Number) -> Result<f64, KernelError> {
        Ok(value.to_f64())
    }
    fn less(self, other: f64) -> Result<bool, KernelError> {
        Ok(self < other)
    }
    fn size(self) -> f64 {
        self.abs()
    }
    fn pi() -> Result<f64, KernelError> {
        Ok(std::f64::consts::PI)
    }
    fn map(function: &'static Function, arguments: &[f64]) -> Result<f64, KernelError> {
        match function.kernel_for(arguments.len()) {
            Kernel::Elementwise(kernel) if arguments.len() == function.parameters.len() => {
                Ok((kernel.double)(arguments))
            }
            _ => Err(KernelError::Unsupported),
        }
    }
}

/// No array of more entries is made.
pub const LARGEST: usize = 1 << 26;

impl<S: Scalar> Array<S> {
    /// An array without axes.
    pub fn scalar(value: S) -> Array<S> {
        Array { shape: Vec::new(), data: vec![value] }
    }

    /// An array with one axis.
    pub fn vector(data: Vec<S>) -> Array<S> {
        Array { shape: vec![data.len()], data }
    }

    /// An array of zeros.
    ///
    /// # Errors
    /// [`KernelError::TooLarge`] for more than [`LARGEST`] entries.
    pub fn zeros(shape: &[usize]) -> Result<Array<S>, KernelError> {
        Array::filled(shape, S::ZERO)
    }

    /// An array of equal entries.
    ///
    /// # Errors
    /// [`KernelError::TooLarge`] for more than [`LARGEST`] entries.
    pub fn filled(shape: &[usize], value: S) -> Result<Array<S>, KernelError> {
        Ok(Array { shape: shape.to_vec(), data: vec![value; entries(shape)?] })
    }

    /// The array whose entry at each index is what `entry` says, called in row-major order.
    ///
    /// # Errors
    /// [`KernelError::TooLarge`] for more than [`LARGEST`] entries.
    pub fn from_fn(
        shape: &[usize],
        mut entry: impl FnMut(&[usize]) -> S,
    ) -> Result<Array<S>, KernelError> {
        let n = entries(shape)?;
        let mut data = Vec::with_capacity(n);
        let mut index = vec![0; shape.len()];
        for _ in 0..n {
            data.push(entry(&index));
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Ok(Array { shape: shape.to_vec(), data })
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The entry at an index with one position for each axis, where there is one.
    pub fn get(&self, index: &[usize]) -> Option<S> {
        if index.len() != self.shape.len() || index.iter().zip(&self.shape).any(|(i, n)| i >= n) {
            return None;
        }
        let at = index.iter().zip(&self.shape).fold(0, |at, (i, n)| at * n + i);
        self.data.get(at).copied()
    }

    /// The entry of a scalar.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where there are axes.
    pub fn as_scalar(&self) -> Result<S, KernelError> {
        match (self.shape.as_slice(), self.data.as_slice()) {
            ([], &[value]) => Ok(value),
            _ => Err(KernelError::Unsupported),
        }
    }

    /// The array of `f` of each entry.
    ///
    /// # Errors
    /// The first that `f` returns.
    pub fn map(&self, f: impl FnMut(S) -> Result<S, KernelError>) -> Result<Array<S>, KernelError> {
        let data = self.data.iter().copied().map(f).collect::<Result<_, _>>()?;
        Ok(Array { shape: self.shape.clone(), data })
    }

    /// The array of `f` of each pair of entries; a scalar on either side is broadcast.
    ///
    /// # Errors
    /// The first that `f` returns; [`KernelError::Unsupported`] for different shapes.
    pub fn zip(
        &self,
        other: &Array<S>,
        mut f: impl FnMut(S, S) -> Result<S, KernelError>,
    ) -> Result<Array<S>, KernelError> {
        if self.shape == other.shape {
            let pairs = self.data.iter().zip(&other.data);
            let data = pairs.map(|(&a, &b)| f(a, b)).collect::<Result<_, _>>()?;
            return Ok(Array { shape: self.shape.clone(), data });
        }
        if let Ok(b) = other.as_scalar() {
            return self.map(|a| f(a, b));
        }
        let a = self.as_scalar()?;
        other.map(|b| f(a, b))
    }

    /// The axes reversed; a vector stays as it is.
    #[must_use]
    pub fn transpose(&self) -> Array<S> {
        let &[m, n] = self.shape.as_slice() else { return self.clone() };
        let data = (0..n).flat_map(|j| (0..m).map(move |i| self.data[i * n + j])).collect();
        Array { shape: vec![n, m], data }
    }

    /// The sum over the last axis of this array and the first of the other.
    ///
    /// # Errors
    /// [`KernelError::Unsupported`] where either is a scalar or the axes differ in size,
    /// [`KernelError::TooLarge`] for more than [`LARGEST`] entries.
    pub fn matmul(&self, other: &Array<S>) -> Result<Array<S>, KernelError> {
        let (Some((&k, left)), Some((&l, right))) =
            (self.shape.split_last(), other.shape.split_first())
        else {
            return Err(KernelError::Unsupported);
        };
        if k != l {
            return Err(KernelError::Unsupported);
        }
        let shape = [left, right].concat();
        let n = entries(right)?;
        let mut result = Array::zeros(&shape)?;
        if k == 0 || n == 0 {
            return Ok(result);
        }
        for (row, out) in self.data.chunks(k).zip(result.data.chunks_mut(n)) {
            for (&a, b) in row.iter().zip(other.data.chunks(n)) {
                for (sum, &b) in out.iter_mut().zip(b) {
                    *sum = sum.add(a.mul(b));
                }
            }
        }
        Ok(result)
    }

    /// The array of `f` of all entries (`axis` absent: a scalar), or of each line along an axis,
    /// which is dropped.
    ///
    /// # Errors
    /// The first that `f` returns; [`KernelError::Unsupported`] for an axis that there is not.
    pub fn reduce(
        &self,
        axis: Option<usize>,
        mut f: impl FnMut(&[S]) -> Result<S, KernelError>,
    ) -> Result<Array<S>, KernelError> {
        let Some(axis) = axis else { return Ok(Array::scalar(f(&self.data)?)) };
        let (n, inner) = self.line(axis)?;
        let mut shape = self.shape.clone();
        shape.remove(axis);
        let mut data = Vec::with_capacity(entries(&shape)?);
        let mut line = Vec::with_capacity(n);
        for block in self.data.chunks(n * inner) {
            for at in 0..inner {
                line.clear();
                line.extend(block.iter().skip(at).step_by(inner));
                data.push(f(&line)?);
            }
        }
        Ok(Array { shape, data })
    }

    /// The array in which `f` has changed all entries together (`axis` absent), or each line along
    /// an axis.
    ///
    /// # Errors
    /// The first that `f` returns; [`KernelError::Unsupported`] for an axis that there is not.
    pub fn along(
        &self,
        axis: Option<usize>,
        mut f: impl FnMut(&mut [S]) -> Result<(), KernelError>,
    ) -> Result<Array<S>, KernelError> {
        let mut result = self.clone();
        let Some(axis) = axis else {
            f(&mut result.data)?;
            return Ok(result);
        };
        let (n, inner) = self.line(axis)?;
        let mut line = Vec::with_capacity(n);
        for block in result.data.chunks_mut(n * inner) {
            for at in 0..inner {
                line.clear();
                line.extend(block.iter().skip(at).step_by(inner));
                f(&mut line)?;
                for (entry, &value) in block.iter_mut().skip(at).step_by(inner).zip(&line) {
                    *entry = value;
                }
            }
        }
        Ok(result)
    }

    /// The length of a line along an axis and the step between its entries.
    fn line(&self, axis: usize) -> Result<(usize, usize), KernelError> {
        let &n = self.shape.get(axis).ok_or(KernelError::Unsupported)?;
        let inner = entries(&self.shape[axis + 1..])?;
        // an empty array has no lines, and a step of 0 would be none
        if n * inner == 0 { Err(KernelError::Undefined) } else { Ok((n, inner)) }
    }
}

/// The number of entries of an array of this shape.
fn entries(shape: &[usize]) -> Result<usize, KernelError> {
    let n = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
    n.filter(|&n| n <= LARGEST).ok_or(KernelError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(shape: &[usize]) -> Array {
        let mut next = 0.0;
        Array::from_fn(shape, |_| {
            next += 1.0;
            next
        })
        .expect("the shape is small")
    }

    #[test]
    fn entries_are_in_row_major_order() {
        let a = Array::from_fn(&[2, 3], |i| (10 * i[0] + i[1]) as f64).expect("small");
        assert_eq!(a.data, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
        assert_eq!(a.get(&[1, 2]), Some(12.0));
        assert_eq!(a.get(&[1, 3]), None);
        assert_eq!(a.transpose().get(&[2, 1]), Some(12.0));
        assert_eq!(a.transpose().transpose(), a);
    }

    #[test]
    fn products_contract_the_inner_axes() {
        let (a, x) = (counting(&[2, 3]), Array::vector(vec![1.0, 0.0, -1.0]));
        assert_eq!(a.matmul(&x).map(|y| y.data), Ok(vec![-2.0, -2.0]));
        let gram = a.matmul(&a.transpose()).expect("3 and 3 agree");
        assert_eq!(gram.data, [14.0, 32.0, 32.0, 77.0]);
        assert_eq!(a.matmul(&a), Err(KernelError::Unsupported));
        assert_eq!(x.matmul(&x).and_then(|y| y.as_scalar()), Ok(2.0));
    }

    #[test]
    fn an_axis_is_counted_as_numpy_counts() {
        let a = counting(&[2, 3]);
        let sum = |line: &[f64]| Ok(line.iter().sum());
        assert_eq!(a.reduce(Some(0), sum).map(|s| s.data), Ok(vec![5.0, 7.0, 9.0]));
        assert_eq!(a.reduce(Some(1), sum).map(|s| s.data), Ok(vec![6.0, 15.0]));
        assert_eq!(a.reduce(None, sum), Ok(Array::scalar(21.0)));
        assert_eq!(a.reduce(Some(2), sum), Err(KernelError::Unsupported));
        let reversed = a.along(Some(0), |line| {
            line.reverse();
            Ok(())
        });
        assert_eq!(reversed.map(|r| r.data), Ok(vec![4.0, 5.0, 6.0, 1.0, 2.0, 3.0]));
    }

    #[test]
    fn only_scalars_broadcast() {
        let (a, two) = (counting(&[2, 2]), Array::scalar(2.0));
        let product = |a: f64, b: f64| Ok(a * b);
        assert_eq!(two.zip(&a, product).map(|p| p.data), Ok(vec![2.0, 4.0, 6.0, 8.0]));
        assert_eq!(a.zip(&Array::vector(vec![1.0, 2.0]), product), Err(KernelError::Unsupported));
        assert_eq!(Array::<f64>::zeros(&[usize::MAX, 2]), Err(KernelError::TooLarge));
    }
}
