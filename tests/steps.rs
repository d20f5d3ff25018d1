//! Derivations: every line of every given case is a claim that the checker accepts, and the last
//! lines are the answers.

#[path = "common/given.rs"]
mod given;
#[path = "common/solved.rs"]
mod solved;

use derive::check::check;
use derive::check::verdict::Status;
use derive::identities::identities;
use derive::notation::ascii::ascii;
use derive::notation::html::html;
use derive::notation::json::json;
use derive::notation::latex::{LatexOptions, latex_with};
use derive::notation::steps::latex::latex;
use derive::notation::steps::text::{program, text};
use derive::notation::steps::{Notation, Side, Steps};
use derive::notation::text::{Report, equations, text as plain_text};
use derive::notation::unicode::unicode;
use derive::{Question, Solution, gradient, hessian, jacobian};
use given::cases;
use solved::solve;

fn steps(solution: &Solution) -> &Steps {
    solution.steps.as_ref().expect("steps were asked for")
}

/// What is wrong with a derivation.
fn faults(solution: &Solution) -> Vec<String> {
    let steps = steps(solution);
    let program = program(steps, Notation::Both);
    let mut faults = Vec::new();
    match check(&program, None, 1) {
        Ok(verdicts) => {
            for v in verdicts {
                if !matches!(v.status, Status::Proved | Status::Verified) {
                    let claim = &program[v.span.start as usize..v.span.end as usize];
                    faults.push(format!("{}: {claim}", v.status.text()));
                }
            }
        }
        Err(error) => faults.push(format!("{error}\n{program}")),
    }
    for (at, outcome) in solution.answer.results.iter().enumerate() {
        for notation in [Notation::Matrix, Notation::Index] {
            let ends = steps.groups.iter().any(|g| {
                let last = g.lines(notation).pop();
                last.is_some_and(|l| l.left == Side::Result(at) && l.right == outcome.value)
            });
            if !ends {
                faults.push(format!("no group ends in result {at} in {notation:?}"));
            }
        }
    }
    for group in &steps.groups {
        for (_, line) in group.all(Notation::Both) {
            let function = line.rule.strip_suffix("-derivative").and_then(derive::functions::find);
            let known = identities().iter().any(|i| i.name == line.rule) || function.is_some();
            if !known {
                faults.push(format!("no rule is called {}", line.rule));
            }
        }
    }
    faults
}

#[test]
fn every_line_of_every_case_holds() {
    let cases = cases();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let wrong = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { break };
                    let id = case["id"].as_str().unwrap_or_default();
                    let list = match solve(case) {
                        Ok(solution) => faults(&solution),
                        Err(error) => vec![error.to_string()],
                    };
                    let mut wrong = wrong.lock().expect("no test panics while it holds this");
                    wrong.extend(list.into_iter().map(|f| format!("{id}: {f}")));
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no test panics while it holds this");
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

/// The Jacobian of a number is its gradient, and is derived in inner products as that is.
#[test]
fn every_line_of_a_numbers_jacobian_holds() {
    for (program, wrt) in [
        ("norm2(A*x - y)^2", "x"),
        ("cross_entropy(softmax(x), y)", "x"),
        ("sum(f(W*x))", "W"),
        ("u = W*x; v = relu(u); norm2(v)^2", "W"),
        ("u[i] = sum[j](W[i,j]*x[j]); sum(u.^2)", "x"),
        ("U = X*W; sum(softmax(U, axis=1).^2)", "W"),
        ("log(det(X*X'))", "X"),
        ("u = a*b; f(u)*u", "a"),
    ] {
        let question = Question::new(program).wrt(&[wrt]).with_steps();
        let solution = jacobian(&question).expect(program);
        assert_eq!(faults(&solution), Vec::<String>::new(), "{program}");
    }
}

/// What was named for one gradient is part of the derivation of the next, and no name means two things.
#[test]
fn every_line_of_mixed_second_derivatives_holds() {
    for (program, shapes, wrt) in [
        (
            "cross_entropy(softmax(W*x + b), y)",
            "W[k,n], x[n], b[k], y[k]",
            &["W", "b", "x"] as &[&str],
        ),
        ("p = sigmoid(X*w + b)\n-y'*log(p) - (1 - y)'*log(1 - p)", "X[N,n], y[N]", &["w", "b"]),
        ("(x'*y)/(norm2(x)*norm2(y))", "x[n], y[n]", &["x", "y"]),
        ("T^2*cross_entropy(softmax(z/T), softmax(v/T))", "z[n], v[n], T", &["T"]),
        // `x.^2` in the gradient is written `v`, so it has to depend on it
        ("v = x .* x\n(v .* x)'*relu(x)", "x[n]", &["x"]),
        ("logsumexp(layernorm(x, 1e-2))", "x[n]", &["x"]),
    ] {
        let question = Question::new(program).shapes(shapes).wrt(wrt).with_steps();
        let solution = hessian(&question).expect("there is an answer");
        assert_eq!(faults(&solution), Vec::<String>::new(), "{program}");
    }
}

#[test]
fn steps_are_recorded_as_they_are_applied_again() {
    use derive::calculus::elaborate::elaborate;
    use derive::calculus::sweep::{ReverseMode, Seed, derivation};
    use derive::shape::infer::infer;
    use derive::syntax::parser::parse_with;
    use derive::tensor::lower::lower;
    for case in cases() {
        let field = |name: &str| case[name].as_str().filter(|t| !t.is_empty());
        let program = parse_with(field("shape"), field("program").unwrap_or_default());
        let typed = infer(program.expect("it is read")).expect("it has shapes");
        let mut lowered = lower(&typed, field("of"), &ReverseMode).expect("it has a meaning");
        let targets: Vec<_> = lowered.variables.iter().flatten().copied().collect();
        let mut count = 0;
        let mut name = |_: usize| {
            count += 1;
            format!("t{count}").as_str().into()
        };
        let mut named = rustc_hash::FxHashMap::default();
        let arena = &mut lowered.arena;
        let equations = elaborate(arena, &lowered.equations, &targets, &mut named, &mut name);
        for seed in [Seed::Cotangent, Seed::Identity] {
            let (record, _) = derivation(arena, &equations, &targets, seed);
            assert!(!record.steps.is_empty(), "{}", case["id"]);
            assert_eq!(record.replay(arena), Ok(()), "{}", case["id"]);
        }
    }
}

/// Text with every run of blanks as one.
fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands between two texts, each time.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|part| Some(part.split_once(after)?.0)).collect()
}

