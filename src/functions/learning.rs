//! Functions of machine learning on whole arrays.

use super::kernel::{array_kernel, learning as kernel};
use super::{Function, Range, Signature, Special};

pub(super) static TABLE: &[Function] = &[
    Function::axiswise("softmax", &["x"], "exp(x)/sum(exp(x))")
        .named("exp(x)/sum(exp(x))", &["y*g - y*sum(g*y)"])
        .array(array_kernel!(kernel::softmax))
        // one entry alone is exactly 1, so not Range::Unit
        .range(Range::Positive)
        .latex(r"\operatorname{softmax}")
        .numpy("_softmax({0}{axis})")
        .helper(
            "def _softmax(x, axis=None):\n    \
             e = np.exp(x - np.max(x, axis=axis, keepdims=True))\n    \
             return e / np.sum(e, axis=axis, keepdims=True)\n",
        )
        .source("Bishop 2006, eq. 4.104 and 4.106"),
    Function::axiswise("logsoftmax", &["x"], "log(softmax(x))")
        .named("x - logsumexp(x)", &["g - softmax(x)*sum(g)"])
        .array(array_kernel!(kernel::logsoftmax))
        .latex(r"\operatorname{logsoftmax}")
        .numpy("_logsoftmax({0}{axis})")
        .helper(
            "def _logsoftmax(x, axis=None):\n    \
             z = x - np.max(x, axis=axis, keepdims=True)\n    \
             return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))\n",
        )
        .source("Bishop 2006, eq. 4.104"),
    Function::axiswise(
        "layernorm",
        &["x", "eps"],
        "x less its mean, over sqrt(variance + eps); the variance is the biased one",
    )
    .named(
        "(x - mean(x))/sqrt(mean((x - mean(x))^2) + eps)",
        &[
            "(g - mean(g) - y*mean(g*y))/sqrt(mean((x - mean(x))^2) + eps)",
            "-1/2*sum(g*y)/(mean((x - mean(x))^2) + eps)",
        ],
    )
    .array(array_kernel!(kernel::layernorm))
    .latex(r"\operatorname{LayerNorm}")
    .numpy("_layernorm({0}, {1}{axis})")
    .helper(
        "def _layernorm(x, eps, axis=None):\n    \
         z = x - np.mean(x, axis=axis, keepdims=True)\n    \
         return z / np.sqrt(np.mean(np.square(z), axis=axis, keepdims=True) + eps)\n",
    )
    .source("Ba, Kiros & Hinton 2016, eq. 3"),
    Function::reduction("cross_entropy", &["p", "t"], false, "-sum(t .* log(p))")
        .definition("-sum(t*log(p))")
        .array(array_kernel!(kernel::cross_entropy))
        .domain(Range::Positive)
        .latex(r"\operatorname{CE}")
        .numpy("_cross_entropy({0}, {1})")
        .helper("def _cross_entropy(p, t):\n    return -np.sum(t * np.log(p))\n")
        .source("Bishop 2006, eq. 4.108"),
    Function::reduction("mse", &["a", "b"], false, "the mean of squared differences")
        .definition("sum((a - b)^2)/count(a)")
        .array(array_kernel!(kernel::mse))
        .range(Range::NonNegative)
        .latex(r"\operatorname{MSE}")
        .numpy("np.mean(np.square(np.subtract({0}, {1})))")
        .source("Goodfellow, Bengio & Courville 2016, eq. 5.4"),
    Function::shaped(
        "conv",
        &["X", "K"],
        &["X[n], K[p] -> [n-p+1]", "X[m,n], K[p,q] -> [m-p+1, n-q+1]"],
        "cross-correlation of X with K where they overlap fully ('valid')",
    )
    .array(array_kernel!(kernel::conv))
    .latex(r"\operatorname{conv}")
    .numpy("_conv({0}, {1})")
    .helper(
        "def _conv(x, k):\n    \
         w = np.lib.stride_tricks.sliding_window_view(x, k.shape)\n    \
         return np.tensordot(w, k, axes=k.ndim)\n",
    )
    .source("Goodfellow, Bengio & Courville 2016, eq. 9.6"),
    pool("meanpool", "means of windows of p (or p×p) that do not overlap")
        .array(array_kernel!(kernel::meanpool))
        .latex(r"\operatorname{meanpool}")
        .numpy("_meanpool({0}, {1})")
        .helper(
            "def _meanpool(x, p):\n    \
             p = int(p)\n    \
             s = [d for n in x.shape for d in (n // p, p)]\n    \
             return x.reshape(s).mean(axis=tuple(range(1, len(s), 2)))\n",
        ),
    pool("maxpool", "largest entries of windows of p (or p×p) that do not overlap")
        .array(array_kernel!(kernel::maxpool))
        .latex(r"\operatorname{maxpool}")
        .numpy("_maxpool({0}, {1})")
        .helper(
            "def _maxpool(x, p):\n    \
             p = int(p)\n    \
             s = [d for n in x.shape for d in (n // p, p)]\n    \
             return x.reshape(s).max(axis=tuple(range(1, len(s), 2)))\n",
        ),
];

const fn pool(name: &'static str, doc: &'static str) -> Function {
    let mut f = Function::axiswise(name, &["X", "p"], doc)
        .source("Goodfellow, Bengio & Courville 2016, §9.3");
    f.signature = Signature::Special(Special::Pool);
    f
}
