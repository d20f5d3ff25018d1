//! Answers as Python modules that use JAX.

use super::answer::Answer;
use super::code::{CodeError, Target, module};

/// JAX's spellings.
static JAX: Target = Target {
    imports: "import jax.numpy as jnp\n",
    reserved: &["jnp"],
    code: |f| f.jax.as_ref(),
    renamed: &[("np.", "jnp."), ("scipy.special", "jax.scipy.special")],
    axis: "axis",
    scalar: "",
    numbers: ("", ""),
    pi: "jnp.pi",
    transpose: "{0}.T",
    permute: "jnp.transpose({0}, {1})",
    outer: "jnp.outer({0}, {1})",
    solve: "jnp.linalg.solve({0}, {1})",
    inverse: "jnp.linalg.inv({0})",
    matrix_power: "jnp.linalg.matrix_power({0}, {1})",
    diagonal: "jnp.diag({0})",
    trace: "jnp.trace({0})",
    total: "jnp.sum({0})",
    axis_total: "jnp.sum({0}, axis={1})",
    ones: "jnp.ones({0})",
    zeros: "jnp.zeros({0})",
    full: "jnp.full({0}, {1})",
    eye: "jnp.eye({0})",
    stack_ends: "jnp.hstack([{0}])",
    stack_rows: "jnp.vstack([{0}])",
    stack_columns: "jnp.column_stack([{0}])",
    in_place: false,
    origins: false,
    range: "jnp.arange({0})",
    einsum: "jnp.einsum({0}, {1})",
    einsum_many: "jnp.einsum({0}, {1}, optimize=True)",
};

/// The answer as one self-contained Python module for JAX, with the functions and parameters of
/// [`numpy`](super::numpy::numpy)'s. It computes in the precision that JAX is set to, and can be
/// compiled with `jax.jit`.
///
/// ```
/// let question = derive::Question::new("norm2(A*x - y)^2").wrt(&["x"]);
/// let solution = derive::gradient(&question)?;
/// let module = derive::notation::jax::jax(&solution.answer)?;
/// assert!(module.contains("return jnp.linalg.norm(A @ x - y)**2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`numpy`](super::numpy::numpy)'s.
pub fn jax(answer: &Answer) -> Result<String, CodeError> {
    module(answer, &JAX)
}
