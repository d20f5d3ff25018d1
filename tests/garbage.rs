//! Input that is no program, by the thousand: nothing panics, nothing hangs, and what cannot be read
//! is refused with a message that names a place.

use derive::check::check;
use derive::diagnostic::Diagnostic;
use derive::notation::text::result_program;
use derive::numeric::sample::Random;
use derive::{Question, gradient, hessian, jacobian, simplified};
use std::time::{Duration, Instant};

const TOKENS: &[&str] = &[
    "x",
    "A",
    "W",
    "f",
    "n",
    "λ",
    "∇y",
    "1",
    "0",
    "2",
    "0.5",
    "1e9",
    "99999999999999999999",
    "pi",
    "I",
    "e",
    "+",
    "-",
    "*",
    ".*",
    "/",
    "./",
    "^",
    ".^",
    "'",
    "''",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "==",
    "<",
    ">=",
    ":",
    ";",
    "\n",
    "#",
    " ",
    "@",
    "⊙",
    "²",
    "⁻¹",
    "ᵀ",
    "var ",
    "fn ",
    "scalar",
    "sum",
    "sum[i](",
    "sum[i,j](",
    "delta[i,j]",
    "x[i]",
    "A[i,j]",
    "x[0]",
    "x[-1]",
    "axis=0",
    "axis=7",
    "grad(",
    "jac(",
    "hess(",
    "vjp(",
    "inv(",
    "det(",
    "tr(",
    "exp(",
    "log(",
    "softmax(",
    "where(",
    "max(",
    "norm2(",
    "conv(",
    "maxpool(",
    "eye(",
    "ones(",
    "kron(",
    "vec(",
    "diag(",
    "unvec(",
    "mean(",
    "prod(",
    "solve(",
    "X[1000000,1000000]",
    "x[n-n]",
    "positive",
    "symmetric",
    "simplex",
    "\u{0}",
    "\u{7}",
    "\"",
    "\\",
    "\u{feff}",
    "\u{200B}",
];

/// The longest that one input may take: a second of an optimised build.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 1 });

type Solve = fn(&Question) -> Result<derive::Solution, derive::Error>;

/// Every command of the library on one text.
fn survive(text: &str) {
    let start = Instant::now();
    let placed = |error: derive::Error| {
        let diagnostic: Diagnostic = error.into();
        assert!(!diagnostic.message.is_empty(), "{text:?}");
        let fits = |at: u32| at as usize <= text.len() + 64;
        assert!(diagnostic.labels.iter().all(|l| fits(l.span.start)), "{text:?}");
        diagnostic.render(text, None, false);
    };
    let question = Question::new(text);
    // second derivatives are verified by the tests of their own: that takes longer
    for (solve, verified) in
        [(gradient as Solve, true), (jacobian, true), (hessian, false), (simplified, true)]
    {
        match solve(&question) {
            Ok(solution) if verified && !solution.answer.results.is_empty() => {
                derive::verify(&solution, &question, 0);
            }
            Ok(_) => {}
            Err(error) => placed(error),
        }
    }
    if let Err(error) = check(text, None, 0) {
        placed(error);
    }
    assert!(start.elapsed() < LIMIT, "{:?}: {text:?}", start.elapsed());
}

fn soup(random: &mut Random) -> String {
    let length = 1 + random.below(14);
    (0..length).map(|_| TOKENS[random.below(TOKENS.len())]).collect()
}

/// A program of the examples with a piece cut out, doubled or exchanged.
fn broken(random: &mut Random, programs: &[String]) -> String {
    let text = &programs[random.below(programs.len())];
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(3) {
        let at = random.below(letters.len().max(1));
        let end = (at + 1 + random.below(6)).min(letters.len());
        match random.below(4) {
            0 => letters.truncate(at),
            1 => drop(letters.drain(at..end)),
            2 => {
                let token = TOKENS[random.below(TOKENS.len())];
                letters.splice(at..end, token.chars());
            }
            _ => {
                let copy: Vec<char> = letters[at..end].to_vec();
                letters.splice(at..at, copy);
            }
        }
    }
    letters.into_iter().collect()
}

fn run(count: usize) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut programs: Vec<String> = std::fs::read_dir(folder)
        .expect("there are examples")
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())
        .filter(|text| text.len() < 600)
        .collect();
    programs.sort();
    let mut random = Random::new(2026);
    for number in 0..count {
        let text = if number % 3 == 0 { broken(&mut random, &programs) } else { soup(&mut random) };
        survive(&text);
    }
}

#[test]
fn a_sample_of_garbage_is_survived() {
    run(300);
}

#[test]
#[ignore = "twenty thousand texts: cargo test --release --test garbage -- --ignored"]
fn garbage_is_survived() {
    run(20_000);
}

#[test]
fn what_is_too_much_is_refused_or_answered_in_time() {
    let tower = |n: usize| {
        let open: Vec<String> = (0..n).map(|k| format!("sum[i{k}](")).collect();
        format!("{}x[i0]{}", open.concat(), ")".repeat(n))
    };
    let (depth, krons) = if cfg!(debug_assertions) { (300, 3) } else { (3000, 4) };
    let texts = [
        "var X[1000000,1000000]\ntr(X*X')".to_string(),
        "var X[1000000,1000000]\ntr(X*X') == tr(X'*X)".to_string(),
        "var x[1000000000000]\nsum(x)".to_string(),
        "x'*x^999999999999".to_string(),
        "A^99999999".to_string(),
        "sum(x.^1e300)".to_string(),
        "2^10000000000".to_string(),
        "c^(10^(10^10))".to_string(),
        "1e999999999*x".to_string(),
        tower(40),
        tower(2000),
        format!("x{}", "'".repeat(5000)),
        format!("f{}(x)", "'".repeat(300)),
        format!("sum({}x{})", "exp(".repeat(depth), ")".repeat(depth)),
        format!("{}A{}", "kron(A, ".repeat(krons), ")".repeat(krons)),
        "grad(grad(grad(c^9, c), c), c)".to_string(),
        "var x[3]\nx[4]".to_string(),
    ];
    for text in texts {
        survive(&text);
    }
}

#[test]
fn primes_are_counted_up_to_a_bound() {
    let asked = |primes: usize| format!("fn f\nvar x\nf{}(x)", "'".repeat(primes));
    let solution =
        gradient(&Question::new(&asked(200)).wrt(&["x"])).expect("it is within the bound");
    let found = result_program(&solution.answer, 0);
    assert_eq!(found.matches('\'').count(), 201, "{found}");
    let refused = gradient(&Question::new(&asked(201)).wrt(&["x"])).expect_err("it is beyond it");
    assert!(refused.to_string().contains("more than 200 primes"), "{refused}");
}
