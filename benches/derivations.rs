//! Derivations in the library, from text to text, without verification.
//!
//! `cargo bench --bench derivations`; `typical` is the everyday work, `transformer_blocks`, `chain`,
//! `wide` and `deep` show that costs are linear (their counters give layers, terms and nodes a second);
//! `raw_…` is the derivative alone.

use derive::calculus::sweep::{Naming, ReverseMode, Seed, gradients};
use derive::notation::steps;
use derive::notation::text::{Report, text};
use derive::shape::infer::infer;
use derive::syntax::parser::{parse, parse_with};
use derive::tensor::lower::{Lowered, lower};
use derive::{Question, gradient, hessian};
use divan::counter::ItemsCount;
use std::fmt::Write;

fn main() {
    divan::main();
}

/// From text to text.
fn answer(question: &Question) -> String {
    let solution = gradient(question).expect("the program has gradients");
    text(&solution.answer, &Report::skipped(""))
}

/// What is asked: a gradient or the second derivatives.
#[derive(Clone, Copy, PartialEq)]
enum Ask {
    Gradient,
    Hessian,
}

/// From text to text, for either question.
fn either(question: &Question, ask: Ask) -> String {
    if ask == Ask::Gradient {
        return answer(question);
    }
    let solution = hessian(question).expect("the program has second derivatives");
    text(&solution.answer, &Report::skipped(""))
}

const LOGISTIC: &str = "var X[N,n], w[n], y[N]\nsum(log(1 + exp(-y .* (X*w))))";

#[rustfmt::skip]
const TYPICAL: &[(&str, &str, &[&str], Ask)] = &[
    ("layer", "sigmoid(W*x+b)", &["W"], Ask::Gradient),
    ("least_squares", "norm2(A*x - y)^2", &["x"], Ask::Gradient),
    ("logistic_regression", LOGISTIC, &["w"], Ask::Gradient),
    ("softmax_cross_entropy", "var W[k,n], x[n], b[k], y[k]\nz = W*x + b\n\
      L = cross_entropy(softmax(z), y)", &["W"], Ask::Gradient),
    ("trace_of_a_product", "tr(A*X'*B*X*C)", &["X"], Ask::Gradient),
    ("logdet", "logdet(X)", &["X"], Ask::Gradient),
    ("two_layer_network", "var W1[h,n], b1[h], W2[k,h], b2[k], x[n], y[k] simplex\nu = W1*x + b1\n\
      z = relu(u)\nv = W2*z + b2\nL = cross_entropy(softmax(v), y)",
      &["W1", "b1", "W2", "b2"], Ask::Gradient),
    ("euclidean_norm", "norm2(A*x - b)", &["x"], Ask::Gradient),
    ("frobenius_norm", "norm2(A*X - B)^2", &["X"], Ask::Gradient),
    ("sum_of_magnitudes", "norm1(A*x - b)", &["x"], Ask::Gradient),
    ("quadratic_form", "x'*A*x + b'*x", &["x"], Ask::Gradient),
    ("inverse_in_a_trace", "tr(A*inv(X)*B)", &["X"], Ask::Gradient),
    ("matrix_factorisation", "var A[m,n], U[m,r], V[n,r]\nnorm2(A - U*V')^2",
      &["U", "V"], Ask::Gradient),
    ("attention", "var Q[n,d], K[m,d], V[m,p], G[n,p]\n\
      sum(G .* (softmax(Q*K'/sqrt(d), axis=1)*V))", &["Q"], Ask::Gradient),
    ("hessian_of_a_quadratic_form", "var A[n,n], x[n]\nx'*A*x", &["x"], Ask::Hessian),
    ("hessian_of_cross_entropy", "var z[k], y[k] simplex\ncross_entropy(softmax(z), y)",
      &["z"], Ask::Hessian),
    ("hessian_of_logistic_regression", LOGISTIC, &["w"], Ask::Hessian),
    ("hessian_by_the_last_weights", "var W1[h,n], b1[h], w2[h], x[n], y\nz = tanh(W1*x + b1)\n\
      L = (w2'*z - y)^2", &["w2"], Ask::Hessian),
];

