//! `factor`: two terms with a common part are one product, `A x + A' x = (A + A') x`.
//!
//! The common part is found by matching operands and wires from the output inwards; what is left
//! of each term hangs on at most two wires, and becomes one factor.

use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::Arena;
use crate::tensor::build::TermList;
use crate::tensor::node::{Axes, ExprId, Network, Node, NumberId, Operand, Wire, Wires};
use smallvec::{SmallVec, smallvec};

/// The most terms among which pairs are sought.
const TERMS: usize = 8;
/// The most factors of a term that is looked at.
const FACTORS: usize = 12;

struct Term {
    coefficient: NumberId,
    operands: SmallVec<[Operand; 4]>,
    output: Wires,
    sizes: SmallVec<[DimId; 8]>,
}

/// A lighter sum of the same value, by factoring pairs of terms.
pub(super) fn lighter(arena: &mut Arena, id: ExprId) -> Option<ExprId> {
    lighter_if(arena, id, |_, _| true)
}

/// As [`lighter`], where a pair of terms may become only a product of which this holds.
pub(super) fn lighter_if(
    arena: &mut Arena,
    id: ExprId,
    holds: impl Fn(&Arena, ExprId) -> bool,
) -> Option<ExprId> {
    let Node::Add(terms) = arena.node(id) else { return None };
    if terms.len() < 2 || terms.len() > TERMS {
        return None;
    }
    let mut list: TermList = terms.iter().collect();
    let axes: Axes = arena.axes(id).into();
    let mut found = false;
    while list.len() > 1 {
        let mut best: Option<(u32, usize, usize, ExprId)> = None;
        for i in 0..list.len() {
            for j in i + 1..list.len() {
                if !share(arena, list[i].1, list[j].1) && !both_sums(arena, list[i].1, list[j].1) {
                    continue;
                }
                let partial = list.len() > 2;
                let Some(product) = pair(arena, list[i], list[j], &axes, partial) else {
                    continue;
                };
                let before: TermList = smallvec![list[i], list[j]];
                let sum = arena.add_ids(&axes, before);
                let (old, new) = (arena.weight(sum), arena.weight(product));
                if new < old && holds(arena, product) && best.is_none_or(|b| old - new > b.0) {
                    best = Some((old - new, i, j, product));
                }
            }
        }
        let Some((_, i, j, product)) = best else { break };
        list.remove(j);
        list.remove(i);
        let one = arena.number_id(&Number::ONE);
        list.push((one, product));
        found = true;
    }
    found.then(|| arena.add_ids(&axes, list))
}

/// Whether two terms have a factor in common. Blocks stay apart: they are written as an array. So do
/// different parts of one array: `x[2:] - x[:n-1]`.
fn share(arena: &Arena, a: ExprId, b: ExprId) -> bool {
    let indicators = arena.has_indicators();
    if indicators && (is_block(arena, a) || is_block(arena, b)) {
        return false;
    }
    let part = |e: ExprId| arena.is_part(e);
    let parts = |e: ExprId| -> SmallVec<[ExprId; 4]> {
        match arena.node(e) {
            Node::Einsum(view) => view.operands().map(|o| o.0).filter(|o| part(*o)).collect(),
            _ => SmallVec::new(),
        }
    };
    let (own, other) = if indicators { (parts(a), parts(b)) } else { Default::default() };
    let apart = own.iter().any(|e| !other.contains(e)) || other.iter().any(|e| !own.contains(e));
    let factors = |e: ExprId| -> SmallVec<[ExprId; 8]> {
        match arena.node(e) {
            Node::Einsum(view) if apart => {
                let cut = |w: &u32| view.operands().any(|(e, own)| part(e) && own[0] == *w);
                let whole = view.operands().filter(|(_, wires)| !wires.iter().any(&cut));
                whole.map(|o| o.0).take(FACTORS).collect()
            }
            Node::Einsum(view) => view.operands().map(|o| o.0).take(FACTORS).collect(),
            _ => smallvec![e],
        }
    };
    let right = factors(b);
    factors(a).iter().any(|e| right.contains(e))
}

/// Whether a term fills a part of an axis and nothing else.
pub(super) fn is_block(arena: &Arena, id: ExprId) -> bool {
    let part = |e: ExprId| arena.is_part(e);
    match arena.node(id) {
        Node::Einsum(view) => {
            view.operands().any(|(e, w)| part(e) && view.output().contains(&w[0]))
        }
        _ => part(id),
    }
}

