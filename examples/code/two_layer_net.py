# A network of two layers with its parameters in a dictionary, and squared error. Right.
import numpy as np


def loss(params, X, Y):
    # X: [N, D], Y: [N, C], W1: [D, H], b1: [H], W2: [H, C], b2: [C]
    W1, b1 = params["W1"], params["b1"]
    W2, b2 = params["W2"], params["b2"]
    h = np.maximum(0, X.dot(W1) + b1)
    scores = h.dot(W2) + b2
    return np.sum((scores - Y) ** 2) / X.shape[0]


def gradients(params, X, Y):
    W1, b1 = params["W1"], params["b1"]
    W2, b2 = params["W2"], params["b2"]
    u = X.dot(W1) + b1
    h = np.maximum(0, u)
    scores = h.dot(W2) + b2
    grads = {}
    dscores = 2 * (scores - Y) / X.shape[0]
    grads["W2"] = h.T.dot(dscores)
    grads["b2"] = np.sum(dscores, axis=0)
    dhidden = dscores.dot(W2.T)
    dhidden[u <= 0] = 0
    grads["W1"] = X.T.dot(dhidden)
    grads["b1"] = np.sum(dhidden, axis=0)
    return grads
