//! Programs made at random: several definitions of scalars, vectors and matrices, and an objective
//! of these. Every answer that is printed is verified by the judge, and every line of some of the
//! derivations is a claim that holds.

use derive::check::check;
use derive::notation::steps::{Notation, text::program};
use derive::numeric::sample::Random;
use derive::{Question, Solution, gradient, hessian, jacobian, verify};

/// Forms of a value: `S`, `V` and `M` stand for any scalar, vector and matrix.
const SCALARS: &[&str] = &[
    "mean(V)",
    "sum(V)",
    "norm2(V)",
    "V'*V",
    "tr(M)",
    "S*S",
    "S + S",
    "S/(1 + S^2)",
    "log(1 + S^2)",
    "sqrt(1 + S^2)",
    "exp(-S^2)",
    "logsumexp(V)",
    "V'*M*V",
    "mean(V.^2)",
    "V[1]",
    "log(det(eye(n) + M*M'))",
    "prod(1 + V.^2)",
    "max(V)",
    "norm1(V)",
];
const VECTORS: &[&str] = &[
    "V - V",
    "V + V",
    "V .* V",
    "M*V",
    "tanh(V)",
    "softmax(V)",
    "V - mean(V)",
    "S*V",
    "V/(1 + S^2)",
    "exp(-V.^2)",
    "relu(V)",
    "mean(M, axis=0)",
    "sum(M, axis=1)",
    "inv(eye(n) + M*M')*V",
    "sigmoid(V)",
    "M[1,:]'",
    "M[:,1]",
    "where(V > 0.1, V, V.^2)",
    "logsumexp(M, axis=1)",
    "layernorm(V, 0.1)",
    "max(M, axis=1)",
    "solve(eye(n) + M'*M, V)",
    "tril(M)*V",
    "(1 + V.^2).^(3/2)",
];
const MATRICES: &[&str] = &[
    "M'",
    "M*M",
    "M + M",
    "M - M",
    "V*V'",
    "diag(V)",
    "M'*M/n",
    "M - ones(n)*mean(M, axis=0)'",
    "S*M",
    "M .* M",
    "softmax(M, axis=1)",
    "triu(M)",
    "M^2",
    "chol(eye(n) + M'*M)",
    "inv(eye(n) + M*M')",
    "ones(n)*V'",
];

/// The names so far of each kind.
struct Names {
    lists: [Vec<String>; 3],
}

impl Names {
    fn place(kind: char) -> Option<usize> {
        "SVM".find(kind)
    }

    /// An expression of a kind with forms nested so deep.
    fn expression(&self, kind: char, depth: u32, random: &mut Random) -> String {
        let at = Names::place(kind).unwrap_or(0);
        let list = &self.lists[at];
        if depth == 0 || random.below(5) == 0 {
            return list[random.below(list.len())].clone();
        }
        let forms = [SCALARS, VECTORS, MATRICES][at];
        let form = forms[random.below(forms.len())];
        form.chars()
            .map(|c| match Names::place(c) {
                Some(_) => format!("({})", self.expression(c, depth - 1, random)),
                None => c.to_string(),
            })
            .collect()
    }
}

/// A program whose objective is of one kind.
fn made(kind: char, random: &mut Random) -> String {
    let own = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    let mut names = Names { lists: [own(&["c"]), own(&["x", "y"]), own(&["A", "B"])] };
    let mut text = "var x[n], y[n], A[n,n], B[n,n], c\n".to_string();
    for k in 0..random.below(4) {
        let kind = ['S', 'V', 'M'][random.below(3)];
        let body = names.expression(kind, 1 + random.below(2) as u32, random);
        let name = format!("{}{k}", ['s', 'v', 'U'][Names::place(kind).unwrap_or(0)]);
        text.push_str(&format!("{name} = {body}\n"));
        names.lists[Names::place(kind).unwrap_or(0)].push(name);
    }
    let body = names.expression(kind, 3, random);
    format!("{text}L = {body}\n")
}

/// What is wrong with the answer to a question, or nothing; kinks may leave it undecided.
fn fault(question: &Question, solution: &Solution) -> Option<String> {
    let report = verify(solution, question, 0);
    let open = report.status == "skipped"
        && ["kink", "too large", "accurate", "defined"].iter().any(|w| report.reason.contains(w));
    (report.status != "verified" && !open)
        .then(|| format!("{}: {}\n{}", report.status, report.reason, solution.ascii(0)))
}

fn run(count: u64) {
    let mut faults = Vec::new();
    for seed in 0..count {
        let mut random = Random::new(seed);
        let (kind, derivative) = match seed % 8 {
            0 => ('V', 'j'),
            1 => ('M', 'j'),
            2 => ('S', 'h'),
            _ => ('S', 'g'),
        };
        let text = made(kind, &mut random);
        let wrt = ["x", "y", "c", "A"][random.below(if derivative == 'h' { 3 } else { 4 })];
        let question = Question::new(&text).wrt(&[wrt]);
        let found = match derivative {
            'j' => jacobian(&question),
            'h' => hessian(&question),
            _ => gradient(&question),
        };
        let fault = match found {
            Ok(solution) => fault(&question, &solution),
            Err(error) => Some(error.to_string()),
        };
        faults.extend(fault.map(|why| format!("{text}by {wrt}: {why}")));
    }
    assert!(faults.is_empty(), "{} of {count}\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn answers_to_programs_made_at_random_are_verified() {
    run(240);
}

#[test]
#[ignore = "takes minutes; meant for release builds"]
fn answers_to_many_programs_made_at_random_are_verified() {
    run(10_000);
}

#[test]
fn derivations_of_programs_made_at_random_hold() {
    for seed in 0..24 {
        let mut random = Random::new(seed + 1_000_000);
        let text = made('S', &mut random);
        let question = Question::new(&text).wrt(&["x"]).with_steps();
        let solution = gradient(&question).unwrap_or_else(|e| panic!("{text}{e}"));
        let steps = solution.steps.as_ref().expect("the question asks for steps");
        for notation in [Notation::Matrix, Notation::Index] {
            let claims = program(steps, notation);
            let checked = check(&claims, None, 0).unwrap_or_else(|e| panic!("{claims}\n{e:?}"));
            for outcome in checked {
                assert!(outcome.status.holds(), "{text}{claims}\n{outcome:?}");
            }
        }
    }
}
