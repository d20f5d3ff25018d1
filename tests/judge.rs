//! The judge against the given cases: the objective's value at the case's point, and differences of
//! it against the expected gradients.

#[path = "common/given.rs"]
mod given;

use derive::numeric::compare::relative_error;
use derive::numeric::difference::{Probe, central};
use derive::numeric::error::EvalError;
use derive::numeric::eval::{Evaluator, Varied, evaluate};
use derive::numeric::kink::Trace;
use derive::numeric::point;
use derive::numeric::read::read;
use derive::numeric::verify::{Claimed, Failure, Kind, Question, Status, Verification, verify};
use derive::shape::typed::{Item, Typed, VariableId};
use given::cases;
use serde_json::Value;

fn typed(case: &Value) -> Result<Typed, String> {
    read(case["shape"].as_str(), case["program"].as_str().ok_or("no program")?)
}

fn flat(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| flat(v, out)),
        other => out.push(other.as_f64().unwrap()),
    }
}

#[test]
fn values_of_the_given_cases() {
    let mut failures = vec![];
    let mut count = 0;
    for case in cases() {
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
    let mut failures = vec![];
    for case in cases() {
        if case["command"] != "grad" {
            continue;
        }
        let Ok(typed) = typed(&case) else {
            failures.push(format!("{}: shapes", case["id"]));
            continue;
        };
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
                typed.program.name(v.name) == name || typed.program.written(v.name) == name
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
                    Ok::<_, EvalError>(if nan {
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

fn ask(shapes: &str, program: &str, kind: Kind, wrt: &[&str], answer: &str) -> Verification {
    verify(&Question {
        shapes: Some(shapes),
        program,
        objective: None,
        cotangent: "grad_y",
        definitions: "",
        results: vec![Claimed { kind, wrt: wrt.to_vec(), text: answer }],
        seed: 0,
        points: 5,
    })
}

/// Shapes, program, variables, right answer, wrong answers.
type Row = (
    &'static str,
    &'static str,
    Kind,
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
);

#[rustfmt::skip]
const ANSWERS: &[Row] = &[
    ("", "sigmoid(W*x+b)", Kind::Gradient, &["W"], "y = sigmoid(W*x + b)\n(grad_y .* y .* (1 - y))*x'",
        &["y = sigmoid(W*x + b)\n(grad_y .* y .* (1 + y))*x'", "-(grad_y*x')", "grad_y*x'"]),
    ("", "x'*A*x", Kind::Gradient, &["x"], "A*x + A'*x", &["2*A*x", "A*x - A'*x", "A*x"]),
    ("A[n,n] symmetric", "x'*A*x", Kind::Gradient, &["A"], "x*x'", &["2*x*x'"]),
    ("A[n,n] symmetric, x[n]", "x'*A*x", Kind::Gradient, &["x"], "2*A*x", &["A*x"]),
    ("X[n,n]", "log(det(X))", Kind::Gradient, &["X"], "inv(X)'", &["inv(X)", "-inv(X)'"]),
    ("x[n]", "sum(log(x))", Kind::Gradient, &["x"], "1 ./ x", &["1 ./ x.^2"]),
    ("x[n]", "sum(relu(x))", Kind::Gradient, &["x"], "x > 0", &["x < 0"]),
    ("x[n], A[m,n]", "norm1(A*x)", Kind::Gradient, &["x"], "A'*sign(A*x)", &["A'*(A*x)"]),
    ("x[n]", "mean(x)", Kind::Gradient, &["x"], "ones(n)/n", &["ones(n)"]),
    ("X[m,n], w[n]", "u = X*w\nL = sum(exp(u))", Kind::Gradient, &["u"], "exp(u)", &["X*exp(w)", "2*exp(u)"]),
    ("W[m,n], x[n]", "fn J scalar\nu = W*x\nJ(u)", Kind::Gradient, &["W"], "grad(J(u), u)*x'", &["grad(J(u), u)*x'*2"]),
    ("W[m,n], x[n]", "f(W*x)", Kind::Gradient, &["x"], "W'*(grad_y .* f'(W*x))", &["W'*(grad_y .* f(W*x))"]),
    ("W[m,n], x[n]", "W*x", Kind::Jacobian, &["x"], "W", &["2*W"]),
    ("W[m,n], x[n]", "W*x", Kind::Jacobian, &["W"], "delta[i,k]*x[l] + 0*W[k,l]", &[]),
    ("A[n,n], x[n]", "x'*A*x", Kind::Hessian, &["x", "x"], "A + A'", &["2*A"]),
    ("A[m,n], x[n], z[m]", "z'*A*x", Kind::Hessian, &["x", "z"], "A'", &["A'*2"]),
    ("x[n]", "tanh(x)", Kind::Value, &[], "tanh(x)", &["tanh(2*x)"]),
    ("v[n]", "acosh(v[1]) + asin(v[2]/4)", Kind::Value, &[], "acosh(v[1]) + asin(v[2]/4)", &[]),
];

#[test]
fn what_cannot_be_verified_is_skipped_with_its_reason() {
    let skipped = |shapes: &str, program: &str, answer: &str| match ask(
        shapes,
        program,
        Kind::Gradient,
        &["x"],
        answer,
    )
    .status
    {
        Status::Skipped(reason) => reason,
        other => panic!("{program}: {other:?}"),
    };
    let undefined = skipped("x[n]", "sum(log(-x.^2))", "2 ./ x");
    assert_eq!(undefined, "no point was found at which the objective is defined");
    assert_eq!(
        skipped("x[99999999]", "sum(x)", "ones(99999999)"),
        "no sizes were found that fit the program"
    );
}

#[test]
fn an_answer_that_cannot_be_read_back_fails() {
    for answer in ["1 +", "q*x", "u = 2", ""] {
        let v = ask("x[n]", "sum(x)", Kind::Gradient, &["x"], answer);
        assert!(matches!(v.status, Status::Failed(Failure::Unreadable(_))), "{answer}: {v:?}");
    }
}

#[test]
fn right_answers_are_verified_and_wrong_ones_refuted() {
    let mut failures = vec![];
    for &(shapes, program, kind, wrt, right, wrongs) in ANSWERS {
        let v = ask(shapes, program, kind, wrt, right);
        if !matches!(v.status, Status::Verified) || v.points < 4 || v.max_relative_error > 1e-7 {
            failures.push(format!("{program}: {right}: {v:?}"));
        }
        for wrong in wrongs {
            let v = ask(shapes, program, kind, wrt, wrong);
            if !matches!(v.status, Status::Failed(Failure::Differs(_))) {
                failures.push(format!("{program}: {wrong}: {v:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
