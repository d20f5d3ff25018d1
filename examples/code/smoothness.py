# Differences of a signal and of the columns of a matrix, by slices. Right.
import numpy as np


def smoothness(x, A, c):
    # x: [n], A: [m, n]
    d = x[1:] - x[:-1]
    e = A[:, 1:] - A[:, :-1]
    return np.sum(d**2) + c * np.sum(e**2) + x[0] * A[0, 0] + np.sum(A[:, 0] ** 3)


def smoothness_grad(x, A, c):
    d = x[1:] - x[:-1]
    e = A[:, 1:] - A[:, :-1]
    dx = np.zeros_like(x)
    dx[1:] += 2 * d
    dx[:-1] -= 2 * d
    dx[0] += A[0, 0]
    dA = np.zeros_like(A)
    dA[:, 1:] += 2 * c * e
    dA[:, :-1] -= 2 * c * e
    dA[:, 0] += 3 * A[:, 0] ** 2
    dA[0, 0] += x[0]
    return dx, dA
