# A convolution over patches (im2col) with einsum. Right.
import numpy as np


def conv_forward(cols, w, b):
    """
    cols: patches, of shape (N, P, K)
    w: filters, of shape (F, K)
    b: biases, of shape (F,)
    """
    out = np.einsum("npk,fk->npf", cols, w) + b
    return out, (cols, w)


def conv_backward(dout, cache):
    cols, w = cache
    db = dout.sum(axis=(0, 1))
    dw = np.einsum("npf,npk->fk", dout, cols)
    dcols = np.einsum("npf,fk->npk", dout, w)
    return dcols, dw, db
