//! The derivatives of factors of a symmetric matrix, read through its symmetric part.
//!
//! With `G` the cotangent of the factor and `∘` the entry-by-entry product:
//!
//! | factor | cotangent of A |
//! | --- | --- |
//! | `L = chol(A)` | `½ L⁻ᵀ (P + Pᵀ − P∘I) L⁻¹`, `P` the lower triangle of `LᵀG` (Murray 2016, eq. 10) |
//! | `λ = eigvals(A)` | `Q diag(g) Qᵀ` (Magnus & Neudecker 2019, §8.9) |
//! | `Q = eigvecs(A)` | the symmetric part of `Q (F∘(QᵀG)) Qᵀ`, `Fᵢⱼ = 1/(λⱼ − λᵢ)`, 0 on the diagonal (Giles 2008, §3.1) |

use super::rules::Rules;
use crate::number::Number;
use crate::tensor::node::{ExprId, MatrixFunction, Wires};
use crate::tensor::template::range;
use smallvec::smallvec;

impl Rules<'_> {
    /// The seed's wires and then these.
    fn seeded(&self, wires: &[u32]) -> Wires {
        let mut all = range(0, self.seed);
        all.extend(wires.iter().map(|w| w + self.seed as u32));
        all
    }

    /// The matrix with its last two axes exchanged.
    fn flipped(&mut self, x: ExprId) -> ExprId {
        let n = self.arena.rank(x);
        let mut order = range(0, n);
        order.swap(n - 1, n - 2);
        self.arena.permute(x, &range(0, n), &order)
    }

    fn half(&mut self, x: ExprId) -> ExprId {
        let half = self.arena.number_id(&Number::ratio(1, 2).unwrap_or(Number::ONE));
        self.arena.scale(half, x)
    }

    pub(super) fn cholesky(&mut self, l: ExprId, g: ExprId) -> ExprId {
        let o = self.seed as u32;
        let out = self.seeded(&[0, 1]);
        let dim = self.arena.axes(l)[0];
        let triangle = self.arena.lower_ones(dim, dim);
        let product = self.network(
            &[(l, smallvec![o + 2, o]), (g, self.seeded(&[2, 1])), (triangle, smallvec![o, o + 1])],
            &out,
        );
        let flipped = self.flipped(product);
        let diagonal = {
            let operands = [(l, smallvec![o + 2, o]), (g, self.seeded(&[2, 0]))];
            let twice = self.seeded(&[0, 0]);
            let d = self.network(&operands, &twice);
            self.arena.negate(d)
        };
        let middle = self.arena.sum_of(&[product, flipped, diagonal]);
        let inverse = self.arena.matrix(MatrixFunction::Inverse, l);
        let result = self.network(
            &[
                (inverse, smallvec![o + 2, o]),
                (middle, self.seeded(&[2, 3])),
                (inverse, smallvec![o + 3, o + 1]),
            ],
            &out,
        );
        self.half(result)
    }

    pub(super) fn eigenvalues(&mut self, a: ExprId, g: ExprId) -> ExprId {
        let o = self.seed as u32;
        let q = self.arena.matrix(MatrixFunction::Eigenvectors, a);
        let operands =
            [(q, smallvec![o, o + 2]), (g, self.seeded(&[2])), (q, smallvec![o + 1, o + 2])];
        let out = self.seeded(&[0, 1]);
        self.network(&operands, &out)
    }

    pub(super) fn eigenvectors(&mut self, a: ExprId, q: ExprId, g: ExprId) -> ExprId {
        let o = self.seed as u32;
        let dim = self.arena.axes(q)[0];
        let values = self.arena.matrix(MatrixFunction::Eigenvalues, a);
        let eye = self.arena.identity(dim);
        let ones = self.arena.ones(&[dim, dim]);
        let row = self.arena.permute_broadcast(values, dim, 1);
        let column = self.arena.permute_broadcast(values, dim, 0);
        let column = self.arena.negate(column);
        // 1 on the diagonal, where the quotient is masked
        let gaps = self.arena.sum_of(&[row, column, eye]);
        let quotient = self.arena.power(gaps, &Number::MINUS_ONE);
        let minus = self.arena.negate(eye);
        let off = self.arena.sum_of(&[ones, minus]);
        let operands = [
            (q, smallvec![o, o + 2]),
            (off, smallvec![o + 2, o + 3]),
            (quotient, smallvec![o + 2, o + 3]),
            (q, smallvec![o + 4, o + 2]),
            (g, self.seeded(&[4, 3])),
            (q, smallvec![o + 1, o + 3]),
        ];
        let out = self.seeded(&[0, 1]);
        let result = self.network(&operands, &out);
        let flipped = self.flipped(result);
        let sum = self.arena.sum_of(&[result, flipped]);
        self.half(sum)
    }
}
