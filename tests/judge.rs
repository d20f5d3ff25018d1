//! The judge against the given cases: the objective's value at the case's point.
//!
//! Shapes are the ones that a case states of its variables, carried upwards node by node, so that
//! a mistake of inference cannot hide one of the evaluator.

use derive::functions::{self, Signature, Special};
use derive::numeric::compare::relative_error;
use derive::numeric::eval::evaluate;
use derive::numeric::point;
use derive::shape::dim::{DimId, Dims};
use derive::shape::typed::{
    Definition, DefinitionId, Fill, Index, IndexId, Item, Meaning, Origin, Shape, Typed, Unknown,
    UnknownId, Variable, VariableId,
};
use derive::syntax::ast::{Expr, NameId, NodeId, ProductOp, Statement};
use derive::syntax::parser::parse_with;
use serde_json::Value;
use std::collections::HashMap;

/// Shapes from the bottom up, given those of the variables.
struct Upwards {
    typed: Typed,
    variables: HashMap<NameId, VariableId>,
    definitions: HashMap<NameId, DefinitionId>,
    bound: Vec<HashMap<NameId, IndexId>>,
}

fn dim(dims: &mut Dims, name: &str) -> DimId {
    match name.parse() {
        Ok(n) => dims.number(n),
        Err(_) => dims.name(name),
    }
}

fn typed(case: &Value) -> Result<Typed, String> {
    let shape = case["shape"].as_str().filter(|s| !s.is_empty());
    let text = case["program"].as_str().ok_or("no program")?;
    let program = parse_with(shape, text).map_err(|e| e.to_string())?;
    let n = program.nodes.len();
    let mut up = Upwards {
        typed: Typed {
            program,
            dims: Dims::default(),
            shapes: vec![Shape::default(); n],
            meanings: vec![Meaning::Plain; n],
            free: vec![Default::default(); n],
            variables: vec![],
            definitions: vec![],
            unknowns: vec![],
            indices: vec![],
            items: vec![],
        },
        variables: HashMap::new(),
        definitions: HashMap::new(),
        bound: vec![HashMap::new(); n],
    };
    for (name, axes) in case["vars"].as_object().ok_or("no vars")? {
        let id = up
            .typed
            .program
            .names
            .iter()
            .zip(&up.typed.program.written)
            .position(|(c, w)| c == name || w == name)
            .ok_or(format!("no {name}"))?;
        let axes =
            axes.as_array().unwrap().iter().map(|d| dim(&mut up.typed.dims, d.as_str().unwrap()));
        let axes = axes.collect();
        up.variables.insert(NameId(id as u32), VariableId(up.typed.variables.len() as u32));
        up.typed.variables.push(Variable {
            name: NameId(id as u32),
            shape: Shape { axes, row: false },
            attributes: vec![],
            origin: Origin::Declared,
        });
    }
    up.bind();
    let mut bodies: HashMap<NodeId, NameId> = HashMap::new();
    for s in &up.typed.program.statements {
        if let Statement::Definition { name, body, .. } = s {
            bodies.insert(*body, *name);
        }
    }
    for k in 0..n {
        let id = NodeId(k as u32);
        up.node(id)?;
        if let Some(&name) = bodies.get(&id) {
            let d = DefinitionId(up.typed.definitions.len() as u32);
            let mut shape = up.typed.shapes[k].clone();
            shape.row = false;
            up.definitions.insert(name, d);
            up.typed.definitions.push(Definition { name, shape, indices: vec![], body: id });
            up.typed.items.push(Item::Definition(d));
        }
    }
    if let Some(Statement::Expression(id)) = up.typed.program.statements.last() {
        let free = up.typed.free(*id).to_vec();
        up.typed.items.push(Item::Expression(*id, free));
    }
    Ok(up.typed)
}

impl Upwards {
    /// Index names, from sums downwards.
    fn bind(&mut self) {
        for k in (0..self.typed.program.nodes.len()).rev() {
            let program = &self.typed.program;
            let mut scope = self.bound[k].clone();
            if let Expr::IndexSum(list, _) = &program.nodes[k] {
                for name in program.list(*list) {
                    if let Expr::Name(name) = program.node(*name) {
                        let i = IndexId(self.typed.indices.len() as u32);
                        self.typed.indices.push(Index { name: *name, dim: DimId(u32::MAX) });
                        scope.insert(*name, i);
                    }
                }
            }
            let mut children = vec![];
            program.for_each_child(NodeId(k as u32), |c| children.push(c));
            for c in children {
                self.bound[c.0 as usize] = scope.clone();
            }
        }
    }

