//! Indicators in matrix notation: stacked columns, Kronecker products, windows and convolutions.
//!
//! An indicator ties three vertices. Where two of them lead nowhere else, what they carry becomes a
//! matrix or vector on the third; two of one kind side by side carry matrices in the same way.

use super::compose::{entry, product};
use super::part::{Edge, Key, Part, Scalars, hadamard, whole};
use super::reduction::{Open, Reduction, Sizes};
use crate::notation::math::Math;
use crate::number::Number;
use crate::tensor::indicator::Motion;
use crate::tensor::node::Wire;

/// An indicator under reduction: the value's vertex, then those of the arguments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) motion: Motion,
    pub(super) wires: [Wire; 3],
}

pub(super) fn call(name: &str, list: Vec<Math>) -> Math {
    Math::Call(entry(name), list.into(), None)
}

fn eye(size: Math) -> Math {
    Math::Identity(Some(Box::new(size)))
}

impl Reduction {
    pub(super) fn links_at(&self, w: Wire) -> usize {
        self.links.iter().flat_map(|l| l.wires).filter(|v| *v == w).count()
    }

    /// Whether a vertex is summed over and nothing but one indicator and weights are at it.
    fn lone(&self, w: Wire) -> bool {
        !self.output.contains(&w) && self.degree(w) == 1 && self.links_at(w) == 1
    }

    pub(super) fn bare(&self, w: Wire) -> bool {
        self.lone(w) && !self.has_weight(w)
    }

    /// Whether two vertices are summed over and lead nowhere but to each other and one indicator
    /// each.
    fn closed(&self, a: Wire, b: Wire) -> bool {
        let inner = |w: Wire, v: Wire| {
            !self.output.contains(&w)
                && self.links_at(w) == 1
                && self.edges.iter().all(|e| {
                    let touches = e.from == w || e.to == w;
                    !touches || e.from == v || e.to == v
                })
        };
        a != b && inner(a, b) && inner(b, a)
    }

    /// The vector that a lone vertex carries.
    fn vector(&mut self, w: Wire, sizes: &Sizes<'_>) -> (Key, Math) {
        match self.weight(w) {
            Some(part) => (part.key, part.math),
            None => ((u32::MAX, 0), sizes.ones(w)),
        }
    }

    /// The matrix that a closed pair carries, and whether it is all ones.
    fn matrix(&mut self, a: Wire, b: Wire, sizes: &Sizes<'_>) -> (Key, Math, bool) {
        let edges = self.take_edges(a, b);
        let (left, right) = (self.weight(a), self.weight(b));
        if edges.is_empty() {
            if left.is_none() && right.is_none() {
                let both = vec![sizes.of(a), sizes.of(b)];
                return ((u32::MAX, 0), Math::Ones(both), true);
            }
            let ones = |w: Wire| Part::new(sizes.ones(w), (u32::MAX, 0));
            let (left, right) = (left.unwrap_or_else(|| ones(a)), right.unwrap_or_else(|| ones(b)));
            let key = left.key.min(right.key);
            return (key, product([left.math, right.into_row()]), false);
        }
        let middle = hadamard(edges);
        let mut key = middle.key;
        let mut list = vec![whole(middle)];
        if let Some(p) = left {
            key = key.min(p.key);
            list.insert(0, call("diag", vec![p.math]));
        }
        if let Some(p) = right {
            key = key.min(p.key);
            list.push(call("diag", vec![p.math]));
        }
        (key, product(list), false)
    }

    /// One step with an indicator; false where there is none.
    pub(super) fn step_links(
        &mut self,
        open: &mut Open,
        sizes: &Sizes<'_>,
        scalars: &mut Scalars,
    ) -> bool {
        for at in 0..self.links.len() {
            let link = self.links[at];
            let done = match link.motion {
                Motion::Shift => self.shift(at, link.wires, sizes),
                Motion::Merge => self.merge(at, link.wires, sizes, scalars),
            };
            if done {
                open.retain(|w| self.is_held(*w));
                return true;
            }
        }
        for at in 0..self.links.len() {
            for other in at + 1..self.links.len() {
                let (one, two) = (self.links[at], self.links[other]);
                let done = one.motion == two.motion
                    && match one.motion {
                        Motion::Shift => self.shifts(at, other, sizes),
                        Motion::Merge => self.merges(at, other, sizes, scalars),
                    };
                if done {
                    open.retain(|w| self.is_held(*w));
                    return true;
                }
            }
        }
        false
    }

