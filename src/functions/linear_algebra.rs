//! Functions of matrices.

use super::kernel::{array_kernel, linear_algebra as kernel, structure};
use super::{Code, Function, Kind, Notation};

pub(super) static TABLE: &[Function] = &[
    Function::shaped("tr", &["X"], &["X[n,n] -> []"], "the trace, the sum of diagonal entries")
        .aliases(&["trace"])
        .einsum(&["ii->"])
        .array(array_kernel!(kernel::trace))
        .latex(r"\operatorname{tr}")
        .numpy("np.trace({0})")
        .source("Petersen & Pedersen 2012, §1.1"),
    Function::shaped("det", &["X"], &["X[n,n] -> []"], "the determinant")
        .node(Kind::Determinant)
        .array(array_kernel!(kernel::det))
        .latex(r"\det")
        .numpy("np.linalg.det({0})")
        .source("Petersen & Pedersen 2012, eq. 49"),
    Function::shaped("logdet", &["X"], &["X[n,n] -> []"], "log|det(X)|")
        .node(Kind::LogDeterminant)
        .array(array_kernel!(kernel::logdet))
        .latex(r"\operatorname{logdet}")
        .numpy("np.linalg.slogdet({0})[1]")
        .source("Petersen & Pedersen 2012, eq. 57"),
    Function::shaped("inv", &["X"], &["X[n,n] -> [n,n]"], "the inverse matrix, also X^-1")
        .node(Kind::Inverse)
        .array(array_kernel!(kernel::inv))
        .latex(r"\operatorname{inv}")
        .numpy("np.linalg.inv({0})")
        .source("Petersen & Pedersen 2012, eq. 59"),
    Function::shaped(
        "solve",
        &["A", "b"],
        &["A[n,n], b[n] -> [n]", "A[n,n], B[n,k] -> [n,k]"],
        "the solution of A*x = b, inv(A)*b",
    )
    .node(Kind::Solve)
    .array(array_kernel!(structure::solve))
    .latex(r"\operatorname{solve}")
    .numpy("np.linalg.solve({0}, {1})")
    .source("Golub & Van Loan 2013, §3.4"),
    Function::shaped("adj", &["X"], &["X[n,n] -> [n,n]"], "the adjugate, X*adj(X) = det(X)*I")
        .node(Kind::Adjugate)
        .array(array_kernel!(kernel::adj))
        .latex(r"\operatorname{adj}")
        .numpy("_adj({0})")
        .helper(
            "def _adj(x):\n    \
             n = range(x.shape[0])\n    \
             minor = lambda i, j: np.linalg.det(np.delete(np.delete(x, i, 0), j, 1))\n    \
             return np.array([[(-1.0) ** (i + j) * minor(j, i) for j in n] for i in n])\n",
        )
        .torch(Code::helped(
            "_adj({0})",
            "def _adj(x):\n    \
             n = range(x.shape[0])\n    \
             but = lambda i: [k for k in n if k != i]\n    \
             minor = lambda i, j: torch.linalg.det(x[but(i)][:, but(j)])\n    \
             rows = [torch.stack([(-1.0) ** (i + j) * minor(j, i) for j in n]) for i in n]\n    \
             return torch.stack(rows)\n",
        ))
        .source("Horn & Johnson 2013, §0.8.2"),
    Function::shaped("transpose", &["X"], &["X[m,n] -> [n,m]"], "the transpose, also X'")
        .einsum(&["ij->ji"])
        .array(array_kernel!(kernel::transpose))
        .latex(r"\operatorname{transpose}")
        .numpy("np.transpose({0})")
        .torch(Code::plain("{0}.T"))
        .source("language, section 1"),
    Function::shaped(
        "diag",
        &["X"],
        &["X[n] -> [n,n]", "X[n,n] -> [n]"],
        "the diagonal matrix of a vector, or the diagonal of a matrix",
    )
    .einsum(&["i->ii", "ii->i"])
    .array(array_kernel!(kernel::diag))
    .latex(r"\operatorname{diag}")
    .numpy("np.diag({0})")
    .source("Magnus & Neudecker 2019, §1.2"),
    Function::shaped("outer", &["a", "b"], &["a[m], b[n] -> [m,n]"], "the outer product a*b'")
        .einsum(&["i,j->ij"])
        .array(array_kernel!(kernel::outer))
        .latex(r"\operatorname{outer}")
        .numpy("np.outer({0}, {1})")
        .source("Golub & Van Loan 2013, §1.1"),
    Function::shaped(
        "vec",
        &["X"],
        &["X[m,n] -> [m*n]", "X[n] -> [n]"],
        "the columns of a matrix stacked into one vector",
    )
    .einsum(&["ij->r;r=i:j", "i->i"])
    .array(array_kernel!(kernel::vec))
    .latex(r"\operatorname{vec}")
    .numpy("np.ravel({0}, order=\"F\")")
    .torch(Code::helped(
        "_vec({0})",
        "def _vec(x):\n    return x.T.reshape(-1) if x.ndim == 2 else x\n",
    ))
    .source("Magnus & Neudecker 2019, §2.4"),
    Function::shaped(
        "unvec",
        &["v", "m", "n"],
        &["v[m*n], m, n -> [m,n]"],
        "the m×n matrix whose columns are stacked in v, the inverse of vec",
    )
    .einsum(&["r->ij;r=i:j"])
    .array(array_kernel!(structure::unvec))
    .latex(r"\operatorname{unvec}")
    .numpy("np.reshape({0}, ({1}, {2}), order=\"F\")")
    .torch(Code::plain("torch.reshape({0}, ({2}, {1})).T"))
    .source("Magnus & Neudecker 2019, §2.4"),
    Function::shaped(
        "kron",
        &["A", "B"],
        &[
            "A[m,n], B[p,q] -> [m*p, n*q]",
            "A[m], B[p] -> [m*p]",
            "A[m], B[p,q] -> [m*p, q]",
            "A[m,n], B[p] -> [m*p, n]",
            "A[n]', B[p,q] -> [p, n*q]",
            "A[m,n], B[q]' -> [m, n*q]",
            "A[n]', B[p] -> [p, n]",
            "A[m], B[q]' -> [m, q]",
            "A[n]', B[q]' -> [n*q]'",
        ],
        "the Kronecker product",
    )
    .einsum(&[
        "ij,pq->rc;r=p:i,c=q:j",
        "i,p->r;r=p:i",
        "i,pq->rq;r=p:i",
        "ij,p->rj;r=p:i",
        // rows in capitals
        "J,pq->pc;c=q:J",
        "ij,Q->ic;c=Q:j",
        "J,p->pJ",
        "i,Q->iQ",
        "J,Q->c;c=Q:J",
    ])
    .array(array_kernel!(kernel::kron))
    .unicode(Notation::Infix("⊗"))
    .latex_notation(Notation::Infix(r"\otimes"))
    .numpy("_kron({0}, {1})")
    .helper(
        "def _kron(a, b):\n    \
         if a.ndim == 2 and b.ndim == 1:\n        \
         b = b[:, None]\n    \
         if a.ndim == 1 and b.ndim == 2:\n        \
         a = a[:, None]\n    \
         return np.kron(a, b)\n",
    )
    .source("Magnus & Neudecker 2019, §2.2"),
];