#[divan::bench(args = TYPICAL.iter().map(|t| t.0), sample_count = 1000)]
fn typical(bencher: divan::Bencher, name: &str) {
    let (_, program, wrt, ask) = TYPICAL.iter().find(|t| t.0 == name).expect("it is in the table");
    let question = Question::new(program).wrt(wrt);
    bencher.bench(|| either(&question, *ask));
}

/// A network of `layers` layers with a squared loss; by every variable.
fn network(layers: usize) -> Question {
    let mut program = String::from("var z0[n0], t[n");
    write!(program, "{layers}]").expect("a string can grow");
    for k in 1..=layers {
        write!(program, ", W{k}[n{k},n{}], b{k}[n{k}]", k - 1).expect("a string can grow");
    }
    for k in 1..=layers {
        write!(program, "\nz{k} = tanh(W{k}*z{} + b{k})", k - 1).expect("a string can grow");
    }
    write!(program, "\nL = norm2(z{layers} - t)^2").expect("a string can grow");
    Question::new(&program)
}

#[divan::bench(args = [100, 300, 1_000, 3_000, 10_000], sample_count = 10)]
fn chain(bencher: divan::Bencher, layers: usize) {
    let question = network(layers);
    bencher.counter(ItemsCount::new(layers)).bench(|| answer(&question));
}

/// A sum of different terms, five nodes each with its variables.
fn sum_of_entries(terms: usize) -> Question {
    let sum: Vec<String> =
        (0..terms).map(|k| format!("sin(x[{}]*y[{}])", k / 100 + 1, k % 100 + 1)).collect();
    Question::new(&sum.join(" + ")).wrt(&["x"]).shapes("x[100], y[100]")
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 10)]
fn wide(bencher: divan::Bencher, terms: usize) {
    let question = sum_of_entries(terms);
    bencher.counter(ItemsCount::new(5 * terms)).bench(|| answer(&question));
}

/// The same with a scalar of its own for every factor.
fn sum_of_scalars(terms: usize) -> Question {
    let side = terms.isqrt();
    let names = |v: &str| (0..side).map(|i| format!("{v}{i}")).collect::<Vec<_>>().join(", ");
    let sum: Vec<String> =
        (0..terms).map(|k| format!("sin(x{}*y{})", k / side % side, k % side)).collect();
    let program = format!("var {}, {}\n{}", names("x"), names("y"), sum.join(" + "));
    Question::new(&program).wrt(&["x0"])
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 10)]
fn wide_scalars(bencher: divan::Bencher, terms: usize) {
    let question = sum_of_scalars(terms);
    bencher.counter(ItemsCount::new(5 * terms)).bench(|| answer(&question));
}

/// `sin(exp(sin(…x)))`.
fn nested(depth: usize) -> Question {
    let mut program = String::from("var x\n");
    for k in 0..depth {
        program.push_str(if k % 2 == 0 { "sin(" } else { "exp(" });
    }
    program.push('x');
    program.push_str(&")".repeat(depth));
    Question::new(&program).wrt(&["x"])
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 10)]
fn deep(bencher: divan::Bencher, depth: usize) {
    let question = nested(depth);
    bencher.counter(ItemsCount::new(depth + 1)).bench(|| answer(&question));
}

/// The derivative alone, from equations to normal forms, with nothing read and nothing written.
fn raw(bencher: divan::Bencher, items: usize, question: &Question) {
    let made = || {
        let program = parse_with(question.shapes.as_deref(), &question.program);
        let typed = infer(program.expect("it can be read")).expect("it has shapes");
        let lowered = lower(&typed, None, &ReverseMode).expect("it has a meaning");
        let targets: Vec<_> = match question.wrt.first() {
            Some(x) => {
                let name = typed.program.find_name(x).expect("it is a name of the program");
                lowered.symbols_by_name(&typed)[name.0 as usize].into_iter().collect()
            }
            None => lowered.variables.iter().flatten().copied().collect(),
        };
        (lowered, targets)
    };
    bencher.counter(ItemsCount::new(items)).with_inputs(made).bench_values(
        |(mut lowered, targets)| {
            let found = gradients(&mut lowered, &targets, Seed::One, Naming::Definitions, None);
            (lowered, found)
        },
    );
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 50)]
fn raw_wide(bencher: divan::Bencher, terms: usize) {
    raw(bencher, 5 * terms, &sum_of_entries(terms));
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 50)]
fn raw_wide_scalars(bencher: divan::Bencher, terms: usize) {
    raw(bencher, 5 * terms, &Question { wrt: Vec::new(), ..sum_of_scalars(terms) });
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 50)]
fn raw_deep(bencher: divan::Bencher, depth: usize) {
    raw(bencher, depth + 1, &nested(depth));
}

