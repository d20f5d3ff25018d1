//! `derive eval`

use super::Failure;
use super::input::{self, Input};
use crate::array::Array;
use crate::engine::{self, Question};
use crate::notation::text::{result_expression, result_program};
use crate::numeric::error::EvalError;
use crate::numeric::eval::{evaluate_gradient, evaluate_over};
use crate::numeric::plan::{reachable, variables_of};
use crate::numeric::point::{from_json, is_size, to_json};
use crate::numeric::read::{header, read};
use crate::shape::typed::{IndexId, Item, Meaning, Typed};
use crate::syntax::ast::{NameId, NodeId};
use clap::ArgMatches;
use serde_json::{Map, Value};

/// `derive eval`
pub(super) fn eval(m: &ArgMatches) -> Result<String, Failure> {
    let input = input::read(m)?;
    let mut question = input::question(m, &input);
    let located = |e: engine::Error| input::failure(e, &input, question.shapes.as_deref());
    let program = crate::syntax::parser::parse_with(question.shapes.as_deref(), &input.text)
        .map_err(|e| located(e.into()))?;
    let typed = crate::shape::infer::infer(program).map_err(|e| located(e.into()))?;
    let at = m.get_one::<String>("at").cloned().unwrap_or_default();
    let text = if at.trim_start().starts_with('{') { at.into() } else { input::file(&at)?.text };
    let point: Value = serde_json::from_str(&text)
        .map_err(|e| Failure::Message(format!("the point is not JSON: {e}")))?;
    let (node, indices) = target(&typed, question.objective.as_deref())?;
    let point = one_spelling(&typed, point)?;
    super::notices::about(&typed.program, &input, question.shapes.as_deref(), m);
    let value = match by_calculus(&typed, node, &question, &point)? {
        Some(value) => value,
        None => {
            let shapes = question.shapes.as_deref();
            let place = |e: EvalError| input::located(e.into(), &input, shapes);
            at_point(&typed, &point, node, &indices, place)?
        }
    };
    let mut result = Map::new();
    result.insert("value".into(), to_json(&value));
    if let Some(names) = m.get_one::<String>("grad") {
        question.wrt =
            names.split(',').map(|s| s.trim().to_string()).filter(|s| !s.is_empty()).collect();
        result.insert("grad".into(), Value::Object(gradients(&question, &input, &point)?));
    }
    Ok(Value::Object(result).to_string() + "\n")
}

/// The point with each name in its canonical spelling: a Greek letter and its spelling are one name.
fn one_spelling(typed: &Typed, point: Value) -> Result<Value, Failure> {
    let Value::Object(given) = point else { return Ok(point) };
    let mut names = typed.program.names.clone();
    let variable = |id: NameId| typed.variables.iter().any(|v| v.name == id);
    let mut point = Map::new();
    let mut keys: Vec<(NameId, String)> = Vec::new();
    for (key, value) in given {
        let id = names.intern(&key);
        let name = names.canonical(id).to_string();
        if let Some((_, first)) = keys.iter().find(|k| k.0 == id) {
            let message = format!("the point has two values for one name, `{first}` and `{key}`");
            return Err(Failure::Message(message));
        }
        let known = variable(id) || is_size(typed, &name) || name.starts_with("grad_");
        if !known && key != "functions" {
            super::notices::note(&format!("`{key}` of the point is no variable of the program"));
        }
        keys.push((id, key));
        point.insert(name, value);
    }
    Ok(Value::Object(point))
}

/// The node and free indices of the objective.
fn target(typed: &Typed, name: Option<&str>) -> Result<(NodeId, Box<[IndexId]>), Failure> {
    let found = typed.items.iter().rev().find_map(|item| match (item, name) {
        (Item::Definition(d), _) => {
            let d = &typed.definitions[d.0 as usize];
            let is = name.is_none_or(|n| {
                typed.program.name(d.name) == n || typed.program.written(d.name) == n
            });
            is.then(|| (d.body, d.indices.clone()))
        }
        (Item::Expression(node, free), None) => Some((*node, free.clone())),
        _ => None,
    });
    found.ok_or_else(|| match name {
        Some(n) => Failure::Message(format!("`{n}` is not a definition of the program")),
        None => Failure::Message("there is no expression or definition to evaluate".into()),
    })
}

