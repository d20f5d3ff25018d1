# As two_layer_net.py, with tanh. Wrong: dhidden lacks the derivative's square (1 - h, not 1 - h**2).
import numpy as np


def loss(params, X, Y):
    # X: [N, D], Y: [N, C], W1: [D, H], b1: [H], W2: [H, C], b2: [C]
    h = np.tanh(X @ params["W1"] + params["b1"])
    scores = h @ params["W2"] + params["b2"]
    return np.sum((scores - Y) ** 2) / X.shape[0]


def gradients(params, X, Y):
    h = np.tanh(X @ params["W1"] + params["b1"])
    scores = h @ params["W2"] + params["b2"]
    dscores = 2 * (scores - Y) / X.shape[0]
    dhidden = dscores @ params["W2"].T * (1 - h)
    return {
        "W1": X.T @ dhidden,
        "b1": dhidden.sum(axis=0),
        "W2": h.T @ dscores,
        "b2": dscores.sum(axis=0),
    }
