//! Elementwise functions.

use crate::functions::{Function, Kernel, Range};
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::syntax::ast::Comparison;
use crate::tensor::arena::{Arena, MINUS_ONE, ONE, Tag, ZERO};
use crate::tensor::node::{
    Axes, ExprId, MapFunction, MatrixFunction, Network, Node, Operand, Properties, SymbolKind,
    Wires,
};
use smallvec::{SmallVec, smallvec};

impl Arena {
    /// An elementwise function; arguments have one shape, or are scalars.
    pub fn map(&mut self, function: MapFunction, arguments: &[ExprId]) -> ExprId {
        let mut axes = Axes::new();
        let mut list: SmallVec<[ExprId; 4]> = SmallVec::new();
        for &e in arguments {
            if self.rank(e) > 0 {
                axes = self.axes(e).into();
            }
            let e = self.unbroadcast(e).unwrap_or(e);
            list.push(e);
        }
        if !axes.is_empty() && list.iter().all(|&e| self.rank(e) == 0) {
            let scalar = self.map(function, &list);
            return self.broadcast(scalar, &axes);
        }
        if let MapFunction::Compare(Comparison::Greater) = function
            && self.is_triangle(list[0])
            && self.is_zero(list[1])
        {
            // ones and zeros say themselves where they are positive
            return list[0];
        }
        if let MapFunction::Known(f) = function {
            if let Some(result) = self.map_known(f, &list) {
                return result;
            }
        }
        self.intern_map(function, &axes, &list)
    }

    pub(super) fn intern_map(
        &mut self,
        function: MapFunction,
        axes: &[DimId],
        list: &[ExprId],
    ) -> ExprId {
        let mut words: SmallVec<[u32; 8]> = smallvec![self.function_word(function)];
        for e in list {
            words.push(e.0);
        }
        let axes = self.axes_id(axes);
        self.intern(Tag::Map, axes, &words)
    }

    /// Normal forms of known functions: each is an identity of the table `simplify/identities`.
    fn map_known(&mut self, f: &'static Function, list: &[ExprId]) -> Option<ExprId> {
        let k = self.known;
        let x = *list.first()?;
        if list.len() == 1
            && let Some(value) = self.as_number(x)
            && let Some(folded) = fold(f, value)
        {
            return Some(self.number(&folded));
        }
        if f == k.sqrt {
            return Some(self.power(x, &Number::ratio(1, 2)?));
        }
        if f == k.pow {
            let e = self.as_number(list[1])?.clone();
            return Some(self.power(x, &e));
        }
        if f == k.choose {
            return self.choice(list);
        }
        if f == k.max && list.len() == 2 && self.is_zero(x) {
            // max(0, u) = relu(u), at the tie too: both follow 0
            return Some(self.map(MapFunction::Known(k.relu), &[list[1]]));
        }
        if f == k.exp {
            // plain logarithms are those of magnitudes
            return self.as_call(x, k.log).filter(|u| !self.plain || self.is_positive(*u));
        }
        if self.facts && list.len() == 1 && self.is_positive(x) {
            // of a positive argument
            if f == k.relu {
                return Some(x);
            }
            if f == k.step || f == k.sign {
                let axes = Axes::from_slice(self.axes(x));
                return Some(self.ones(&axes));
            }
        }
        if f == k.abs {
            let (c, e) = self.split_scale(x);
            if c != ONE {
                let magnitude = self.number_of(c).abs();
                let inner = self.map(MapFunction::Known(f), &[e]);
                let magnitude = self.number_id(&magnitude);
                return Some(self.scale(magnitude, inner));
            }
            return self.is_positive(x).then_some(x);
        }
        if f == k.log && !self.plain { self.log_of(x) } else { None }
    }

    /// `where(c, 1, 0)` is the comparison itself, as 0 and 1; `where(c, 0, 1)` its complement.
    fn choice(&mut self, list: &[ExprId]) -> Option<ExprId> {
        let [c, a, b] = *list else { return None };
        if a == b && (self.rank(c) == 0 || self.rank(a) == self.rank(c)) {
            return Some(a);
        }
        if !matches!(self.node(c), Node::Map(MapFunction::Compare(_), _)) && !self.is_triangle(c) {
            return None;
        }
        match (self.as_constant(a), self.as_constant(b)) {
            (Some(ONE), Some(ZERO)) => Some(c),
            (Some(ZERO), Some(ONE)) => {
                let axes = Axes::from_slice(self.axes(c));
                let one = self.ones(&axes);
                let list = smallvec![(ONE, one), (MINUS_ONE, c)];
                Some(self.add_ids(&axes, list))
            }
            _ => None,
        }
    }

