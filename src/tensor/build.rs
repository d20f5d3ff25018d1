//! The constructors of every node but the einsum: each returns the normal form.

use super::arena::{Arena, MINUS_ONE, ONE, Tag, ZERO, reduce_word};
use super::node::{
    Axes, ExprId, MapFunction, MatrixFunction, Network, Node, NumberId, Operand, ReduceKind,
    SymbolId, WindowKind, Wires,
};
use crate::functions::{Function, Kernel};
use crate::number::Number;
use crate::shape::dim::DimId;
use smallvec::{SmallVec, smallvec};

/// A sum with more terms than this is kept as one term when it stands in another sum, so that
/// sums nested to any depth are built in linear time.
const FLATTEN_TERMS: usize = 256;

/// Terms of a sum under construction.
pub(crate) type TermList = SmallVec<[(NumberId, ExprId); 8]>;

impl Arena {
    /// The product of two interned numbers.
    pub(crate) fn multiply(&mut self, a: NumberId, b: NumberId) -> NumberId {
        match (a, b) {
            (ONE, x) | (x, ONE) => x,
            (ZERO, _) | (_, ZERO) => ZERO,
            _ => {
                let product = self.number_of(a).mul(self.number_of(b));
                self.number_id(&product)
            }
        }
    }

    /// The sum of two interned numbers.
    pub(crate) fn plus(&mut self, a: NumberId, b: NumberId) -> NumberId {
        if a == ZERO {
            return b;
        }
        let sum = self.number_of(a).add(self.number_of(b));
        self.number_id(&sum)
    }

    /// Zero with these axes.
    pub fn zero(&mut self, axes: &[DimId]) -> ExprId {
        let axes = self.axes_id(axes);
        self.intern(Tag::Add, axes, &[])
    }

    /// The array of ones with these axes; the number 1 without any.
    pub fn ones(&mut self, axes: &[DimId]) -> ExprId {
        let n = axes.len() as u32;
        let mut words: SmallVec<[u32; 16]> = smallvec![n, n];
        words.extend(axes.iter().map(|d| d.0));
        words.extend(0..n);
        let axes = self.axes_id(axes);
        self.intern(Tag::Einsum, axes, &words)
    }

    /// The identity matrix: axes `[n, n]`.
    pub fn identity(&mut self, dim: DimId) -> ExprId {
        let axes = self.axes_id(&[dim, dim]);
        self.intern(Tag::Einsum, axes, &[2, 1, dim.0, 0, 0])
    }

    /// A number as a scalar.
    pub fn number(&mut self, value: &Number) -> ExprId {
        let id = self.number_id(value);
        let one = self.ones(&[]);
        self.scale(id, one)
    }

    /// Whether this is an array of ones (or the number 1).
    pub fn is_ones(&self, id: ExprId) -> bool {
        self.tag(id) == Tag::Einsum && {
            let w = self.payload(id);
            w[0] == w[1] && w.len() == 2 + 2 * w[0] as usize && w[0] as usize == self.rank(id)
        }
    }

    /// Whether this is zero.
    pub fn is_zero(&self, id: ExprId) -> bool {
        self.tag(id) == Tag::Add && self.payload(id).is_empty()
    }

