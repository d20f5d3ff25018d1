# A contrastive loss of two views (InfoNCE): each row of A belongs to the same row of B. Right.
import numpy as np


def loss(A, B, tau):
    # A: [N, D], B: [N, D]
    N = A.shape[0]
    S = A @ B.T / tau
    return np.mean(np.log(np.exp(S).sum(axis=1))) - np.trace(S) / N


def grad_loss(A, B, tau):
    N = A.shape[0]
    S = A @ B.T / tau
    E = np.exp(S)
    P = E / E.sum(axis=1, keepdims=True)
    dS = (P - np.eye(N)) / N
    dA = dS @ B / tau
    dB = dS.T @ A / tau
    return dA, dB
