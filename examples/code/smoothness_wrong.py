# As smoothness.py, of the signal alone. Wrong: the sign of the second slice.
import numpy as np


def smoothness(x):
    # x: [n]
    d = x[1:] - x[:-1]
    return np.sum(d**2)


def smoothness_grad(x):
    d = x[1:] - x[:-1]
    dx = np.zeros_like(x)
    dx[1:] += 2 * d
    dx[:-1] += 2 * d
    return dx
