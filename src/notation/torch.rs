//! Answers as Python modules that use `PyTorch`.

use super::answer::Answer;
use super::code::{CodeError, Target, module};

/// `PyTorch`'s spellings. Its functions take tensors only, and a matrix product wants one type of
/// numbers: what a module makes itself has the type of its first array.
static TORCH: Target = Target {
    imports: "import torch\n",
    reserved: &["torch"],
    code: |f| f.torch.as_ref(),
    renamed: &[("np.", "torch."), ("axis=", "dim="), ("keepdims", "keepdim")],
    axis: "dim",
    scalar: "torch.as_tensor({0}, dtype={dtype})",
    numbers: ("torch.zeros((), dtype=torch.float64)", "torch.float64"),
    pi: "torch.pi",
    transpose: "{0}.T",
    permute: "torch.permute({0}, {1})",
    outer: "torch.outer({0}, {1})",
    solve: "torch.linalg.solve({0}, {1})",
    inverse: "torch.linalg.inv({0})",
    matrix_power: "torch.linalg.matrix_power({0}, {1})",
    diagonal: "torch.diag({0})",
    trace: "torch.trace({0})",
    total: "torch.sum({0})",
    axis_total: "torch.sum({0}, dim={1})",
    ones: "{like}.new_ones({0})",
    zeros: "{like}.new_zeros({0})",
    full: "torch.mul({like}.new_ones({0}), {1})",
    eye: "torch.eye({0}, dtype={dtype})",
    stack_ends: "torch.hstack([{0}])",
    stack_rows: "torch.vstack([{0}])",
    stack_columns: "torch.column_stack([{0}])",
    in_place: false,
    origins: false,
    range: "torch.arange({0})",
    einsum: "torch.einsum({0}, {1})",
    einsum_many: "torch.einsum({0}, {1})",
};

/// The answer as one self-contained Python module for `PyTorch`, with the functions and parameters
/// of [`numpy`](super::numpy::numpy)'s. Arrays are tensors of one type, in which it computes;
/// scalars may be numbers or tensors.
///
/// ```
/// let question = derive::Question::new("norm2(A*x - y)^2").wrt(&["x"]);
/// let solution = derive::gradient(&question)?;
/// let module = derive::notation::torch::torch(&solution.answer)?;
/// assert!(module.contains("return torch.linalg.norm(A @ x - y)**2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`numpy`](super::numpy::numpy)'s.
pub fn torch(answer: &Answer) -> Result<String, CodeError> {
    module(answer, &TORCH)
}
