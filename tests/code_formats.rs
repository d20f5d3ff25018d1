//! The code formats: what the generated modules say, and, where Python has `NumPy`, what those
//! that no program leads to yet compute (`cases.rs` runs the others). `DERIVE_PYTHON` names the interpreter (default `python3`); without `NumPy` the tests
//! that run code say that they were skipped, or fail where `DERIVE_REQUIRE_PYTHON=1`.

#[path = "common/printed.rs"]
mod printed;
#[path = "common/python.rs"]
mod python;

use derive::Question;
use derive::notation::answer::{Answer, Besides, Binding, Outcome, Parameter, ResultKind, Shape};
use derive::notation::math::{Math, Symbol};
use derive::notation::numpy::numpy;
use derive::number::Number;
use serde_json::{Value, json};
use smallvec::smallvec;
use std::process::Command;

/// Runs every function of every module at its point and compares with what is expected.
const DRIVER: &str = r#"
import inspect, json, sys
import numpy as np
def array(v):
    return np.array(v, dtype=float) if isinstance(v, list) else float(v)
def run(case):
    module = {}
    exec(compile(case["module"], case["id"], "exec"), module)
    given = {k: array(v) for k, v in case["at"].items()}
    for name, expected in case["expected"].items():
        parameters = inspect.signature(module[name]).parameters
        arguments = {p: given[p] for p in parameters}
        found = np.asarray(module[name](**arguments), dtype=float)
        expected = np.asarray(expected, dtype=float)
        if found.shape != expected.shape:
            yield f"{name}: shape {found.shape}, expected {expected.shape}"
        else:
            error = np.max(np.abs(found - expected), initial=0.0)
            if not error <= max(1e-7 * np.max(np.abs(expected), initial=0.0), 1e-9):
                yield f"{name}: error {error}"
failures = []
for case in json.load(sys.stdin):
    try:
        failures += [case["id"] + ": " + text for text in run(case)]
    except Exception as e:
        failures.append(f"{case['id']}: {e!r}\n{case['module']}")
print("\n".join(failures))
"#;

/// What Python says of the cases; `None` where there is no `NumPy` and none is required.
fn run(cases: &[Value]) -> Option<String> {
    let python = python::python("numpy")?;
    let text = serde_json::to_string(cases).expect("JSON can be written");
    Some(printed::printed(Command::new(python).args(["-c", DRIVER]), &text))
}

fn module(question: &Question) -> String {
    let solution = derive::gradient(question).expect("the program has a gradient");
    numpy(&solution.answer).expect("the answer has a module")
}

fn of(program: &str, shapes: &str, wrt: &[&str]) -> String {
    module(&Question::new(program).shapes(shapes).wrt(wrt))
}

