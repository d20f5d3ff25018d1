//! The normal form of an einsum.
//!
//! A [`Network`] is flattened (products of products are one product), wires joined by a δ are
//! united, rational coefficients are pulled out, powers of one base are merged, scalar components
//! become operands of their own, and operands and wires are put in a canonical order. Networks
//! that differ by the order of factors or the naming of indices are one node.

use super::arena::{Arena, ONE, Tag, ZERO, mix};
use super::node::{
    Axes, ExprId, MapFunction, MatrixFunction, Network, Node, NumberId, Operand, Wire, Wires,
};
use crate::number::Number;
use crate::shape::dim::DimId;
use smallvec::{SmallVec, smallvec};

/// A product with more factors than this is not merged into another: products nested to any
/// depth are built in linear time.
const FLATTEN_FACTORS: usize = 24;

/// A factor: `baseᵉˣᵖᵒⁿᵉⁿᵗ` with a wire for each axis.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub(super) base: ExprId,
    pub(super) exponent: NumberId,
    pub(super) wires: Wires,
}

/// The state of a normalisation.
pub(super) struct Work {
    pub(super) coefficient: NumberId,
    pub(super) factors: SmallVec<[Factor; 8]>,
    pub(super) output: Wires,
    pub(super) sizes: SmallVec<[DimId; 8]>,
    pub(super) parent: SmallVec<[Wire; 8]>,
}

impl Network {
    /// The same network with wires numbered without gaps.
    #[must_use]
    pub fn dense(mut self) -> Network {
        let mut map: SmallVec<[u32; 8]> = smallvec![u32::MAX; self.sizes.len()];
        let mut sizes: SmallVec<[DimId; 8]> = SmallVec::new();
        let old = std::mem::take(&mut self.sizes);
        let all = self.operands.iter_mut().flat_map(|o| o.wires.iter_mut());
        for w in all.chain(self.output.iter_mut()) {
            let slot = &mut map[*w as usize];
            if *slot == u32::MAX {
                *slot = sizes.len() as u32;
                sizes.push(old[*w as usize]);
            }
            *w = *slot;
        }
        self.sizes = sizes;
        self
    }
}

impl Work {
    fn find(&mut self, mut w: Wire) -> Wire {
        while self.parent[w as usize] != w {
            let up = self.parent[self.parent[w as usize] as usize];
            self.parent[w as usize] = up;
            w = up;
        }
        w
    }

    pub(super) fn unite(&mut self, a: Wire, b: Wire) {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }

    fn fresh(&mut self, size: DimId) -> Wire {
        let w = self.sizes.len() as u32;
        self.sizes.push(size);
        self.parent.push(w);
        w
    }

    pub(super) fn settle(&mut self) {
        let mut output = std::mem::take(&mut self.output);
        output.iter_mut().for_each(|w| *w = self.find(*w));
        self.output = output;
        let mut factors = std::mem::take(&mut self.factors);
        for f in &mut factors {
            f.wires.iter_mut().for_each(|w| *w = self.find(*w));
        }
        self.factors = factors;
    }
}

impl Arena {
    /// The einsum of a network, in normal form.
    pub fn einsum(&mut self, network: Network) -> ExprId {
        let coefficient = self.number_id(&network.coefficient);
        let parent = (0..network.sizes.len() as u32).collect();
        let Network { operands, output, sizes, .. } = network;
        let axes: Axes = output.iter().map(|w| sizes[*w as usize]).collect();
        let mut work = Work { coefficient, factors: SmallVec::new(), output, sizes, parent };
        let mut todo: SmallVec<[Factor; 8]> = operands
            .into_iter()
            .rev()
            .map(|o| Factor { base: o.expr, exponent: ONE, wires: o.wires })
            .collect();
        loop {
            if !self.flatten(&mut work, &mut todo) {
                return self.zero(&axes);
            }
            work.settle();
            self.merge(&mut work, &mut todo);
            if todo.is_empty() && self.has_indicators() {
                self.resolve_indicators(&mut work, &mut todo);
            }
            if todo.is_empty() {
                self.cancel(&mut work, &mut todo);
            }
            if todo.is_empty() {
                self.split(&mut work, &mut todo);
            }
            if todo.is_empty() {
                return self.finish(&work, &axes);
            }
        }
    }