    fn put_new(&mut self, w: Wire, key: Key, math: Math) {
        self.put(w, Part::new(math, key));
    }

    fn join(&mut self, from: Wire, to: Wire, key: Key, math: Math) {
        self.edges.push(Edge { from, to, part: Part::new(math, key) });
    }

    /// `t = a + b` with vectors on two of the three.
    fn shift(&mut self, at: usize, [t, a, b]: [Wire; 3], sizes: &Sizes<'_>) -> bool {
        for (x, y, z, name) in [(t, b, a, "conv"), (t, a, b, "conv"), (a, b, t, "fullconv")] {
            if x == y || !self.lone(x) || !self.lone(y) || self.bare(x) && self.bare(y) {
                continue;
            }
            self.links.remove(at);
            let (first, second) = (self.vector(x, sizes), self.vector(y, sizes));
            let key = first.0.min(second.0);
            let mut list = [first, second];
            if name == "fullconv" {
                list.sort_by_key(|v| v.0);
            }
            let list = list.into_iter().map(|v| v.1).collect();
            self.put_new(z, key, call(name, list));
            return true;
        }
        false
    }

    /// Two shifts with matrices on two of the three pairs.
    fn shifts(&mut self, at: usize, other: usize, sizes: &Sizes<'_>) -> bool {
        let [t, a, b] = self.links[at].wires;
        let [u, c, d] = self.links[other].wires;
        // along the edges there are, so that nothing is transposed
        let (one, two) = ([t, a, b], [u, c, d]);
        let backwards = |e: &Edge| two.contains(&e.from) && one.contains(&e.to);
        let forwards = |e: &Edge| one.contains(&e.from) && two.contains(&e.to);
        if self.edges.iter().any(backwards) && !self.edges.iter().any(forwards) {
            self.links.swap(at, other);
            return self.shifts(at, other, sizes);
        }
        for (c, d) in [(c, d), (d, c)] {
            let roles = [
                ((t, u), (b, d), (a, c), "conv"),
                ((t, u), (a, c), (b, d), "conv"),
                ((a, c), (b, d), (t, u), "fullconv"),
            ];
            for (x, y, z, name) in roles {
                if !self.closed(x.0, x.1) || !self.closed(y.0, y.1) {
                    continue;
                }
                self.links.remove(other);
                self.links.remove(at);
                let first = self.matrix(x.0, x.1, sizes);
                let second = self.matrix(y.0, y.1, sizes);
                let key = first.0.min(second.0);
                let mut list = [first, second];
                if name == "fullconv" {
                    list.sort_by_key(|v| v.0);
                }
                let list = list.into_iter().map(|v| v.1).collect();
                self.join(z.0, z.1, key, call(name, list));
                return true;
            }
        }
        false
    }

    /// `t = fast + |fast| slow`.
    fn merge(
        &mut self,
        at: usize,
        [t, fast, slow]: [Wire; 3],
        sizes: &Sizes<'_>,
        scalars: &mut Scalars,
    ) -> bool {
        let width = sizes.of(fast);
        let edge = self
            .edges
            .iter()
            .any(|e| (e.from, e.to) == (fast, slow) || (e.from, e.to) == (slow, fast));
        if edge && self.closed(fast, slow) {
            self.links.remove(at);
            let (key, matrix, _) = self.matrix(fast, slow, sizes);
            self.put_new(t, key, call("vec", vec![matrix]));
            return true;
        }
        if self.lone(fast) && self.lone(slow) && !edge {
            let repeated = self.bare(fast);
            self.links.remove(at);
            let (key, vector) = self.vector(slow, sizes);
            let (inner, other) = self.vector(fast, sizes);
            let math = if repeated {
                call("unpool", vec![vector, width])
            } else {
                call("kron", vec![vector, other])
            };
            self.put_new(t, key.min(inner), math);
            return true;
        }
        if self.lone(t) && !self.bare(t) {
            let pooled = self.bare(fast);
            self.links.remove(at);
            let (key, vector) = self.vector(t, sizes);
            if pooled {
                scalars.above.push(((0, 0), width.clone()));
                self.put_new(slow, key, call("meanpool", vec![vector, width]));
            } else {
                let list = vec![vector, width, sizes.of(slow)];
                self.join(fast, slow, key, call("unvec", list));
            }
            return true;
        }
        false
    }

