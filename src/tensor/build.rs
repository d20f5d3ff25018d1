//! The constructors of every node but the einsum: each returns the normal form.

mod diagonal;
mod map;
mod power;
mod sum;

pub(crate) use self::sum::TermList;
use super::arena::{Arena, Tag, reduce_word};
use super::node::with_room;
use super::node::{
    Axes, ExprId, MatrixFunction, Network, Node, Operand, Properties, ReduceKind, SymbolId,
    WindowKind, Wires,
};
use super::template::range;
use crate::functions::Function;
use crate::number::Number;
use crate::shape::dim::DimId;
use smallvec::{SmallVec, smallvec};

impl Arena {
    /// A scalar as a constant array.
    pub(crate) fn broadcast(&mut self, scalar: ExprId, axes: &[DimId]) -> ExprId {
        if axes.is_empty() || self.rank(scalar) != 0 {
            return scalar;
        }
        let operands = smallvec![Operand { expr: scalar, wires: Wires::new() }];
        let output = (0..axes.len() as u32).collect();
        let sizes = axes.into();
        self.einsum(Network { coefficient: Number::ONE, operands, output, sizes })
    }

    /// `z`, its axes (which have these wires) permuted so that those of `output` come first; and
    /// the number of the others. `None` where a wire occurs twice.
    pub(super) fn batch_first(
        &mut self,
        z: ExprId,
        wires: &[u32],
        output: &[u32],
    ) -> Option<(ExprId, u32)> {
        let twice = |list: &[u32]| (1..list.len()).any(|i| list[..i].contains(&list[i]));
        if twice(wires) || twice(output) || output.iter().any(|w| !wires.contains(w)) {
            return None;
        }
        let rest: Wires = wires.iter().copied().filter(|w| !output.contains(w)).collect();
        let order: Wires = output.iter().chain(&rest).copied().collect();
        Some((self.permute(z, wires, &order), rest.len() as u32))
    }

    /// The axes of `z` (which have these wires) in another order.
    pub(crate) fn permute(&mut self, z: ExprId, wires: &[u32], order: &[u32]) -> ExprId {
        if wires == order {
            return z;
        }
        let largest = wires.iter().copied().max().unwrap_or(0) as usize;
        let mut sizes: SmallVec<[DimId; 8]> = smallvec![DimId(0); largest + 1];
        for (w, d) in wires.iter().zip(self.axes(z)) {
            sizes[*w as usize] = *d;
        }
        let operands = smallvec![Operand { expr: z, wires: wires.into() }];
        let output = order.into();
        // wires that number nothing would count as sizes: number them densely
        let network = Network { coefficient: Number::ONE, operands, output, sizes };
        self.einsum(network.dense())
    }

    /// A function that keeps its name; see [`Node::Named`].
    pub fn named(&mut self, f: &'static Function, active: u32, arguments: &[ExprId]) -> ExprId {
        let first = self.axes(arguments[0]);
        let keep = match f.signature {
            crate::functions::Signature::Reduction { .. } => first.len() - active as usize,
            _ => first.len(),
        };
        let axes = Axes::from_slice(&first[..keep]);
        let mut words: SmallVec<[u32; 8]> = smallvec![self.table_word(f), active];
        words.extend(arguments.iter().map(|e| e.0));
        let axes = self.axes_id(&axes);
        self.intern(Tag::Named, axes, &words)
    }

    /// A reduction over the last `active` axes.
    pub fn reduce(&mut self, kind: ReduceKind, active: u32, argument: ExprId) -> ExprId {
        let axes = self.axes(argument);
        let keep = match kind {
            ReduceKind::ArgMaximum | ReduceKind::ArgMinimum => axes.len(),
            _ => axes.len() - active as usize,
        };
        let axes = Axes::from_slice(&axes[..keep]);
        if active == 0 {
            return match kind {
                ReduceKind::ArgMaximum | ReduceKind::ArgMinimum => self.ones(&axes),
                _ => argument,
            };
        }
        let axes = self.axes_id(&axes);
        self.intern(Tag::Reduce, axes, &[reduce_word(kind), active, argument.0])
    }

    /// What is found in windows of `width` along the last `active` axes; `pooled` are the axes that
    /// the largest entries have.
    pub fn window(
        &mut self,
        kind: WindowKind,
        active: u32,
        width: DimId,
        argument: ExprId,
        pooled: &[DimId],
    ) -> ExprId {
        let axes = match kind {
            WindowKind::Maximum => self.axes_id(pooled),
            WindowKind::Mask => self.axes_of(argument),
        };
        let word = u32::from(kind == WindowKind::Mask);
        self.intern(Tag::Window, axes, &[word, active, width.0, argument.0])
    }

    /// A function of a square matrix.
    pub fn matrix(&mut self, function: MatrixFunction, argument: ExprId) -> ExprId {
        let axes = Axes::from_slice(self.axes(argument));
        if let Some(result) = self.matrix_normal(function, argument, &axes) {
            return result;
        }
        let axes = match function {
            MatrixFunction::Inverse | MatrixFunction::Cholesky | MatrixFunction::Eigenvectors => {
                self.axes_id(&axes)
            }
            MatrixFunction::Eigenvalues => self.axes_id(&axes[..1]),
            MatrixFunction::Determinant | MatrixFunction::LogDeterminant => self.axes_id(&[]),
        };
        self.intern(Tag::Matrix, axes, &[function as u32, argument.0])
    }

