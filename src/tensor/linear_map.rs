//! A derivative as a linear map: its action on a change of the variable, and its matrix between
//! stacked columns as a sum of Kronecker products.
//!
//! With the axes `i, j` of the value before those `k, l` of the variable, columns are stacked by
//! `i + m j` and `k + p l`. So a term that falls apart into a part with `i, k` and one with `j, l` is
//! a Kronecker product of the second with the first (Magnus & Neudecker, *Matrix Differential
//! Calculus*, ch. 2): ∂vec(A X B)/∂vec(X) = B' ⊗ A.

use super::arena::Arena;
use super::build::TermList;
use super::node::{Axes, ExprId, Network, Node, NumberId, Operand, Wire, Wires};
use crate::number::Number;
use crate::shape::dim::DimId;
use smallvec::{SmallVec, smallvec};

/// A term of a matrix between stacked columns.
#[derive(Clone, Copy, Debug)]
pub enum StackedTerm {
    /// `left ⊗ right`; a vector is a column where the value has no such axis in the variable, a row
    /// where the variable has none in the value.
    Kronecker {
        /// The factor of the columns' positions.
        left: Factor,
        /// The factor of the positions in a column.
        right: Factor,
    },
    /// `diag(vec(M))`: every entry is scaled by itself.
    Diagonal(ExprId),
}

impl StackedTerm {
    /// Whether one factor of two Kronecker products is the same, and the others may be added.
    fn shares(&self, other: &StackedTerm) -> bool {
        match (self, other) {
            (
                StackedTerm::Kronecker { left: a, right: b },
                StackedTerm::Kronecker { left: c, right: d },
            ) => a == c && b.row == d.row || b == d && a.row == c.row,
            _ => false,
        }
    }

    /// The arrays that it is made of, to be replaced by equal ones.
    pub(crate) fn parts_mut(&mut self) -> SmallVec<[&mut ExprId; 2]> {
        match self {
            StackedTerm::Kronecker { left, right } => {
                smallvec![&mut left.expr, &mut right.expr]
            }
            StackedTerm::Diagonal(m) => smallvec![m],
        }
    }

    /// The arrays that it is made of.
    pub fn parts(&self) -> SmallVec<[ExprId; 2]> {
        match self {
            StackedTerm::Kronecker { left, right } => smallvec![left.expr, right.expr],
            StackedTerm::Diagonal(m) => smallvec![*m],
        }
    }
}

/// A factor of a Kronecker product.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Factor {
    /// A matrix or vector.
    pub expr: ExprId,
    /// A vector that stands as a row.
    pub row: bool,
}

/// `Σ J dX`: what a derivative makes of a change `dx`, which has the last axes of `value`.
pub fn act(arena: &mut Arena, value: ExprId, dx: ExprId) -> ExprId {
    let one = arena.number_id(&Number::ONE);
    let terms: TermList = match arena.node(value) {
        Node::Add(terms) => terms.iter().collect(),
        _ => smallvec![(one, value)],
    };
    let of = arena.rank(value) - arena.rank(dx);
    let sizes: SmallVec<[DimId; 8]> = arena.axes(value).into();
    let all: Wires = (0..sizes.len() as u32).collect();
    let (output, by) = (Wires::from_slice(&all[..of]), Wires::from_slice(&all[of..]));
    let axes = Axes::from_slice(&sizes[..of]);
    let mut list: TermList = SmallVec::new();
    for (c, e) in terms {
        let operands = smallvec![
            Operand { expr: e, wires: all.clone() },
            Operand { expr: dx, wires: by.clone() }
        ];
        let (output, sizes) = (output.clone(), sizes.clone());
        list.push((c, arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes })));
    }
    arena.add_ids(&axes, list)
}

/// The matrix of a derivative between stacked columns, where every term has such a form; `of` is the
/// number of axes of the value.
pub fn stacked(
    arena: &mut Arena,
    value: ExprId,
    of: usize,
) -> Option<SmallVec<[(NumberId, StackedTerm); 4]>> {
    let by = arena.rank(value).checked_sub(of)?;
    if !(1..=2).contains(&of) || !(1..=2).contains(&by) {
        return None;
    }
    let one = arena.number_id(&Number::ONE);
    let terms: TermList = match arena.node(value) {
        Node::Add(terms) => terms.iter().collect(),
        _ => smallvec![(one, value)],
    };
    let mut list: SmallVec<[(NumberId, StackedTerm); 4]> = SmallVec::new();
    for (c, e) in terms {
        let term = stacked_term(arena, e, of)?;
        match list.iter().position(|(_, other)| term.shares(other)) {
            Some(at) => list[at] = joined(arena, list[at], (c, term), one),
            None => list.push((c, term)),
        }
    }
    Some(list)
}

