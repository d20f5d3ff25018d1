# As layer_norm.py. Wrong: the second mean in dx is taken over the batch, as in batch normalisation.
import numpy as np


def layernorm_forward(x, gamma, beta, eps=1e-5):
    # x: (N, D), gamma: (D,), beta: (D,)
    mu = x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    rstd = 1 / np.sqrt(var + eps)
    xhat = (x - mu) * rstd
    out = gamma * xhat + beta
    cache = (xhat, rstd, gamma)
    return out, cache


def layernorm_backward(dout, cache):
    xhat, rstd, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dxhat = dout * gamma
    dx = rstd * (dxhat - dxhat.mean(axis=1, keepdims=True)
                 - xhat * (dxhat * xhat).mean(axis=0, keepdims=True))
    return dx, dgamma, dbeta
