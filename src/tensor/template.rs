//! Definitions and derivatives of the function table, read once and instantiated as tensors.
//!
//! In a template every operation is elementwise with broadcasting, and `sum(…)` reduces the active
//! axes. A value is an expression whose axes carry wires of one numbering (ascending), so that
//! arrays with leading batch or cotangent axes combine without further ado.

use super::arena::Arena;
use super::node::{
    Axes, ExprId, MapFunction, Network, Operand, Properties, ReduceKind, Symbol, SymbolKind, Wire,
    Wires,
};
use crate::functions::{Function, Kind, Lowering};
use crate::number::Number;
use crate::shape::dim::DimId;
use crate::syntax::ast::{Comparison, Expr, ProductOp, Statement};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::sync::{OnceLock, RwLock};

/// An array whose axes carry these wires, in ascending order.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) expr: ExprId,
    pub(crate) wires: Wires,
}

impl Clone for Value {
    /// The list at once, where a derived `clone` goes element by element.
    fn clone(&self) -> Value {
        Value { expr: self.expr, wires: Wires::from_slice(&self.wires) }
    }
}

/// An operation of a template; operands are earlier positions.
#[derive(Clone, Debug)]
enum Op {
    Parameter(usize),
    Result,
    Cotangent,
    Number(Number),
    Pi,
    Negate(usize),
    Sum(Vec<usize>),
    Product(usize, usize),
    Quotient(usize, usize),
    Power(usize, usize),
    Compare(Comparison, usize, usize),
    Call(&'static Function, Vec<usize>),
    Reduce(usize),
    Count,
}

/// A text of the table, read.
#[derive(Debug)]
pub(crate) struct Template {
    ops: Vec<Op>,
}

/// What a template is instantiated with.
pub(crate) struct Frame<'a> {
    /// The arguments.
    pub(crate) parameters: &'a [Value],
    /// The function's value, where the template may use it.
    pub(crate) value: Option<&'a Value>,
    /// The cotangent of the value, likewise.
    pub(crate) cotangent: Option<&'a Value>,
    /// The wires that `sum` reduces; greater than all others.
    pub(crate) active: &'a [Wire],
    /// The size of every wire.
    pub(crate) sizes: &'a [DimId],
}

