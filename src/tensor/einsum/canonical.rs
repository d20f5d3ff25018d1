//! The canonical order of operands and numbering of wires, and symmetry.

use crate::shape::dim::DimId;
use crate::tensor::arena::{Arena, mix};
use crate::tensor::node::{ExprId, MatrixFunction, Node, Operand, Properties, Wire, Wires};
use smallvec::{SmallVec, smallvec};

/// The most factors or terms of a matrix that is looked at for symmetry.
const WIDEST: usize = 16;

impl Arena {
    /// The words of the node: operands sorted, wires numbered.
    pub(super) fn canonical(
        &self,
        operands: &mut SmallVec<[Operand; 8]>,
        output: &[Wire],
        sizes: &[DimId],
    ) -> SmallVec<[u32; 32]> {
        if let Some(order) = self.plain_order(operands) {
            return numbered(operands, &order, output, sizes);
        }
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

    /// The order of operands that are all different, of which none may be read in two ways: there
    /// is nothing to choose then.
    fn plain_order(&self, operands: &[Operand]) -> Option<SmallVec<[u8; 16]>> {
        if operands.len() > 16 || operands.iter().any(|o| self.symmetric_operand(o)) {
            return None;
        }
        let mut prints: SmallVec<[(u64, u8); 16]> = SmallVec::new();
        for (i, o) in operands.iter().enumerate() {
            let print = self.fingerprint(o.expr);
            let at = prints.iter().rposition(|p| p.0 <= print).map_or(0, |p| p + 1);
            if at > 0 && prints[at - 1].0 == print {
                return None;
            }
            prints.insert(at, (print, i as u8));
        }
        let mut order = SmallVec::new();
        for (_, i) in prints {
            order.push(i);
        }
        Some(order)
    }

    fn symmetric_operand(&self, o: &Operand) -> bool {
        self.facts && o.wires.len() == 2 && self.is_symmetric(o.expr)
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
        let tied = |colours: &[u64]| {
            contracted.iter().enumerate().find_map(|(i, w)| {
                let same = |v: &Wire| colours[*v as usize] == colours[*w as usize];
                contracted[i + 1..].iter().any(same).then_some(*w)
            })
        };
        for round in 0..=contracted.len() {
            for _ in 0..contracted.len().min(6) {
                self.refine(operands, &contracted, &mut colours);
                if tied(&colours).is_none() {
                    return colours;
                }
            }
            let Some(w) = tied(&colours) else { break };
            colours[w as usize] = mix((2u8, round, colours[w as usize]));
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

    /// Whether declared properties may give a factor another normal form.
    pub(crate) fn has_facts(&self, id: ExprId) -> bool {
        match self.node(id) {
            Node::Symbol(s) => {
                const FACTS: Properties = Properties::SYMMETRIC
                    .and(Properties::DIAGONAL)
                    .and(Properties::ORTHOGONAL)
                    .and(Properties::SIMPLEX)
                    .and(Properties::CENTRED);
                self.symbol(s).properties.has_any(FACTS)
            }
            Node::Matrix(_, x) if self.has_facts(x) => true,
            Node::Apply(_, 2, _) => true,
            _ => self.rank(id) == 2 && self.is_symmetric(id),
        }
    }

    /// Whether a new square matrix is known to equal its transpose, from what is known of its
    /// children.
    pub(in crate::tensor) fn is_mirrored(&self, id: ExprId) -> bool {
        match self.node(id) {
            Node::Symbol(s) => {
                let mirrored = Properties::SYMMETRIC.and(Properties::DIAGONAL);
                self.symbol(s).properties.has_any(mirrored)
            }
            Node::Matrix(MatrixFunction::Inverse, x) => self.is_symmetric(x),
            // second derivatives are
            Node::Apply(_, 2, _) => true,
            Node::Map(_, ids) => ids.iter().all(|e| self.rank(e) == 0 || self.is_symmetric(e)),
            Node::Einsum(view) => {
                // X'X, X'SX with one wire through the middle: the network read backwards is itself
                let [a, b] = view.output() else { return false };
                let list: SmallVec<[_; 4]> = view.operands().collect();
                if *a == *b || list.len() > WIDEST {
                    return *a == *b;
                }
                self.renaming(&list, &list, [(*a, *b), (*b, *a)]).is_some()
            }
            // A + A': each term is symmetric or stands beside its transpose
            Node::Add(terms) => {
                terms.len() <= WIDEST
                    && terms.iter().all(|(c, e)| {
                        self.is_symmetric(e)
                            || terms.iter().any(|(d, f)| c == d && self.is_transpose(e, f))
                    })
            }
            _ => false,
        }
    }

    /// Whether one matrix is seen to be the transpose of another.
    pub(crate) fn is_transpose(&self, e: ExprId, f: ExprId) -> bool {
        type Operands<'a> = SmallVec<[(ExprId, &'a [Wire]); 4]>;
        let (own, other) = ([(e, &[0, 1][..])], [(f, &[0, 1][..])]);
        let network = |id: ExprId| match self.node(id) {
            Node::Einsum(view) => match view.output() {
                [a, b] if a != b => Some((view.operands().collect(), [*a, *b])),
                _ => None,
            },
            _ => None,
        };
        let found: [(Operands<'_>, [Wire; 2]); 2] = [
            network(e).unwrap_or_else(|| (SmallVec::from_slice(&own), [0, 1])),
            network(f).unwrap_or_else(|| (SmallVec::from_slice(&other), [0, 1])),
        ];
        let [(left, [a, b]), (right, [c, d])] = found;
        left.len() <= WIDEST && self.renaming(&left, &right, [(a, d), (b, c)]).is_some()
    }

    /// A renaming of wires that begins with these and turns the operands of one network into those
    /// of another.
    fn renaming(
        &self,
        list: &[(ExprId, &[Wire])],
        others: &[(ExprId, &[Wire])],
        start: [(Wire, Wire); 2],
    ) -> Option<()> {
        if list.len() != others.len() {
            return None;
        }
        let largest = list.iter().chain(others).flat_map(|o| o.1).copied().max().unwrap_or(0);
        let ends = start.iter().map(|(a, b)| (*a).max(*b)).max()?;
        let mut map: Wires = smallvec![u32::MAX; largest.max(ends) as usize + 1];
        for (a, b) in start {
            map[a as usize] = b;
        }
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
                let fit = others.iter().enumerate().find_map(|(j, (f, vs))| {
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
                    // a wire that stands twice has one image
                    if ![u32::MAX, *v].contains(&map[*w as usize]) {
                        return None;
                    }
                    map[*w as usize] = *v;
                }
                (used[j], done[i], progress) = (true, true, true);
            }
        }
        done.iter().all(|d| *d).then_some(())
    }
}

/// The words of an einsum with its operands in this order; wires are numbered by first appearance,
/// those of the output first.
fn numbered(
    operands: &[Operand],
    order: &[u8],
    output: &[Wire],
    sizes: &[DimId],
) -> SmallVec<[u32; 32]> {
    let mut number: SmallVec<[u32; 16]> = smallvec![u32::MAX; sizes.len()];
    let mut words: SmallVec<[u32; 32]> = smallvec![output.len() as u32, 0];
    let in_order = || order.iter().map(|&i| &operands[i as usize]);
    for w in output.iter().chain(in_order().flat_map(|o| &o.wires)) {
        let slot = &mut number[*w as usize];
        if *slot == u32::MAX {
            *slot = words.len() as u32 - 2;
            words.push(sizes[*w as usize].0);
        }
    }
    words[1] = words.len() as u32 - 2;
    for w in output {
        words.push(number[*w as usize]);
    }
    for o in in_order() {
        words.push(o.expr.0);
        words.push(o.wires.len() as u32);
        for w in &o.wires {
            words.push(number[*w as usize]);
        }
    }
    words
}