    fn node(&mut self, id: NodeId) -> Result<(), String> {
        let k = id.0 as usize;
        let mut free: Vec<IndexId> = vec![];
        self.typed.program.for_each_child(id, |c| {
            for i in &self.typed.free[c.0 as usize] {
                if !free.contains(i) {
                    free.push(*i);
                }
            }
        });
        let shape = |c: NodeId| self.typed.shapes[c.0 as usize].clone();
        let larger = |children: &[NodeId]| {
            children.iter().map(|c| shape(*c)).max_by_key(|s| (s.axes.len(), s.row)).unwrap()
        };
        let mut meaning = Meaning::Plain;
        let scalar = Shape::default();
        let of = |axes: &[DimId]| Shape { axes: axes.iter().copied().collect(), row: false };
        let expr = self.typed.program.nodes[k].clone();
        let result = match expr {
            Expr::Number(_) => scalar,
            Expr::Name(name) => {
                let text = self.typed.program.name(name);
                if let Some(i) = self.bound[k].get(&name) {
                    meaning = Meaning::Index(*i);
                    scalar
                } else if let Some(v) = self.variables.get(&name) {
                    meaning = Meaning::Variable(*v);
                    self.typed.variables[v.0 as usize].shape.clone()
                } else if let Some(d) = self.definitions.get(&name) {
                    meaning = Meaning::Definition(*d);
                    self.typed.definitions[d.0 as usize].shape.clone()
                } else {
                    let name = text.to_string();
                    let d = dim(&mut self.typed.dims, &name);
                    meaning = Meaning::Size(d);
                    scalar
                }
            }
            Expr::Negate(a) => shape(a),
            Expr::Sum(list) => larger(self.typed.program.list(list)),
            Expr::Compare(_, a, b) | Expr::ElementPower(a, b) => larger(&[a, b]),
            Expr::Power(a, _) => shape(a),
            Expr::Product(ProductOp::Product, a, b) => {
                let (a, b) = (shape(a), shape(b));
                match (a.axes.len(), b.axes.len()) {
                    (0, _) => b,
                    (_, 0) => a,
                    (1, 1) if a.row => scalar,
                    (1, 1) => of(&[a.axes[0], b.axes[0]]),
                    (2, 1) => of(&a.axes[..1]),
                    (1, 2) => Shape { axes: b.axes[1..].iter().copied().collect(), row: true },
                    _ => of(&[a.axes[0], b.axes[1]]),
                }
            }
            Expr::Product(_, a, b) => larger(&[a, b]),
            Expr::Transpose(a) => {
                let mut s = shape(a);
                s.row = s.axes.len() == 1 && !s.row;
                s.axes.reverse();
                s
            }
            Expr::Entry(base, list) => {
                free.clear();
                let axes = shape(base).axes;
                for (d, c) in axes.iter().zip(self.typed.program.list(list)) {
                    if let Meaning::Index(i) = self.typed.meaning(*c) {
                        self.typed.indices[i.0 as usize].dim = *d;
                        if !free.contains(&i) {
                            free.push(i);
                        }
                    }
                }
                scalar
            }
            Expr::IndexSum(list, body) => {
                for c in self.typed.program.list(list) {
                    if let Expr::Name(name) = self.typed.program.node(*c) {
                        // the bound names themselves stand outside the inner scope
                        let i = self.bound[body.0 as usize][name];
                        self.typed.meanings[c.0 as usize] = Meaning::Index(i);
                        free.retain(|f| *f != i);
                    }
                }
                shape(body)
            }
            Expr::Call { function, arguments, axis, .. } => {
                let arguments = self.typed.program.list(arguments).to_vec();
                let name = self.typed.program.name(function).to_string();
                match functions::find(&name) {
                    None => {
                        meaning = Meaning::Unknown(UnknownId(self.typed.unknowns.len() as u32));
                        let unknown = Unknown { name: function, scalar: false, declared: false };
                        self.typed.unknowns.push(unknown);
                        shape(arguments[0])
                    }
                    Some(f) => {
                        meaning = Meaning::Function(f);
                        match f.signature_for(arguments.len()) {
                            Signature::Elementwise => larger(&arguments),
                            Signature::Axiswise => shape(arguments[0]),
                            Signature::Reduction { .. } if axis.is_none() => scalar,
                            Signature::Reduction { .. } => of(&shape(arguments[0]).axes[..1]),
                            Signature::Special(Special::Ones) => {
                                meaning = Meaning::Fill(Fill::Ones);
                                match self.typed.meaning(arguments[0]) {
                                    Meaning::Size(d) => of(&[d]),
                                    _ => return Err("ones".into()),
                                }
                            }
                            Signature::Special(Special::Vector) => {
                                // its shape comes from context: broadcast like a scalar
                                meaning = Meaning::Fill(Fill::Argument);
                                scalar
                            }
                            Signature::Special(Special::Pool) => {
                                let axes = shape(arguments[0]).axes;
                                let halves: Vec<DimId> = axes
                                    .iter()
                                    .map(|d| {
                                        let n = self.typed.dims.as_number(*d);
                                        let n = n.unwrap_or_else(|| {
                                            let name = self.typed.dims.as_name(*d).unwrap();
                                            if name == "m" { 4 } else { 6 }
                                        });
                                        self.typed.dims.number(n / 2)
                                    })
                                    .collect();
                                of(&halves)
                            }
                            _ => match name.as_str() {
                                "tr" | "det" | "logdet" => scalar,
                                "inv" => shape(arguments[0]),
                                "vec" => {
                                    let n: i64 = shape(arguments[0])
                                        .axes
                                        .iter()
                                        .map(|d| self.typed.dims.as_number(*d).unwrap())
                                        .product();
                                    of(&[self.typed.dims.number(n)])
                                }
                                "conv" => {
                                    let (x, k) = (shape(arguments[0]), shape(arguments[1]));
                                    let n = |d: &DimId| self.typed.dims.as_number(*d).unwrap();
                                    let sizes: Vec<i64> = x
                                        .axes
                                        .iter()
                                        .zip(&k.axes)
                                        .map(|(x, k)| n(x) - n(k) + 1)
                                        .collect();
                                    let dims = &mut self.typed.dims;
                                    let axes: Vec<DimId> =
                                        sizes.iter().map(|n| dims.number(*n)).collect();
                                    of(&axes)
                                }
                                other => return Err(format!("the shape of {other}")),
                            },
                        }
                    }
                }
            }
        };
        self.typed.shapes[k] = result;
        if self.typed.meanings[k] == Meaning::Plain {
            self.typed.meanings[k] = meaning;
        }
        self.typed.free[k] = free.into_iter().collect();
        Ok(())
    }
}