    fn matrix_normal(&mut self, f: MatrixFunction, x: ExprId, axes: &Axes) -> Option<ExprId> {
        if !matches!(
            f,
            MatrixFunction::Inverse | MatrixFunction::Determinant | MatrixFunction::LogDeterminant
        ) {
            return None;
        }
        let several = match self.node(x) {
            Node::Einsum(view) => view.operands().nth(1).is_some(),
            Node::Add(terms) => terms.len() > 1,
            _ => false,
        };
        if self.plain && several && !self.is_symmetric(x) {
            // of a matrix and its transpose one, whichever
            let turned = self.permute(x, &[1, 0], &[0, 1]);
            if self.fingerprint(turned) < self.fingerprint(x) {
                let inner = self.matrix(f, turned);
                return Some(match f {
                    MatrixFunction::Inverse => self.permute(inner, &[1, 0], &[0, 1]),
                    _ => inner,
                });
            }
        }
        if self.facts
            && let Some(s) = self.as_symbol(x)
            && self.symbol(s).properties.has(Properties::ORTHOGONAL)
        {
            // Q⁻¹ = Q', |det Q| = 1
            return match f {
                MatrixFunction::Inverse => Some(self.permute(x, &[1, 0], &[0, 1])),
                MatrixFunction::LogDeterminant => Some(self.zero(&[])),
                _ => None,
            };
        }
        match self.node(x) {
            // (X')⁻¹ = (X⁻¹)', det X' = det X
            Node::Einsum(view) => {
                let mut operands = view.operands();
                let Some((e, wires)) = operands.next() else {
                    return (view.wires() == 1).then(|| match f {
                        MatrixFunction::Inverse => x,
                        MatrixFunction::Determinant => self.ones(&[]),
                        _ => self.zero(&[]),
                    });
                };
                let swapped = wires == [1, 0] && view.output() == [0, 1];
                if operands.next().is_some() || !swapped {
                    return None;
                }
                let inner = self.matrix(f, e);
                Some(match f {
                    MatrixFunction::Inverse => self.permute(inner, &[1, 0], &[0, 1]),
                    _ => inner,
                })
            }
            Node::Matrix(MatrixFunction::Inverse, inner) => Some(match f {
                MatrixFunction::Inverse => inner,
                MatrixFunction::Determinant => {
                    let det = self.matrix(f, inner);
                    self.power(det, &Number::MINUS_ONE)
                }
                _ => {
                    let log = self.matrix(f, inner);
                    self.negate(log)
                }
            }),
            // (c X)⁻¹ = c⁻¹ X⁻¹, det c X = cⁿ det X
            Node::Add(terms) if terms.len() == 1 => {
                let (c, e) = terms.get(0);
                let c = self.number_of(c).clone();
                match (f, self.size_value(axes[0])) {
                    (MatrixFunction::Inverse, _) => {
                        let (c, inner) = (c.recip()?, self.matrix(f, e));
                        let c = self.number_id(&c);
                        Some(self.scale(c, inner))
                    }
                    (MatrixFunction::Determinant, Some(n)) => {
                        let (c, inner) = (c.pow(n)?, self.matrix(f, e));
                        let c = self.number_id(&c);
                        Some(self.scale(c, inner))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// An unknown function of an array, differentiated `order` times.
    pub fn apply(&mut self, function: SymbolId, order: u32, argument: ExprId) -> ExprId {
        let inner = Axes::from_slice(self.axes(argument));
        let mut axes = Axes::new();
        for _ in 0..order {
            axes.extend_from_slice(&inner);
        }
        let axes = self.axes_id(&axes);
        self.intern(Tag::Apply, axes, &[function.0, order, argument.0])
    }

    /// The product of scalars and arrays of one shape, entry by entry.
    pub fn hadamard(&mut self, factors: &[ExprId]) -> ExprId {
        let mut axes = Axes::new();
        let mut list: SmallVec<[ExprId; 20]> = SmallVec::new();
        for &e in factors {
            if self.rank(e) > 0 {
                axes = Axes::from_slice(self.axes(e));
            } else if self.is_ones(e) {
                continue;
            }
            list.push(e);
        }
        if let [one] = list[..]
            && self.tag(one) != Tag::Add
        {
            return one;
        }
        if let Some(product) = self.plain_product(&list, &axes) {
            debug_assert!(product == self.product_of(&list, &axes), "nothing meets in it");
            return product;
        }
        self.product_of(&list, &axes)
    }

    /// The same, by the normal form of products.
    pub(super) fn product_of(&mut self, factors: &[ExprId], axes: &[DimId]) -> ExprId {
        let mut operands = with_room(factors.len());
        for &expr in factors {
            operands.push(Operand { expr, wires: range(0, self.rank(expr)) });
        }
        let (output, sizes) = (range(0, axes.len()), SmallVec::from_slice(axes));
        self.einsum(Network { coefficient: Number::ONE, operands, output, sizes })
    }
}
