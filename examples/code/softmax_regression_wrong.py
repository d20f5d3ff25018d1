# Softmax regression with one-hot targets and weight decay. Wrong: the mean over the batch is
# missing from dscores.
import numpy as np


def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def loss(W, X, Y, reg):
    # X: [N, D], W: [D, C], Y: [N, C]
    N = X.shape[0]
    probs = softmax(X @ W)
    data = -np.sum(Y * np.log(probs)) / N
    return data + 0.5 * reg * np.sum(W * W)


def grad_loss(W, X, Y, reg):
    probs = softmax(X @ W)
    dscores = probs * Y.sum(axis=1, keepdims=True) - Y
    dW = X.T @ dscores + reg * W
    return dW
