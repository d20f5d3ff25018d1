# The negative log likelihood of a Gaussian, by mean and covariance. Right.
import numpy as np


def nll(mu, Sigma, X):
    # X: [N, D], mu: [D], Sigma: [D, D]
    N = X.shape[0]
    d = X - mu
    sign, logdet = np.linalg.slogdet(Sigma)
    return 0.5 * N * logdet + 0.5 * np.sum(d @ np.linalg.inv(Sigma) * d)


def nll_grad(mu, Sigma, X):
    N = X.shape[0]
    d = X - mu
    P = np.linalg.inv(Sigma)
    dmu = -0.5 * (P + P.T) @ d.sum(axis=0)
    dSigma = 0.5 * N * P.T - 0.5 * P.T @ d.T @ d @ P.T
    return dmu, dSigma
