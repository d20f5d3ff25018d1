# As matrix_factorisation.py. Wrong: E is not transposed in dV.
import numpy as np


def objective(U, V, R, reg):
    # U: [n, k], V: [n, k], R: [n, n]
    E = R - U @ V.T
    return np.sum(E ** 2) + reg * (np.sum(U ** 2) + np.sum(V ** 2))


def objective_grad(U, V, R, reg):
    E = R - U @ V.T
    dU = -2 * E @ V + 2 * reg * U
    dV = -2 * E @ U + 2 * reg * V
    return {"U": dU, "V": dV}