    /// The value where this is a constant array: every entry the same number.
    pub(crate) fn as_constant(&self, id: ExprId) -> Option<NumberId> {
        match self.tag(id) {
            Tag::Einsum => self.is_ones(id).then_some(ONE),
            Tag::Add => match self.payload(id) {
                [] => Some(ZERO),
                [c, e] => self.is_ones(ExprId(*e)).then_some(NumberId(*c)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The number that a scalar is, if it is one.
    pub fn as_number(&self, id: ExprId) -> Option<&Number> {
        if self.rank(id) != 0 {
            return None;
        }
        self.as_constant(id).map(|c| self.number_of(c))
    }

    /// Coefficient and expression: `2·x` is `(2, x)`.
    pub(crate) fn split_scale(&self, id: ExprId) -> (NumberId, ExprId) {
        match self.tag(id) {
            Tag::Add => match self.payload(id) {
                [c, e] => (NumberId(*c), ExprId(*e)),
                _ => (ONE, id),
            },
            _ => (ONE, id),
        }
    }

    /// A multiple.
    pub(crate) fn scale(&mut self, c: NumberId, e: ExprId) -> ExprId {
        match c {
            ONE => e,
            _ => {
                let axes = self.axes_of(e);
                self.add_terms(axes, smallvec![(c, e)])
            }
        }
    }

    /// The same with the other sign.
    pub fn negate(&mut self, e: ExprId) -> ExprId {
        self.scale(MINUS_ONE, e)
    }

    /// A linear combination of expressions with these axes.
    ///
    /// # Panics
    /// Where a term has other axes (a broken invariant: shapes are checked before lowering).
    pub fn add(&mut self, axes: &[DimId], terms: &[(Number, ExprId)]) -> ExprId {
        let list = terms.iter().map(|(c, e)| (self.number_id(c), *e)).collect();
        let axes = self.axes_id(axes);
        self.add_terms(axes, list)
    }

    /// A plain sum.
    pub(crate) fn sum_of(&mut self, terms: &[ExprId]) -> ExprId {
        let axes = self.axes_of(terms[0]);
        self.add_terms(axes, terms.iter().map(|&e| (ONE, e)).collect())
    }

    pub(crate) fn add_ids(&mut self, axes: &[DimId], list: TermList) -> ExprId {
        let axes = self.axes_id(axes);
        self.add_terms(axes, list)
    }

    pub(super) fn add_terms(&mut self, axes: super::arena::AxesId, terms: TermList) -> ExprId {
        let mut flat: TermList = SmallVec::with_capacity(terms.len());
        for (c, e) in terms {
            assert!(self.axes_of(e) == axes, "terms of a sum have one shape");
            if self.tag(e) == Tag::Add && self.payload(e).len() <= 2 * FLATTEN_TERMS {
                for at in 0..self.payload(e).len() / 2 {
                    let w = self.payload(e);
                    let (d, inner) = (NumberId(w[2 * at]), ExprId(w[2 * at + 1]));
                    flat.push((self.multiply(c, d), inner));
                }
            } else {
                flat.push((c, e));
            }
        }
        if flat.len() > 1 {
            flat.sort_unstable_by_key(|&(_, e)| (self.fingerprint(e), e.0));
            let mut kept = 0;
            for at in 1..flat.len() {
                if flat[at].1 == flat[kept].1 {
                    flat[kept].0 = self.plus(flat[kept].0, flat[at].0);
                } else {
                    kept += 1;
                    flat[kept] = flat[at];
                }
            }
            flat.truncate(kept + 1);
        }
        flat.retain(|t| t.0 != ZERO);
        if let [(ONE, e)] = flat[..] {
            return e;
        }
        let words: SmallVec<[u32; 16]> = flat.iter().flat_map(|(c, e)| [c.0, e.0]).collect();
        self.intern(Tag::Add, axes, &words)
    }

    /// A sum as a multiple of a sum with coprime integer coefficients, that of the term
    /// which is printed first positive.
    pub(super) fn primitive(&mut self, id: ExprId) -> (NumberId, ExprId) {
        let Node::Add(terms) = self.node(id) else { return (ONE, id) };
        if terms.len() < 2 {
            return (ONE, id);
        }
        // the term that is printed first is positive, a constant before all
        let lead = (0..terms.len())
            .min_by_key(|at| {
                let (_, e) = terms.get(*at);
                (!self.is_ones(e), self.key(e), self.fingerprint(e))
            })
            .unwrap_or(0);
        let first = self.number_of(terms.get(lead).0);
        let plain = terms.iter().all(|(c, _)| c == ONE || c == MINUS_ONE);
        if plain && !first.is_negative() {
            return (ONE, id);
        }
        let content = if plain {
            Number::ONE
        } else {
            let mut content: Option<(i64, i64)> = Some((0, 1));
            for (c, _) in terms.iter() {
                content = content.zip(self.number_of(c).small()).and_then(|((g, l), (n, d))| {
                    Some((num_integer::gcd(g, n), (l / num_integer::gcd(l, d)).checked_mul(d)?))
                });
            }
            content.and_then(|(g, l)| Number::ratio(g, l)).unwrap_or(Number::ONE)
        };
        let content = if first.is_negative() { content.neg() } else { content };
        if content.is_one() {
            return (ONE, id);
        }
        let inverse = content.recip().expect("a content is not zero");
        let list: TermList = {
            let pairs: TermList = terms.iter().collect();
            let inverse = self.number_id(&inverse);
            pairs.into_iter().map(|(c, e)| (self.multiply(c, inverse), e)).collect()
        };
        let axes = self.axes_of(id);
        (self.number_id(&content), self.add_terms(axes, list))
    }

    /// Base and exponent where this is a power with a constant exponent.
    pub(crate) fn as_power(&self, id: ExprId) -> Option<(ExprId, NumberId)> {
        let Node::Map(MapFunction::Known(f), ids) = self.node(id) else { return None };
        if f != self.known.pow {
            return None;
        }
        Some((ids.get(0), self.as_constant(ids.get(1))?))
    }

    /// Base and exponent of a call of `pow` with a constant exponent.
    pub(crate) fn as_power_call(
        &self,
        function: &'static Function,
        list: &[ExprId],
    ) -> Option<(ExprId, NumberId)> {
        if function != self.known.pow {
            return None;
        }
        Some((list[0], self.as_constant(list[1])?))
    }

    /// The argument where this is the known function applied.
    pub(crate) fn as_call(&self, id: ExprId, function: &'static Function) -> Option<ExprId> {
        match self.node(id) {
            Node::Map(MapFunction::Known(f), ids) if f == function => Some(ids.get(0)),
            _ => None,
        }
    }

    /// An elementwise power with a constant exponent, in normal form: powers of powers, of
    /// multiples and of elementwise products are resolved where the identity holds everywhere.
    pub fn power(&mut self, base: ExprId, exponent: &Number) -> ExprId {
        let axes: Axes = self.axes(base).into();
        if exponent.is_zero() {
            return self.ones(&axes);
        }
        if exponent.is_one() {
            return base;
        }
        if let Some(value) = self.as_constant(base) {
            let value = self.number_of(value).clone();
            if let Some(result) = exact_power(&value, exponent) {
                let (c, one) = (self.number_id(&result), self.ones(&axes));
                return self.scale(c, one);
            }
            if !axes.is_empty() {
                let scalar = self.number(&value);
                let scalar = self.power(scalar, exponent);
                return self.broadcast(scalar, &axes);
            }
        }
        if let Some(power) = self.power_of(base, exponent, &axes) {
            return power;
        }
        let e = self.number(exponent);
        self.intern_map(MapFunction::Known(self.known.pow), &axes, &[base, e])
    }

    fn power_of(&mut self, base: ExprId, exponent: &Number, axes: &Axes) -> Option<ExprId> {
        let integer = exponent.as_integer();
        if let Some((inner, e)) = self.as_power(base) {
            let e = self.number_of(e).clone();
            // (xᵃ)ᵇ = xᵃᵇ for integer b; and for any b where xᵃ is defined for x > 0 alone
            if integer.is_some() || !e.is_integer() || self.is_positive(inner) {
                return Some(self.power(inner, &e.mul(exponent)));
            }
        }
        if let Some(u) = self.as_call(base, self.known.exp) {
            let c = self.number_id(exponent);
            let u = self.scale(c, u);
            return Some(self.map(MapFunction::Known(self.known.exp), &[u]));
        }
        if let Node::Named { function, .. } = self.node(base)
            && function == self.known.softmax
        {
            return None;
        }
        if let (Some(e), Some(arg)) = (integer, self.as_call(base, self.known.abs))
            && e % 2 == 0
        {
            return Some(self.power(arg, exponent));
        }
        let (c, e) = self.split_scale(base);
        if c != ONE {
            let value = self.number_of(c).clone();
            if let Some(factor) = exact_power(&value, exponent)
                && (integer.is_some() || !value.is_negative())
            {
                let power = self.power(e, exponent);
                let factor = self.number_id(&factor);
                return Some(self.scale(factor, power));
            }
            return None;
        }
        if integer == Some(-1)
            && let Some(u) = self.one_plus_exp(base)
        {
            let v = self.negate(u);
            return Some(self.map(MapFunction::Known(self.known.sigmoid), &[v]));
        }
        match self.node(base) {
            Node::Add(_) if integer.is_some() => {
                let (c, primitive) = self.primitive(base);
                if c == ONE {
                    return None;
                }
                let power = self.power(primitive, exponent);
                let factor = exact_power(&self.number_of(c).clone(), exponent)?;
                let factor = self.number_id(&factor);
                Some(self.scale(factor, power))
            }
            Node::Einsum(view) => {
                let distinct = view.wires() == view.output().len();
                let several = view.operands().count() > 0;
                let each = integer.is_some()
                    || view.operands().all(|(e, _)| self.is_positive(e) || self.rank(e) > 64);
                if !(distinct && several && each) {
                    return None;
                }
                let factors: SmallVec<[(ExprId, Wires); 4]> =
                    view.operands().map(|(e, w)| (e, w.into())).collect();
                let output: Wires = view.output().into();
                let mut operands = SmallVec::new();
                for (e, wires) in factors {
                    operands.push(Operand { expr: self.power(e, exponent), wires });
                }
                let sizes = wire_sizes(axes, &output);
                Some(self.einsum(Network { coefficient: Number::ONE, operands, output, sizes }))
            }
            _ => None,
        }
    }

    /// The `u` of `1 + exp(u)`.
    fn one_plus_exp(&self, id: ExprId) -> Option<ExprId> {
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
        use crate::functions::Range;
        match self.node(id) {
            Node::Symbol(s) => {
                let symbol = self.symbol(s);
                symbol.properties.positive || matches!(symbol.kind, super::node::SymbolKind::Pi)
            }
            Node::Map(MapFunction::Known(f), _) | Node::Named { function: f, .. } => {
                matches!(f.facts.range, Range::Positive | Range::Unit | Range::AtLeastOne)
            }
            Node::Einsum(view) => {
                view.operands().next().is_none() && view.wires() == view.output().len()
            }
            _ => false,
        }
    }

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
        if let MapFunction::Known(f) = function {
            if let Some(result) = self.map_known(f, &list) {
                return result;
            }
        }
        self.intern_map(function, &axes, &list)
    }

    fn intern_map(&mut self, function: MapFunction, axes: &[DimId], list: &[ExprId]) -> ExprId {
        let mut words: SmallVec<[u32; 8]> = smallvec![self.function_word(function)];
        words.extend(list.iter().map(|e| e.0));
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
            return self.as_call(x, k.log);
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
        if f == k.log { self.log_of(x) } else { None }
    }

    /// `where(c, 1, 0)` is the comparison itself, as 0 and 1; `where(c, 0, 1)` its complement.
    fn choice(&mut self, list: &[ExprId]) -> Option<ExprId> {
        let [c, a, b] = *list else { return None };
        if a == b && (self.rank(c) == 0 || self.rank(a) == self.rank(c)) {
            return Some(a);
        }
        if !matches!(self.node(c), Node::Map(MapFunction::Compare(_), _)) {
            return None;
        }
        match (self.as_constant(a), self.as_constant(b)) {
            (Some(ONE), Some(ZERO)) => Some(c),
            (Some(ZERO), Some(ONE)) => {
                let axes: Axes = self.axes(c).into();
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
                let output: Wires = view.output().into();
                let wires: Wires = wires.into();
                let (z, active) = self.batch_first(z, &wires, &output)?;
                Some(self.named(k.logsumexp, active, &[z]))
            }
            _ => None,
        }
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
        let axes: Axes = first[..keep].into();
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
        let axes: Axes = axes[..keep].into();
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
        let axes: Axes = self.axes(argument).into();
        if let Some(result) = self.matrix_normal(function, argument, &axes) {
            return result;
        }
        let axes = match function {
            MatrixFunction::Inverse => self.axes_id(&axes),
            _ => self.axes_id(&[]),
        };
        self.intern(Tag::Matrix, axes, &[function as u32, argument.0])
    }

    fn matrix_normal(&mut self, f: MatrixFunction, x: ExprId, axes: &Axes) -> Option<ExprId> {
        match self.node(x) {
            // (X')⁻¹ = (X⁻¹)', det X' = det X
            Node::Einsum(view) => {
                let mut operands = view.operands();
                let Some((e, wires)) = operands.next() else {
                    return (view.wires() == 1).then(|| match f {
                        MatrixFunction::Inverse => x,
                        MatrixFunction::Determinant => self.ones(&[]),
                        MatrixFunction::LogDeterminant => self.zero(&[]),
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
                MatrixFunction::LogDeterminant => {
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
        let inner: Axes = self.axes(argument).into();
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
        let mut operands = SmallVec::new();
        for &e in factors {
            let wires = (0..self.rank(e) as u32).collect();
            if self.rank(e) > 0 {
                axes = self.axes(e).into();
            }
            operands.push(Operand { expr: e, wires });
        }
        let output = (0..axes.len() as u32).collect();
        let sizes = axes.iter().copied().collect();
        self.einsum(Network { coefficient: Number::ONE, operands, output, sizes })
    }
}

/// The size of each wire of an output without repetition.
fn wire_sizes(axes: &[DimId], output: &[u32]) -> SmallVec<[DimId; 8]> {
    let mut sizes: SmallVec<[DimId; 8]> = smallvec![DimId(0); axes.len()];
    for (w, d) in output.iter().zip(axes) {
        sizes[*w as usize] = *d;
    }
    sizes
}

/// `value^exponent` where that is rational.
fn exact_power(value: &Number, exponent: &Number) -> Option<Number> {
    if let Some(e) = exponent.as_integer() {
        return value.pow(e);
    }
    let (p, q) = exponent.small()?;
    if value.is_zero() {
        return (p > 0).then_some(Number::ZERO);
    }
    let (n, d) = value.small()?;
    let root = |n: i64| {
        let r = (n as f64).powf(1.0 / q as f64).round() as i64;
        (n >= 0 && r.checked_pow(u32::try_from(q).ok()?)? == n).then_some(r)
    };
    Number::ratio(root(n)?, root(d)?)?.pow(p)
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
