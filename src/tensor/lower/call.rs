//! Calls: what a function of the table, an unknown function or a derivative operator is as a tensor.

use super::{Context, LowerError, Lowerer};
use crate::functions::{Function, Kind, Lowering, Signature};
use crate::number::Number;
use crate::shape::dim::{DimId, Dims};
use crate::shape::typed::{DerivativeKind, Fill, IndexId, Meaning};
use crate::syntax::ast::{Expr, NodeId};
use crate::tensor::node::{
    Axes, ExprId, MapFunction, MatrixFunction, Network, Symbol, SymbolKind, WindowKind, Wire, Wires,
};
use crate::tensor::template::{Frame, Value, range, template};
use smallvec::{SmallVec, smallvec};

/// The letters of a spelt einsum, with a wire each.
struct Letters {
    first: u32,
    list: SmallVec<[u8; 8]>,
    sizes: SmallVec<[DimId; 8]>,
}

impl Letters {
    fn wire(&mut self, letter: u8, size: DimId) -> Wire {
        let at = self.list.iter().position(|l| *l == letter).unwrap_or_else(|| {
            self.list.push(letter);
            self.sizes.push(size);
            self.list.len() - 1
        });
        self.first + at as u32
    }

    /// The wire of a letter with its size, which is `width` where no array has the letter.
    fn known(&mut self, letter: u8, width: Option<DimId>) -> (Wire, DimId) {
        let wire = self.wire(letter, width.unwrap_or(DimId(0)));
        (wire, self.sizes[wire as usize])
    }
}

