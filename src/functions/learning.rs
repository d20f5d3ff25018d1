//! Functions of machine learning on whole arrays.

use super::kernel::{array_kernel, learning as kernel, structure};
use super::{Code, Function, Kind, Range, Ties};

pub(super) static TABLE: &[Function] = &[
    Function::axiswise("softmax", &["x"], "exp(x)/sum(exp(x))")
        .named("exp(x)/sum(exp(x))", &["y*g - y*sum(g*y)"])
        .total(1)
        .array(array_kernel!(kernel::softmax))
        .exponential()
        // one entry alone is exactly 1, so not Range::Unit
        .range(Range::Positive)
        .latex(r"\operatorname{softmax}")
        .letter("p")
        .numpy("_softmax({0}{axis})")
        .helper(
            "def _softmax(x, axis=None):\n    \
             e = np.exp(x - np.max(x, axis=axis, keepdims=True))\n    \
             return e / np.sum(e, axis=axis, keepdims=True)\n",
        )
        .jax(Code::imported("jax.nn.softmax({0}, axis={k})", "import jax"))
        .torch(Code::plain("torch.softmax({0}, dim={k})"))
        .source("Bishop 2006, eq. 4.104 and 4.106"),
    Function::axiswise("logsoftmax", &["x"], "log(softmax(x))")
        .named("x - logsumexp(x)", &["g - softmax(x)*sum(g)"])
        .array(array_kernel!(kernel::logsoftmax))
        .exponential()
        .latex(r"\operatorname{logsoftmax}")
        .numpy("_logsoftmax({0}{axis})")
        .helper(
            "def _logsoftmax(x, axis=None):\n    \
             z = x - np.max(x, axis=axis, keepdims=True)\n    \
             return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))\n",
        )
        .jax(Code::imported("jax.nn.log_softmax({0}, axis={k})", "import jax"))
        .torch(Code::plain("torch.log_softmax({0}, dim={k})"))
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
    .quotient()
    .total(0)
    .array(array_kernel!(kernel::layernorm))
    .latex(r"\operatorname{LayerNorm}")
    .letter("z")
    .numpy("_layernorm({0}, {1}{axis})")
    .helper(
        "def _layernorm(x, eps, axis=None):\n    \
         z = x - np.mean(x, axis=axis, keepdims=True)\n    \
         return z / np.sqrt(np.mean(np.square(z), axis=axis, keepdims=True) + eps)\n",
    )
    .torch(Code::helped(
        "_layernorm({0}, {1}, {k})",
        "def _layernorm(x, eps, dim):\n    \
         z = x - torch.mean(x, dim, keepdim=True)\n    \
         return z / torch.sqrt(torch.mean(z * z, dim, keepdim=True) + eps)\n",
    ))
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
    .einsum(&["i,k->o;i=o+k", "ij,kl->op;i=o+k,j=p+l"])
    .array(array_kernel!(kernel::conv))
    .latex(r"\operatorname{conv}")
    .numpy("_conv({0}, {1})")
    .helper(
        "def _conv(x, k):\n    \
         w = np.lib.stride_tricks.sliding_window_view(x, k.shape)\n    \
         return np.tensordot(w, k, axes=k.ndim)\n",
    )
    .jax(Code::imported(
        "jax.scipy.signal.correlate({0}, {1}, mode=\"valid\")",
        "import jax.scipy.signal",
    ))
    .torch(Code::helped(
        "_conv({0}, {1})",
        "def _conv(x, k):\n    \
         for d, n in enumerate(k.shape):\n        \
         x = x.unfold(d, n, 1)\n    \
         return torch.tensordot(x, k, dims=k.ndim)\n",
    ))
    .source("Goodfellow, Bengio & Courville 2016, eq. 9.6"),
    Function::shaped(
        "fullconv",
        &["Y", "K"],
        &["Y[n], K[p] -> [n+p-1]", "Y[m,n], K[p,q] -> [m+p-1, n+q-1]"],
        "convolution of Y with K wherever they overlap ('full'), the adjoint of conv in X",
    )
    .einsum(&["o,k->i;i=o+k", "op,kl->ij;i=o+k,j=p+l"])
    .array(array_kernel!(structure::fullconv))
    .latex(r"\operatorname{fullconv}")
    .numpy("_fullconv({0}, {1})")
    .helper(
        "def _fullconv(y, k):\n    \
         y = np.pad(y, [(n - 1, n - 1) for n in k.shape])\n    \
         w = np.lib.stride_tricks.sliding_window_view(y, k.shape)\n    \
         return np.tensordot(w, np.flip(k), axes=k.ndim)\n",
    )
    .jax(
        // JAX's own wants one of the two to be the smaller in both directions
        Code::helped(
            "_fullconv({0}, {1})",
            "def _fullconv(y, k):\n    \
             y = jnp.pad(y, [(n - 1, n - 1) for n in k.shape])\n    \
             return jax.scipy.signal.correlate(y, jnp.flip(k), mode=\"valid\")\n",
        )
        .import("import jax.scipy.signal"),
    )
    .torch(Code::helped(
        "_fullconv({0}, {1})",
        "def _fullconv(y, k):\n    \
         y = torch.nn.functional.pad(y, [n - 1 for n in reversed(k.shape) for _ in range(2)])\n    \
         for d, n in enumerate(k.shape):\n        \
         y = y.unfold(d, n, 1)\n    \
         return torch.tensordot(y, k.flip(tuple(range(k.ndim))), dims=k.ndim)\n",
    ))
    .source("Goodfellow, Bengio & Courville 2016, §9.5"),
    pool("meanpool", POOLED, "means of windows of p (or p×p) that do not overlap")
        .einsum(&["i->o;i=r:o;r", "ij->op;i=r:o,j=s:p;rs"])
        .array(array_kernel!(kernel::meanpool))
        .latex(r"\operatorname{meanpool}")
        .numpy("_meanpool({0}, {1})")
        .helper(
            "def _meanpool(x, p):\n    \
             p = int(p)\n    \
             s = [d for n in x.shape for d in (n // p, p)]\n    \
             return x.reshape(s).mean(axis=tuple(range(1, len(s), 2)))\n",
        ),
    pool("maxpool", POOLED, "largest entries of windows of p (or p×p) that do not overlap")
        .node(Kind::WindowMaximum)
        .ties(Ties::Windows)
        .array(array_kernel!(kernel::maxpool))
        .latex(r"\operatorname{maxpool}")
        .numpy("_maxpool({0}, {1})")
        .helper(
            "def _maxpool(x, p):\n    \
             p = int(p)\n    \
             s = [d for n in x.shape for d in (n // p, p)]\n    \
             return x.reshape(s).max(axis=tuple(range(1, len(s), 2)))\n",
        )
        .torch(Code::helped(
            "_maxpool({0}, {1})",
            "def _maxpool(x, p):\n    \
             p = int(p)\n    \
             s = [d for n in x.shape for d in (n // p, p)]\n    \
             return x.reshape(s).amax(dim=tuple(range(1, len(s), 2)))\n",
        )),
    pool(
        "unpool",
        &["Y[n], p -> [n*p]", "Y[m,n], p -> [m*p,n*p]"],
        "each entry repeated over a window of p (or p×p)",
    )
    .einsum(&["o->i;i=r:o", "op->ij;i=r:o,j=s:p"])
    .array(array_kernel!(structure::unpool))
    .latex(r"\operatorname{unpool}")
    .numpy("np.kron({0}, np.ones(({1},) * np.ndim({0})))")
    .torch(Code::helped(
        "_unpool({0}, {1})",
        "def _unpool(y, p):\n    \
         for d in range(y.ndim):\n        \
         y = y.repeat_interleave(int(p), dim=d)\n    \
         return y\n",
    )),
    pool(
        "maxpoolmask",
        &["X[n], p -> [n]", "X[m,n], p -> [m,n]"],
        "1 at the first largest entry of each window of p (or p×p), else 0",
    )
    .node(Kind::WindowMask)
    .ties(Ties::Windows)
    .array(array_kernel!(structure::maxpoolmask))
    .latex(r"\operatorname{maxpoolmask}")
    .numpy("_maxpoolmask({0}, {1})")
    .helper(
        "def _maxpoolmask(x, p):\n    \
         n = [d // p for d in x.shape]\n    \
         s = [d for k in n for d in (k, p)]\n    \
         order = list(range(0, len(s), 2)) + list(range(1, len(s), 2))\n    \
         w = x.reshape(s).transpose(order).reshape(n + [-1])\n    \
         m = (np.arange(w.shape[-1]) == np.argmax(w, axis=-1)[..., None]).astype(float)\n    \
         m = m.reshape(n + [p] * x.ndim)\n    \
         return m.transpose(sorted(range(len(s)), key=order.__getitem__)).reshape(x.shape)\n",
    )
    .torch(Code::helped(
        "_maxpoolmask({0}, {1})",
        "def _maxpoolmask(x, p):\n    \
         n = [d // p for d in x.shape]\n    \
         s = [d for k in n for d in (k, p)]\n    \
         order = list(range(0, len(s), 2)) + list(range(1, len(s), 2))\n    \
         w = x.reshape(s).permute(order).reshape(n + [-1])\n    \
         m = torch.zeros_like(w).scatter(-1, w.argmax(-1, keepdim=True), 1.0)\n    \
         m = m.reshape(n + [p] * x.ndim)\n    \
         return m.permute(sorted(range(len(s)), key=order.__getitem__)).reshape(x.shape)\n",
    )),
];

const POOLED: &[&str] = &["X[n], p -> [n/p]", "X[m,n], p -> [m/p,n/p]"];

const fn pool(name: &'static str, shapes: &'static [&'static str], doc: &'static str) -> Function {
    Function::shaped(name, &["X", "p"], shapes, doc)
        .source("Goodfellow, Bengio & Courville 2016, §9.3")
}
