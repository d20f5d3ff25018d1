# As affine_layer.py. Wrong: the weights in dx are not transposed.
import numpy as np


def affine_forward(x, w, b):
    # x: (D, D), w: (D, D), b: (D,)
    out = x @ w + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout @ w
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
