# A recurrent network of three steps, its value by a loop. Right.
import numpy as np


def loss(W, U, h, x):
    # W: [n, n], U: [n, m], h: [n], x: [m]
    for t in range(3):
        h = np.tanh(W @ h + U @ x)
    return np.sum(h**2) / 2


def loss_grad(W, U, h, x):
    h1 = np.tanh(W @ h + U @ x)
    h2 = np.tanh(W @ h1 + U @ x)
    h3 = np.tanh(W @ h2 + U @ x)
    d3 = h3 * (1 - h3**2)
    d2 = (W.T @ d3) * (1 - h2**2)
    d1 = (W.T @ d2) * (1 - h1**2)
    dW = np.outer(d3, h2) + np.outer(d2, h1) + np.outer(d1, h)
    dU = np.outer(d1 + d2 + d3, x)
    return dW, dU