/// The template of a text of the table.
///
/// # Panics
/// Where the text cannot be read: a test of the table reads every one.
pub(crate) fn template(text: &'static str, parameters: &[&str]) -> &'static Template {
    static CACHE: OnceLock<RwLock<FxHashMap<(usize, usize), &'static Template>>> = OnceLock::new();
    let cache = CACHE.get_or_init(RwLock::default);
    let key = (text.as_ptr() as usize, text.len());
    if let Some(t) = cache.read().expect("no reader panics").get(&key) {
        return t;
    }
    let read: &'static Template = Box::leak(Box::new(Template::read(text, parameters)));
    cache.write().expect("no writer panics").insert(key, read);
    read
}

impl Template {
    fn read(text: &str, parameters: &[&str]) -> Template {
        let program = crate::syntax::parser::parse(text).expect("texts of the table are readable");
        let [Statement::Expression(root)] = program.statements[..] else {
            panic!("a text of the table is one expression: {text}")
        };
        let mut ops = Vec::new();
        for node in &program.nodes[..=root.0 as usize] {
            let at = |id: &crate::syntax::ast::NodeId| id.0 as usize;
            ops.push(match node {
                Expr::Number(n) => Op::Number(n.clone()),
                Expr::Name(name) => match program.name(*name) {
                    "y" if !parameters.contains(&"y") => Op::Result,
                    "g" if !parameters.contains(&"g") => Op::Cotangent,
                    "pi" => Op::Pi,
                    other => Op::Parameter(
                        parameters
                            .iter()
                            .position(|p| *p == other)
                            .unwrap_or_else(|| panic!("`{other}` in `{text}` is not a parameter")),
                    ),
                },
                Expr::Negate(a) => Op::Negate(at(a)),
                Expr::Sum(list) => Op::Sum(program.list(*list).iter().map(at).collect()),
                Expr::Product(ProductOp::Product | ProductOp::Hadamard, a, b) => {
                    Op::Product(at(a), at(b))
                }
                Expr::Product(_, a, b) => Op::Quotient(at(a), at(b)),
                Expr::Power(a, b) | Expr::ElementPower(a, b) => Op::Power(at(a), at(b)),
                Expr::Compare(c, a, b) => Op::Compare(*c, at(a), at(b)),
                Expr::Call { function, arguments, .. } => {
                    let list = program.list(*arguments);
                    match program.name(*function) {
                        "sum" => Op::Reduce(at(&list[0])),
                        "count" => Op::Count,
                        name => Op::Call(
                            crate::functions::find(name)
                                .unwrap_or_else(|| panic!("`{name}` in `{text}` is unknown")),
                            list.iter().map(at).collect(),
                        ),
                    }
                }
                other => panic!("{other:?} in `{text}` has no meaning in a template"),
            });
        }
        Template { ops }
    }
}

impl Arena {
    /// What a template says entry by entry, of scalars and arrays of one shape; `None` where it is
    /// more than that. The same as [`Arena::instantiate`] without wires.
    pub(crate) fn instantiate_entrywise(
        &mut self,
        template: &Template,
        parameters: &[ExprId],
        value: Option<ExprId>,
    ) -> Option<ExprId> {
        let mut values: SmallVec<[ExprId; 16]> = SmallVec::new();
        for op in &template.ops {
            let made = match op {
                Op::Parameter(i) => parameters[*i],
                Op::Result => value?,
                Op::Number(n) => self.number(n),
                Op::Pi => self.pi(),
                Op::Negate(a) => self.negate(values[*a]),
                Op::Sum(list) => {
                    let terms: SmallVec<[ExprId; 8]> = list.iter().map(|i| values[*i]).collect();
                    self.entrywise_sum(terms)
                }
                Op::Product(a, b) => self.hadamard(&[values[*a], values[*b]]),
                Op::Quotient(a, b) => {
                    let inverse = self.power(values[*b], &Number::MINUS_ONE);
                    self.hadamard(&[values[*a], inverse])
                }
                Op::Power(a, b) => {
                    self.map(MapFunction::Known(self.known.pow), &[values[*a], values[*b]])
                }
                Op::Compare(c, a, b) => {
                    self.map(MapFunction::Compare(*c), &[values[*a], values[*b]])
                }
                Op::Call(f, list) => {
                    let arguments: SmallVec<[ExprId; 4]> =
                        list.iter().map(|i| values[*i]).collect();
                    match f.lowering_for(arguments.len()) {
                        Lowering::Primitive(_) => self.map(MapFunction::Known(f), &arguments),
                        Lowering::Definition(text) => {
                            let inner = self::template(text, f.parameters);
                            self.instantiate_entrywise(inner, &arguments, None)?
                        }
                        _ => return None,
                    }
                }
                Op::Cotangent | Op::Reduce(_) | Op::Count => return None,
            };
            values.push(made);
        }
        values.pop()
    }

    /// The sum of scalars and arrays of one shape, each scalar in every entry.
    fn entrywise_sum(&mut self, mut terms: SmallVec<[ExprId; 8]>) -> ExprId {
        if let Some(array) = terms.iter().copied().find(|e| self.rank(*e) > 0) {
            let axes = Axes::from_slice(self.axes(array));
            for term in &mut terms {
                *term = self.broadcast(*term, &axes);
            }
        }
        self.sum_of(&terms)
    }

    /// Builds what a template says.
    pub(crate) fn instantiate(&mut self, template: &Template, frame: &Frame<'_>) -> Value {
        let mut values: SmallVec<[Value; 16]> = SmallVec::new();
        for op in &template.ops {
            let value = match op {
                Op::Parameter(i) => frame.parameters[*i].clone(),
                Op::Result => frame.value.expect("the value is given").clone(),
                Op::Cotangent => frame.cotangent.expect("the cotangent is given").clone(),
                Op::Number(n) => self.scalar_value(n),
                Op::Pi => Value { expr: self.pi(), wires: Wires::new() },
                Op::Negate(a) => {
                    let v = &values[*a];
                    Value { expr: self.negate(v.expr), wires: Wires::from_slice(&v.wires) }
                }
                Op::Sum(list) => {
                    let terms: SmallVec<[Value; 4]> =
                        list.iter().map(|i| values[*i].clone()).collect();
                    self.value_sum(&terms, frame.sizes)
                }
                Op::Product(a, b) => self.value_product(&values[*a], &values[*b], frame.sizes),
                Op::Quotient(a, b) => {
                    let (a, b) = (values[*a].clone(), values[*b].clone());
                    self.value_quotient(&a, &b, frame.sizes)
                }
                Op::Power(a, b) => {
                    let pair = [values[*a].clone(), values[*b].clone()];
                    self.value_map(MapFunction::Known(self.known.pow), &pair, frame.sizes)
                }
                Op::Compare(c, a, b) => {
                    let pair = [values[*a].clone(), values[*b].clone()];
                    self.value_map(MapFunction::Compare(*c), &pair, frame.sizes)
                }
                Op::Call(f, list) => {
                    let arguments: SmallVec<[Value; 4]> =
                        list.iter().map(|i| values[*i].clone()).collect();
                    self.value_call(f, &arguments, frame.active, frame.sizes)
                }
                Op::Reduce(a) => self.value_reduce(&values[*a], frame.active, frame.sizes),
                Op::Count => self.count(frame.active, frame.sizes),
            };
            values.push(value);
        }
        values.pop().expect("a template is not empty")
    }

    /// A number as a value without axes.
    pub(crate) fn scalar_value(&mut self, n: &Number) -> Value {
        Value { expr: self.number(n), wires: Wires::new() }
    }

    /// The number of entries that the active axes have.
    fn count(&mut self, active: &[Wire], sizes: &[DimId]) -> Value {
        let sizes = active.iter().map(|w| sizes[*w as usize]).collect();
        let (operands, output) = (SmallVec::new(), Wires::new());
        let expr = self.einsum(Network { coefficient: Number::ONE, operands, output, sizes });
        Value { expr, wires: Wires::new() }
    }

    /// All wires of some values, ascending.
    pub(crate) fn union_wires(values: &[Value]) -> Wires {
        let mut all = Wires::new();
        for w in values.iter().flat_map(|v| &v.wires) {
            if !all.contains(w) {
                all.push(*w);
            }
        }
        all.sort_unstable();
        all
    }

    /// The entry-by-entry product.
    pub(crate) fn value_product(&mut self, a: &Value, b: &Value, sizes: &[DimId]) -> Value {
        if b.wires.is_empty() || a.wires.is_empty() || a.wires == b.wires {
            let wires = if a.wires.is_empty() { &b.wires } else { &a.wires };
            let expr = self.hadamard(&[a.expr, b.expr]);
            return Value { expr, wires: Wires::from_slice(wires) };
        }
        let output = Arena::union_wires(&[a.clone(), b.clone()]);
        self.contract(&[a.clone(), b.clone()], &output, sizes)
    }

    /// The sum over all wires but those of `output` of the product.
    pub(crate) fn contract(&mut self, values: &[Value], output: &[Wire], sizes: &[DimId]) -> Value {
        let operands = values
            .iter()
            .map(|v| Operand { expr: v.expr, wires: Wires::from_slice(&v.wires) })
            .collect();
        let network = Network {
            coefficient: Number::ONE,
            operands,
            output: Wires::from_slice(output),
            sizes: SmallVec::from_slice(sizes),
        };
        Value { expr: self.einsum(network.dense()), wires: Wires::from_slice(output) }
    }

    /// The entry-by-entry quotient.
    pub(crate) fn value_quotient(&mut self, a: &Value, b: &Value, sizes: &[DimId]) -> Value {
        let inverse = Value {
            expr: self.power(b.expr, &Number::MINUS_ONE),
            wires: Wires::from_slice(&b.wires),
        };
        self.value_product(a, &inverse, sizes)
    }

    /// The value repeated along the wires that it lacks.
    pub(crate) fn value_broadcast(&mut self, v: &Value, wires: &[Wire], sizes: &[DimId]) -> Value {
        if v.wires[..] == *wires {
            return v.clone();
        }
        self.contract(std::slice::from_ref(v), wires, sizes)
    }

    /// The sum with broadcasting.
    pub(crate) fn value_sum(&mut self, terms: &[Value], sizes: &[DimId]) -> Value {
        let wires = Arena::union_wires(terms);
        let list: SmallVec<[ExprId; 8]> =
            terms.iter().map(|t| self.value_broadcast(t, &wires, sizes).expr).collect();
        Value { expr: self.sum_of(&list), wires }
    }

    /// An elementwise function with broadcasting.
    pub(crate) fn value_map(&mut self, f: MapFunction, list: &[Value], sizes: &[DimId]) -> Value {
        if let [one] = list {
            return Value { expr: self.map(f, &[one.expr]), wires: Wires::from_slice(&one.wires) };
        }
        let wires = Arena::union_wires(list);
        let arguments: SmallVec<[ExprId; 4]> = list
            .iter()
            .map(|v| {
                if v.wires.is_empty() {
                    v.expr
                } else {
                    self.value_broadcast(v, &wires, sizes).expr
                }
            })
            .collect();
        Value { expr: self.map(f, &arguments), wires }
    }

    /// The sum over the active wires; one that the value lacks counts as its size.
    pub(crate) fn value_reduce(&mut self, v: &Value, active: &[Wire], sizes: &[DimId]) -> Value {
        let keep: Wires = v.wires.iter().copied().filter(|w| !active.contains(w)).collect();
        let sum = self.contract(std::slice::from_ref(v), &keep, sizes);
        let missing: Wires = active.iter().copied().filter(|w| !v.wires.contains(w)).collect();
        if missing.is_empty() {
            return sum;
        }
        let count = self.count(&missing, sizes);
        self.value_product(&sum, &count, sizes)
    }

    /// A function of the table that works elementwise or along the active axes.
    pub(crate) fn value_call(
        &mut self,
        f: &'static Function,
        arguments: &[Value],
        active: &[Wire],
        sizes: &[DimId],
    ) -> Value {
        match f.lowering_for(arguments.len()) {
            Lowering::Primitive(_) => self.value_map(MapFunction::Known(f), arguments, sizes),
            Lowering::Definition(text) => {
                let template = template(text, f.parameters);
                let frame =
                    Frame { parameters: arguments, value: None, cotangent: None, active, sizes };
                self.instantiate(template, &frame)
            }
            Lowering::Sum => self.value_reduce(&arguments[0], active, sizes),
            Lowering::Named { .. } => self.value_named(f, arguments, active, sizes),
            Lowering::Node(kind) => {
                let kind = match kind {
                    Kind::Maximum => ReduceKind::Maximum,
                    Kind::Minimum => ReduceKind::Minimum,
                    Kind::MaximumMask => ReduceKind::ArgMaximum,
                    Kind::MinimumMask => ReduceKind::ArgMinimum,
                    _ => ReduceKind::Product,
                };
                let v = &arguments[0];
                let count = v.wires.iter().filter(|w| active.contains(w)).count();
                let expr = self.reduce(kind, count as u32, v.expr);
                let keep = Wires::from_slice(&v.wires[..self.rank(expr)]);
                Value { expr, wires: keep }
            }
            _ => panic!("`{}` has no elementwise or axiswise meaning", f.name),
        }
    }

    fn value_named(
        &mut self,
        f: &'static Function,
        arguments: &[Value],
        active: &[Wire],
        sizes: &[DimId],
    ) -> Value {
        let mut wires = Arena::union_wires(arguments);
        for w in active {
            if !wires.contains(w) {
                wires.push(*w);
            }
        }
        let mut list: SmallVec<[ExprId; 4]> = SmallVec::new();
        for (position, v) in arguments.iter().enumerate() {
            let scalar = v.wires.is_empty() && position > 0;
            list.push(if scalar { v.expr } else { self.value_broadcast(v, &wires, sizes).expr });
        }
        let expr = self.named(f, active.len() as u32, &list);
        wires.truncate(self.rank(expr));
        Value { expr, wires }
    }

    /// π
    pub(crate) fn pi(&mut self) -> ExprId {
        if let Some(id) = self.pi_symbol {
            return id;
        }
        let symbol = Symbol {
            properties: Properties::POSITIVE,
            order: 0,
            ..Symbol::new("pi".into(), SymbolKind::Pi)
        };
        let id = self.symbol_expr(symbol, &[]);
        self.pi_symbol = Some(id);
        id
    }
}

/// Wires `from..to` as a list.
pub(crate) fn range(from: usize, to: usize) -> Wires {
    const FIRST: [Wire; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    match FIRST.get(from..to) {
        Some(few) => Wires::from_slice(few),
        None => (from as u32..to as u32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_of_elementwise_functions_are_elementwise() {
        for axes in [&[][..], &[DimId(5)]] {
            let mut arena = Arena::new();
            let mut symbol = |name: String| {
                arena.symbol_expr(Symbol::new(name.as_str().into(), SymbolKind::Shared), axes)
            };
            let list: Vec<ExprId> = (0..4).map(|k| symbol(format!("x{k}"))).collect();
            let value = symbol("y".into());
            for f in crate::functions::all() {
                for count in (1..=list.len()).filter(|n| f.accepts(*n)) {
                    let Lowering::Primitive(texts) = f.lowering_for(count) else { continue };
                    for text in texts.iter().filter(|text| **text != "0") {
                        let t = template(text, f.parameters);
                        let made = arena.instantiate_entrywise(t, &list[..count], Some(value));
                        let made = made.unwrap_or_else(|| panic!("`{}`: `{text}`", f.name));
                        assert!([0, axes.len()].contains(&arena.rank(made)));
                    }
                }
            }
        }
    }
}
