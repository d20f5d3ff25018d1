//! Answers as Python modules that use `NumPy`.

use super::answer::Answer;
use super::code::{CodeError, Target, module};

/// `NumPy`'s spellings.
static NUMPY: Target = Target {
    imports: "import numpy as np\n",
    reserved: &["np"],
    code: |f| Some(&f.numpy),
    renamed: &[],
    axis: "axis",
    scalar: "",
    numbers: ("", ""),
    pi: "np.pi",
    transpose: "{0}.T",
    permute: "np.transpose({0}, {1})",
    stack_ends: "np.hstack([{0}])",
    stack_rows: "np.vstack([{0}])",
    stack_columns: "np.column_stack([{0}])",
    outer: "np.outer({0}, {1})",
    solve: "np.linalg.solve({0}, {1})",
    inverse: "np.linalg.inv({0})",
    matrix_power: "np.linalg.matrix_power({0}, {1})",
    diagonal: "np.diag({0})",
    trace: "np.trace({0})",
    total: "np.sum({0})",
    axis_total: "np.sum({0}, axis={1})",
    ones: "np.ones({0})",
    zeros: "np.zeros({0})",
    full: "np.full({0}, {1})",
    eye: "np.eye({0})",
    in_place: true,
    origins: true,
    range: "np.arange({0})",
    einsum: "np.einsum({0}, {1})",
    einsum_many: "np.einsum({0}, {1}, optimize=True)",
};

/// The answer as one self-contained Python module: `value(…)` and a function for each result,
/// `grad_V(…)`, `jacobian_V(…)` or `hessian_V_U(…)`.
///
/// Parameters are the answer's variables in order (`value` has no cotangent), then the unknown
/// functions and derivatives that the code uses: `f`, `f_prime`, `f_prime2`, and `J_grad` for the
/// gradient of a `fn J scalar`. Vectors are 1-D arrays, matrices 2-D, scalars floats. A name that
/// Python reserves gets a trailing underscore. `SciPy` is imported only where `NumPy` lacks a
/// function.
///
/// ```
/// let question = derive::Question::new("norm2(A*x - y)^2").wrt(&["x"]);
/// let solution = derive::gradient(&question)?;
/// let module = derive::notation::numpy::numpy(&solution.answer)?;
/// assert!(module.contains("def grad_x(A, x, y):"));
/// assert!(module.contains("return 2 * (A.T @ (A @ x - y))"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CodeError::UnknownSize`] where the code needs a size that no parameter's shape has,
/// [`CodeError::TooLong`] for a module beyond [`LONGEST`](super::code::LONGEST),
/// [`CodeError::Unsupported`] for what has no spelling in `NumPy` yet.
pub fn numpy(answer: &Answer) -> Result<String, CodeError> {
    module(answer, &NUMPY)
}
