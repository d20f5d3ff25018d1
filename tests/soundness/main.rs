//! Soundness of the checker on generated claims: true ones by rewriting an expression with
//! identities while it is written down twice, false ones by one change that is never nothing.

use derive::check::check_typed;
use derive::check::verdict::Status;
use derive::shape::infer::infer;
use derive::syntax::parser::parse;

const DECLARATIONS: &str = "var A[n,n], B[n,n], C[n,n], x[n], y[n], z[n], c, d\n";

/// splitmix64
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

/// An expression written twice: the two are equal wherever both are defined.
type Pair = (String, String);

fn both(text: &str) -> Pair {
    (text.to_string(), text.to_string())
}

/// The same context around both.
fn wrap(p: &Pair, f: impl Fn(&str) -> String) -> Pair {
    (f(&p.0), f(&p.1))
}

fn join(a: &Pair, b: &Pair, f: impl Fn(&str, &str) -> String) -> Pair {
    (f(&a.0, &b.0), f(&a.1, &b.1))
}

fn scalar(r: &mut Random, depth: u32) -> Pair {
    if depth == 0 {
        return both(r.pick(&["c", "d", "2", "1/3", "x[1]"]));
    }
    let d = depth - 1;
    match r.below(9) {
        0 => {
            let (a, b) = (scalar(r, d), scalar(r, d));
            (format!("({} + {})", a.0, b.0), format!("({} + {})", b.1, a.1))
        }
        1 => {
            let (a, b) = (scalar(r, d), scalar(r, d));
            (format!("({})*({})", a.0, b.0), format!("({})*({})", b.1, a.1))
        }
        2 => {
            let (u, v) = (vector(r, d), vector(r, d));
            (format!("({})'*({})", u.0, v.0), format!("dot({}, {})", v.1, u.1))
        }
        3 => {
            let (m, n) = (matrix(r, d), matrix(r, d));
            (format!("tr(({})*({}))", m.0, n.0), format!("tr(({})*({}))", n.1, m.1))
        }
        4 => {
            let m = matrix(r, d);
            (format!("tr({})", m.0), format!("tr(({})')", m.1))
        }
        5 => {
            let v = vector(r, d);
            (format!("norm2({})^2", v.0), format!("sum(({}).^2)", v.1))
        }
        6 => {
            let a = scalar(r, d);
            (format!("sigmoid({})", a.0), format!("1/(1 + exp(-({})))", a.1))
        }
        7 => {
            let a = scalar(r, d);
            (format!("tanh({})", a.0), format!("(2*sigmoid(2*({})) - 1)", a.1))
        }
        _ => wrap(&scalar(r, d), |a| format!("sin({a})")),
    }
}

fn vector(r: &mut Random, depth: u32) -> Pair {
    if depth == 0 {
        return both(r.pick(&["x", "y", "z"]));
    }
    let d = depth - 1;
    match r.below(7) {
        0 => {
            let (u, v) = (vector(r, d), vector(r, d));
            (format!("({} - {})", u.0, v.0), format!("(-({}) + {})", v.1, u.1))
        }
        1 => {
            let (m, u, v) = (matrix(r, d), vector(r, 0), vector(r, d));
            (
                format!("({})*({} + {})", m.0, u.0, v.0),
                format!("(({0})*({1}) + ({0})*({2}))", m.1, u.1, v.1),
            )
        }
        2 => {
            let (m, v) = (matrix(r, d), vector(r, d));
            (format!("({})*({})", m.0, v.0), format!("(({})'*({})')'", v.1, m.1))
        }
        3 => {
            let (u, v) = (vector(r, d), vector(r, d));
            (format!("({}) .* ({})", u.0, v.0), format!("diag({})*({})", v.1, u.1))
        }
        4 => {
            let (a, v) = (scalar(r, d), vector(r, d));
            (format!("({})*({})", a.0, v.0), format!("({})*({})", v.1, a.1))
        }
        5 => {
            let v = vector(r, d);
            (format!("relu({})", v.0), format!("({0}) .* step({0})", v.1))
        }
        _ => wrap(&vector(r, d), |v| format!("tanh({v})")),
    }
}

fn matrix(r: &mut Random, depth: u32) -> Pair {
    if depth == 0 {
        return both(r.pick(&["A", "B", "C", "A'"]));
    }
    let d = depth - 1;
    match r.below(6) {
        0 => {
            let (m, n) = (matrix(r, d), matrix(r, d));
            (format!("(({})*({}))'", m.0, n.0), format!("({})'*({})'", n.1, m.1))
        }
        1 => {
            let (m, n) = (matrix(r, d), matrix(r, 0));
            (format!("({} + {})", m.0, n.0), format!("({} + {})", n.1, m.1))
        }
        2 => join(&vector(r, d), &vector(r, d), |u, v| format!("({u})*({v})'")),
        3 => {
            let m = matrix(r, d);
            (format!("2*({})", m.0), format!("(({0}) + ({0}))", m.1))
        }
        4 => {
            let (m, n) = (matrix(r, d), matrix(r, d));
            (format!("({}) .* ({})", m.0, n.0), format!("({}) .* ({})", n.1, m.1))
        }
        _ => wrap(&matrix(r, d), |m| format!("({m})*eye(n)")),
    }
}

fn claim(r: &mut Random) -> (Pair, &'static str) {
    let depth = 1 + r.below(3) as u32;
    match r.below(3) {
        0 => (scalar(r, depth), "c*c + d + 1"),
        1 => (vector(r, depth), "x + 2*y"),
        _ => (matrix(r, depth), "A + 3*B'"),
    }
}

fn status(left: &str, right: &str) -> Option<Status> {
    let program = format!("{DECLARATIONS}{left} == {right}\n");
    let typed = infer(parse(&program).expect(&program)).expect(&program);
    check_typed(&typed, 1, false).first().map(|v| v.status)
}

#[expect(clippy::print_stdout, reason = "the rate of undecided claims is reported")]
fn run(count: u64) {
    let mut r = Random(20_261_124);
    let mut undecided = 0;
    for _ in 0..count {
        let ((left, right), other) = claim(&mut r);
        match status(&left, &right) {
            Some(Status::Refuted) => panic!("a true claim is refuted: {left} == {right}"),
            Some(Status::Undecided) | None => undecided += 1,
            _ => {}
        }
        let wrong = match r.below(3) {
            0 => format!("({right}) + 1/1000*({other})"),
            1 => format!("({right}) - ({other})"),
            _ => format!("({right}) + 1e-9*({other})"),
        };
        match status(&left, &wrong) {
            Some(Status::Refuted) => {}
            Some(Status::Undecided) | None => undecided += 1,
            Some(_) => panic!("a false claim holds: {left} == {wrong}"),
        }
    }
    println!("{undecided} of {} claims undecided", 2 * count);
    assert!(undecided * 50 <= 2 * count, "{undecided} of {} undecided", 2 * count);
}

#[test]
fn a_sample_of_generated_claims_comes_out_right() {
    run(300);
}

#[test]
#[ignore = "ten thousand claims of each kind: cargo test --release -- --ignored soundness"]
fn soundness() {
    run(10_000);
}