/// From text to equations alone: reading, shapes, lowering.
#[divan::bench(args = TYPICAL.iter().map(|t| t.0))]
fn front(bencher: divan::Bencher, name: &str) {
    let (_, program, ..) = TYPICAL.iter().find(|t| t.0 == name).expect("it is in the table");
    bencher.bench(|| equations(program));
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 10)]
fn front_of_a_chain(bencher: divan::Bencher, layers: usize) {
    let program = network(layers).program;
    bencher.counter(ItemsCount::new(layers)).bench(|| equations(&program));
}

fn equations(program: &str) -> Lowered {
    let typed = infer(parse(program).expect("it can be read")).expect("it has shapes");
    lower(&typed, None, &ReverseMode).expect("it has a meaning")
}

/// An encoder of `blocks` blocks with three heads each, every intermediate value by its name.
fn transformer(blocks: usize) -> Question {
    let mut shapes = String::from("var h0[N,d], Y[N,d]");
    let mut lines = String::new();
    for b in 1..=blocks {
        let before = b - 1;
        for head in 1..=3 {
            let k = format!("{b}_{head}");
            write!(shapes, ", Q{k}[d,m], K{k}[d,m], V{k}[d,m], O{k}[m,d]").expect("it can grow");
            write!(
                lines,
                "\nq{k} = h{before}*Q{k}\nk{k} = h{before}*K{k}\nv{k} = h{before}*V{k}\n\
                 s{k} = q{k}*k{k}'/sqrt(m)\np{k} = softmax(s{k}, axis=1)\n\
                 a{k} = p{k}*v{k}\no{k} = a{k}*O{k}"
            )
            .expect("it can grow");
        }
        write!(shapes, ", F{b}[d,f], G{b}[f,d]").expect("it can grow");
        write!(
            lines,
            "\nr{b} = h{before} + o{b}_1 + o{b}_2 + o{b}_3\nn{b} = layernorm(r{b}, 1e-5, axis=1)\n\
             u{b} = n{b}*F{b}\nh{b} = n{b} + gelu(u{b})*G{b}"
        )
        .expect("it can grow");
    }
    Question::new(&format!("{shapes}{lines}\nL = mse(h{blocks}, Y)"))
}

#[divan::bench(args = [3, 6, 12, 24, 48], sample_count = 20)]
fn transformer_blocks(bencher: divan::Bencher, blocks: usize) {
    let question = transformer(blocks);
    bencher.counter(ItemsCount::new(blocks)).bench(|| answer(&question));
}

/// The derivation in two columns, from text to text.
fn derivation(question: &Question) -> String {
    let solution = gradient(question).expect("the program has gradients");
    let steps = solution.steps.as_ref().expect("steps were asked for");
    steps::text::text(steps, &solution.answer, steps::Notation::Both, 110)
}

#[divan::bench(args = ["layer", "least_squares", "two_layer_network"])]
fn typical_steps(bencher: divan::Bencher, name: &str) {
    let (_, program, wrt, _) = TYPICAL.iter().find(|t| t.0 == name).expect("it is in the table");
    let question = Question::new(program).wrt(wrt).with_steps();
    bencher.bench(|| derivation(&question));
}

#[divan::bench(args = [100, 300, 1_000, 3_000], sample_count = 10)]
fn chain_steps(bencher: divan::Bencher, layers: usize) {
    let question = network(layers).with_steps();
    bencher.counter(ItemsCount::new(layers)).bench(|| derivation(&question));
}