/// Whether both terms are sums over entries of one array each: `sum(p) - sum(y)`. Sums of squares stay
/// squares of norms.
fn both_sums(arena: &Arena, a: ExprId, b: ExprId) -> bool {
    let single = |e: ExprId| match arena.node(e) {
        Node::Einsum(view) => {
            let mut operands = view.operands();
            let first = operands.next();
            let alone = operands.next().is_none() && view.wires() > view.output().len();
            let square =
                |x| arena.as_power(x).is_some_and(|p| arena.number_of(p.1).as_integer() == Some(2));
            first
                .filter(|(x, _)| alone && !square(*x))
                .map(|(x, w)| (arena.axes(x).to_vec(), w.to_vec(), view.output().to_vec()))
        }
        _ => None,
    };
    single(a).is_some_and(|x| single(b) == Some(x))
}

/// `c Σ x + d Σ y = Σ (c x + d y)`
fn joined(arena: &mut Arena, x: &Term, y: &Term) -> ExprId {
    let inner: Axes = arena.axes(x.operands[0].expr).into();
    let list: TermList =
        smallvec![(x.coefficient, x.operands[0].expr), (y.coefficient, y.operands[0].expr)];
    let sum = arena.add_ids(&inner, list);
    let operands = smallvec![Operand { expr: sum, wires: x.operands[0].wires.clone() }];
    let (output, sizes) = (x.output.clone(), x.sizes.clone());
    arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes })
}

fn term(arena: &Arena, (coefficient, e): (NumberId, ExprId)) -> Term {
    match arena.node(e) {
        Node::Einsum(view) => Term {
            coefficient,
            operands: view.operands().map(|(e, w)| Operand { expr: e, wires: w.into() }).collect(),
            output: view.output().into(),
            sizes: (0..view.wires() as u32).map(|w| view.size(w)).collect(),
        },
        _ => {
            let wires: Wires = (0..arena.rank(e) as u32).collect();
            Term {
                coefficient,
                operands: smallvec![Operand { expr: e, wires: wires.clone() }],
                output: wires,
                sizes: arena.axes(e).into(),
            }
        }
    }
}

/// What two terms have in common: a product whose wires stand for a wire of each.
///
/// A wire may be in two pairs: `A' diag(p) A` and `A' p p' A` have both `A` in common, with one wire
/// between them in the first and two in the second. What is left between the two is `diag(p)` then.
struct Matching {
    /// The wires of the common part, as pairs of one in each term.
    pairs: SmallVec<[(Wire, Wire); 8]>,
    /// The operands of the common part, by place in each term.
    taken: SmallVec<[(usize, usize); 8]>,
}

/// How operands of two terms may belong together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// They are scalars.
    Scalar,
    /// They hang on a wire that is common already, and need no wire in two pairs.
    Anchored,
    /// They hang on nothing that is common.
    Loose,
    /// They are matrices and hang on a wire that is common already.
    Split,
}

