# A transformer's feed-forward block with the exact GELU. Right.
import numpy as np
from scipy.special import erf


def gelu(u):
    return 0.5 * u * (1 + erf(u / np.sqrt(2)))


def gelu_grad(u):
    cdf = 0.5 * (1 + erf(u / np.sqrt(2)))
    pdf = np.exp(-0.5 * u ** 2) / np.sqrt(2 * np.pi)
    return cdf + u * pdf


def mlp_forward(x, W1, b1, W2, b2):
    # x: [T, d], W1: [d, h], b1: [h], W2: [h, d], b2: [d]
    u = x @ W1 + b1
    z = gelu(u)
    out = z @ W2 + b2
    return out, (x, W1, W2, u, z)


def mlp_backward(dout, cache):
    x, W1, W2, u, z = cache
    db2 = dout.sum(0)
    dW2 = z.T @ dout
    dz = dout @ W2.T
    du = dz * gelu_grad(u)
    db1 = du.sum(0)
    dW1 = x.T @ du
    dx = du @ W1.T
    return dx, dW1, db1, dW2, db2
