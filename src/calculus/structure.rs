//! Gradients within a declared structure, from the entrywise ones.
//!
//! With `G` the entrywise gradient:
//!
//! | structure | gradient within it | source |
//! | --- | --- | --- |
//! | symmetric, posdef | `G + Gᵀ − G⊙I` | Petersen & Pedersen 2012, eq. 138 |
//! | diagonal | `G⊙I` | Petersen & Pedersen 2012, eq. 139 |
//! | orthogonal | `G − Q sym(QᵀG) = ½ (G − Q Gᵀ Q)` | Absil, Mahony & Sepulchre 2008, eq. 3.35 |
//! | simplex | `g − mean(g)` | Duchi et al. 2008, §2 (the tangent space of Σ p = 1) |

use crate::number::Number;
use crate::syntax::ast::Attribute;
use crate::tensor::arena::Arena;
use crate::tensor::node::{Axes, ExprId, Network, Operand, Wires};
use smallvec::{SmallVec, smallvec};

/// The gradient within a structure of what has the entrywise gradient `g`; `None` where the
/// property is no structure of its own.
pub(crate) fn within(
    arena: &mut Arena,
    attribute: Attribute,
    x: ExprId,
    g: ExprId,
) -> Option<ExprId> {
    match attribute {
        Attribute::Symmetric | Attribute::PosDef => {
            let flipped = arena.permute(g, &[1, 0], &[0, 1]);
            let diagonal = diagonal(arena, g);
            let minus = arena.negate(diagonal);
            Some(arena.sum_of(&[g, flipped, minus]))
        }
        Attribute::Diagonal => Some(diagonal(arena, g)),
        Attribute::Orthogonal => {
            // Q G' Q
            let turned = network(arena, &[(x, &[0, 2]), (g, &[3, 2]), (x, &[3, 1])], &[0, 1]);
            let minus = arena.negate(turned);
            let sum = arena.sum_of(&[g, minus]);
            let half = arena.number_id(&Number::ratio(1, 2)?);
            Some(arena.scale(half, sum))
        }
        Attribute::Simplex => {
            let total = network(arena, &[(g, &[0])], &[]);
            let axes = Axes::from_slice(arena.axes(g));
            let ones = arena.ones(&axes);
            let count = network(arena, &[(ones, &[0])], &[]);
            let share = arena.power(count, &Number::MINUS_ONE);
            let mean = arena.hadamard(&[total, share, ones]);
            let minus = arena.negate(mean);
            Some(arena.sum_of(&[g, minus]))
        }
        Attribute::Positive => None,
    }
}

fn diagonal(arena: &mut Arena, g: ExprId) -> ExprId {
    network(arena, &[(g, &[0, 0])], &[0, 0])
}

fn network(arena: &mut Arena, operands: &[(ExprId, &[u32])], output: &[u32]) -> ExprId {
    let count = operands.iter().flat_map(|o| o.1).max().map_or(0, |w| *w as usize + 1);
    let mut sizes: SmallVec<[_; 8]> = smallvec![crate::shape::dim::DimId(0); count];
    for (e, wires) in operands {
        for (w, d) in wires.iter().zip(arena.axes(*e)) {
            sizes[*w as usize] = *d;
        }
    }
    let operands =
        operands.iter().map(|(e, w)| Operand { expr: *e, wires: Wires::from_slice(w) }).collect();
    arena.einsum(Network {
        coefficient: Number::ONE,
        operands,
        output: Wires::from_slice(output),
        sizes,
    })
}

/// What the gradient within a structure is, beside the entrywise one.
pub(crate) fn sentence(attribute: Attribute, name: &str) -> String {
    match attribute {
        Attribute::Symmetric | Attribute::PosDef => format!(
            "within the symmetric {name} an entry moves together with its mirror image and the gradient counts both; entrywise each moves alone"
        ),
        Attribute::Diagonal => format!("within the diagonal {name} nothing off the diagonal moves"),
        Attribute::Orthogonal => format!(
            "within the orthogonal {name}: the projection on the tangent space, in the Euclidean metric tr(dQ' dQ)"
        ),
        Attribute::Simplex => {
            format!("within the simplex of {name}: the projection on directions that keep its sum")
        }
        Attribute::Positive => String::new(),
    }
}
