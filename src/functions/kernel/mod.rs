//! Numeric kernels: the textbook meaning of each function, stable and accurate, written without
//! regard to the lowering texts, which are judged by them.
//!
//! Kernels of arrays are generic over the kind of number and shape-checked: what inference would
//! have refused is [`KernelError::Unsupported`](crate::array::KernelError), never a panic.

pub(super) mod learning;
pub(super) mod linear_algebra;
pub(super) mod reduction;
pub(super) mod special;
pub(super) mod structure;

/// A kernel with an instance for every kind of number.
macro_rules! array_kernel {
    ($kernel:path) => {
        crate::functions::ArrayKernel { double: $kernel }
    };
}
pub(super) use array_kernel;