    /// Moves factors from `todo` into the work, opening products. False where one is zero.
    fn flatten(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) -> bool {
        while let Some(Factor { base, exponent, wires }) = todo.pop() {
            if exponent != ONE {
                work.factors.push(Factor { base, exponent, wires });
                continue;
            }
            match self.tag(base) {
                Tag::Add => {
                    let words = self.payload(base);
                    match words {
                        [] => return false,
                        [c, e] => {
                            let (c, e) = (NumberId(*c), ExprId(*e));
                            work.coefficient = self.multiply(work.coefficient, c);
                            todo.push(Factor { base: e, exponent, wires });
                        }
                        _ => {
                            let (c, primitive) = self.primitive(base);
                            work.coefficient = self.multiply(work.coefficient, c);
                            work.factors.push(Factor { base: primitive, exponent, wires });
                        }
                    }
                }
                Tag::Einsum => self.open(work, todo, Factor { base, exponent, wires }),
                Tag::Map => {
                    let (base, exponent) = self.as_power(base).unwrap_or((base, ONE));
                    work.factors.push(Factor { base, exponent, wires });
                }
                _ => work.factors.push(Factor { base, exponent, wires }),
            }
        }
        work.coefficient != ZERO
    }

    fn open(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>, factor: Factor) {
        let Node::Einsum(view) = self.node(factor.base) else { return };
        let contraction = view.output().is_empty() && view.wires() > 0;
        let count = view.operands().count();
        if contraction || (count > 1 && work.factors.len() + todo.len() + count > FLATTEN_FACTORS) {
            work.factors.push(factor);
            return;
        }
        let mut map: Wires = smallvec![u32::MAX; view.wires()];
        for (inner, outer) in view.output().iter().zip(&factor.wires) {
            let slot = &mut map[*inner as usize];
            if *slot == u32::MAX {
                *slot = *outer;
            } else {
                work.unite(*slot, *outer);
            }
        }
        for (inner, slot) in map.iter_mut().enumerate() {
            if *slot == u32::MAX {
                *slot = work.fresh(view.size(inner as u32));
            }
        }
        let start = todo.len();
        for (e, wires) in view.operands() {
            let wires = wires.iter().map(|w| map[*w as usize]).collect();
            todo.push(Factor { base: e, exponent: ONE, wires });
        }
        todo[start..].reverse();
    }

    /// Merges powers of one base, and exponentials. What became something else goes to `todo`.
    fn merge(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) {
        self.normalise_exponentials(work, todo);
        let mut at = 0;
        while at < work.factors.len() {
            let same = (0..at).find(|&b| {
                work.factors[b].base == work.factors[at].base
                    && work.factors[b].wires == work.factors[at].wires
            });
            let Some(earlier) = same else {
                at += 1;
                continue;
            };
            let late = work.factors.remove(at);
            let exponent = self.plus(work.factors[earlier].exponent, late.exponent);
            if exponent == ZERO {
                let gone = work.factors.remove(earlier);
                at -= 1;
                if !self.is_positive(gone.base) {
                    self.cancelled.push(gone.base);
                }
                continue;
            }
            work.factors[earlier].exponent = exponent;
            let factor = &work.factors[earlier];
            if exponent == ONE && matches!(self.tag(factor.base), Tag::Einsum | Tag::Add) {
                todo.push(work.factors.remove(earlier));
                at -= 1;
            }
        }
    }

