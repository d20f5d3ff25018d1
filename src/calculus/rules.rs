//! The seven rules: for each kind of node, the cotangents of its children.
//!
//! A cotangent has the axes of the seed (the objective's, for a Jacobian) first, then those of the
//! node. With `g` the cotangent of a node `y`:
//!
//! | node | cotangent of a child |
//! | --- | --- |
//! | symbol | – (it collects) |
//! | `y = Σ cₖ xₖ` | `cₖ g` |
//! | `y = einsum(x₁ … xₙ)` | the einsum of the others and `g`, output and operand exchanged |
//! | `y = f(x)` | `g ⊙ f′(x)`, `f′` from the table |
//! | `y = max x`, `∏ x` | `g` at the first largest entry (of each window); `g y / x` |
//! | `Y = X⁻¹`, `det X`, `log|det X|` | `−Y′ g Y′`, `g det(X) X⁻ᵀ`, `g X⁻ᵀ` |
//! | `y = J(x)` | `g` contracted with one more derivative of `J` |

use crate::functions::{Function, Lowering};
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::tensor::arena::Arena;
use crate::tensor::node::{
    Axes, ExprId, MapFunction, MatrixFunction, Network, Node, Operand, ReduceKind, WindowKind,
    Wires,
};
use crate::tensor::template::{Frame, Value, range, template};
use smallvec::{SmallVec, smallvec};

/// The kinds of node that have a rule, to name them from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Sums.
    Linear,
    /// Products of every kind.
    Product,
    /// Elementwise functions.
    Elementwise,
    /// Named functions along axes.
    Named,
    /// Largest and smallest entries, products of entries.
    Reduction,
    /// Inverse, determinant and its logarithm.
    Matrix,
    /// Unknown functions of an array.
    Application,
}

/// A deliberate mistake in one rule or one table entry, to test that verification catches it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Corruption {
    /// The rule that is corrupted, or
    pub rule: Option<Rule>,
    /// the function and the parameter whose derivative is.
    pub derivative: Option<(&'static str, usize)>,
    /// How.
    pub mistake: Mistake,
}

/// What is done to a contribution.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mistake {
    /// The sign is lost.
    Sign,
    /// A factor 2 appears.
    Double,
    /// The contribution is dropped.
    Drop,
    /// The last two axes are exchanged, where they have one size.
    Transpose,
}

/// A contribution to the cotangent of a child.
pub(crate) type Contribution = (ExprId, ExprId);

/// Whether a node is locally constant: a comparison, a position, a function whose every partial
/// derivative is zero in the table.
pub(super) fn is_flat(arena: &Arena, id: ExprId) -> bool {
    match arena.node(id) {
        Node::Map(MapFunction::Compare(_), _)
        | Node::Reduce(ReduceKind::ArgMaximum | ReduceKind::ArgMinimum, ..)
        | Node::Window { kind: WindowKind::Mask, .. } => true,
        Node::Map(MapFunction::Known(f), list) => {
            let lowering = f.lowering_for(list.len());
            matches!(lowering, Lowering::Primitive(texts) if texts.iter().all(|t| *t == "0"))
        }
        _ => false,
    }
}

/// The rules, working in an arena.
pub(crate) struct Rules<'a> {
    pub(crate) arena: &'a mut Arena,
    /// The number of seed axes.
    pub(crate) seed: usize,
    pub(crate) corruption: Option<Corruption>,
}

