//! Functions that reduce an array, or one axis of it.

use super::kernel::{array_kernel, element_kernel, elementary, reduction as kernel, structure};
use super::{Code, Function, Kind, Lowering, Notation, Range, Signature, Ties};

pub(super) static TABLE: &[Function] = &[
    Function::reduction("sum", &["x"], true, "the sum of all entries, or along an axis")
        .lowering(Lowering::Sum)
        .array(array_kernel!(kernel::sum))
        .latex(r"\operatorname{sum}")
        .numpy("np.sum({0}{axis})")
        .source("language, section 1"),
    Function::reduction("mean", &["x"], true, "the mean of all entries, or along an axis")
        .definition("sum(x)/count(x)")
        .array(array_kernel!(kernel::mean))
        .latex(r"\operatorname{mean}")
        .numpy("np.mean({0}{axis})")
        .source("language, section 1"),
    Function::reduction("prod", &["x"], true, "the product of all entries, or along an axis")
        .node(Kind::Product)
        .array(array_kernel!(kernel::prod))
        .latex(r"\operatorname{prod}")
        .numpy("np.prod({0}{axis})")
        .source("language, section 1"),
    Function::reduction(
        "max",
        &["x"],
        true,
        "the largest entry, or with two arguments the larger, at a tie the first",
    )
    .node(Kind::Maximum)
    .ties(Ties::Largest)
    .array(array_kernel!(kernel::max))
    .binary(
        &["a", "b"],
        &["where(a >= b, 1, 0)", "where(a >= b, 0, 1)"],
        element_kernel!(|v| elementary::max(v[0], v[1])),
    )
    .latex(r"\max")
    .numpy("np.max({0}{axis})")
    .numpy_pair("np.maximum({0}, {1})")
    .torch(Code::plain("torch.amax({0}{axis})").pair("torch.maximum({0}, {1})"))
    .source("language, sections 1 and 2"),
    Function::reduction(
        "min",
        &["x"],
        true,
        "the smallest entry, or with two arguments the smaller, at a tie the first",
    )
    .node(Kind::Minimum)
    .ties(Ties::Smallest)
    .array(array_kernel!(kernel::min))
    .binary(
        &["a", "b"],
        &["where(a <= b, 1, 0)", "where(a <= b, 0, 1)"],
        element_kernel!(|v| elementary::min(v[0], v[1])),
    )
    .latex(r"\min")
    .numpy("np.min({0}{axis})")
    .numpy_pair("np.minimum({0}, {1})")
    .torch(Code::plain("torch.amin({0}{axis})").pair("torch.minimum({0}, {1})"))
    .source("language, sections 1 and 2"),
    mask("maxmask", "1 at the first largest entry in row-major order, else 0")
        .node(Kind::MaximumMask)
        .ties(Ties::Largest)
        .array(array_kernel!(structure::maxmask))
        .latex(r"\operatorname{maxmask}")
        .numpy("_mask(np.argmax, {0}{axis})")
        .helper(MASK)
        .jax(Code::helped("_mask(jnp.argmax, {0}{axis})", JAX_MASK))
        .torch(Code::helped("_mask(torch.argmax, {0}{axis})", TORCH_MASK)),
    mask("minmask", "1 at the first smallest entry in row-major order, else 0")
        .node(Kind::MinimumMask)
        .ties(Ties::Smallest)
        .array(array_kernel!(structure::minmask))
        .latex(r"\operatorname{minmask}")
        .numpy("_mask(np.argmin, {0}{axis})")
        .helper(MASK)
        .jax(Code::helped("_mask(jnp.argmin, {0}{axis})", JAX_MASK))
        .torch(Code::helped("_mask(torch.argmin, {0}{axis})", TORCH_MASK)),
    Function::reduction("logsumexp", &["x"], true, "log(sum(exp(x))) of all entries or an axis")
        .named("log(sum(exp(x)))", &["g*softmax(x)"])
        .array(array_kernel!(kernel::logsumexp))
        .exponential()
        .latex(r"\operatorname{logsumexp}")
        .numpy("_logsumexp({0}{axis})")
        .helper(
            "def _logsumexp(x, axis=None):\n    \
             m = np.max(x, axis=axis, keepdims=True)\n    \
             return np.squeeze(m, axis=axis) + np.log(np.sum(np.exp(x - m), axis=axis))\n",
        )
        .jax(Code::imported("jax.nn.logsumexp({0}{axis})", "import jax"))
        .torch(Code::helped(
            "_logsumexp({0}{axis})",
            "def _logsumexp(x, dim=None):\n    \
             return torch.logsumexp(x, tuple(range(x.ndim)) if dim is None else dim)\n",
        ))
        .source("Boyd & Vandenberghe 2004, p. 74"),
    Function::reduction("norm1", &["x"], true, "the sum of magnitudes of all entries")
        .definition("sum(abs(x))")
        .array(array_kernel!(kernel::norm1))
        .range(Range::NonNegative)
        .kinks(&[0.0])
        .unicode(Notation::Around("‖", "‖₁"))
        .latex_notation(Notation::Around(r"\left\lVert ", r" \right\rVert_{1}"))
        .numpy("np.sum(np.abs({0}){axis})")
        .source("Golub & Van Loan 2013, §2.2 (entrywise)"),
    Function::reduction("norm2", &["x"], true, "the Euclidean or Frobenius norm")
        .aliases(&["norm"])
        .definition("sqrt(sum(x^2))")
        .array(array_kernel!(kernel::norm2))
        .ties(Ties::Origin)
        .range(Range::NonNegative)
        .unicode(Notation::Around("‖", "‖"))
        .latex_notation(Notation::Around(r"\left\lVert ", r" \right\rVert"))
        .numpy("np.linalg.norm({0}{axis})")
        .source("Golub & Van Loan 2013, §2.2 and §2.3"),
    Function::reduction("dot", &["a", "b"], false, "the inner product, the sum of a.*b")
        .definition("sum(a*b)")
        .array(array_kernel!(kernel::dot))
        .latex(r"\operatorname{dot}")
        .numpy("np.vdot({0}, {1})")
        .torch(Code::plain("torch.sum(torch.mul({0}, {1}))"))
        .source("Golub & Van Loan 2013, §1.1"),
];

const MASK: &str = "def _mask(at, x, axis=None):\n    \
     k = np.expand_dims(at(x, axis=axis), 0 if axis is None else axis)\n    \
     m = np.zeros_like(x, dtype=float)\n    \
     np.put_along_axis(m if axis is not None else m.reshape(-1), k, 1.0, axis=axis or 0)\n    \
     return m\n";

const JAX_MASK: &str = "def _mask(at, x, axis=None):\n    \
     k = jnp.expand_dims(at(x, axis=axis), 0 if axis is None else axis)\n    \
     n = jnp.arange(x.size).reshape(x.shape) if axis is None else jnp.arange(x.shape[axis])\n    \
     return (k == (n[:, None] if axis == 0 and x.ndim == 2 else n)).astype(x.dtype)\n";

const TORCH_MASK: &str = "def _mask(at, x, dim=None):\n    \
     m = torch.zeros_like(x)\n    \
     if dim is None:\n        \
     m.view(-1)[at(x)] = 1.0\n        \
     return m\n    \
     return m.scatter(dim, at(x, dim=dim, keepdim=True), 1.0)\n";

const fn mask(name: &'static str, doc: &'static str) -> Function {
    let mut f = Function::reduction(name, &["x"], true, doc).source("language, section 4");
    f.signature = Signature::Mask;
    f
}
