//! A claim tried modulo primes, where agreement by accident has a bound.

use super::decide::Trial;
use super::points::{Scale, Style};
use crate::array::Array;
use crate::field::modular::{Companion, Mersenne, Modular, Prime};
use crate::numeric::eval::{Evaluator, Point, Varied};
use crate::numeric::instance::Instance;
use crate::numeric::sample::Random;
use crate::shape::typed::{Meaning, VariableId};
use crate::syntax::ast::{Attribute, Expr, NodeId, ProductOp};

impl Trial<'_> {
    /// A bound on the chance that a false claim would have passed where this one did: at random
    /// points modulo two primes, functions taken for random ones. `None` where the claim does not
    /// hold there, or has no meaning in such numbers; that refutes nothing.
    pub(super) fn exact(&self, random: &mut Random) -> Option<f64> {
        let property = |a: &Attribute| *a != Attribute::Positive;
        if self.claim.typed.variables.iter().any(|v| v.attributes.iter().any(property)) {
            return None;
        }
        let mut chance = 1.0;
        for (number, scale) in [Scale::Drawn(0), Scale::Drawn(2)].into_iter().enumerate() {
            let point = self.points.draw(scale, Style::Generic(0), number, random)?;
            chance *= self.residues::<Mersenne>(&point, random)?;
            self.residues::<Companion>(&point, random)?;
        }
        Some(chance)
    }

    /// Whether the claim is of sums, products and whole powers alone, which residues decide.
    pub(super) fn is_arithmetic(&self) -> bool {
        let typed = self.claim.typed;
        let whole = |e: &NodeId| match typed.program.node(*e) {
            Expr::Number(n) => n.is_integer(),
            _ => false,
        };
        let free = |a: &Attribute| *a == Attribute::Positive;
        let plain = typed.variables.iter().flat_map(|v| &v.attributes).all(free);
        plain
            && self.plan.iter().all(|id| match typed.program.node(*id) {
                Expr::Number(_) | Expr::Negate(_) | Expr::Sum(_) | Expr::Transpose(_) => true,
                Expr::Name(_) => {
                    matches!(typed.meaning(*id), Meaning::Variable(_) | Meaning::Definition(_))
                }
                Expr::Product(op, ..) => matches!(op, ProductOp::Product | ProductOp::Hadamard),
                Expr::Power(_, e) | Expr::ElementPower(_, e) => whole(e),
                _ => false,
            })
    }

    /// The chance of accidental agreement at one point modulo one prime; `None` without agreement.
    fn residues<P: Prime>(&self, point: &Point, random: &mut Random) -> Option<f64> {
        let claim = self.claim;
        let mut point = point.clone();
        for (k, f) in point.functions.iter_mut().enumerate() {
            *f = Some(Instance::Opaque(u32::try_from(k).ok()?));
        }
        let mut evaluator = Evaluator::<Modular<P>>::new(claim.typed, &point).ok()?;
        for (k, value) in point.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let data = value.data.iter().map(|_| Modular::variable(random.bits())).collect();
            let id = VariableId(u32::try_from(k).ok()?);
            let drawn = Array { shape: value.shape.clone(), data };
            evaluator.set(Varied::Variable(id), Some(drawn));
        }
        evaluator.run(&self.plan).ok()?;
        let left = evaluator.aligned(claim.left, claim.indices).ok()?;
        let right = evaluator.aligned(claim.right, claim.indices).ok()?;
        let (n, m) = (left.data.len(), right.data.len());
        if n == 0 || m == 0 || n != m && n != 1 && m != 1 {
            return None;
        }
        let mut chance = 0.0f64;
        for k in 0..n.max(m) {
            let (a, b) = (left.data[k % n], right.data[k % m]);
            if a.residue() != b.residue() {
                return None;
            }
            chance = chance.max(a.chance(b, 2f64.powi(60)));
        }
        Some(chance)
    }
}