    /// `exp(z)/Σ exp(z)` is a softmax, `exp(u) σ(−u)` is `σ(u)`, `exp(a) exp(b)` is `exp(a + b)`.
    fn normalise_exponentials(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) {
        let exp = self.known.exp;
        let mut at = 0;
        while at < work.factors.len() {
            let Some(u) = self.as_call(work.factors[at].base, exp) else {
                at += 1;
                continue;
            };
            if let Some((other, replacement)) = self.softmax_partner(work, at, u) {
                let wires = work.factors[at].wires.clone();
                let up = self.plus(work.factors[other].exponent, ONE);
                work.factors[other].exponent = up;
                work.factors[at] = Factor { base: replacement, exponent: ONE, wires };
                if up == ZERO {
                    work.factors.remove(other);
                }
                return self.normalise_exponentials(work, todo);
            }
            let wires = work.factors[at].wires.clone();
            let minus = (work.factors.len() > 1).then(|| self.negate(u));
            let sigmoid = self.known.sigmoid;
            let pair = (0..work.factors.len()).find(|&b| {
                b != at
                    && work.factors[b].wires == wires
                    && (self.as_call(work.factors[b].base, exp).is_some()
                        || (minus.is_some()
                            && !self.number_of(work.factors[b].exponent).is_negative()
                            && self.as_call(work.factors[b].base, sigmoid) == minus))
            });
            let Some(b) = pair else {
                at += 1;
                continue;
            };
            let merged = if let Some(v) = self.as_call(work.factors[b].base, exp) {
                let sum = self.sum_of(&[u, v]);
                work.factors.remove(b);
                self.map(MapFunction::Known(exp), &[sum])
            } else {
                let down = self.plus(work.factors[b].exponent, super::arena::MINUS_ONE);
                work.factors[b].exponent = down;
                let gone = down == ZERO;
                if gone {
                    work.factors.remove(b);
                }
                self.map(MapFunction::Known(sigmoid), &[u])
            };
            let position = work.factors.iter().position(|f| {
                f.wires == wires && f.exponent == ONE && self.as_call(f.base, exp) == Some(u)
            });
            if let Some(position) = position {
                work.factors.remove(position);
            }
            todo.push(Factor { base: merged, exponent: ONE, wires });
            at = 0;
        }
    }

    /// For the factor `exp(u)` at `at`: a factor `(Σ exp(u))⁻ᵏ`, and the softmax that the two make.
    fn softmax_partner(&mut self, work: &Work, at: usize, u: ExprId) -> Option<(usize, ExprId)> {
        let exp_wires = &work.factors[at].wires;
        for (other, f) in work.factors.iter().enumerate() {
            if !self.number_of(f.exponent).is_negative()
                || self.number_of(f.exponent).as_integer().is_none()
            {
                continue;
            }
            let Node::Einsum(view) = self.node(f.base) else { continue };
            let mut operands = view.operands();
            let Some((e, wires)) = operands.next() else { continue };
            if operands.next().is_some()
                || e != work.factors[at].base
                || view.wires() == view.output().len()
            {
                continue;
            }
            // the batch axes of the sum must be joined to the same axes of the exponential
            let joined = view.output().iter().zip(&f.wires).all(|(inner, outer)| {
                wires.iter().position(|w| w == inner).is_some_and(|p| exp_wires[p] == *outer)
            });
            if !joined {
                continue;
            }
            let (wires, output): (Wires, Wires) = (wires.into(), view.output().into());
            let (z, active) = self.batch_first(u, &wires, &output)?;
            let softmax = self.named(self.known.softmax, active, &[z]);
            let rest: Wires = wires.iter().copied().filter(|w| !output.contains(w)).collect();
            let order: Wires = output.iter().chain(&rest).copied().collect();
            return Some((other, self.permute(softmax, &order, &wires)));
        }
        None
    }

    /// `X⁻¹ X = I`, `Q'Q = I`, and the entries of a softmax sum to 1.
    fn cancel(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) {
        let mut at = 0;
        while at < work.factors.len() {
            if self.cancel_simplex(work, at) || self.cancel_pair(work, at) {
                work.settle();
                todo.append(&mut work.factors);
                todo.reverse();
                return;
            }
            at += 1;
        }
    }