impl Lowerer<'_> {
    pub(super) fn call(
        &mut self,
        id: NodeId,
        primes: u32,
        list: &[NodeId],
        axis: Option<NodeId>,
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        match self.typed.meaning(id) {
            Meaning::Unknown(u) => {
                let unknown = &self.typed.unknowns[u.0 as usize];
                let name = self.typed.program.name(unknown.name);
                let scalar = unknown.scalar;
                let symbol = match self.functions[u.0 as usize] {
                    Some(s) => s,
                    None => self.arena.new_symbol(Symbol {
                        order: 0,
                        ..Symbol::new(name.into(), SymbolKind::Function)
                    }),
                };
                self.functions[u.0 as usize] = Some(symbol);
                if scalar {
                    if !self.typed.free(list[0]).is_empty() || primes > 0 {
                        return self.unsupported(id, format!("`{name}` applied to entries"));
                    }
                    let argument = self.value(list[0]);
                    return Ok(self.arena.apply(symbol, 0, argument));
                }
                let argument = self.element(list[0], context);
                let f = MapFunction::Unknown(symbol, primes);
                Ok(self.full(context, |a, s| a.value_map(f, &[argument], s)))
            }
            Meaning::Identity => {
                let shape = self.typed.shape(id).axes;
                Ok(self.identity(shape))
            }
            Meaning::Fill(fill) => {
                let axes: Axes = self.typed.shape(id).axes.iter().copied().collect();
                Ok(match fill {
                    Fill::Ones => self.arena.ones(&axes),
                    Fill::Zeros => self.arena.zero(&axes),
                    Fill::Argument => {
                        let v = self.operand(list[0], context, &[]);
                        self.full(context, |_, _| v)
                    }
                })
            }
            Meaning::Function(f) => self.function(id, f.function(), primes, list, axis, context),
            Meaning::Derivative(kind) => self.derivative(id, kind, list, context),
            _ => {
                let Expr::Call { function, .. } = self.typed.program.node(id) else {
                    return self.unsupported(id, "this call");
                };
                let what = format!("`{}`", self.typed.program.name(*function));
                self.unsupported(id, what)
            }
        }
    }

    /// `grad(y, x)`, `jac(y, x)`, `hess(y, x)`, `vjp(y, x, g)`: free indices of `y` come first.
    fn derivative(
        &mut self,
        id: NodeId,
        kind: DerivativeKind,
        list: &[NodeId],
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        let typed = self.typed;
        let (mut by, mut stacked) = (list[1], false);
        if let (Meaning::Function(_), Expr::Call { arguments, .. }) =
            (typed.meaning(by), typed.program.node(by))
        {
            // `vec(X)`: differentiated by X, then stacked
            (by, stacked) = (typed.program.list(*arguments)[0], true);
        }
        let symbol = self.value(by);
        if self.arena.as_symbol(symbol).is_none() {
            return self.unsupported(list[1], "a derivative by this");
        }
        let own = typed.shape(list[0]).axes.len();
        let n = typed.free(list[0]).len() + own;
        let y = self.value(list[0]);
        let free: SmallVec<[IndexId; 4]> = typed.free(list[0]).into();
        let cotangent = match list.get(2) {
            None => None,
            Some(_) if !free.is_empty() => {
                return self.unsupported(id, "`vjp` of entries");
            }
            Some(g) => {
                let own = self.context(&free, typed.shape(list[0]).axes);
                let value = self.element(*g, &own);
                let all = range(0, n);
                Some(self.arena.value_broadcast(&value, &all, &own.sizes).expr)
            }
        };
        if list.get(2).is_some_and(|g| !typed.free(*g).is_empty()) {
            return self.unsupported(list[2], "a cotangent with free indices");
        }
        let mut result =
            self.calculus.derivative(&mut self.arena, &self.equations, y, symbol, cotangent);
        if kind == DerivativeKind::Hessian {
            let equations = &self.equations;
            result = self.calculus.derivative(&mut self.arena, equations, result, symbol, None);
        }
        let axes = Axes::from_slice(self.arena.axes(result));
        let first = if cotangent.is_some() { 0 } else { n };
        let mut wires = range(0, axes.len());
        if stacked && axes.len() == first + 2 {
            let target = *typed.shape(id).axes.last().expect("a stacked axis");
            self.units();
            let mut sizes: SmallVec<[DimId; 8]> = axes.as_slice().into();
            sizes.push(target);
            let (fast, slow) = (first as u32, first as u32 + 1);
            let merge = self.arena.merged(
                (axes.len() as u32, target),
                (fast, axes[first]),
                (slow, axes[first + 1]),
            );
            wires.truncate(first);
            wires.push(axes.len() as u32);
            let values = [
                Value { expr: result, wires: range(0, axes.len()) },
                Value { expr: merge.expr, wires: merge.wires },
            ];
            result = self.arena.contract(&values, &wires, &sizes).expr;
        }
        // the free indices in the order of the context
        let total = self.arena.rank(result);
        let mut order = range(0, total);
        for (at, i) in free.iter().enumerate() {
            let place = context.free.iter().position(|j| i == j).expect("free in the call too");
            order[at] = place as u32;
        }
        Ok(self.arena.permute(result, &order, &range(0, total)))
    }

    fn function(
        &mut self,
        id: NodeId,
        f: &'static Function,
        primes: u32,
        list: &[NodeId],
        axis: Option<NodeId>,
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        if primes > 0 {
            return self.prime(id, f, primes, list, context);
        }
        match (f.signature_for(list.len()), f.lowering_for(list.len())) {
            (_, Lowering::Unsupported | Lowering::Special) => {
                self.unsupported(id, format!("`{}`", f.name))
            }
            (Signature::Elementwise, _) => {
                let arguments: SmallVec<[Value; 4]> =
                    list.iter().map(|a| self.element(*a, context)).collect();
                Ok(self.full(context, |a, s| a.value_call(f, &arguments, &[], s)))
            }
            (Signature::Reduction { .. } | Signature::Axiswise, _) => {
                self.axiswise(f, list, axis, context)
            }
            (Signature::Shapes(_), Lowering::Einsum(specs)) => {
                let ranks: SmallVec<[usize; 4]> =
                    list.iter().map(|a| self.typed.shape(*a).axes.len()).collect();
                if ranks.iter().all(|r| *r == 0) {
                    return Ok(self.scalar_einsum(list, context));
                }
                let rows: SmallVec<[bool; 4]> =
                    list.iter().map(|a| f.reads_rows() && self.typed.shape(*a).row).collect();
                let spec = specs.iter().find(|s| {
                    let inputs = s.split("->").next().unwrap_or("").split(',');
                    inputs.zip(ranks.iter().zip(&rows)).all(|(s, (rank, row))| {
                        s.len() == *rank && s.starts_with(|c: char| c.is_ascii_uppercase()) == *row
                    })
                });
                match spec {
                    Some(spec) => Ok(self.spelt_einsum(id, spec, list, context)),
                    None => self.unsupported(
                        id,
                        format!("`{}` of an array with {} axes", f.name, ranks[0]),
                    ),
                }
            }
            (_, Lowering::Node(kind @ (Kind::WindowMaximum | Kind::WindowMask))) => {
                self.window(kind, list, context)
            }
            (Signature::Mask, _) => self.axiswise(f, list, axis, context),
            (_, Lowering::Node(kind)) => self.matrix_function(id, kind, list, context),
            _ => self.unsupported(id, format!("`{}`", f.name)),
        }
    }

    /// A size that the program may not have.
    pub(super) fn size(&mut self, make: impl FnOnce(&mut Dims) -> DimId) -> DimId {
        let dims = self.arena.dims.get_or_insert_with(|| self.typed.dims.clone());
        let id = make(dims);
        let (text, value) = (dims.text(id), dims.as_number(id));
        self.arena.add_size(id, &text, value);
        id
    }

    /// Makes the sizes 0 and 1 known, which indicators are written with.
    pub(super) fn units(&mut self) {
        if self.arena.units.is_none() {
            let (zero, one) = (self.size(|d| d.number(0)), self.size(|d| d.number(1)));
            self.arena.units = Some((zero, one));
        }
    }

    fn scalar_einsum(&mut self, list: &[NodeId], context: &Context) -> ExprId {
        let values: SmallVec<[Value; 4]> =
            list.iter().map(|a| self.operand(*a, context, &[])).collect();
        let all = range(0, context.sizes.len());
        self.arena.contract(&values, &all, &context.sizes).expr
    }

    /// What the table spells: `"ij,k->ik"`, then equations between positions, then letters to take
    /// the mean over.
    fn spelt_einsum(
        &mut self,
        id: NodeId,
        spec: &str,
        list: &[NodeId],
        context: &Context,
    ) -> ExprId {
        let mut sections = spec.split(';');
        let (inputs, output) =
            sections.next().and_then(|s| s.split_once("->")).unwrap_or((spec, ""));
        let (equations, mean) = (sections.next().unwrap_or(""), sections.next().unwrap_or(""));
        let mut letters = Letters {
            first: context.free.len() as u32,
            list: SmallVec::new(),
            sizes: context.sizes[..context.free.len()].into(),
        };
        let mut values: SmallVec<[Value; 4]> = SmallVec::new();
        for (argument, spec) in list.iter().zip(inputs.split(',')) {
            let mut wires: Wires = self
                .typed
                .free(*argument)
                .iter()
                .map(|i| context.free.iter().position(|j| i == j).expect("free here too") as u32)
                .collect();
            for (letter, dim) in spec.bytes().zip(self.typed.shape(*argument).axes.iter()) {
                wires.push(letters.wire(letter, *dim));
            }
            let expr = self.value(*argument);
            values.push(Value { expr, wires });
        }
        let mut out = range(0, context.free.len());
        for (letter, dim) in output.bytes().zip(self.typed.shape(id).axes.iter()) {
            out.push(letters.wire(letter, *dim));
        }
        if !equations.is_empty() {
            self.units();
            let width = list.last().and_then(|a| self.typed.size_values.get(a)).copied();
            for equation in equations.split(',') {
                // a width is the size of a letter that no array has
                let wires: SmallVec<[(u32, DimId); 3]> = equation
                    .bytes()
                    .filter(u8::is_ascii_alphabetic)
                    .map(|l| letters.known(l, width))
                    .collect();
                if equation.contains('>') {
                    let expr = self.arena.lower_ones(wires[0].1, wires[1].1);
                    values.push(Value { expr, wires: smallvec![wires[0].0, wires[1].0] });
                    continue;
                }
                let operand = if equation.contains(':') {
                    self.arena.merged(wires[0], wires[1], wires[2])
                } else {
                    self.arena.shifted(wires[0], wires[1], wires[2])
                };
                values.push(Value { expr: operand.expr, wires: operand.wires });
            }
        }
        for letter in mean.bytes() {
            let (_, size) = letters.known(letter, None);
            let count = Network {
                coefficient: Number::ONE,
                operands: SmallVec::new(),
                output: Wires::new(),
                sizes: smallvec![size],
            };
            let count = self.arena.einsum(count);
            let share = self.arena.power(count, &Number::MINUS_ONE);
            values.push(Value { expr: share, wires: Wires::new() });
        }
        self.arena.contract(&values, &out, &letters.sizes).expr
    }

    /// Largest entries of windows, or where they stand.
    fn window(
        &mut self,
        kind: Kind,
        list: &[NodeId],
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        self.units();
        let Some(&width) = self.typed.size_values.get(&list[1]) else {
            return self.unsupported(list[1], "this width of a window");
        };
        let own = self.typed.shape(list[0]).axes.len();
        let free = context.free.len();
        let value = self.operand(list[0], context, &range(free, free + own));
        let mut sizes: SmallVec<[DimId; 8]> = context.sizes[..free].into();
        sizes.extend(self.typed.shape(list[0]).axes.iter().copied());
        let all = range(0, free + own);
        let argument = self.arena.value_broadcast(&value, &all, &sizes).expr;
        let kind = if kind == Kind::WindowMask { WindowKind::Mask } else { WindowKind::Maximum };
        Ok(self.arena.window(kind, own as u32, width, argument, &context.sizes))
    }

    fn axiswise(
        &mut self,
        f: &'static Function,
        list: &[NodeId],
        axis: Option<NodeId>,
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        let array = self.typed.shape(list[0]).axes;
        let free = context.free.len();
        let chosen = match axis {
            None => None,
            Some(node) => match self.literal(node).and_then(|n| n.as_integer()) {
                Some(0) => Some(0),
                Some(1) => Some(1),
                _ => return self.unsupported(node, "an axis other than 0 or 1"),
            },
        };
        // free indices, then the axes that stay, then the active ones
        let order: SmallVec<[usize; 4]> = match chosen {
            Some(k) => (0..array.len()).filter(|a| *a != k).chain([k]).collect(),
            None => (0..array.len()).collect(),
        };
        let active_count = if chosen.is_some() { 1 } else { array.len() };
        let mut sizes: SmallVec<[DimId; 8]> = context.sizes[..free].into();
        sizes.extend(order.iter().map(|a| array[*a]));
        let mut own: Wires = smallvec![0; array.len()];
        for (place, a) in order.iter().enumerate() {
            own[*a] = (free + place) as u32;
        }
        let arrays = match f.signature_for(list.len()) {
            Signature::Reduction { arrays, .. } => arrays,
            _ => 1,
        };
        let wide = Context { free: context.free.clone(), sizes: sizes.clone() };
        let mut arguments: SmallVec<[Value; 4]> = SmallVec::new();
        for (position, a) in list.iter().enumerate() {
            let rank = self.typed.shape(*a).axes.len();
            let wires: &[Wire] = if position < arrays && rank == array.len() { &own } else { &[] };
            if rank > 0 && wires.is_empty() {
                return self.unsupported(*a, "an array in the place of a scalar");
            }
            arguments.push(self.operand(*a, &wide, wires));
        }
        let active = range(free + array.len() - active_count, free + array.len());
        if array.is_empty() && matches!(f.lowering_for(list.len()), Lowering::Named { .. }) {
            // along no axis a named function is its definition
            let Lowering::Named { definition, .. } = f.lowering_for(list.len()) else {
                return self.unsupported(list[0], "this call");
            };
            let t = template(definition, f.parameters);
            let frame = Frame {
                parameters: &arguments,
                value: None,
                cotangent: None,
                active: &[],
                sizes: &sizes,
            };
            let value = self.arena.instantiate(t, &frame);
            let all = range(0, context.sizes.len());
            return Ok(self.arena.value_broadcast(&value, &all, &sizes).expr);
        }
        let value = self.arena.value_call(f, &arguments, &active, &sizes);
        // back to the axes in their own order
        let natural: Wires = if value.wires.len() > free + array.len() - active_count
            || matches!(f.signature_for(list.len()), Signature::Axiswise)
        {
            range(0, free).into_iter().chain(own.iter().copied()).collect()
        } else {
            range(0, free + array.len() - active_count)
        };
        Ok(self.arena.value_broadcast(&value, &natural, &sizes).expr)
    }

    /// `A⁻¹ b`
    fn solve(
        &mut self,
        id: NodeId,
        list: &[NodeId],
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        if !context.free.is_empty() {
            return self.unsupported(id, "`solve` of arrays with free indices");
        }
        let (a, b) = (self.value(list[0]), self.value(list[1]));
        if self.arena.rank(a) == 0 {
            let inverse = self.arena.power(a, &Number::MINUS_ONE);
            return Ok(self.arena.hadamard(&[inverse, b]));
        }
        let inverse = self.arena.matrix(MatrixFunction::Inverse, a);
        let columns = self.arena.rank(b);
        let mut sizes: SmallVec<[DimId; 8]> = self.arena.axes(a).into();
        sizes.extend(self.arena.axes(b)[1..].iter().copied());
        let values = [
            Value { expr: inverse, wires: range(0, 2) },
            Value { expr: b, wires: range(1, 1 + columns) },
        ];
        let output: Wires = std::iter::once(0).chain(range(2, 1 + columns)).collect();
        Ok(self.arena.contract(&values, &output, &sizes).expr)
    }

    fn matrix_function(
        &mut self,
        id: NodeId,
        kind: Kind,
        list: &[NodeId],
        context: &Context,
    ) -> Result<ExprId, LowerError> {
        let rank = self.typed.shape(list[0]).axes.len();
        if kind == Kind::Solve {
            return self.solve(id, list, context);
        }
        if rank == 0 {
            let v = self.operand(list[0], context, &[]);
            let expr = match kind {
                Kind::Inverse => self.arena.power(v.expr, &Number::MINUS_ONE),
                Kind::Adjugate | Kind::Eigenvectors => self.arena.ones(&[]),
                Kind::Cholesky => {
                    self.arena.map(MapFunction::Known(self.arena.known.sqrt), &[v.expr])
                }
                Kind::LogDeterminant => {
                    let abs = self.arena.map(MapFunction::Known(self.arena.known.abs), &[v.expr]);
                    self.arena.map(MapFunction::Known(self.arena.known.log), &[abs])
                }
                _ => v.expr,
            };
            return Ok(expr);
        }
        let function = match kind {
            Kind::Cholesky => MatrixFunction::Cholesky,
            Kind::Eigenvalues => MatrixFunction::Eigenvalues,
            Kind::Eigenvectors => MatrixFunction::Eigenvectors,
            Kind::Inverse => MatrixFunction::Inverse,
            Kind::Determinant | Kind::Adjugate => MatrixFunction::Determinant,
            Kind::LogDeterminant => MatrixFunction::LogDeterminant,
            _ => return self.unsupported(id, "this reduction"),
        };
        if !context.free.is_empty() {
            return self.unsupported(id, "a matrix function of an array with free indices");
        }
        let argument = self.value(list[0]);
        let value = self.arena.matrix(function, argument);
        if kind == Kind::Adjugate {
            let inverse = self.arena.matrix(MatrixFunction::Inverse, argument);
            return Ok(self.arena.hadamard(&[value, inverse]));
        }
        Ok(value)
    }
}
