//! Verification catches every mistake: each rule of the sweep and each derivative of the table of
//! functions is corrupted in turn, and no corrupted answer passes.

use derive::calculus::rules::{Corruption, Mistake, Rule};
use derive::functions::{Function, Lowering, Range, Signature, all};
use derive::{Question, gradient, verify};

/// The answer's verdict under a corruption; `None` where the corruption changed nothing.
fn verdict(program: &str, corruption: Corruption) -> Option<&'static str> {
    let question = Question::new(program);
    let honest = gradient(&question).unwrap_or_else(|e| panic!("{program}: {e}"));
    let corrupted = Question { corruption: Some(corruption), ..question };
    let solution = gradient(&corrupted).unwrap_or_else(|e| panic!("{program}: {e}"));
    let texts = |s: &derive::Solution| -> Vec<String> {
        (0..s.answer.results.len())
            .map(|at| derive::notation::text::result_program(&s.answer, at))
            .collect()
    };
    (texts(&honest) != texts(&solution)).then(|| verify(&solution, &corrupted, 7).status)
}

const RULES: &[(Rule, &[&str])] = &[
    (Rule::Linear, &["sum((A*x + 3*x).^2)", "var X[n,n], Y[n,n]\nsum((X + Y).^3)"]),
    (Rule::Product, &["x'*A*x", "var A[n,n], X[n,n]\ntr(A*X*A*X)", "det(X*Y)"]),
    (Rule::Elementwise, &["sum(tanh(W*x))", "var X[n,n], Y[n,n]\nsum(Y .* exp(X))"]),
    (
        Rule::Named,
        &["logsumexp(A*x)", "y'*softmax(x)", "var X[n,n], Y[n,n]\nsum(Y .* softmax(X, axis=1))"],
    ),
    (
        Rule::Reduction,
        &[
            "max(A*x)",
            "min(A*x)",
            "prod(A*x)",
            "var X[n,n]\nsum(max(X, axis=0).^2)",
            "var X[n,n]\nsum(prod(X, axis=1))",
            "var X[n,n]\nsum(maxpool(X, 2).^2)",
        ],
    ),
    (Rule::Matrix, &["tr(B*inv(X))", "det(X)", "logdet(X)"]),
    (Rule::Application, &["var W[m,n], x[n]\nfn J scalar\nu = W*x\nJ(u)"]),
];

#[test]
fn every_corrupted_rule_is_caught() {
    for (rule, programs) in RULES {
        for program in *programs {
            for mistake in [Mistake::Sign, Mistake::Double, Mistake::Drop, Mistake::Transpose] {
                let corruption = Corruption { rule: Some(*rule), derivative: None, mistake };
                match verdict(program, corruption) {
                    None => assert_eq!(mistake, Mistake::Transpose, "{rule:?} in {program}"),
                    Some(status) => {
                        assert_eq!(status, "failed", "{rule:?}, {mistake:?} in {program}");
                    }
                }
            }
        }
    }
}

/// A program whose gradient uses the derivative of a function by one parameter, of vectors or of
/// square matrices.
fn program(f: &Function, arguments: usize, matrices: bool) -> String {
    let mut list: Vec<String> =
        ["x", "z", "w"].iter().take(arguments).map(ToString::to_string).collect();
    if f.name == "where" {
        list[0] = "x > z".into();
        list[1] = "z".into();
        list[2] = "w".into();
    }
    if matches!(f.signature_for(arguments), Signature::Axiswise) && arguments == 2 {
        list[1] = "c".into();
    }
    let along = matrices && matches!(f.signature_for(arguments), Signature::Axiswise);
    let axis = if along { ", axis=1" } else { "" };
    let call = format!("{}({}{axis})", f.name, list.join(", "));
    let call = if f.name == "pow" { "x.^z".to_string() } else { call };
    let anywhere = matches!(f.facts.domain, Range::Real) && f.name != "pow";
    let positive = if anywhere { "" } else { " positive" };
    let n = if matrices { "n,n" } else { "n" };
    let shapes = format!("var x[{n}]{positive}, z[{n}] positive, w[{n}], v[{n}], c positive");
    let scalar = matches!(f.signature_for(arguments), Signature::Reduction { .. });
    let objective = if scalar { call } else { format!("sum(v .* {call})") };
    let objective = match f.name {
        "asin" | "acos" | "atanh" => objective.replace('x', "(x/10)"),
        "acosh" => objective.replace("(x)", "(1 + x)"),
        _ => objective,
    };
    format!("{shapes}\n{objective}")
}

/// The derivative by one parameter with its axes exchanged, where that changes something: the
/// number of times that it was caught.
fn transposed(f: &Function, arguments: usize, k: usize) -> usize {
    let program = program(f, arguments, true);
    let derivative = Some((f.name, k));
    let corruption = Corruption { rule: None, derivative, mistake: Mistake::Transpose };
    let status = verdict(&program, corruption);
    assert!(status.is_none_or(|s| s == "failed"), "{}, {k}: {program}", f.name);
    usize::from(status.is_some())
}

#[test]
fn every_corrupted_derivative_of_the_table_is_caught() {
    let mut count = 0;
    for f in all() {
        for arguments in 1..=3 {
            if !f.accepts(arguments) {
                continue;
            }
            let texts: &[&str] = match f.lowering_for(arguments) {
                Lowering::Primitive(texts) => texts,
                Lowering::Named { vjp, .. } => vjp,
                _ => continue,
            };
            let program = program(f, arguments, false);
            let honest = Question::new(&program);
            let solution = gradient(&honest).unwrap_or_else(|e| panic!("{program}: {e}"));
            let report = verify(&solution, &honest, 3);
            assert_eq!(report.status, "verified", "{program}: {}", report.reason);
            for (k, text) in texts.iter().enumerate() {
                if *text == "0" {
                    continue;
                }
                for mistake in [Mistake::Sign, Mistake::Double, Mistake::Drop] {
                    let derivative = Some((f.name, k));
                    let corruption = Corruption { rule: None, derivative, mistake };
                    let status = verdict(&program, corruption);
                    // what is a normal form of other functions is never differentiated itself
                    let rewritten = ["sqrt"].contains(&f.name);
                    if status.is_none() && rewritten {
                        continue;
                    }
                    assert_eq!(status, Some("failed"), "{}, {k}, {mistake:?}: {program}", f.name);
                    count += 1;
                }
                count += transposed(f, arguments, k);
            }
        }
    }
    assert!(count > 140, "only {count} corruptions were tried");
}
