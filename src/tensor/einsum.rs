//! The normal form of an einsum.
//!
//! A [`Network`] is flattened (products of products are one product), wires joined by a δ are
//! united, rational coefficients are pulled out, powers of one base are merged, scalar components
//! become operands of their own, and operands and wires are put in a canonical order. Networks
//! that differ by the order of factors or the naming of indices are one node.

mod cancel;
mod canonical;
mod plain;
mod quotient;

pub(super) use self::quotient::Quotient;

use super::arena::{Arena, ONE, Tag, ZERO};
use super::node::{Axes, ExprId, Network, Node, NumberId, Operand, Wire, Wires, with_room};
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
    /// Whether wires were united since the last [`Work::settle`].
    pub(super) united: bool,
}

impl Network {
    /// The same network with wires numbered without gaps.
    #[must_use]
    pub fn dense(mut self) -> Network {
        let count = self.sizes.len();
        if count <= 64 {
            let all = self.operands.iter().flat_map(|o| &o.wires).chain(&self.output);
            let used = all.fold(0u64, |used, w| used | 1 << w);
            if used.count_ones() as usize == count {
                return self;
            }
        }
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
    /// Whether every wire is one of the output or connected to it; a guess where there are many.
    fn is_connected(&self) -> bool {
        if self.sizes.len() > 64 {
            return false;
        }
        let set = |wires: &[Wire]| wires.iter().fold(0u64, |set, w| set | 1 << w);
        let mut reached = set(&self.output);
        loop {
            let before = reached;
            let mut apart = false;
            for f in &self.factors {
                let wires = set(&f.wires);
                if wires & reached != 0 {
                    reached |= wires;
                } else {
                    apart |= wires != 0;
                }
            }
            if !apart {
                return true;
            }
            if reached == before {
                return false;
            }
        }
    }

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
        self.united |= a != b;
    }

    fn fresh(&mut self, size: DimId) -> Wire {
        let w = self.sizes.len() as u32;
        self.sizes.push(size);
        self.parent.push(w);
        w
    }

    pub(super) fn settle(&mut self) {
        if !std::mem::take(&mut self.united) {
            return;
        }
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
        let Network { operands, output, sizes, .. } = network;
        let (mut parent, mut axes) = (SmallVec::new(), Axes::new());
        for w in 0..sizes.len() as u32 {
            parent.push(w);
        }
        for w in &output {
            axes.push(sizes[*w as usize]);
        }
        let factors = with_room(operands.len());
        let mut work = Work { coefficient, factors, output, sizes, parent, united: false };
        let mut todo: SmallVec<[Factor; 8]> = with_room(operands.len());
        for o in operands.into_iter().rev() {
            todo.push(Factor { base: o.expr, exponent: ONE, wires: o.wires });
        }
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
                            // one that nothing else stands beside is read as it is
                            let whole = wires.iter().all(|w| work.output.contains(w));
                            let (base, wires) = if whole {
                                (primitive, wires)
                            } else {
                                self.turned_back(primitive, wires)
                            };
                            work.factors.push(Factor { base, exponent, wires });
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

    /// A sum of transposes as the sum itself, its wires exchanged: as a factor a sum and its
    /// transpose are one expression.
    fn turned_back(&mut self, sum: ExprId, mut wires: Wires) -> (ExprId, Wires) {
        let Node::Add(terms) = self.node(sum) else { return (sum, wires) };
        if wires.len() != 2 {
            return (sum, wires);
        }
        // a transpose turns the sum, a matrix as it is keeps it
        let turns = |e: ExprId| match self.node(e) {
            Node::Einsum(view) => {
                let mut operands = view.operands();
                let single = matches!(operands.next(), Some((_, [1, 0])));
                Some(single && view.output() == [0, 1] && operands.next().is_none())
            }
            _ if self.is_symmetric(e) => Some(false),
            _ => None,
        };
        let all: Option<SmallVec<[bool; 8]>> = terms.iter().map(|(_, e)| turns(e)).collect();
        if !all.is_some_and(|all| all.contains(&true)) {
            return (sum, wires);
        }
        let list: super::build::TermList = terms.iter().collect();
        let list = list.into_iter().map(|(c, e)| (c, self.permute(e, &[0, 1], &[1, 0]))).collect();
        let axes: Axes = self.axes(sum).iter().rev().copied().collect();
        wires.reverse();
        (self.add_ids(&axes, list), wires)
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
            let mut outer = Wires::new();
            for w in wires {
                outer.push(map[*w as usize]);
            }
            todo.push(Factor { base: e, exponent: ONE, wires: outer });
        }
        todo[start..].reverse();
    }

    /// Merges powers of one base, and exponentials. What became something else goes to `todo`.
    fn merge(&mut self, work: &mut Work, todo: &mut SmallVec<[Factor; 8]>) {
        self.normalise_exponentials(work, todo);
        self.merge_roots(work, todo);
        self.recognise_quotients(work, todo);
        let mut at = 0;
        while at < work.factors.len() {
            let (before, own) = (&work.factors[..at], &work.factors[at]);
            let same = before.iter().position(|f| f.base == own.base && f.wires == own.wires);
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
        if work.factors.len() < 2 && work.output.is_empty() || work.is_connected() {
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
        let mut operands: SmallVec<[Operand; 8]> = with_room(work.factors.len());
        for f in &work.factors {
            let expr = self.factor_expr(f);
            operands.push(Operand { expr, wires: Wires::from_slice(&f.wires) });
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