/// The lines of a function, without its docstring.
fn body(module: &str, name: &str) -> String {
    let start = module.find(&format!("def {name}(")).expect("the module has the function");
    let lines = module[start..].lines();
    let lines = lines.take_while(|l| !l.is_empty()).filter(|l| !l.contains("\"\"\""));
    lines.map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn products_are_multiplied_in_the_cheap_order() {
    let m = of("norm2(A*B*x - y)^2", "", &["x"]);
    assert!(body(&m, "grad_x").contains("B.T @ (A.T @ (A @ (B @ x) - y))"), "{m}");
    let m = of("sum((x*y'*A).^2)", "x[n], y[m], A[m,k]", &["x"]);
    assert!(body(&m, "value").contains("np.outer(x, A.T @ y)"), "{m}");
    let m = of("x'*A*x", "", &["x"]);
    assert!(body(&m, "value").contains("x @ (A @ x)"), "{m}");
    let m = of("sum(diag(v)*A*diag(w))", "A[m,n], v[m], w[n]", &["A"]);
    assert!(!m.contains("np.diag"), "{m}");
    let m = of("tr(A*B)", "", &["A"]);
    assert!(body(&m, "value").contains("np.sum(A * B.T)"), "{m}");
}

#[test]
fn hessians_are_symmetric_products_without_dense_diagonals() {
    let hessian = |program: &str, shapes: &str, wrt: &str| {
        let question = Question::new(program).shapes(shapes).wrt(&[wrt]);
        numpy(&derive::hessian(&question).expect("it has a Hessian").answer).expect("a module")
    };
    let m = hessian("sum(log(1 + exp(X*w)))", "X[m,n], w[n]", "w");
    assert!(m.contains("t2 = np.sqrt(t1 * (1 - t1))[:, None] * X"), "{m}");
    assert!(m.contains("return t2.T @ t2"), "{m}");
    let m = hessian("cross_entropy(softmax(z), y)", "z[n], y[n]", "z");
    assert!(!m.contains("np.diag(") && m.contains("_plus_diagonal(np.outer("), "{m}");
    let m = hessian("cross_entropy(softmax(A*x), y)", "A[m,n], x[n], y[m]", "x");
    assert!(!m.contains("np.diag("), "{m}");
    let m = hessian("norm2(U*V' - Y)^2", "U[m,k], V[n,k], Y[m,n]", "U");
    assert!(!m.contains("np.eye(") && m.contains("_spread("), "{m}");
    // what may be negative has no root
    let m = hessian("sum(y .* exp(X*w))", "X[m,n], w[n], y[m]", "w");
    assert!(m.contains("@ X") && !m.contains("np.sqrt("), "{m}");
}

#[test]
fn inverses_are_systems() {
    let m = of("a'*inv(X)*b", "X[n,n], a[n], b[n]", &["X", "b"]);
    assert!(body(&m, "value").contains("a @ np.linalg.solve(X, b)"), "{m}");
    assert!(body(&m, "grad_b").contains("return np.linalg.solve(X.T, a)"), "{m}");
    assert!(!m.contains("linalg.inv"), "{m}");
    let m = of("tr(inv(A)*B)", "", &["B"]);
    assert!(body(&m, "value").contains("np.trace(np.linalg.solve(A, B))"), "{m}");
}

#[test]
fn values_that_are_finite_stay_so() {
    let m = of("sum(log(1 + exp(x)))", "x[n]", &["x"]);
    assert!(body(&m, "value").contains("np.logaddexp(0.0, x)"), "{m}");
    let m = of("p = sigmoid(X*w)\n-y'*log(p) - (1 - y)'*log(1 - p)", "X[m,n], w[n], y[m]", &["w"]);
    assert!(!body(&m, "value").contains("np.log("), "{m}");
    let m = of("log(sum(exp(x)))", "x[n]", &["x"]);
    assert!(body(&m, "value").contains("_logsumexp(x)"), "{m}");
    let m = of("cross_entropy(softmax(z), y)", "z[n], y[n]", &["z"]);
    assert!(body(&m, "value").contains("-np.sum(y * _logsoftmax(z))"), "{m}");
}

/// Far away, where exponentials overflow and their logarithms do not, and at the origin of a norm.
#[test]
fn values_and_slopes_are_right_at_the_ends() {
    let log2 = std::f64::consts::LN_2;
    let case = |program: &str, shapes: &str, wrt: &str, at: Value, expected: Value| {
        let module = of(program, shapes, &[wrt]);
        json!({"id": program, "module": module, "at": at, "expected": expected})
    };
    let far = json!({"x": [1000.0, 1000.0]});
    let cases = [
        case(
            "log(mean(exp(x)))",
            "x[n]",
            "x",
            far.clone(),
            json!({"value": 1000.0, "grad_x": [0.5, 0.5]}),
        ),
        case(
            "x'*exp(x)/sum(exp(x))",
            "x[n]",
            "x",
            far,
            json!({"value": 1000.0, "grad_x": [0.5, 0.5]}),
        ),
        case(
            "log(exp(a) + exp(b))",
            "a, b",
            "a",
            json!({"a": 1000.0, "b": 1000.0}),
            json!({"value": 1000.0 + log2, "grad_a": 0.5}),
        ),
        case(
            "sum(log(cosh(x)))",
            "x[n]",
            "x",
            json!({"x": [1000.0, -1000.0]}),
            json!({"value": 2000.0 - 2.0 * log2, "grad_x": [1.0, -1.0]}),
        ),
        case(
            "norm2(x)",
            "x[n]",
            "x",
            json!({"x": [0.0, 0.0]}),
            json!({"value": 0.0, "grad_x": [0.0, 0.0]}),
        ),
        case(
            "sum(norm2(X, axis=1))",
            "X[m,n]",
            "X",
            json!({"X": [[0.0, 0.0], [3.0, 4.0]]}),
            json!({"value": 5.0, "grad_X": [[0.0, 0.0], [0.6, 0.8]]}),
        ),
    ];
    if let Some(report) = run(&cases) {
        assert_eq!(report, "");
    }
}

#[test]
fn what_is_used_twice_has_a_name() {
    let m = of("u = W*x + b\nz = tanh(u)\nsum(z.^2)", "W[m,n], x[n], b[m]", &["W", "b"]);
    assert_eq!(m.matches("W @ x").count(), 3, "once in each function: {m}");
    let m = of("norm2((x - y)*c)*norm2(x - y)", "x[n], y[n], c", &["c"]);
    assert_eq!(body(&m, "value").matches("x - y").count(), 1, "{m}");
}

#[test]
fn constants_are_broadcast_beside_arrays() {
    let m = of("sum(sigmoid(X*W + ones(N)*b'))", "X[N,n], W[n,p], b[p]", &["b"]);
    assert!(body(&m, "value").contains("X @ W + b"), "{m}");
    let m = of("sum(x)", "x[n]", &["x"]);
    assert!(body(&m, "grad_x").contains("return np.ones(x.shape[0])"), "{m}");
}

#[test]
fn names_are_those_of_the_user_where_python_has_them() {
    let m = of("λ*norm2(w)^2 + lambda_*class + np*w'*w", "w[n], λ, lambda_, class, np", &["w"]);
    assert!(m.contains("def grad_w(λ, w, lambda_, class_, np_):"), "{m}");
    let m = of("lambda*x'*x + lambda_", "x[n], lambda, lambda_", &["lambda", "lambda_"]);
    assert!(m.contains("def grad_lambda(lambda_, x, lambda__):"), "{m}");
    assert!(m.contains("def grad_lambda_(lambda_, x, lambda__):"), "{m}");
    // a definition that is called like a parameter's Python name
    let m = of("np = x + 1\nsum(np.*np)", "x[n]", &["x"]);
    assert!(m.contains("np_ = x + 1"), "{m}");
}

#[test]
fn unknown_functions_follow_the_variables() {
    let m = of("f(W*x + b)", "", &["W"]);
    assert!(m.contains("def value(W, x, b, f):"), "{m}");
    assert!(m.contains("def grad_W(W, x, b, grad_y, f_prime):"), "{m}");
    let m = module(&Question::new("fn J scalar\nu = W*x\nJ(u)").wrt(&["W"]));
    assert!(m.contains("def value(W, x, J):"), "{m}");
    assert!(body(&m, "grad_W").contains("return np.outer(J_grad(u), x)"), "{m}");
}

fn symbol(name: &str, rank: u8) -> Math {
    Math::Symbol(Symbol { name: name.into(), rank })
}

fn entry(name: &str, rank: u8, at: &[&str]) -> Math {
    Math::Entry(Box::new(symbol(name, rank)), at.iter().map(|i| symbol(i, 0)).collect())
}

fn delta(i: &str, j: &str) -> Math {
    Math::Delta(Box::new(symbol(i, 0)), Box::new(symbol(j, 0)))
}

fn parameter(name: &str, sizes: &[&str]) -> Parameter {
    Parameter {
        name: symbol(name, sizes.len() as u8),
        shape: sizes.iter().map(|s| symbol(s, 0)).collect(),
        attributes: derive::syntax::ast::Attributes::NONE,
        assumed: false,
    }
}

/// An answer with one result in index notation over `axes`.
fn entrywise(value: Math, parameters: Vec<Parameter>, axes: &[(&str, &str)]) -> Answer {
    let name = |n: &str, rank| Symbol { name: n.into(), rank };
    Answer {
        objective: name("y", 0),
        named: false,
        value: Math::Number(Number::ONE),
        value_axes: Box::default(),
        shape: Shape::from([]),
        value_needs: smallvec![],
        bindings: vec![],
        parameters,
        functions: vec![],
        scalar_functions: vec![],
        spellings: rustc_hash::FxHashMap::default(),
        results: vec![Outcome {
            kind: ResultKind::Jacobian,
            wrt: smallvec![name("W", 2)],
            shape: axes.iter().map(|a| symbol(a.1, 0)).collect(),
            value,
            entrywise: true,
            needs: smallvec![],
            besides: Some(Box::new(Besides {
                axes: axes.iter().map(|a| name(a.0, 0)).collect(),
                ..Besides::default()
            })),
        }],
        conditions: vec![],
        remarks: Vec::new(),
    }
}

/// Answers in index notation: what the entries are, and their values at one point.
fn entrywise_answers() -> Vec<(Answer, &'static str, Value)> {
    let wx = || vec![parameter("W", &["m", "n"]), parameter("x", &["n"])];
    let sum = |names: &[&str], body: Math| {
        let names = names.iter().map(|n| Symbol { name: (*n).into(), rank: 0 }).collect();
        Math::IndexSum(names, Box::new(body))
    };
    vec![
        (
            entrywise(
                Math::Product(vec![delta("i", "k"), entry("x", 1, &["l"])]),
                wx(),
                &[("i", "m"), ("k", "m"), ("l", "n")],
            ),
            "_spread(x, ",
            json!([[[1, 2, 3], [0, 0, 0]], [[0, 0, 0], [1, 2, 3]]]),
        ),
        (
            entrywise(
                sum(&["k"], Math::Product(vec![entry("W", 2, &["i", "k"]), entry("x", 1, &["k"])])),
                wx(),
                &[("i", "m")],
            ),
            "return W @ x",
            json!([14, 32]),
        ),
        (
            // no entry has the second axis
            entrywise(entry("x", 1, &["i"]), wx(), &[("i", "n"), ("j", "m")]),
            "np.ones(W.shape[0])",
            json!([[1, 1], [2, 2], [3, 3]]),
        ),
        (
            entrywise(
                Math::Sum(vec![
                    (false, entry("W", 2, &["i", "j"])),
                    (
                        true,
                        Math::Power(
                            Box::new(entry("x", 1, &["j"])),
                            Box::new(Math::Number(Number::integer(2))),
                        ),
                    ),
                ]),
                wx(),
                &[("j", "n"), ("i", "m")],
            ),
            "(W - x**2).T",
            json!([[0, 3], [-2, 1], [-6, -3]]),
        ),
        (
            // one index is summed although nothing has it: a factor of its length
            entrywise(
                sum(
                    &["k"],
                    Math::Product(vec![
                        entry("W", 2, &["i", "j"]),
                        entry("W", 2, &["k", "j"]),
                        entry("W", 2, &["k", "l"]),
                    ]),
                ),
                wx(),
                &[("i", "m"), ("j", "n"), ("l", "n")],
            ),
            "np.einsum(\"ij,kj,kl->ijl\", W, W, W, optimize=True)",
            json!([
                [[17, 22, 27], [44, 58, 72], [81, 108, 135]],
                [[68, 88, 108], [110, 145, 180], [162, 216, 270]],
            ]),
        ),
    ]
}

#[test]
fn index_notation_is_contracted() {
    let mut cases = vec![];
    for (answer, text, expected) in entrywise_answers() {
        let module = numpy(&answer).expect("the answer has a module");
        assert!(module.contains(text), "{module}");
        cases.push(json!({
            "id": text, "module": module, "at": {"W": [[1, 2, 3], [4, 5, 6]], "x": [1, 2, 3]},
            "expected": {"jacobian_W": expected},
        }));
    }
    if let Some(failures) = run(&cases) {
        assert_eq!(failures, "");
    }
}

#[test]
fn sizes_follow_from_compound_shapes() {
    let size = |s: &str| symbol(s, 0);
    let mut answer = entrywise(Math::Ones(vec![size("m"), size("p")]), vec![], &[]);
    answer.parameters = vec![parameter("k", &["p"]), parameter("z", &["m-p+1"])];
    answer.results[0].entrywise = false;
    answer.results[0].shape = Shape::from([size("m"), size("p")]);
    let module = numpy(&answer).expect("m = len(z) + p - 1");
    assert!(
        module.contains("m = z.shape[0] + p - 1")
            || module.contains("z.shape[0] + k.shape[0] - 1")
            || module.contains("z.shape[0] + p - 1"),
        "{module}"
    );
    answer.parameters.pop();
    // what no shape gives is asked for
    let module = numpy(&answer).expect("m is a parameter");
    assert!(module.contains("def jacobian_W(k, m):"), "{module}");
}

#[test]
fn a_scalar_that_stands_for_an_array_is_filled() {
    let mut answer = entrywise(symbol("c", 0), vec![], &[]);
    answer.parameters = vec![parameter("c", &[]), parameter("x", &["n"])];
    answer.results[0].entrywise = false;
    answer.results[0].shape = Shape::from([symbol("n", 0)]);
    answer.results[0].kind = ResultKind::Gradient;
    let module = numpy(&answer).expect("the answer has a module");
    assert!(module.contains("return np.full(x.shape[0], c)"), "{module}");
}

#[test]
fn deep_and_long_answers_are_written() {
    let mut value = symbol("x", 1);
    for _ in 0..3000 {
        value = Math::Sum(vec![
            (false, Math::Hadamard(vec![value, symbol("x", 1)])),
            (false, symbol("x", 1)),
        ]);
    }
    let mut answer = entrywise(symbol("c", 0), vec![parameter("x", &["n"])], &[]);
    answer.results[0].entrywise = false;
    answer.results[0].shape = Shape::from([symbol("n", 0)]);
    let shape = Shape::from([symbol("n", 0)]);
    answer.bindings =
        vec![Binding { name: symbol("t", 1), value, indices: None, shape, needs: smallvec![] }];
    answer.results[0].value = Math::Sum(vec![(false, symbol("t", 1)); 5000]);
    let module = numpy(&answer).expect("the answer has a module");
    let case = json!({"id": "deep", "module": module, "at": {"x": [0.0]}, "expected": {"jacobian_W": [0.0]}});
    if let Some(failures) = run(&[case]) {
        assert_eq!(failures, "");
    }
}

/// Programs with slices, block arrays and factors, and what the judge says of their gradients.
#[test]
fn slices_blocks_and_factors_run_as_the_judge_evaluates() {
    let at = json!({
        "x": [1.0, -2.0, 0.5, 3.0], "y": [0.3, 0.7], "b": [1.0, 2.0, -1.0], "c": 0.4,
        "A": [[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]],
        "M": [[1.0, 2.0, 0.1, -1.0, 0.2, 0.3], [0.5, 1.5, 2.5, -0.5, 1.0, 2.0]],
    });
    let programs = [
        ("norm2(x[2:3])^2 + x[1]*x[4]", "x[4]", "x"),
        ("norm2(M*[x; y])^2", "M[m,6], x[4], y[2]", "x"),
        ("norm2(M[1,:])^2 + norm2(M[:,2:4]*b)^2", "M[2,6], b[3]", "M"),
        ("norm2([A, b; b', c])^2", "A[n,n], b[n], c", "b"),
        ("log(det([A, b; b', 9]))", "A[n,n], b[n]", "A"),
        ("norm2(tril(A)*b)^2", "A[n,n], b[n]", "A"),
        ("sum(log(diag(chol(A))))", "A[n,n], b[n]", "A"),
        ("sum(exp(eigvals(A)))", "A[n,n]", "A"),
        ("b'*eigvecs(A)*b", "A[n,n], b[n]", "A"),
        ("sum(sigmoid''(x))", "x[4]", "x"),
        ("sum(norm2(A, axis=1)) + sum(norm1(A, axis=0))", "A[n,n]", "A"),
    ];
    let mut cases = Vec::new();
    for (program, shapes, wrt) in programs {
        let question = Question::new(program).shapes(shapes).wrt(&[wrt]);
        let names: Vec<&str> = shapes.split([',', ' ']).collect();
        let own: serde_json::Map<String, Value> = at
            .as_object()
            .expect("a point is an object")
            .iter()
            .filter(|(k, _)| names.iter().any(|n| n.split('[').next() == Some(k.as_str())))
            .map(|(k, v)| (k.clone(), v.clone()))
            .filter(|(k, _)| program.contains(k.as_str()))
            .collect();
        let output = Command::new(env!("CARGO_BIN_EXE_derive"))
            .args(["eval", "-e", program, "--shape", shapes, "--grad", wrt, "--at"])
            .arg(Value::Object(own.clone()).to_string())
            .output()
            .expect("the program starts");
        let message = String::from_utf8_lossy(&output.stderr).to_string();
        assert!(output.status.success(), "{program}: {message}");
        let found: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
        let mut expected = serde_json::Map::new();
        expected.insert("value".into(), found["value"].clone());
        expected.insert(format!("grad_{wrt}"), found["grad"][wrt].clone());
        cases.push(json!({
            "id": program, "module": module(&question), "at": own, "expected": expected,
        }));
    }
    if let Some(report) = run(&cases) {
        assert_eq!(report, "");
    }
}