fn at_point(
    typed: &Typed,
    point: &Value,
    node: NodeId,
    indices: &[IndexId],
    place: impl Fn(EvalError) -> Failure,
) -> Result<Array, Failure> {
    let needed = variables_of(typed, node);
    let at = from_json(typed, point, |v| needed[v]).map_err(|e| Failure::Message(e.to_string()))?;
    let value = evaluate_over(typed, &at, node, indices).map_err(place)?;
    finite(value, "the expression")
}

fn finite(value: Array, what: &str) -> Result<Array, Failure> {
    let fault = match &value.data {
        data if data.iter().any(|x| x.is_nan()) => "is undefined at this point",
        data if data.iter().any(|x| x.is_infinite()) => {
            "is too large at this point for a number of double precision"
        }
        _ => return Ok(value),
    };
    Err(Failure::Message(format!("{what} {fault}")))
}

/// The value of an expression with derivatives in it: that of what it simplifies to. `None` where
/// there are none, or nothing without them is found.
fn by_calculus(
    typed: &Typed,
    node: NodeId,
    question: &Question,
    point: &Value,
) -> Result<Option<Array>, Failure> {
    let derivative = |id: &NodeId| matches!(typed.meaning(*id), Meaning::Derivative(_));
    if !reachable(typed, &[node]).iter().any(derivative) {
        return Ok(None);
    }
    let Ok(solution) = engine::simplified(question) else { return Ok(None) };
    let report = engine::verify(&solution, question, 0);
    if report.status == "failed" {
        return Ok(None);
    }
    let text = header(&solution.typed, None) + &result_program(&solution.answer, 0);
    slope_at_point(&text, point, "the expression").map(Some)
}

/// The value at the point of a printed answer, read back.
fn slope_at_point(program: &str, point: &Value, what: &str) -> Result<Array, Failure> {
    let typed = read(None, program).map_err(Failure::Message)?;
    let (node, indices) = target(&typed, None)?;
    let needed = variables_of(&typed, node);
    let at =
        from_json(&typed, point, |v| needed[v]).map_err(|e| Failure::Message(e.to_string()))?;
    match evaluate_gradient(&typed, &at, node, &indices) {
        Ok(value) => finite(value, what),
        Err(EvalError::Undefined { .. }) => {
            Err(Failure::Message(format!("{what} is undefined at this point")))
        }
        Err(error) => Err(Failure::Message(error.to_string())),
    }
}

/// The gradients at the point: the printed answers, read back and evaluated.
fn gradients(
    question: &Question,
    input: &Input,
    point: &Value,
) -> Result<Map<String, Value>, Failure> {
    let located = |e| input::failure(e, input, question.shapes.as_deref());
    let solution = engine::gradient(question).map_err(located)?;
    let report = engine::verify(&solution, question, 0);
    if report.status == "failed" {
        return Err(Failure::Defect(format!(
            "error: the gradient failed its own verification: {}\n",
            report.reason
        )));
    }
    let answer = &solution.answer;
    let cotangent = format!("grad_{}", answer.objective.name);
    let dims = objective_dims(&solution.typed, question.objective.as_deref())?;
    let extra = (!answer.shape.is_empty()).then_some((cotangent.as_str(), dims.as_slice()));
    let declarations = header(&solution.typed, extra);
    let mut result = Map::new();
    for (at, outcome) in answer.results.iter().enumerate() {
        let text = declarations.clone() + &result_program(answer, at);
        let name = answer.written(&outcome.wrt[0].name);
        let what = format!("the gradient by `{}`, `{}`,", name, result_expression(answer, at));
        let value = slope_at_point(&text, point, &what)?;
        result.insert(name.to_string(), to_json(&value));
    }
    Ok(result)
}

fn objective_dims(
    typed: &Typed,
    name: Option<&str>,
) -> Result<Vec<crate::shape::dim::DimId>, Failure> {
    let (node, indices) = target(typed, name)?;
    let mut dims: Vec<_> = indices.iter().map(|i| typed.indices[i.0 as usize].dim).collect();
    dims.extend(typed.shape(node).axes.iter().copied());
    Ok(dims)
}
