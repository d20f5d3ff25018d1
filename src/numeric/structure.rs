//! Directions that keep a declared structure, and what a gradient within it must say of them.
//!
//! A gradient within a structure is judged along a random direction of the structure, `along`, by
//! its product with `test`: entries that move together are counted once, and what such a gradient
//! must not have (entries off a diagonal, parts normal to a tangent space) is added with random
//! weights, so that it shows.

use super::sample::Random;
use crate::array::Array;
use crate::syntax::ast::Attribute;

/// A direction, and the array whose product with the gradient within the structure is the
/// derivative along it.
pub(super) struct Tangent {
    pub(super) along: Vec<f64>,
    pub(super) test: Vec<f64>,
}

/// A random direction at a value with this structure; `None` where it has none.
pub(super) fn tangent(attribute: Attribute, base: &Array, random: &mut Random) -> Option<Tangent> {
    match (attribute, base.shape.as_slice()) {
        (Attribute::Symmetric | Attribute::PosDef, &[n, _]) => Some(symmetric(n, random)),
        (Attribute::Diagonal, &[n, _]) => Some(diagonal(n, random)),
        (Attribute::Orthogonal, &[n, _]) => Some(orthogonal(n, &base.data, random)),
        (Attribute::Simplex, &[n]) => Some(simplex(n, random)),
        _ => None,
    }
}

/// dA = dA': each pair of entries moves together, and is read at one of its places.
fn symmetric(n: usize, random: &mut Random) -> Tangent {
    let (mut along, mut test) = (vec![0.0; n * n], vec![0.0; n * n]);
    for i in 0..n {
        for j in 0..=i {
            let step = random.signed(0.3, 1.0);
            let first = random.bits() & 1 == 0;
            along[i * n + j] = step;
            along[j * n + i] = step;
            test[if first { i * n + j } else { j * n + i }] = step;
        }
    }
    Tangent { along, test }
}

fn diagonal(n: usize, random: &mut Random) -> Tangent {
    let (mut along, mut test) = (vec![0.0; n * n], vec![0.0; n * n]);
    for (at, (a, t)) in along.iter_mut().zip(&mut test).enumerate() {
        *t = random.signed(0.3, 1.0);
        if at % (n + 1) == 0 {
            *a = *t;
        }
    }
    Tangent { along, test }
}

/// dQ = Q Ω with Ω' = −Ω; the normal space has Q S with S' = S.
fn orthogonal(n: usize, q: &[f64], random: &mut Random) -> Tangent {
    let (mut skew, mut full) = (vec![0.0; n * n], vec![0.0; n * n]);
    for i in 0..n {
        for j in 0..=i {
            let normal = random.signed(0.3, 1.0);
            let turn = if i == j { 0.0 } else { random.signed(0.3, 1.0) };
            skew[i * n + j] = turn;
            skew[j * n + i] = -turn;
            full[i * n + j] = turn + normal;
            full[j * n + i] = normal - turn;
        }
    }
    let times = |m: &[f64]| -> Vec<f64> {
        let entry = |at: usize| (0..n).map(|k| q[at / n * n + k] * m[k * n + at % n]).sum();
        (0..n * n).map(entry).collect()
    };
    Tangent { along: times(&skew), test: times(&full) }
}

/// Σ dp = 0; the normal space has the vector of ones.
fn simplex(n: usize, random: &mut Random) -> Tangent {
    let free: Vec<f64> = (0..n).map(|_| random.signed(0.3, 1.0)).collect();
    let mean = free.iter().sum::<f64>() / n.max(1) as f64;
    // kept small, so that no probability leaves its range
    let along: Vec<f64> = free.iter().map(|v| 0.1 * (v - mean)).collect();
    let normal = random.signed(0.3, 1.0);
    let test = along.iter().map(|v| v + normal).collect();
    Tangent { along, test }
}
