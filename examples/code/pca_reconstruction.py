# The reconstruction error of principal components, by the basis. Right.
import numpy as np


def reconstruction(W, X):
    # X: [N, D], W: [D, K]
    R = X - X @ W @ W.T
    return 0.5 * np.linalg.norm(R) ** 2


def grad_reconstruction(W, X):
    R = X - X @ W @ W.T
    return -(X.T @ R @ W + R.T @ X @ W)
