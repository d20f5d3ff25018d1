# Softmax over the last of three axes, made stable by the largest entry of each row. Right.
import numpy as np


def softmax(x):
    # x: [B, T, D]
    shifted = np.exp(x - np.max(x, axis=2, keepdims=True))
    return shifted / np.sum(shifted, axis=2, keepdims=True)


def softmax_backward(x, grad):
    s = softmax(x)
    return s * (grad - np.sum(grad * s, axis=2, keepdims=True))
