# Logistic regression with weight decay, as for scipy.optimize.minimize. Right.
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def f(w, X, y, lam):
    z = X @ w
    return np.mean(np.log(1 + np.exp(z)) - y * z) + lam * np.dot(w, w) / 2


def df(w, X, y, lam):
    p = sigmoid(X @ w)
    return X.T @ (p - y) / len(y) + lam * w