    /// How often a wire occurs, the output included.
    pub(super) fn degree(work: &Work, wire: Wire) -> usize {
        let inside = work.factors.iter().flat_map(|f| &f.wires).filter(|w| **w == wire).count();
        inside + work.output.iter().filter(|w| **w == wire).count()
    }

    fn cancel_simplex(&mut self, work: &mut Work, at: usize) -> bool {
        let f = &work.factors[at];
        if f.exponent != ONE {
            return false;
        }
        let active = match self.node(f.base) {
            Node::Named { function, active, .. } if function == self.known.softmax => {
                active as usize
            }
            Node::Symbol(s) if self.facts && self.symbol(s).properties.simplex => f.wires.len(),
            _ => return false,
        };
        let wires = &f.wires[f.wires.len() - active..];
        if active == 0 || wires.iter().any(|w| Arena::degree(work, *w) != 1) {
            return false;
        }
        let gone: Wires = wires.into();
        work.factors.remove(at);
        // the wires summed over are gone with their operand: number what is left without them
        for w in gone {
            work.parent[w as usize] = w;
            work.sizes[w as usize] = DimId(u32::MAX);
        }
        true
    }

    fn cancel_pair(&mut self, work: &mut Work, at: usize) -> bool {
        let f = &work.factors[at];
        if f.exponent != ONE || f.wires.len() != 2 {
            return false;
        }
        let partner = match self.node(f.base) {
            Node::Matrix(MatrixFunction::Inverse, x) => x,
            Node::Symbol(s) if self.facts && self.symbol(s).properties.orthogonal => f.base,
            _ => return false,
        };
        let orthogonal = partner == f.base;
        for other in 0..work.factors.len() {
            let g = &work.factors[other];
            if other == at || g.base != partner || g.exponent != ONE {
                continue;
            }
            for (mine, theirs) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                // X⁻¹ᵢⱼ Xⱼₖ = δᵢₖ = Xᵢⱼ X⁻¹ⱼₖ, Qⱼᵢ Qⱼₖ = δᵢₖ = Qᵢⱼ Qₖⱼ
                let fits = orthogonal == (mine == theirs);
                let wire = f.wires[mine];
                if fits && wire == g.wires[theirs] && Arena::degree(work, wire) == 2 {
                    let (a, b) = (f.wires[1 - mine], g.wires[1 - theirs]);
                    if a == wire || b == wire {
                        continue;
                    }
                    work.factors.remove(at.max(other));
                    work.factors.remove(at.min(other));
                    work.sizes[wire as usize] = DimId(u32::MAX);
                    work.unite(a, b);
                    return true;
                }
            }
        }
        false
    }

    /// Makes each component that has no output wire an operand of its own.
    fn split(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) {
        let n = work.sizes.len();
        if n == 0 {
            return;
        }
        let mut seen: SmallVec<[bool; 16]> = smallvec![false; n];
        for w in work.factors.iter().flat_map(|f| &f.wires).chain(&work.output) {
            seen[*w as usize] = true;
        }
        for (w, seen) in seen.iter().enumerate() {
            let dim = work.sizes[w];
            if *seen || dim.0 == u32::MAX || work.parent[w] != w as u32 {
                continue;
            }
            // a wire in nothing counts as its size
            work.sizes[w] = DimId(u32::MAX);
            if let Some(value) = self.size_value(dim) {
                let value = self.number_id(&Number::integer(value));
                work.coefficient = self.multiply(work.coefficient, value);
            } else {
                let base = self.size_symbol(dim);
                todo.push(Factor { base, exponent: ONE, wires: Wires::new() });
            }
        }
        if work.factors.len() < 2 && work.output.is_empty() {
            return;
        }
        let mut component: SmallVec<[u32; 16]> = (0..n as u32).collect();
        for f in &work.factors {
            for pair in f.wires.windows(2) {
                let (a, b) = (root(&component, pair[0]), root(&component, pair[1]));
                component[a.max(b) as usize] = a.min(b);
            }
        }
        let outer: Wires = work.output.iter().map(|w| root(&component, *w)).collect();
        let roots: SmallVec<[Option<u32>; 8]> =
            work.factors.iter().map(|f| f.wires.first().map(|w| root(&component, *w))).collect();
        let inner: Option<u32> = roots.iter().flatten().copied().find(|r| !outer.contains(r));
        let Some(first) = inner else { return };
        // a single scalar component with nothing beside it stays as it is
        if work.output.is_empty() && todo.is_empty() && roots.iter().all(|r| *r == Some(first)) {
            return;
        }
        let mut rest: SmallVec<[Factor; 8]> = SmallVec::new();
        let mut parts: SmallVec<[(u32, SmallVec<[Operand; 4]>); 2]> = SmallVec::new();
        for (f, r) in std::mem::take(&mut work.factors).into_iter().zip(roots) {
            match r {
                Some(r) if !outer.contains(&r) => {
                    let expr = self.factor_expr(&f);
                    let operand = Operand { expr, wires: f.wires };
                    match parts.iter_mut().find(|p| p.0 == r) {
                        Some(part) => part.1.push(operand),
                        None => parts.push((r, smallvec![operand])),
                    }
                }
                _ => rest.push(f),
            }
        }
        work.factors = rest;
        for (_, operands) in parts {
            for w in operands.iter().flat_map(|o| &o.wires) {
                seen[*w as usize] = false;
            }
            let (coefficient, output) = (Number::ONE, Wires::new());
            let sizes = work.sizes.clone();
            let part = Network { coefficient, operands, output, sizes }.dense();
            let base = self.einsum(part);
            todo.push(Factor { base, exponent: ONE, wires: Wires::new() });
        }
        for (w, seen) in seen.iter().enumerate() {
            if !seen {
                work.sizes[w] = DimId(u32::MAX);
            }
        }
    }

    fn factor_expr(&mut self, f: &Factor) -> ExprId {
        if f.exponent == ONE {
            return f.base;
        }
        let exponent = self.number_of(f.exponent).clone();
        self.power(f.base, &exponent)
    }

    /// Numbers wires and operands canonically and interns the node.
    fn finish(&mut self, work: &Work, axes: &Axes) -> ExprId {
        let coefficient = work.coefficient;
        if work.factors.is_empty() && work.output.is_empty() {
            let one = self.ones(&[]);
            return self.scale(coefficient, one);
        }
        let mut operands: SmallVec<[Operand; 8]> = SmallVec::new();
        for f in &work.factors {
            let expr = self.factor_expr(f);
            operands.push(Operand { expr, wires: f.wires.clone() });
        }
        if let [one] = &operands[..] {
            if one.wires == work.output && distinct(&work.output) {
                let expr = one.expr;
                return self.scale(coefficient, expr);
            }
            if let Some(sum) = self.distribute_permutation(one, &work.output, axes) {
                return self.scale(coefficient, sum);
            }
        }
        let words = self.canonical(&mut operands, &work.output, &work.sizes);
        let axes = self.axes_id(axes);
        let node = self.intern(Tag::Einsum, axes, &words);
        self.scale(coefficient, node)
    }

    /// A transposed sum is the sum of the transposed terms.
    fn distribute_permutation(
        &mut self,
        one: &Operand,
        output: &Wires,
        axes: &Axes,
    ) -> Option<ExprId> {
        if self.tag(one.expr) != Tag::Add
            || one.wires.len() != output.len()
            || !distinct(output)
            || !one.wires.iter().all(|w| output.contains(w))
        {
            return None;
        }
        let Node::Add(terms) = self.node(one.expr) else { return None };
        let terms: super::build::TermList = terms.iter().collect();
        let list =
            terms.into_iter().map(|(c, e)| (c, self.permute(e, &one.wires, output))).collect();
        Some(self.add_ids(axes, list))
    }

    /// Whether declared properties may give a factor another normal form.
    pub(crate) fn has_facts(&self, id: ExprId) -> bool {
        match self.node(id) {
            Node::Symbol(s) => {
                let p = self.symbol(s).properties;
                p.symmetric || p.diagonal || p.orthogonal || p.simplex
            }
            _ => self.rank(id) == 2 && self.is_symmetric(id),
        }
    }

    fn symmetric_operand(&self, o: &Operand) -> bool {
        self.facts && o.wires.len() == 2 && self.is_symmetric(o.expr)
    }

    /// Whether a new square matrix is known to equal its transpose, from what is known of its
    /// children.
    pub(super) fn is_mirrored(&self, id: ExprId) -> bool {
        match self.node(id) {
            Node::Symbol(s) => {
                let p = self.symbol(s).properties;
                p.symmetric || p.diagonal
            }
            Node::Matrix(MatrixFunction::Inverse, x) => self.is_symmetric(x),
            Node::Map(_, ids) => ids.iter().all(|e| self.rank(e) == 0 || self.is_symmetric(e)),
            Node::Einsum(view) => {
                // X'X, X'SX with one wire through the middle: the network read backwards is itself
                let [a, b] = view.output() else { return false };
                let list: SmallVec<[_; 4]> = view.operands().collect();
                if *a == *b || list.len() > 8 {
                    return *a == *b;
                }
                self.mirror(&list, *a, *b).is_some()
            }
            Node::Add(terms) => terms.len() <= 8 && terms.iter().all(|(_, e)| self.is_symmetric(e)),
            _ => false,
        }
    }

    /// A renaming of the contracted wires that exchanges `a` and `b` and keeps the set of operands.
    fn mirror(&self, list: &[(ExprId, &[Wire])], a: Wire, b: Wire) -> Option<()> {
        let wires = list.iter().flat_map(|o| o.1).copied().max()? as usize + 1;
        let mut map: Wires = smallvec![u32::MAX; wires.max(2)];
        (map[a as usize], map[b as usize]) = (b, a);
        let mut used: SmallVec<[bool; 8]> = smallvec![false; list.len()];
        let mut progress = true;
        let mut done: SmallVec<[bool; 8]> = smallvec![false; list.len()];
        while progress {
            progress = false;
            for (i, (e, ws)) in list.iter().enumerate() {
                if done[i] || !ws.iter().any(|w| map[*w as usize] != u32::MAX) && !ws.is_empty() {
                    continue;
                }
                let symmetric = ws.len() == 2 && self.is_symmetric(*e);
                let fits = |vs: &[Wire]| {
                    ws.iter().zip(vs).all(|(w, v)| {
                        map[*w as usize] == *v || map[*w as usize] == u32::MAX && !map.contains(v)
                    })
                };
                let fit = list.iter().enumerate().find_map(|(j, (f, vs))| {
                    if used[j] || e != f {
                        return None;
                    }
                    let reversed: Wires = vs.iter().rev().copied().collect();
                    if fits(vs) {
                        return Some((j, Wires::from_slice(vs)));
                    }
                    (symmetric && fits(&reversed)).then_some((j, reversed))
                });
                let (j, vs) = fit?;
                for (w, v) in ws.iter().zip(&vs) {
                    map[*w as usize] = *v;
                }
                (used[j], done[i], progress) = (true, true, true);
            }
        }
        done.iter().all(|d| *d).then_some(())
    }

    /// The words of the node: operands sorted, wires numbered.
    fn canonical(
        &self,
        operands: &mut SmallVec<[Operand; 8]>,
        output: &[Wire],
        sizes: &[DimId],
    ) -> SmallVec<[u32; 32]> {
        let colours = self.colours(operands, output, sizes);
        let mut order: SmallVec<[(u64, u64, usize); 8]> = operands
            .iter()
            .enumerate()
            .map(|(i, o)| (self.fingerprint(o.expr), self.signature(o, &colours), i))
            .collect();
        order.sort_unstable();
        let mut number: SmallVec<[u32; 16]> = smallvec![u32::MAX; sizes.len()];
        let mut count = 0;
        let mut wire_sizes: SmallVec<[u32; 8]> = SmallVec::new();
        let mut assign = |w: Wire| {
            if number[w as usize] == u32::MAX {
                number[w as usize] = count;
                wire_sizes.push(sizes[w as usize].0);
                count += 1;
            }
            number[w as usize]
        };
        let out: Wires = output.iter().map(|w| assign(*w)).collect();
        let mut tail: SmallVec<[u32; 32]> = SmallVec::new();
        for (_, _, i) in order {
            let o = &operands[i];
            let mut wires = o.wires.clone();
            if self.symmetric_operand(o) {
                wires.sort_by_key(|w| colours.get(*w as usize).copied());
            }
            let mut wires: Wires = wires.iter().map(|w| assign(*w)).collect();
            if self.symmetric_operand(o) {
                wires.sort_unstable();
            }
            tail.push(o.expr.0);
            tail.push(wires.len() as u32);
            tail.extend(wires);
        }
        let mut words: SmallVec<[u32; 32]> = smallvec![out.len() as u32, count];
        words.extend(wire_sizes);
        words.extend(out);
        words.extend(tail);
        words
    }

    fn signature(&self, o: &Operand, colours: &[u64]) -> u64 {
        let mut list: SmallVec<[u64; 4]> = o.wires.iter().map(|w| colours[*w as usize]).collect();
        if self.symmetric_operand(o) {
            list.sort_unstable();
        }
        mix((self.fingerprint(o.expr), &list[..]))
    }

    /// A colour for each wire, independent of numbering and of the order of operands: refinement,
    /// then individualisation of tied wires one by one.
    fn colours(
        &self,
        operands: &[Operand],
        output: &[Wire],
        sizes: &[DimId],
    ) -> SmallVec<[u64; 16]> {
        let mut colours: SmallVec<[u64; 16]> = sizes.iter().map(|d| mix((0u8, d.0))).collect();
        for (position, w) in output.iter().enumerate().rev() {
            colours[*w as usize] = mix((1u8, position, sizes[*w as usize].0));
        }
        let mut contracted: SmallVec<[Wire; 8]> = SmallVec::new();
        for w in operands.iter().flat_map(|o| &o.wires) {
            if !output.contains(w) && !contracted.contains(w) {
                contracted.push(*w);
            }
        }
        let plain = operands.len() < 2 || {
            let mut prints: SmallVec<[u64; 8]> =
                operands.iter().map(|o| self.fingerprint(o.expr)).collect();
            prints.sort_unstable();
            prints.windows(2).all(|p| p[0] != p[1])
        };
        if contracted.is_empty() || plain && !operands.iter().any(|o| self.symmetric_operand(o)) {
            return colours;
        }
        for round in 0..=contracted.len() {
            for _ in 0..contracted.len().min(6) {
                self.refine(operands, &contracted, &mut colours);
            }
            let tied = contracted.iter().enumerate().find(|(i, w)| {
                contracted[i + 1..].iter().any(|v| colours[*v as usize] == colours[**w as usize])
            });
            let Some((_, w)) = tied else { break };
            colours[*w as usize] = mix((2u8, round, colours[*w as usize]));
        }
        colours
    }

    fn refine(&self, operands: &[Operand], contracted: &[Wire], colours: &mut [u64]) {
        let mut next: SmallVec<[u64; 16]> = SmallVec::from_slice(colours);
        for o in operands {
            let signature = self.signature(o, colours);
            let symmetric = self.symmetric_operand(o);
            for (position, w) in o.wires.iter().enumerate() {
                if contracted.contains(w) {
                    let place = if symmetric { 0 } else { position };
                    let slot = &mut next[*w as usize];
                    *slot = slot.wrapping_add(mix((signature, place)));
                }
            }
        }
        for w in contracted {
            colours[*w as usize] = next[*w as usize];
        }
    }
}

fn distinct(wires: &[Wire]) -> bool {
    (1..wires.len()).all(|i| !wires[..i].contains(&wires[i]))
}

/// The representative of a wire's component.
fn root(c: &[u32], mut w: u32) -> u32 {
    while c[w as usize] != w {
        w = c[w as usize];
    }
    w
}