impl Matching {
    fn of(a: &Term, b: &Term) -> Matching {
        let mut pairs: SmallVec<[(Wire, Wire); 8]> = SmallVec::new();
        for pair in a.output.iter().copied().zip(b.output.iter().copied()) {
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        Matching { pairs, taken: SmallVec::new() }
    }

    fn clean(&self, (v, w): (Wire, Wire)) -> bool {
        self.pairs.iter().filter(|p| p.0 == v || p.1 == w).count() == 1
    }

    /// Takes steps of these kinds as long as there are any, the first kinds first.
    fn grow(&mut self, a: &Term, b: &Term, steps: &[Step]) {
        while steps.iter().any(|step| self.extend(a, b, *step)) {}
    }

    /// Takes one more pair of operands.
    fn extend(&mut self, a: &Term, b: &Term, step: Step) -> bool {
        for (i, x) in a.operands.iter().enumerate() {
            if self.taken.iter().any(|t| t.0 == i) {
                continue;
            }
            for (j, y) in b.operands.iter().enumerate() {
                let kind = match step {
                    Step::Scalar => x.wires.is_empty(),
                    Step::Anchored | Step::Loose => true,
                    Step::Split => x.wires.len() > 1,
                };
                if x.expr != y.expr || !kind || self.taken.iter().any(|t| t.1 == j) {
                    continue;
                }
                let wires = || x.wires.iter().copied().zip(y.wires.iter().copied());
                let fits = wires().all(|(v, w)| {
                    self.pairs.contains(&(v, w))
                        || step == Step::Split
                        || !self.pairs.iter().any(|p| p.0 == v || p.1 == w)
                });
                let hangs = step == Step::Scalar || wires().any(|p| self.pairs.contains(&p));
                let sizes = wires().all(|(v, w)| a.sizes[v as usize] == b.sizes[w as usize]);
                // a wire twice in the operand is so in both
                let repeated = (0..x.wires.len()).all(|p| {
                    (0..p).all(|q| (x.wires[p] == x.wires[q]) == (y.wires[p] == y.wires[q]))
                });
                if fits && sizes && repeated && hangs == (step != Step::Loose) {
                    for pair in wires() {
                        if !self.pairs.contains(&pair) {
                            self.pairs.push(pair);
                        }
                    }
                    self.taken.push((i, j));
                    return true;
                }
            }
        }
        false
    }
}

/// Two terms as one product, the lightest of some.
fn pair(
    arena: &mut Arena,
    x: (NumberId, ExprId),
    y: (NumberId, ExprId),
    axes: &Axes,
    partial: bool,
) -> Option<ExprId> {
    let (mut a, mut b) = (term(arena, x), term(arena, y));
    if !partial {
        split_powers(arena, &mut a, &mut b);
    }
    if both_sums(arena, x.1, y.1) {
        return Some(joined(arena, &a, &b));
    }
    if a.operands.len() > FACTORS || b.operands.len() > FACTORS {
        return None;
    }
    let mut best: Option<ExprId> = None;
    // all that is common; all but what would be common in two ways, `D*G + D*G' = D*(G + G')`; only
    // matrices and scalars, so that `diag(p) - p*p'` stays whole; scalars
    for steps in [
        &[Step::Scalar, Step::Anchored, Step::Loose, Step::Split][..],
        &[Step::Scalar, Step::Anchored],
        &[Step::Scalar, Step::Split],
        &[Step::Scalar],
    ] {
        let mut m = Matching::of(&a, &b);
        m.grow(&a, &b, steps);
        if let Some(product) = taken_out(arena, &a, &b, &m, partial)
            && best.is_none_or(|other| arena.weight(product) < arena.weight(other))
        {
            debug_assert_eq!(arena.axes(product), &axes[..]);
            best = Some(product);
        }
    }
    best
}

/// Splits the higher of two powers of a size into the lower and the rest: `a/n + b/n^2` has 1/n in
/// common. Other scalars stay whole, for a common factor may hide a symmetry.
fn split_powers(arena: &mut Arena, a: &mut Term, b: &mut Term) {
    let scalars = |t: &Term| -> SmallVec<[usize; 4]> {
        (0..t.operands.len()).filter(|at| t.operands[*at].wires.is_empty()).collect()
    };
    let power = |arena: &Arena, e: ExprId| match arena.as_power(e) {
        Some((base, exponent)) => (base, arena.number_of(exponent).clone()),
        None => (e, Number::ONE),
    };
    for i in scalars(a) {
        for j in scalars(b) {
            let (x, y) = (a.operands[i].expr, b.operands[j].expr);
            let ((base, p), (other, q)) = (power(arena, x), power(arena, y));
            if base != other
                || p == q
                || p.is_negative() != q.is_negative()
                || !is_size(arena, base)
            {
                continue;
            }
            let first = p.abs().add(&q.abs().neg()).is_negative();
            let (low, high) = if first { (&p, &q) } else { (&q, &p) };
            let rest = arena.power(base, &high.add(&low.neg()));
            let (t, at, common) = if first { (&mut *b, j, x) } else { (&mut *a, i, y) };
            t.operands[at].expr = common;
            t.operands.push(Operand { expr: rest, wires: Wires::new() });
        }
    }
}

/// Whether this is the size of an axis, or a power of it.
fn is_size(arena: &Arena, id: ExprId) -> bool {
    let base = arena.as_power(id).map_or(id, |p| p.0);
    arena.as_symbol(base).is_some_and(|s| arena.symbol(s).kind.is_size())
}

/// Whether what is left of a term scales a matrix along an axis that was summed over with vectors
/// alone, so that taking these out would bring in a diagonal matrix.
fn needs_diagonal(t: &Term, rest: &[Operand], common: &[Operand], hanging: &[Wire]) -> bool {
    hanging.iter().any(|w| {
        let at = |list: &[Operand], vectors: bool| {
            list.iter().filter(|o| o.wires.contains(w) && (o.wires.len() == 1) == vectors).count()
        };
        !t.output.contains(w)
            && at(rest, true) > 0
            && at(rest, false) == 1
            && at(common, false) == 0
    })
}

/// The product of what two terms have in common with the sum of what is left of each.
fn taken_out(arena: &mut Arena, a: &Term, b: &Term, m: &Matching, partial: bool) -> Option<ExprId> {
    if m.taken.is_empty() {
        return None;
    }
    let rest = |t: &Term, taken: &dyn Fn(usize) -> bool| -> SmallVec<[Operand; 8]> {
        let operands = t.operands.iter().enumerate();
        operands.filter(|(at, _)| !taken(*at)).map(|(_, o)| o.clone()).collect()
    };
    let rest_a = rest(a, &|at| m.taken.iter().any(|t| t.0 == at));
    let rest_b = rest(b, &|at| m.taken.iter().any(|t| t.1 == at));
    let touches = |rest: &[Operand], wire: Wire| rest.iter().any(|o| o.wires.contains(&wire));
    // the wires by which the remainders hang on the common part
    let hanging: SmallVec<[usize; 4]> = (0..m.pairs.len())
        .filter(|at| {
            let (v, w) = m.pairs[*at];
            !m.clean((v, w)) || touches(&rest_a, v) || touches(&rest_b, w)
        })
        .collect();
    if hanging.len() > 2 {
        return None;
    }
    let left: Wires = hanging.iter().map(|at| m.pairs[*at].0).collect();
    let right: Wires = hanging.iter().map(|at| m.pairs[*at].1).collect();
    // among other terms only what is plainly common is taken out: one factor stays in each, or
    // all of it stands inside
    let inside = || {
        let apart = |t: &Term, wires: &Wires| !t.output.iter().any(|w| wires.contains(w));
        apart(a, &left) && apart(b, &right)
    };
    let inside = a.output.len() == 2 && inside();
    // a mean is one factor
    let factors = |rest: &[Operand]| rest.iter().filter(|o| !is_size(arena, o.expr)).count();
    if partial && (factors(&rest_a) > 1 || factors(&rest_b) > 1) && !inside {
        return None;
    }
    // nothing is repeated along one of two axes for it, and no identity comes to stand at an end or
    // among other terms
    let covers = |rest: &[Operand], wires: &Wires| {
        if wires.len() == 2 && wires[0] == wires[1] {
            return inside && !partial || touches(rest, wires[0]);
        }
        let found = wires.iter().filter(|w| touches(rest, **w)).count();
        found == wires.len() || found == 0
    };
    let common = |at: fn(&(usize, usize)) -> usize, t: &Term| -> SmallVec<[Operand; 4]> {
        m.taken.iter().map(|pair| t.operands[at(pair)].clone()).collect()
    };
    let (common_a, common_b) = (common(|t| t.0, a), common(|t| t.1, b));
    // but rows may be repeated beside a matrix, `X B - ones(n)*m'*B = (X - ones(n)*m')*B`
    let full = |rest: &[Operand], wires: &Wires| {
        rest.iter().any(|o| wires.iter().all(|w| o.wires.contains(w)))
    };
    let rows = left.len() == 2
        && left[0] != left[1]
        && right[0] != right[1]
        && (full(&rest_a, &left) || full(&rest_b, &right))
        && !full(&common_a, &left)
        && !full(&common_b, &right);
    if !rows && (!covers(&rest_a, &left) || !covers(&rest_b, &right)) {
        return None;
    }
    // `A (p ⊙ g) + B (q ⊙ g)` is not `(A diag(p) + B diag(q)) g`
    if needs_diagonal(a, &rest_a, &common_a, &left) || needs_diagonal(b, &rest_b, &common_b, &right)
    {
        return None;
    }
    let build = |arena: &mut Arena, t: &Term, rest: &[Operand], output: Wires| {
        let operands = rest.iter().cloned().collect();
        let coefficient = arena.number_of(t.coefficient).clone();
        arena.einsum(Network { coefficient, operands, output, sizes: t.sizes.clone() }.dense())
    };
    let left = build(arena, a, &rest_a, left);
    let right = build(arena, b, &rest_b, right);
    let mut sum = arena.sum_of(&[left, right]);
    if arena.rank(sum) == 0
        && let Some(lighter) = super::expand::lighter(arena, sum, |_, e| e)
    {
        sum = lighter;
    }
    // the common part, with a wire for each pair: which pair an operand is at follows from its
    // place in both terms
    let place = |pair: (Wire, Wire)| m.pairs.iter().position(|p| *p == pair).map(|p| p as Wire);
    let mut operands: SmallVec<[Operand; 4]> = SmallVec::new();
    for (i, j) in &m.taken {
        let (x, y) = (&a.operands[*i], &b.operands[*j]);
        let wires = x.wires.iter().copied().zip(y.wires.iter().copied());
        operands.push(Operand { expr: x.expr, wires: wires.map(place).collect::<Option<_>>()? });
    }
    let hanging = hanging.iter().map(|at| *at as Wire).collect();
    operands.push(Operand { expr: sum, wires: hanging });
    let output = a.output.iter().copied().zip(b.output.iter().copied());
    let output: Wires = output.map(place).collect::<Option<_>>()?;
    let sizes = m.pairs.iter().map(|p| a.sizes[p.0 as usize]).collect();
    Some(arena.einsum(Network { coefficient: Number::ONE, operands, output, sizes }.dense()))
}
