//! Factors of symmetric matrices, and triangles.
//!
//! A symmetric argument is read through its symmetric part, (A + A')/2. So the derivative by its
//! entries, each varied by itself, is symmetric, and is the one that a small symmetric change of A
//! needs: dL = ⟨∇A, dA⟩.

use super::kernel::{array_kernel, decomposition as kernel, enclosure};
use super::{ArrayKernel, Function, Kind};

pub(super) static TABLE: &[Function] = &[
    Function::shaped("tril", &["X"], &["X[m,n] -> [m,n]"], "X with 0 above the diagonal")
        .einsum(&["ij->ij;i>j"])
        .array(array_kernel!(kernel::tril))
        .latex(r"\operatorname{tril}")
        .numpy("np.tril({0})")
        .source("Golub & Van Loan 2013, §1.2"),
    Function::shaped("triu", &["X"], &["X[m,n] -> [m,n]"], "X with 0 below the diagonal")
        .einsum(&["ij->ij;j>i"])
        .array(array_kernel!(kernel::triu))
        .latex(r"\operatorname{triu}")
        .numpy("np.triu({0})")
        .source("Golub & Van Loan 2013, §1.2"),
    Function::shaped(
        "chol",
        &["A"],
        &["A[n,n] -> [n,n]"],
        "the lower triangular L with L*L' = A, of a symmetric positive definite matrix",
    )
    .node(Kind::Cholesky)
    .array(array_kernel!(kernel::chol))
    .latex(r"\operatorname{chol}")
    .numpy("_chol({0})")
    .helper("def _chol(a):\n    return np.linalg.cholesky((a + a.T) / 2)\n")
    .source("Murray 2016, eq. 9 and 10"),
    Function::shaped(
        "eigvals",
        &["A"],
        &["A[n,n] -> [n]"],
        "the eigenvalues of a symmetric matrix in ascending order",
    )
    .node(Kind::Eigenvalues)
    .array(ArrayKernel { ball: enclosure::eigvals, ..array_kernel!(kernel::eigvals) })
    .latex(r"\operatorname{eigvals}")
    .numpy("_eigvals({0})")
    .helper("def _eigvals(a):\n    return np.linalg.eigvalsh((a + a.T) / 2)\n")
    .source("Magnus & Neudecker 2019, §8.9"),
    Function::shaped(
        "eigvecs",
        &["A"],
        &["A[n,n] -> [n,n]"],
        "the eigenvectors of a symmetric matrix as columns, in the order of eigvals; of each the entry of largest magnitude is positive",
    )
    .node(Kind::Eigenvectors)
    .array(array_kernel!(kernel::eigvecs))
    .latex(r"\operatorname{eigvecs}")
    .numpy("_eigvecs({0})")
    .helper(
        "def _eigvecs(a):\n    \
         q = np.linalg.eigh((a + a.T) / 2)[1]\n    \
         top = np.argmax(np.abs(q), axis=0)\n    \
         return q * np.sign(q[top, np.arange(q.shape[1])])\n",
    )
    .source("Giles 2008, §3.1"),
];
