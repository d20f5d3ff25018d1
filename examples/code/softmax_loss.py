# Softmax and cross-entropy with class labels; value and gradient from one function. Right.
import numpy as np


def softmax_loss(x, y):
    """
    - x: scores, of shape (N, C)
    - y: labels, of shape (N,)
    """
    N = x.shape[0]
    shifted = x - x.max(axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    log_probs = shifted - np.log(Z)
    probs = np.exp(log_probs)
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
