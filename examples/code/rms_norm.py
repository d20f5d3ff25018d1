# RMS normalisation in PyTorch, written out as it stands in many transformer code bases. Right.
import torch


def rmsnorm_forward(x, w, eps: float = 1e-6):
    # x: [T, d], w: [d]
    rstd = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    xhat = x * rstd
    y = xhat * w
    return y, (x, w, rstd)


def rmsnorm_backward(dy, cache):
    x, w, rstd = cache
    d = x.shape[-1]
    dw = (dy * x * rstd).sum(dim=0)
    wdy = w * dy
    dx = rstd * wdy - x * rstd ** 3 / d * torch.sum(wdy * x, dim=-1, keepdim=True)
    return dx, dw
