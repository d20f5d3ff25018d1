# A custom autograd function for a scaled sigmoid. Wrong: the derivative of the sigmoid is
# s * (1 - s), not s * (1 - x).
import torch


class ScaledSigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        # x: [N, D], scale: [D]
        s = torch.sigmoid(x * scale)
        ctx.save_for_backward(x, scale, s)
        return s

    @staticmethod
    def backward(ctx, grad_output):
        x, scale, s = ctx.saved_tensors
        local = grad_output * s * (1 - x)
        return local * scale, (local * x).sum(0)