fn flat(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| flat(v, out)),
        other => out.push(other.as_f64().unwrap()),
    }
}

#[test]
fn values_of_the_given_cases() {
    let text = std::fs::read_to_string("tests/cases/gradients.jsonl").unwrap();
    let mut failures = vec![];
    let mut count = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        count += 1;
        let value = || -> Result<f64, String> {
            let typed = typed(&case)?;
            let mut at = case["at"].clone();
            at["functions"] = case["functions"].clone();
            let point = point::from_json(&typed, &at, |_| true).map_err(|e| e.to_string())?;
            let target = match typed.items.last() {
                Some(Item::Definition(d)) => typed.definitions[d.0 as usize].body,
                Some(Item::Expression(id, _)) => *id,
                _ => return Err("no objective".into()),
            };
            let found = evaluate(&typed, &point, target).map_err(|e| e.to_string())?;
            let mut expected = vec![];
            flat(&case["value"], &mut expected);
            Ok(relative_error(&found.data, &expected))
        };
        match value() {
            Ok(error) if error < 1e-12 => {}
            Ok(error) => failures.push(format!("{}: error {error}", case["id"])),
            Err(message) => failures.push(format!("{}: {message}", case["id"])),
        }
    }
    assert_eq!(count, 76);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn differences_of_the_given_cases() {
    use derive::numeric::difference::{Probe, central};
    use derive::numeric::eval::{Evaluator, Varied};
    use derive::numeric::kink::Trace;
    let text = std::fs::read_to_string("tests/cases/gradients.jsonl").unwrap();
    let mut failures = vec![];
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        if case["command"] != "grad" {
            continue;
        }
        let typed = typed(&case).unwrap();
        let mut at = case["at"].clone();
        at["functions"] = case["functions"].clone();
        let point = point::from_json(&typed, &at, |_| true).unwrap();
        let target = match typed.items.last() {
            Some(Item::Definition(d)) => typed.definitions[d.0 as usize].body,
            Some(Item::Expression(id, _)) => *id,
            _ => panic!("no objective"),
        };
        let mut weights = vec![];
        if case["upstream"].is_null() {
            weights.push(1.0);
        } else {
            flat(&case["upstream"], &mut weights);
        }
        for (name, expected) in case["expected"].as_object().unwrap() {
            let mut gradient = vec![];
            flat(expected, &mut gradient);
            let k = typed.variables.iter().position(|v| {
                let name = name.strip_prefix("grad_").unwrap();
                typed.program.name(v.name) == name
                    || typed.program.written[v.name.0 as usize] == name
            });
            let varied = Varied::Variable(VariableId(k.unwrap() as u32));
            let mut evaluator = Evaluator::<f64>::new(&typed, &point).unwrap();
            let plan = evaluator.plan(&[target]);
            evaluator.run(&plan).unwrap();
            let moved = evaluator.dependent(&plan, &[varied]);
            let base = evaluator.varied(varied).unwrap();
            evaluator.trace = Trace::default();
            evaluator.run(&moved).unwrap();
            let branches = evaluator.trace.branches;
            let mut found = vec![];
            for e in 0..gradient.len() {
                let estimate = central(branches, 0.1, |t, out| {
                    let mut value = base.clone();
                    value.data[e] += t;
                    evaluator.set(varied, Some(value));
                    evaluator.trace = Trace::default();
                    evaluator.run(&moved)?;
                    let y = &evaluator.value(target).data;
                    out.push(y.iter().zip(&weights).map(|(a, b)| a * b).sum());
                    let nan = out[0].is_nan();
                    Ok::<_, derive::numeric::error::EvalError>(if nan {
                        Probe::Undefined
                    } else {
                        Probe::Value(evaluator.trace.branches)
                    })
                });
                found.push(estimate.unwrap().unwrap().value[0]);
            }
            let error = relative_error(&found, &gradient);
            if error.is_nan() || error > 1e-9 {
                failures.push(format!("{} {name}: error {error}", case["id"]));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
