# Logistic regression with weight decay. Wrong: the penalty lam * w @ w has the gradient 2 * lam * w.
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cost(w, X, y, lam):
    m, n = X.shape
    h = sigmoid(X @ w)
    return -(y @ np.log(h) + (1 - y) @ np.log(1 - h)) / m + lam * w @ w


def gradient(w, X, y, lam):
    m, n = X.shape
    h = sigmoid(X @ w)
    return X.T @ (h - y) / m + lam * w