#[test]
fn the_last_lines_are_the_answer_character_for_character_in_each_format() {
    let options = LatexOptions::default();
    for case in cases() {
        let id = case["id"].as_str().unwrap_or_default();
        let solution = solve(&case).expect(id);
        let (answer, steps) = (&solution.answer, steps(&solution));
        let report = Report::skipped("");
        let plain = collapsed(&plain_text(answer, &report));
        let equations = equations(answer);
        let json = json(answer, &report, options);
        let page = html(answer, &report, None);
        let formulas = between(&page, "<div class=\"result\">", "</div>");
        // a page shows other forms of a result with many axes beside it; they are not derived
        let forms = answer.results.iter().any(|r| !r.forms().is_empty());
        let formulas: Vec<&str> = formulas
            .iter()
            .filter(|_| !forms)
            .filter_map(|row| Some(row.split_once("<span class=\"right\">")?.1))
            .collect();
        for notation in [Notation::Matrix, Notation::Index, Notation::Both] {
            let derived = collapsed(&text(steps, answer, notation, 110));
            let tex = latex(steps, answer, notation, options);
            let claims = program(steps, notation);
            let shown = html(answer, &report, Some((steps, notation)));
            for (at, outcome) in answer.results.iter().enumerate() {
                let place = format!("{id}, result {at} in {notation:?}");
                let line = format!("= {}", collapsed(&unicode(&outcome.value)));
                assert!(plain.contains(&line) && derived.contains(&line), "{place}: {line}");
                let right = latex_with(&outcome.value, options);
                let row = equations.lines().find(|l| {
                    let l = l.strip_suffix(" \\\\").unwrap_or(l);
                    l.trim_start().starts_with(['\\', '(']) && l.ends_with(&format!("= {right}"))
                });
                let row = row.expect(&place).trim().trim_end_matches(" \\\\");
                let row = row.replacen(" = ", " &= ", 1);
                let (left, _) = row.split_once(" &= ").expect(&place);
                let found = tex.lines().map(str::trim).any(|l| {
                    l.starts_with(&format!("{left} &= {right} &"))
                        || l.starts_with(&format!("&= {right} &"))
                });
                assert!(found, "{place}: {row}\n{tex}");
                assert_eq!(json["results"][at]["latex"], right, "{place}");
                let value = ascii(&outcome.value);
                assert!(claims.contains(&format!(" == {value}  # ")), "{place}: {value}");
            }
            for formula in &formulas {
                let formula = formula.trim_end_matches("</span>");
                assert!(shown.contains(&format!("</span> {formula}</div>")), "{id}: {formula}");
            }
        }
    }
}

#[test]
fn derivations_as_people_read_them() {
    let programs = [
        ("layer", "sigmoid(W*x + b)", "W"),
        ("least_squares", "norm2(A*x - y)^2", "x"),
        ("quadratic_form", "x'*A*x", "x"),
        ("trace", "tr(A*X*B)", "X"),
        ("inverse", "a'*inv(X)*b + logdet(X)", "X"),
        ("fan_out", "var W[n,n], x[n]\nz = tanh(W*x)\ny = x + W*z", "x"),
        ("trace_of_a_quadratic_form", "tr(X'*A*X*B)", "X"),
        ("determinant", "det(X)*tr(A*X)", "X"),
        ("piecewise", "sum(where(abs(r) <= 1, r.^2/2, abs(r) - 1/2))", "r"),
        ("cross_entropy", "-sum(Y .* log(P))/n", "P"),
        ("mean_of_squares", "var r[n]\nmean(r.^2)", "r"),
        (
            "batch",
            "var X[n,m,d], W[d,p]\nY[i,j,l] = sum[k](X[i,j,k]*W[k,l])\nL = sum[i,j,l](tanh(Y[i,j,l]))",
            "W",
        ),
    ];
    for (name, program, wrt) in programs {
        let mut question = Question::new(program).wrt(&[wrt]).with_steps();
        if name == "inverse" {
            question = question.shapes("a[n], X[n,n], b[n]");
        }
        let solution = gradient(&question).expect(name);
        assert_eq!(faults(&solution), Vec::<String>::new(), "{name}");
        let shown = text(steps(&solution), &solution.answer, Notation::Both, 110);
        insta::assert_snapshot!(name, shown);
    }
}