impl Rules<'_> {
    /// The cotangents of the children of `id`, for which `depends` holds; `value` is what stands for
    /// the node's value in them.
    pub(crate) fn apply(
        &mut self,
        id: ExprId,
        value: ExprId,
        g: ExprId,
        depends: &dyn Fn(ExprId) -> bool,
        out: &mut Vec<Contribution>,
    ) {
        let start = out.len();
        let mut parameters: SmallVec<[usize; 4]> = SmallVec::new();
        let (rule, function) = match self.arena.node(id) {
            Node::Symbol(_) => return,
            Node::Add(terms) => {
                let terms: SmallVec<[_; 8]> = terms.iter().collect();
                for (c, e) in terms {
                    if depends(e) {
                        out.push((e, self.arena.scale(c, g)));
                    }
                }
                (Rule::Linear, None)
            }
            Node::Einsum(_) => {
                self.product(id, g, depends, out);
                (Rule::Product, None)
            }
            Node::Map(f, ids) => {
                let list: SmallVec<[ExprId; 4]> = ids.iter().collect();
                for (k, &x) in list.iter().enumerate() {
                    if depends(x) {
                        let before = out.len();
                        self.elementwise(f, &list, k, value, g, out);
                        parameters.extend((before < out.len()).then_some(k));
                    }
                }
                let name = if let MapFunction::Known(f) = f { Some(f.name) } else { None };
                (Rule::Elementwise, name)
            }
            Node::Named { function, active, arguments } => {
                let list: SmallVec<[ExprId; 4]> = arguments.iter().collect();
                for (k, &x) in list.iter().enumerate() {
                    if depends(x) {
                        parameters.push(k);
                        self.named(function, active as usize, &list, k, value, g, out);
                    }
                }
                (Rule::Named, Some(function.name))
            }
            Node::Reduce(kind, active, x) => {
                self.reduction(kind, active as usize, x, value, g, out);
                (Rule::Reduction, None)
            }
            Node::Window { kind: WindowKind::Maximum, active, width, argument } => {
                self.window(active as usize, width, argument, id, g, out);
                (Rule::Reduction, None)
            }
            // positions of largest entries do not move
            Node::Window { .. } => (Rule::Reduction, None),
            Node::Matrix(kind, x) => {
                self.matrix(kind, x, value, g, out);
                (Rule::Matrix, None)
            }
            Node::Apply(f, order, x) => {
                let next = self.arena.apply(f, order + 1, x);
                let (o, n) = (self.seed, self.arena.rank(id));
                let r = self.arena.rank(x);
                let operands = [(g, range(0, o + n)), (next, range(o, o + n + r))];
                let output: Wires =
                    range(0, o).into_iter().chain(range(o + n, o + n + r)).collect();
                out.push((x, self.network(&operands, &output)));
                (Rule::Application, None)
            }
        };
        if let Some(c) = self.corruption {
            self.corrupt(c, rule, function, &parameters, out, start);
        }
    }

    fn corrupt(
        &mut self,
        c: Corruption,
        rule: Rule,
        function: Option<&str>,
        parameters: &[usize],
        out: &mut Vec<Contribution>,
        start: usize,
    ) {
        let mut kept = start;
        for at in start..out.len() {
            let hit = match c.derivative {
                Some((name, k)) => Some(name) == function && parameters.get(at - start) == Some(&k),
                None => c.rule == Some(rule),
            };
            let mut entry = out[at];
            if hit {
                match c.mistake {
                    Mistake::Drop => continue,
                    Mistake::Sign => entry.1 = self.arena.negate(entry.1),
                    Mistake::Double => {
                        let two = self.arena.number_id(&Number::integer(2));
                        entry.1 = self.arena.scale(two, entry.1);
                    }
                    Mistake::Transpose => {
                        let n = self.arena.rank(entry.1);
                        let axes = self.arena.axes(entry.1);
                        if n >= 2 && axes[n - 1] == axes[n - 2] {
                            let mut order = range(0, n);
                            order.swap(n - 1, n - 2);
                            entry.1 = self.arena.permute(entry.1, &range(0, n), &order);
                        }
                    }
                }
            }
            out[kept] = entry;
            kept += 1;
        }
        out.truncate(kept);
    }

    /// The einsum of some arrays; sizes are read off their axes.
    pub(super) fn network(&mut self, operands: &[(ExprId, Wires)], output: &[u32]) -> ExprId {
        let largest = operands.iter().flat_map(|o| &o.1).chain(output).copied().max();
        let count = largest.map_or(0, |w| w as usize + 1);
        let mut sizes: SmallVec<[DimId; 8]> = smallvec![DimId(0); count];
        for (e, wires) in operands {
            for (w, d) in wires.iter().zip(self.arena.axes(*e)) {
                sizes[*w as usize] = *d;
            }
        }
        let operands = operands
            .iter()
            .map(|(e, w)| Operand { expr: *e, wires: Wires::from_slice(w) })
            .collect();
        let output = output.into();
        let network = Network { coefficient: Number::ONE, operands, output, sizes };
        self.arena.einsum(network.dense())
    }

    /// Output and operand exchanged.
    fn product(
        &mut self,
        id: ExprId,
        g: ExprId,
        depends: &dyn Fn(ExprId) -> bool,
        out: &mut Vec<Contribution>,
    ) {
        let Node::Einsum(view) = self.arena.node(id) else { return };
        let wires = view.wires();
        let mut sizes: SmallVec<[DimId; 8]> = (0..wires as u32).map(|w| view.size(w)).collect();
        let seed = range(wires, wires + self.seed);
        let mut cotangent = Wires::from_slice(&seed);
        cotangent.extend_from_slice(view.output());
        let operands: SmallVec<[Operand; 4]> = view
            .operands()
            .map(|(e, w)| Operand { expr: e, wires: Wires::from_slice(w) })
            .collect();
        sizes.extend(self.arena.axes(g)[..self.seed].iter().copied());
        if sizes.is_empty() {
            // scalars
            let mut factors: SmallVec<[ExprId; 8]> = operands.iter().map(|o| o.expr).collect();
            for (k, operand) in operands.iter().enumerate().filter(|(_, o)| depends(o.expr)) {
                factors[k] = g;
                out.push((operand.expr, self.arena.hadamard(&factors)));
                factors[k] = operand.expr;
            }
            return;
        }
        for (k, operand) in operands.iter().enumerate() {
            if !depends(operand.expr) {
                continue;
            }
            let mut others: SmallVec<[Operand; 4]> = SmallVec::with_capacity(operands.len());
            for (at, o) in operands.iter().enumerate() {
                let (expr, wires) = if at == k { (g, &cotangent) } else { (o.expr, &o.wires) };
                others.push(Operand { expr, wires: Wires::from_slice(wires) });
            }
            let mut output = Wires::from_slice(&seed);
            output.extend_from_slice(&operand.wires);
            let network = Network {
                coefficient: Number::ONE,
                operands: others,
                output,
                sizes: SmallVec::from_slice(&sizes),
            };
            out.push((operand.expr, self.arena.einsum(network.dense())));
        }
    }

    /// `g ⊙ ∂f/∂xₖ`, summed where `xₖ` is a scalar that was broadcast.
    fn elementwise(
        &mut self,
        f: MapFunction,
        list: &[ExprId],
        k: usize,
        value: ExprId,
        g: ExprId,
        out: &mut Vec<Contribution>,
    ) {
        let rank = list.iter().map(|&x| self.arena.rank(x)).max().unwrap_or(0);
        let factor = match f {
            MapFunction::Compare(_) => return,
            MapFunction::Unknown(s, n) => {
                Some(self.arena.map(MapFunction::Unknown(s, n + 1), list))
            }
            MapFunction::Known(f) => self.partial(f, list, k, value),
        };
        let Some(factor) = factor else { return };
        let o = self.seed;
        if o == 0 && self.arena.rank(list[k]) == rank {
            out.push((list[k], self.arena.hadamard(&[g, factor])));
            return;
        }
        let shifted = range(o, o + self.arena.rank(factor));
        let mut output = range(0, o);
        if self.arena.rank(list[k]) > 0 {
            output.extend(range(o, o + rank));
        }
        let operands = [(g, range(0, o + rank)), (factor, shifted)];
        out.push((list[k], self.network(&operands, &output)));
    }

    /// The argument of a node that is a known function of one array, entry by entry, where its rule
    /// is `g ⊙ f′(x)` and nothing else.
    pub(crate) fn argument(&self, id: ExprId) -> Option<ExprId> {
        let (_, ids) = self.arena.as_known_map(id)?;
        let plain = ids.len() == 1 && self.seed == 0 && self.corruption.is_none();
        plain.then(|| ids.get(0))
    }

    /// The `f′(x)` of such a node.
    pub(crate) fn factor(&mut self, id: ExprId, x: ExprId, value: ExprId) -> Option<ExprId> {
        let (f, _) = self.arena.as_known_map(id)?;
        self.partial(f, &[x], 0, value)
    }

    /// The partial derivative that the table gives; `None` where it is zero.
    fn partial(
        &mut self,
        f: &'static Function,
        list: &[ExprId],
        k: usize,
        value: ExprId,
    ) -> Option<ExprId> {
        if let Some((base, e)) = self.arena.as_power_call(f, list) {
            // ∂xᵉ/∂x = e xᵉ⁻¹
            let exponent = self.arena.number_of(e).clone();
            let lower = self.arena.power(base, &exponent.add(&Number::MINUS_ONE));
            return Some(self.arena.scale(e, lower));
        }
        let Lowering::Primitive(derivatives) = f.lowering_for(list.len()) else { return None };
        let text = derivatives[k];
        if text == "0" {
            return None;
        }
        let template = template(text, f.parameters);
        let found = self.arena.instantiate_entrywise(template, list, Some(value));
        Some(found.expect("the derivatives of the table are elementwise, as a test of it reads"))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one node")]
    fn named(
        &mut self,
        f: &'static Function,
        active: usize,
        list: &[ExprId],
        k: usize,
        value: ExprId,
        g: ExprId,
        out: &mut Vec<Contribution>,
    ) {
        let Lowering::Named { vjp, .. } = f.lowering_for(list.len()) else { return };
        let (o, rank) = (self.seed, self.arena.rank(list[0]));
        let mut sizes = Axes::from_slice(&self.arena.axes(g)[..o]);
        sizes.extend(self.arena.axes(list[0]).iter().copied());
        let parameters: SmallVec<[Value; 4]> = list
            .iter()
            .map(|&x| Value { expr: x, wires: range(o, o + self.arena.rank(x)) })
            .collect();
        let y = Value { expr: value, wires: range(o, o + self.arena.rank(value)) };
        let cotangent = Value { expr: g, wires: range(0, self.arena.rank(g)) };
        let wires_active = range(o + rank - active, o + rank);
        let frame = Frame {
            parameters: &parameters,
            value: Some(&y),
            cotangent: Some(&cotangent),
            active: &wires_active,
            sizes: &sizes,
        };
        let result = self.arena.instantiate(template(vjp[k], f.parameters), &frame);
        if f.quotient {
            self.arena.remember_quotient(f, active, list, value);
        }
        let mut keep = range(0, o);
        keep.extend(parameters[k].wires.iter().copied());
        // a scalar parameter collects over what it was broadcast along
        let contribution = self.arena.value_broadcast(&result, &keep, &sizes);
        out.push((list[k], contribution.expr));
    }

    fn reduction(
        &mut self,
        kind: ReduceKind,
        active: usize,
        x: ExprId,
        value: ExprId,
        g: ExprId,
        out: &mut Vec<Contribution>,
    ) {
        let (o, rank) = (self.seed, self.arena.rank(x));
        let batch = rank - active;
        let cotangent = (g, range(0, o + batch));
        let output = range(0, o + rank);
        let all = range(o, o + rank);
        let expr = match kind {
            ReduceKind::Maximum | ReduceKind::Minimum => {
                let selector = if kind == ReduceKind::Maximum {
                    ReduceKind::ArgMaximum
                } else {
                    ReduceKind::ArgMinimum
                };
                let chosen = self.arena.reduce(selector, active as u32, x);
                self.network(&[cotangent, (chosen, all)], &output)
            }
            ReduceKind::Product => {
                let inverse = self.arena.power(x, &Number::MINUS_ONE);
                let y = (value, range(o, o + batch));
                self.network(&[cotangent, y, (inverse, all)], &output)
            }
            ReduceKind::ArgMaximum | ReduceKind::ArgMinimum => return,
        };
        out.push((x, expr));
    }

    /// The largest entries of windows: `g` at the first largest entry of each.
    fn window(
        &mut self,
        active: usize,
        width: DimId,
        x: ExprId,
        id: ExprId,
        g: ExprId,
        out: &mut Vec<Contribution>,
    ) {
        let (o, rank) = (self.seed, self.arena.rank(x));
        let mask = self.arena.window(WindowKind::Mask, active as u32, width, x, &[]);
        let mut operands: SmallVec<[Operand; 4]> = smallvec![
            Operand { expr: g, wires: range(0, o + rank) },
            Operand { expr: mask, wires: range(o + rank, o + 2 * rank) },
        ];
        let mut sizes: SmallVec<[DimId; 8]> = self.arena.axes(g).into();
        sizes.extend(self.arena.axes(x).iter().copied());
        let batch = rank - active;
        for k in 0..batch {
            // an axis without windows is the same on both sides
            operands[1].wires[k] = (o + k) as u32;
        }
        let mut output = range(0, o);
        output.extend(operands[1].wires.iter().copied());
        for k in batch..rank {
            let (target, slow) = (o + rank + k, o + k);
            let axis = self.arena.axes(x)[k];
            let outer = self.arena.axes(id)[k];
            let fast = sizes.len() as u32;
            sizes.push(width);
            operands.push(self.arena.merged(
                (target as u32, axis),
                (fast, width),
                (slow as u32, outer),
            ));
        }
        let network = Network { coefficient: Number::ONE, operands, output, sizes };
        out.push((x, self.arena.einsum(network.dense())));
    }

    fn matrix(
        &mut self,
        kind: MatrixFunction,
        x: ExprId,
        value: ExprId,
        g: ExprId,
        out: &mut Vec<Contribution>,
    ) {
        let o = self.seed as u32;
        let mut output = range(0, self.seed);
        output.extend([o, o + 1]);
        let expr = match kind {
            MatrixFunction::Inverse => {
                // ∂L/∂Xᵢⱼ = −Σ Yₐᵢ Gₐᵦ Yⱼᵦ
                let mut cotangent = range(0, self.seed);
                cotangent.extend([o + 2, o + 3]);
                let operands = [
                    (value, smallvec![o + 2, o]),
                    (g, cotangent),
                    (value, smallvec![o + 1, o + 3]),
                ];
                let product = self.network(&operands, &output);
                self.arena.negate(product)
            }
            MatrixFunction::Cholesky => self.cholesky(value, g),
            MatrixFunction::Eigenvalues => self.eigenvalues(x, g),
            MatrixFunction::Eigenvectors => self.eigenvectors(x, value, g),
            MatrixFunction::Determinant | MatrixFunction::LogDeterminant => {
                let inverse = self.arena.matrix(MatrixFunction::Inverse, x);
                let mut operands: SmallVec<[(ExprId, Wires); 3]> =
                    smallvec![(g, range(0, self.seed)), (inverse, smallvec![o + 1, o])];
                if kind == MatrixFunction::Determinant {
                    operands.push((value, Wires::new()));
                }
                self.network(&operands, &output)
            }
        };
        out.push((x, expr));
    }
}
