# Matrix factorisation with a mask of known ratings and weight decay. Right.
import numpy as np


def objective(U, V, R, M, reg):
    # U: [n, k], V: [m, k], R: [n, m], M: [n, m]
    E = M * (R - U @ V.T)
    return np.sum(E ** 2) + reg * (np.sum(U ** 2) + np.sum(V ** 2))


def objective_grad(U, V, R, M, reg):
    E = M ** 2 * (R - U @ V.T)
    dU = -2 * E @ V + 2 * reg * U
    dV = -2 * E.T @ U + 2 * reg * V
    return {"U": dU, "V": dV}
