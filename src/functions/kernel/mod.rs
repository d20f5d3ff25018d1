//! Numeric kernels: the textbook meaning of each function, stable and accurate, written without
//! regard to the lowering texts, which are judged by them.
//!
//! Kernels of arrays are generic over the kind of number and shape-checked: what inference would
//! have refused is [`KernelError::Unsupported`](crate::array::KernelError), never a panic.

pub(super) mod decomposition;
pub(super) mod elementary;
pub(super) mod enclosure;
pub(super) mod learning;
pub(super) mod linear_algebra;
pub(super) mod reduction;
pub(crate) mod series;
pub(super) mod special;
pub(super) mod structure;

/// A kernel with an instance for every kind of number.
macro_rules! array_kernel {
    ($kernel:path) => {
        crate::functions::ArrayKernel {
            double: $kernel,
            ball: $kernel,
            modular: $kernel,
            companion: $kernel,
        }
    };
}
pub(super) use array_kernel;

/// An elementwise kernel with an instance for every kind of number: `|v|` and an expression of the
/// list `v` of arguments that is a `Result`.
macro_rules! element_kernel {
    (|$v:ident| $value:expr) => {{
        fn at<S: crate::functions::Elementary>($v: &[S]) -> Result<S, crate::array::KernelError> {
            $value
        }
        crate::functions::ElementKernel {
            // a comparison with NaN is false, and would decide
            double: |v| if v[0].is_nan() { f64::NAN } else { at(v).unwrap_or(f64::NAN) },
            ball: at,
            modular: at,
            companion: at,
        }
    }};
}
pub(super) use element_kernel;