    /// Two merges side by side: a Kronecker product, windows, or what is left of one.
    fn merges(
        &mut self,
        at: usize,
        other: usize,
        sizes: &Sizes<'_>,
        scalars: &mut Scalars,
    ) -> bool {
        let ([t, f, s], [u, g, r]) = (self.links[at].wires, self.links[other].wires);
        let backwards = |e: &Edge| [(u, t), (g, f), (r, s)].contains(&(e.from, e.to));
        let forwards = |e: &Edge| [(t, u), (f, g), (s, r)].contains(&(e.from, e.to));
        if self.edges.iter().any(backwards) && !self.edges.iter().any(forwards) {
            self.links.swap(at, other);
            return self.merges(at, other, sizes, scalars);
        }
        let width = sizes.of(f);
        let square = width == sizes.of(g);
        let bare = self.bare(f) && self.bare(g);
        let between = |a: Wire, b: Wire| {
            self.edges.iter().any(|e| (e.from, e.to) == (a, b) || (e.from, e.to) == (b, a))
        };
        let tied = between(s, r) || between(f, g);
        if self.closed(s, r) && self.closed(f, g) && tied {
            self.links.remove(other);
            self.links.remove(at);
            let (key, outer, _) = self.matrix(s, r, sizes);
            let (inner_key, inner, ones) = self.matrix(f, g, sizes);
            let math = if ones && square {
                call("unpool", vec![outer, width])
            } else {
                call("kron", vec![outer, inner])
            };
            self.join(t, u, key.min(inner_key), math);
            return true;
        }
        if bare && square && self.closed(t, u) && between(t, u) {
            self.links.remove(other);
            self.links.remove(at);
            let (key, matrix, _) = self.matrix(t, u, sizes);
            scalars.above.push(((0, 0), width.clone()));
            scalars.above.push(((0, 0), width.clone()));
            self.join(s, r, key, call("meanpool", vec![matrix, width]));
            return true;
        }
        false
    }

    /// What is left of merges as matrices: `kron(eye(n), v)`, `kron(v, eye(p))`.
    pub(super) fn merge_as_matrix(&mut self, sizes: &Sizes<'_>) -> bool {
        for at in 0..self.links.len() {
            let Link { motion: Motion::Merge, wires: [t, fast, slow] } = self.links[at] else {
                continue;
            };
            for (gone, kept) in [(fast, slow), (slow, fast)] {
                if !self.lone(gone) {
                    continue;
                }
                self.links.remove(at);
                let (key, vector) = self.vector(gone, sizes);
                let unit = eye(sizes.of(kept));
                let list = if gone == fast { vec![unit, vector] } else { vec![vector, unit] };
                self.join(t, kept, key, call("kron", list));
                return true;
            }
        }
        false
    }
}

/// Takes the sizes that stand above and below out of both.
pub(super) fn cancel_sizes(c: &mut Number, scalars: &mut Scalars) {
    let mut at = 0;
    while at < scalars.above.len() {
        let math = scalars.above[at].1.clone();
        if let Math::Number(n) = &math {
            *c = c.mul(n);
            scalars.above.remove(at);
            continue;
        }
        let same = scalars.below.iter().position(|b| b.1 == math);
        if let Some(under) = same {
            scalars.below.remove(under);
            scalars.above.remove(at);
            continue;
        }
        let square = scalars.below.iter_mut().find_map(|b| match &b.1 {
            Math::Power(base, e) if **base == math => match &**e {
                Math::Number(n) => n.as_integer().filter(|n| *n > 1).map(|n| (n, b)),
                _ => None,
            },
            _ => None,
        });
        if let Some((n, below)) = square {
            below.1 = if n == 2 {
                math
            } else {
                let exponent = Math::Number(Number::integer(n - 1));
                Math::Power(Box::new(math), Box::new(exponent))
            };
            scalars.above.remove(at);
            continue;
        }
        at += 1;
    }
}
