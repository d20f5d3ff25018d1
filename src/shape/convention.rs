//! Shapes by the convention for names, and by uses where that says scalar.

use super::infer::{Above, Inference, NONE};
use super::signature::alternative;
use super::table::Place;
use super::typed::VariableId;
use crate::functions::{self, Function, Signature};
use crate::syntax::ast::{Expr, NodeId, ProductOp};
use crate::syntax::operator::{greek, spelling};
use smallvec::SmallVec;

/// What a name stands for where nothing else decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Convention {
    Matrix,
    Vector,
    Scalar,
}

/// Capital letter: matrix; one letter of `a`–`g`, small Greek letters, `eps`, `lam`: scalar; else
/// vector. Digits and a subscript do not count.
pub(super) fn convention(written: &str) -> Convention {
    let Some(first) = written.chars().next() else { return Convention::Vector };
    if first.is_uppercase() {
        return Convention::Matrix;
    }
    let base = written.split('_').next().unwrap_or(written);
    let base = base.trim_end_matches(|c: char| c.is_ascii_digit() || ('₀'..='₉').contains(&c));
    let mut letters = base.chars();
    let single = letters.next().filter(|_| letters.next().is_none());
    let scalar = single.is_some_and(|c| ('a'..='g').contains(&c) || spelling(c).is_some())
        || greek(base).is_some_and(char::is_lowercase)
        || matches!(base, "eps" | "lam");
    if scalar { Convention::Scalar } else { Convention::Vector }
}

impl Inference<'_> {
    /// The axes of what would be a scalar by its name: as many as its uses ask for at least, where it
    /// is transposed, stands right of a row or is an argument of a function of arrays.
    pub(super) fn rank_by_use(&self, v: VariableId) -> usize {
        let (mut rank, mut at) = (0, self.variable_uses[v.0 as usize].first);
        while at != NONE {
            let id = NodeId(at);
            if let Above::Node(parent) = self.above(id) {
                rank = rank.max(match self.program.node(parent) {
                    Expr::Transpose(_) => 1,
                    // an inner product
                    Expr::Product(ProductOp::Product, l, r) if *r == id => {
                        usize::from(self.shape(*l).is_some_and(Place::is_row))
                    }
                    Expr::Call { arguments, function, primes: 0, .. } => {
                        let place = self.program.list(*arguments).iter().position(|a| *a == id);
                        let f = functions::find(self.program.name(*function));
                        f.zip(place).map_or(0, |(f, place)| least_rank(f, place))
                    }
                    _ => 0,
                });
            }
            at = self.next_use[at as usize];
        }
        rank
    }
}

/// The least number of axes that a function asks of an argument; 0 where a scalar will do.
fn least_rank(f: &Function, place: usize) -> usize {
    let Signature::Shapes(alternatives) = f.signature else { return 0 };
    let ranks =
        alternatives.iter().map(|a| alternative(a).arguments.get(place).map_or(0, SmallVec::len));
    let least = ranks.min().unwrap_or(0);
    // a scalar counts as 1×1
    if least == 2 { 0 } else { least }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_page() {
        for (name, expected) in [
            ("W", Convention::Matrix),
            ("Σ", Convention::Matrix),
            ("X_1", Convention::Matrix),
            ("Sigma", Convention::Matrix),
            ("x", Convention::Vector),
            ("x_t", Convention::Vector),
            ("theta2", Convention::Scalar),
            ("σ0", Convention::Scalar),
            ("lam", Convention::Scalar),
            ("eps_1", Convention::Scalar),
            ("a1", Convention::Scalar),
            ("h", Convention::Vector),
            ("grad_y", Convention::Vector),
        ] {
            assert_eq!(convention(name), expected, "{name}");
        }
    }
}
