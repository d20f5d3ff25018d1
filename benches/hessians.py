"""The NumPy code of Hessians against closed forms written by hand, in one run.

    cargo build --release && target/venv/bin/python benches/hessians.py [path of derive]

Each pair is timed in turns and the best times are compared, so that what else the machine does falls
on both alike. The values of both must agree. The exit status is 1 where a ratio is above 1.1.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

DERIVE = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parents[1] / "target/release/derive")
LIMIT = 1.1
# rounds, and the least seconds that one measurement lasts
ROUNDS, LEAST = 300, 0.002

rng = np.random.default_rng(0)


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0.0, 1.0, e) / (1.0 + e)


def softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def diagonal(a):
    """The diagonal of a matrix, to be written to."""
    return np.einsum("ii->i", a)


def logistic(X, w, y):
    s = sigmoid(X @ w)
    Z = np.sqrt(s * (1 - s))[:, None] * X
    return Z.T @ Z


def margins(X, w, y):
    s = sigmoid(-y * (X @ w))
    Z = (y * np.sqrt(s * (1 - s)))[:, None] * X
    return Z.T @ Z


def quadratic(A, x, b):
    return A + A.T


def least_squares(A, x, y):
    return 2 * (A.T @ A)


def ridge(A, x, y, lam):
    H = A.T @ A
    H *= 2
    diagonal(H)[...] += 2 * lam
    return H


def cross_entropy(z, y):
    p = softmax(z)
    q = np.sum(y) * p
    H = np.outer(-q, p)
    diagonal(H)[...] += q
    return H


def softmax_regression(A, x, y):
    p = softmax(A @ x)
    Z, v = np.sqrt(p)[:, None] * A, A.T @ p
    H = Z.T @ Z
    H -= np.outer(v, v)
    H *= np.sum(y)
    return H


def factors_u(U, V, Y):
    (m, k) = U.shape
    H = np.zeros((m, k, m, k))
    np.einsum("ijip->ijp", H)[...] = 2 * (V.T @ V)
    return H


def factors_mixed(U, V, Y):
    (m, k), n = U.shape, V.shape[0]
    H = 2 * U[:, None, None, :] * V.T[None, :, :, None]
    np.einsum("ijlj->ijl", H)[...] += 2 * (U @ V.T - Y)[:, None, :]
    return H


def last_layer(W, z, b, y):
    p = softmax(W @ z + b)
    J = np.sum(y) * (np.diag(p) - np.outer(p, p))
    return J[:, None, :, None] * np.outer(z, z)[None, :, None, :]


def last_layer_mixed(W, z, b, y):
    p = softmax(W @ z + b)
    J = np.sum(y) * (np.diag(p) - np.outer(p, p))
    return J[:, None, :] * z[None, :, None]


def last_layer_bias(W, z, b, y):
    return cross_entropy(W @ z + b, y)


def last_layer_squares(W, z, y):
    (k, h) = W.shape
    H = np.zeros((k, h, k, h))
    np.einsum("ijip->ijp", H)[...] = 2 * np.outer(z, z)
    return H


def normal(**shapes):
    return {name: rng.normal(size=shape) if shape else 0.3 for name, shape in shapes.items()}


m, n = 4000, 80
NETWORK = "cross_entropy(softmax(W*z + b), y)"
LAYER = normal(W=(60, 40), z=(40,), b=(60,), y=(60,))
UV = normal(U=(60, 8), V=(50, 8), Y=(60, 50))
# name, program, shapes, variables, function, closed form, point
CASES = [
    ("logistic regression", "-y'*log(sigmoid(X*w)) - (1-y)'*log(1-sigmoid(X*w))", "X[m,n], w[n], y[m]", "w",
     "hessian_w_w", logistic, normal(X=(m, n), w=(n,), y=(m,))),
    ("logistic regression by margins", "sum(log(1 + exp(-y.*(X*w))))", "X[m,n], w[n], y[m]", "w",
     "hessian_w_w", margins, normal(X=(m, n), w=(n,), y=(m,))),
    ("quadratic form", "1/2*x'*A*x - b'*x", "A[n,n], x[n], b[n]", "x",
     "hessian_x_x", lambda A, x, b: 1 / 2 * quadratic(A, x, b), normal(A=(600, 600), x=(600,), b=(600,))),
    ("least squares", "norm2(A*x - y)^2", "A[m,n], x[n], y[m]", "x",
     "hessian_x_x", least_squares, normal(A=(m, n), x=(n,), y=(m,))),
    ("ridge regression", "norm2(A*x - y)^2 + lam*norm2(x)^2", "A[m,n], x[n], y[m], lam", "x",
     "hessian_x_x", ridge, normal(A=(m, n), x=(n,), y=(m,), lam=())),
    ("softmax cross-entropy", "cross_entropy(softmax(z), y)", "z[n], y[n]", "z",
     "hessian_z_z", cross_entropy, normal(z=(700,), y=(700,))),
    ("softmax cross-entropy of A x", "cross_entropy(softmax(A*x), y)", "A[m,n], x[n], y[m]", "x",
     "hessian_x_x", softmax_regression, normal(A=(m, n), x=(n,), y=(m,))),
    ("matrix factorisation, U U", "norm2(U*V' - Y)^2", "U[m,k], V[n,k], Y[m,n]", "U,V",
     "hessian_U_U", factors_u, UV),
    ("matrix factorisation, U V", "norm2(U*V' - Y)^2", "U[m,k], V[n,k], Y[m,n]", "U,V",
     "hessian_U_V", factors_mixed, UV),
    ("network, last weights W W", NETWORK, "W[k,h], z[h], b[k], y[k]", "W,b", "hessian_W_W", last_layer, LAYER),
    ("network, last weights W b", NETWORK, "W[k,h], z[h], b[k], y[k]", "W,b", "hessian_W_b", last_layer_mixed,
     LAYER),
    ("network, last weights b b", NETWORK, "W[k,h], z[h], b[k], y[k]", "W,b", "hessian_b_b", last_layer_bias,
     LAYER),
    ("network, squares", "norm2(W*z - y)^2", "W[k,h], z[h], y[k]", "W",
     "hessian_W_W", last_layer_squares, normal(W=(60, 40), z=(40,), y=(60,))),
]


def generated(program, shapes, wrt, name):
    command = [DERIVE, "hessian", "-e", program, "--shape", shapes, "--wrt", wrt, "--format", "numpy"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    module = {}
    exec(compile(text, program, "exec"), module)
    return module[name]


def best(functions, point):
    """The best time of each function, in turns."""
    repeats = []
    for f in functions:
        start = time.perf_counter()
        f(**point)
        once = time.perf_counter() - start
        repeats.append(max(1, int(LEAST / max(once, 1e-7))))
    times = [float("inf")] * len(functions)
    for _ in range(ROUNDS):
        for k, (f, count) in enumerate(zip(functions, repeats)):
            start = time.perf_counter()
            for _ in range(count):
                f(**point)
            times[k] = min(times[k], (time.perf_counter() - start) / count)
    return times


worst = 0.0
for name, program, shapes, wrt, function, hand, point in CASES:
    ours = generated(program, shapes, wrt, function)
    found, expected = ours(**point), hand(**point)
    error = np.max(np.abs(found - expected)) / np.max(np.abs(expected))
    assert found.shape == expected.shape and error < 1e-10, f"{name}: {found.shape}, error {error}"
    derived, closed = best([ours, hand], point)
    ratio = derived / closed
    worst = max(worst, ratio)
    print(f"{derived * 1e6:10.1f} µs  {closed * 1e6:10.1f} µs by hand  {ratio:5.2f} ×  {name}", flush=True)
print(f"worst {worst:.2f} ×")
sys.exit(worst > LIMIT)