    fn log_of(&mut self, x: ExprId) -> Option<ExprId> {
        let k = self.known;
        if let Some(u) = self.as_call(x, k.exp) {
            return Some(u);
        }
        if let Some(u) = self.one_plus_exp(x) {
            return Some(self.map(MapFunction::Known(k.softplus), &[u]));
        }
        if let Some((base, e)) = self.as_power(x) {
            let exponent = self.number_of(e).clone();
            // log xⁿ = n log x, but for even n, where x may be negative
            if exponent.as_integer().is_none_or(|n| n % 2 != 0) || self.is_positive(base) {
                let inner = self.map(MapFunction::Known(k.log), &[base]);
                return Some(self.scale(e, inner));
            }
            return None;
        }
        match self.node(x) {
            Node::Named { function, active, arguments } if function == k.softmax => {
                let argument = arguments.get(0);
                Some(self.named(k.logsoftmax, active, &[argument]))
            }
            Node::Einsum(view) => {
                // log Σ exp(z)
                let mut operands = view.operands();
                let (e, wires) = operands.next()?;
                if operands.next().is_some() || view.wires() == view.output().len() {
                    return None;
                }
                let z = self.as_call(e, k.exp)?;
                let output = Wires::from_slice(view.output());
                let wires = Wires::from_slice(wires);
                let (z, active) = self.batch_first(z, &wires, &output)?;
                Some(self.named(k.logsumexp, active, &[z]))
            }
            _ => None,
        }
    }

    /// The argument where this is the known function applied.
    pub(crate) fn as_call(&self, id: ExprId, function: &'static Function) -> Option<ExprId> {
        let (f, ids) = self.as_known_map(id)?;
        (f == function).then(|| ids.get(0))
    }

    /// The `u` of `1 + exp(u)`.
    pub(super) fn one_plus_exp(&self, id: ExprId) -> Option<ExprId> {
        let Node::Add(terms) = self.node(id) else { return None };
        if terms.len() != 2 {
            return None;
        }
        let ((a, x), (b, y)) = (terms.get(0), terms.get(1));
        if a != ONE || b != ONE {
            return None;
        }
        let exp = self.known.exp;
        match (self.is_ones(x), self.is_ones(y)) {
            (true, false) => self.as_call(y, exp),
            (false, true) => self.as_call(x, exp),
            _ => None,
        }
    }

    /// Whether every entry is known to be greater than 0.
    pub(crate) fn is_positive(&self, id: ExprId) -> bool {
        match self.node(id) {
            Node::Symbol(s) => {
                let symbol = self.symbol(s);
                symbol.properties.has(Properties::POSITIVE) || matches!(symbol.kind, SymbolKind::Pi)
            }
            Node::Map(MapFunction::Known(f), _) | Node::Named { function: f, .. } => {
                matches!(f.facts.range, Range::Positive | Range::Unit | Range::AtLeastOne)
            }
            Node::Einsum(view) => {
                view.operands().next().is_none() && view.wires() == view.output().len()
            }
            Node::Matrix(MatrixFunction::Determinant, x) => {
                self.as_symbol(x).is_some_and(|s| self.symbol(s).properties.has(Properties::POSDEF))
            }
            _ => false,
        }
    }

    /// The scalar that every entry of this array is equal to, where that is visible.
    fn unbroadcast(&mut self, id: ExprId) -> Option<ExprId> {
        if self.rank(id) == 0 {
            return Some(id);
        }
        if let Some(c) = self.as_constant(id) {
            let one = self.ones(&[]);
            return Some(self.scale(c, one));
        }
        let (c, e) = self.split_scale(id);
        let Node::Einsum(view) = self.node(e) else { return None };
        if view.wires() != view.output().len() || view.operands().any(|(_, w)| !w.is_empty()) {
            return None;
        }
        let operands =
            view.operands().map(|(e, _)| Operand { expr: e, wires: Wires::new() }).collect();
        let coefficient = self.number_of(c).clone();
        let (output, sizes) = (Wires::new(), SmallVec::new());
        Some(self.einsum(Network { coefficient, operands, output, sizes }))
    }
}

/// The value of a function at 0 or 1 where it is exactly 0, ±1 or ½: at such a point every kernel
/// of the table is exact, and no other function value rounds to these.
fn fold(f: &Function, value: &Number) -> Option<Number> {
    let Kernel::Elementwise(kernel) = f.kernel else { return None };
    let at = value.as_integer()?;
    if !(at == 0 || at == 1) {
        return None;
    }
    let y = (kernel.double)(&[at as f64]);
    let allowed: &[f64] = if at == 0 { &[0.0, 1.0, -1.0, 0.5] } else { &[0.0] };
    allowed.contains(&y).then(|| Number::ratio((2.0 * y) as i64, 2)).flatten()
}
