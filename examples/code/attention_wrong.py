# As attention.py. Wrong: the softmax in dS is treated as if it were elementwise.
import numpy as np


def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention_forward(Q, K, V):
    # Q: [T, d], K: [S, d], V: [S, v]
    scale = 1.0 / np.sqrt(Q.shape[1])
    S = Q @ K.T * scale
    P = softmax(S)
    O = P @ V
    return O, (Q, K, V, P, scale)


def attention_backward(dO, cache):
    Q, K, V, P, scale = cache
    dV = P.T @ dO
    dP = dO @ V.T
    dS = dP * P * (1 - P)
    dQ = dS @ K * scale
    dK = dS.T @ Q * scale
    return dQ, dK, dV
