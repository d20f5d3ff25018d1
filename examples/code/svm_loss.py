# The multiclass hinge loss with class labels. Right.
import numpy as np


def svm_loss(W, X, y, reg):
    # W: [D, C], X: [N, D], y: [N]
    N = X.shape[0]
    scores = X.dot(W)
    correct = scores[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, scores - correct + 1)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N + reg * np.sum(W * W)
    mask = (margins > 0).astype(float)
    mask[np.arange(N), y] = -np.sum(mask, axis=1)
    dW = X.T.dot(mask) / N + 2 * reg * W
    return loss, dW