/// `c (A ⊗ B) + d (A ⊗ C) = A ⊗ (c B + d C)`, and so for the other factor.
fn joined(
    arena: &mut Arena,
    x: (NumberId, StackedTerm),
    y: (NumberId, StackedTerm),
    one: NumberId,
) -> (NumberId, StackedTerm) {
    let (StackedTerm::Kronecker { left, right }, StackedTerm::Kronecker { left: l, right: r }) =
        (x.1, y.1)
    else {
        return x;
    };
    let mut sum = |a: Factor, b: Factor| {
        let axes = Axes::from_slice(arena.axes(a.expr));
        let expr = arena.add_ids(&axes, smallvec![(x.0, a.expr), (y.0, b.expr)]);
        Factor { expr, ..a }
    };
    let term = if left == l {
        StackedTerm::Kronecker { left, right: sum(right, r) }
    } else {
        StackedTerm::Kronecker { left: sum(left, l), right }
    };
    (one, term)
}

fn stacked_term(arena: &mut Arena, e: ExprId, of: usize) -> Option<StackedTerm> {
    let network = opened(arena, e);
    let (first, second) = network.output.split_at(of);
    if of == 2 && first == second && first[0] != first[1] {
        let output = Wires::from_slice(first);
        return Some(StackedTerm::Diagonal(arena.einsum(Network { output, ..network }.dense())));
    }
    // the first axes are positions in a column; a lone axis may go with either of two
    let pairs: SmallVec<[[SmallVec<[usize; 2]>; 2]; 2]> = match (of, second.len()) {
        (1, 1) => return None,
        (2, 2) => smallvec![[smallvec![1, 3], smallvec![0, 2]]],
        (1, _) => smallvec![[smallvec![2], smallvec![0, 1]], [smallvec![0, 2], smallvec![1]]],
        _ => smallvec![[smallvec![1], smallvec![0, 2]], [smallvec![1, 2], smallvec![0]]],
    };
    for [left, right] in pairs {
        let row = |positions: &[usize]| positions.len() == 1 && positions[0] >= of;
        let rows = (row(&left), row(&right));
        if let Some((left, right)) = apart(arena, &network, &left, &right) {
            return Some(StackedTerm::Kronecker {
                left: Factor { expr: left, row: rows.0 },
                right: Factor { expr: right, row: rows.1 },
            });
        }
    }
    None
}

/// An expression as a network.
fn opened(arena: &Arena, e: ExprId) -> Network {
    match arena.node(e) {
        Node::Einsum(view) => Network {
            coefficient: Number::ONE,
            operands: view
                .operands()
                .map(|(e, w)| Operand { expr: e, wires: Wires::from_slice(w) })
                .collect(),
            output: view.output().into(),
            sizes: (0..view.wires() as u32).map(|w| view.size(w)).collect(),
        },
        _ => {
            let wires: Wires = (0..arena.rank(e) as u32).collect();
            let operands = smallvec![Operand { expr: e, wires: wires.clone() }];
            let sizes = arena.axes(e).into();
            Network { coefficient: Number::ONE, operands, output: wires, sizes }
        }
    }
}

/// The two networks that one falls apart into, one with the outputs at `left`, one with those at
/// `right`.
fn apart(
    arena: &mut Arena,
    network: &Network,
    left: &[usize],
    right: &[usize],
) -> Option<(ExprId, ExprId)> {
    let mut side: SmallVec<[u8; 8]> = smallvec![0; network.sizes.len()];
    let mut mark = |positions: &[usize], s: u8| {
        positions.iter().all(|p| {
            let slot = &mut side[network.output[*p] as usize];
            let free = *slot == 0 || *slot == s;
            *slot = s;
            free
        })
    };
    if !(mark(left, 1) && mark(right, 2)) {
        return None;
    }
    let mut of: SmallVec<[u8; 8]> = smallvec![0; network.operands.len()];
    loop {
        let mut changed = false;
        for (o, s) in network.operands.iter().zip(&mut of) {
            for w in &o.wires {
                let end = side[*w as usize];
                if *s != 0 && end != 0 && *s != end {
                    return None;
                }
                changed |= (*s == 0) != (end == 0);
                (*s, side[*w as usize]) = (*s | end, *s | end);
            }
        }
        if !changed {
            break;
        }
    }
    let mut part = |positions: &[usize], s: u8| {
        let chosen = |t: u8| t == s || t == 0 && s == 2;
        let operands =
            network.operands.iter().zip(&of).filter(|(_, t)| chosen(**t)).map(|(o, _)| o.clone());
        let output: Wires = positions.iter().map(|p| network.output[*p] as Wire).collect();
        let operands = operands.collect();
        let sizes = network.sizes.clone();
        arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes }.dense())
    };
    Some((part(left, 1), part(right, 2)))
}
