# A custom autograd function, as asked about on the PyTorch forum: a bilinear layer. Right.
import torch


class Bilinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, A, z):
        # x: [N, m], A: [m, n], z: [N, n]
        ctx.save_for_backward(x, A, z)
        return (x.mm(A) * z).sum(dim=1)

    @staticmethod
    def backward(ctx, grad_output):
        x, A, z = ctx.saved_tensors
        g = grad_output.unsqueeze(1)
        grad_x = (g * z).mm(A.t())
        grad_A = x.t().mm(g * z)
        grad_z = g * x.mm(A)
        return grad_x, grad_A, grad_z
