//! Claims and whole derivations with known truth: nothing false is called true, nothing true false.

use derive::check::verdict::Status;
use derive::check::{check, check_typed};
use derive::shape::infer::infer;
use derive::syntax::parser::parse;
use serde_json::Value;

fn cases(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
    lines.map(|l| serde_json::from_str(l).expect("a case is JSON")).collect()
}

fn statuses(program: &str) -> Vec<Status> {
    let typed = parse(program).map(|p| infer(p).expect(program)).expect(program);
    check_typed(&typed, 0, false).iter().map(|v| v.status).collect()
}

fn judge(text: &str) {
    let mut wrong = Vec::new();
    for case in cases(text) {
        let program = case["program"].as_str().expect("a program");
        let found = statuses(program);
        let truth = case["truth"].as_bool().expect("a truth");
        let refuted = found.contains(&Status::Refuted);
        let held = found.iter().all(|s| matches!(s, Status::Proved | Status::Verified));
        if truth && !held || !truth && !refuted {
            wrong.push(format!("{} is {truth}, found {found:?}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_given_claims_come_out_right() {
    judge(include_str!("claims/given.jsonl"));
}

#[test]
fn hard_truths_and_near_misses_come_out_right() {
    judge(include_str!("claims/hard.jsonl"));
}

#[test]
fn kinks_domains_sizes_and_layers_come_out_right() {
    judge(include_str!("claims/more.jsonl"));
}

#[test]
fn thresholds_scales_and_near_misses_come_out_right() {
    judge(include_str!("claims/near.jsonl"));
}

#[test]
fn what_differs_where_no_double_lies_is_not_called_true() {
    for (strict, loose) in [("abs(x) < 1/3", "abs(x) <= 1/3"), ("3*x < y + 1", "3*x <= y + 1")] {
        let program = format!("var x, y\nwhere({strict}, 1, 0) == where({loose}, 1, 0)");
        assert!(!statuses(&program)[0].holds(), "{program}");
    }
    let program = "var x\nwhere(3*x < 1, 1 - 3*x, 3*x - 1) == abs(3*x - 1)";
    assert!(statuses(program)[0].holds());
}

#[test]
fn derivations_are_right_up_to_their_first_wrong_line() {
    let index: Value =
        serde_json::from_str(include_str!("claims/derivations/index.json")).expect("JSON");
    for entry in index.as_array().expect("a list") {
        let file = entry["file"].as_str().expect("a file");
        let path = format!("{}/tests/claims/derivations/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect("the file is there");
        let verdicts = check(&text, None, 0).expect("it reads");
        assert_eq!(verdicts.len() as u64, entry["claims"].as_u64().expect("a number"), "{file}");
        let first = verdicts.iter().find(|v| v.status == Status::Refuted).map(|v| v.line as u64);
        assert_eq!(first, entry["wrong_line"].as_u64(), "{file}");
        let open = verdicts.iter().filter(|v| v.status == Status::Undecided).count();
        assert_eq!(open, 0, "{file}");
    }
}

#[test]
fn what_is_refuted_gets_the_smallest_repair() {
    #[rustfmt::skip]
    let slips = [
        ("grad(x'*A*x, x) == 2*A*x", "grad(x'*A*x, x) == (A + A')*x"),
        ("grad(norm2(A*x - y)^2, x) == A'*(A*x - y)", "grad(norm2(A*x - y)^2, x) == 2*A'*(A*x - y)"),
        ("grad(tr(A*B), A) == B", "grad(tr(A*B), A) == B'"),
        ("var W[n,n], x[n]\nfn J scalar\nu = W*x\ngrad(J(u), x) == W*grad(J(u), u)", "grad(J(u), x) == W'*grad(J(u), u)"),
        ("var x\ntanh'(x) == 1 + tanh(x)^2", "tanh'(x) == 1 - tanh(x)^2"),
        ("var u[n]\nfn f\nfn J scalar\nz = f(u)\ngrad(J(z), u) == grad(J(z), z) .* f(u)", "grad(J(z), u) == grad(J(z), z) .* f'(u)"),
        ("jac(A*x, x)[i,j] == A[j,i]", "jac(A*x, x)[i,j] == A[i,j]"),
    ];
    for (program, repaired) in slips {
        let verdicts = check(program, None, 0).expect("it reads");
        let repair = verdicts[0].evidence.repair.as_ref().map(|r| r.0.as_str());
        assert_eq!(repair, Some(repaired), "{program}");
    }
}

#[test]
fn layouts_are_checked_and_mended_in_their_own_terms() {
    use derive::check::{Layout, check_in};
    #[rustfmt::skip]
    let cases = [
        (Layout::Numerator, "grad(tr(A*X), X) == A", None),
        (Layout::Numerator, "grad(tr(A*X), X) == A'", Some("grad(tr(A*X), X) == A")),
        (Layout::Numerator, "var A[n,n], x[n]\ngrad(x'*A*x, x) == x'*(A - A')", Some("grad(x'*A*x, x) == x'*(A + A')")),
        (Layout::Denominator, "var A[m,n], x[n]\njac(A*x, x) == A'", None),
        (Layout::Denominator, "var A[n,n], x[n]\njac(A*x, x) == A", Some("jac(A*x, x) == A'")),
    ];
    for (layout, program, mended) in cases {
        let verdicts = check_in(program, None, 0, layout).expect("it reads").verdicts;
        let last = program.lines().last().expect("a claim");
        assert_eq!(format!("{} == {}", verdicts[0].left, verdicts[0].right), last);
        assert_eq!(verdicts[0].status.holds(), mended.is_none(), "{program}");
        let repair = verdicts[0].evidence.repair.as_ref().map(|r| r.0.as_str());
        assert_eq!(repair, mended, "{program}");
    }
}

#[test]
fn what_holds_at_every_size_holds_at_a_large_one() {
    let cases = [
        ("var X[5000,4000], Y[4000,5000]\ntr(X*Y) == tr(Y*X)", Status::Proved),
        ("var x[100000]\nmean(x) == sum(x)/100000", Status::Proved),
        ("var x[100000]\nsum(ones(100000)) == 100000", Status::Proved),
        ("var X[5000,5000]\ntr(X*X) == tr(X*X')", Status::Undecided),
        ("var x[1000000]\nsum(x) == 1000000*x[1]", Status::Undecided),
        // the name that a size is given must be no name of the program
        (
            "var X[1000000,1000000], size_1000000\nsize_1000000*tr(X) == 1000000*tr(X)",
            Status::Undecided,
        ),
        (
            "var X[100000,100000], x[size_100000]\nsum(ones(size_100000)) == 100000",
            Status::Undecided,
        ),
    ];
    for (program, status) in cases {
        let found = statuses(program)[0];
        assert!(found == status || found.holds() && status.holds(), "{program}: {found:?}");
    }
}

#[test]
fn a_note_says_where_nothing_is_summed() {
    let note = |claim: &str| check(claim, None, 0).expect(claim)[0].evidence.note.clone();
    assert_eq!(
        note("y[i] == 2*A[i,j]*x[j] + b[i]").as_deref(),
        Some("`2*A[i,j]*x[j]` is a product of entries: nothing is summed over `j`")
    );
    // the index stands on the other side too, or in one factor only
    assert_eq!(note("x[i]*y[i] == 2*(x .* y)[i]"), None);
    assert_eq!(note("sum[j](A[i,j]*x[j]) == 2*(A*x)[i]"), None);
}

#[test]
fn what_hides_beyond_thresholds_and_digits_is_never_called_true() {
    for claim in [
        "10^100 == 10^100 + 1",
        "var x\nx == x*(1 + 1e-100)",
        "var a\nstep((a-1/3)^2) == 1",
        "var a\nstep(abs(a^2-2)) == 1",
        "var a\nwhere(a^2 >= 2, 1, 0) == where(a^2 > 2, 1, 0)",
        "var a\nstep(abs(sin(a)-1/2)) == 1",
        "var a\nstep(cos(a)+1) == 1",
        "var x\nwhere(sin(x) > 0.99999, 0, x) == x",
        "var x\nwhere(x > 1e16, 1, 0) == 0",
        "var x\nmin(x, 1e20) == x",
        "var x\nmax(x, -1e300) == x",
        "var x\nwhere(exp(x) > 2, 1, 0) == where(x > 0.6931471805, 1, 0)",
        "var a, b\n(a^2)^b == a^(2*b)",
        "var a, b, c\n(a^b)^c == a^(b*c)",
        "var x[n]\nwhere(n > 3, 1, 0) == 0",
        "var x[n]\nwhere(n > 5000, 1, 0) == 0",
        "sigmoid(800) == 1",
        "1 + exp(-800) == 1",
        "softplus(800) == 800",
        "gelu(20) == 20",
        "cosh(800) == sinh(800)",
        "logsumexp([0; 800]) == 800",
        "atan(1e100) == pi/2",
        "var x\nsigmoid(x^2 + 800) == 1",
        "var x\nsign(x - 12345) == sign(x*sign'(x-12345) - 12345)",
        "var x\nsign(x - 5) == sign(x*exp'(x - 5) - 6)",
        "var x[n]\ngrad(sum(relu(x - 12345)), x) == zeros(n)",
        "var x\ngrad(min(x, 1e20), x) == 1",
    ] {
        let verdicts = derive::check::check(claim, None, 0).unwrap_or_else(|e| panic!("{e:?}"));
        assert!(verdicts.iter().all(|v| !v.status.holds()), "{claim}");
    }
}

/// An array beside entries is read by their indices, in the order in which these appear.
#[test]
fn arrays_are_compared_with_entries() {
    let declared = "var x[n], A[m,n], B[n,n]\n";
    for claim in [
        "grad(x'*x, x) == 2*x[i]",
        "A*x == sum[j](A[i,j]*x[j])",
        "x[i] == x == 1*x[i]",
        "A == A[i,j]",
        "hess(sum(x.^3), x) == 6*x[i]*delta[i,j]",
        "jac(A*x, A) == eye(m)[k,i]*x[j]",
    ] {
        let found = statuses(&format!("{declared}{claim}"));
        assert!(found.iter().all(|s| s.holds()), "{claim}: {found:?}");
    }
    for claim in ["x == 2*x[i]", "B' == B[i,j]", "x[i] == x + 1", "grad(x'*B*x, x)[i] == 2*(B*x)"] {
        let found = statuses(&format!("{declared}{claim}"));
        assert_eq!(found, [Status::Refuted], "{claim}");
    }
    for claim in ["A == A[i,1]", "x == A[i,j]"] {
        let program = format!("{declared}{claim}");
        assert!(infer(parse(&program).expect("it is read")).is_err(), "{claim}");
    }
}

/// Conditions outlive the terms that they come from.
#[test]
fn what_the_sides_ask_for_is_said() {
    for (claim, condition) in [
        ("exp(log(a)) == a", "a is positive"),
        ("sqrt(a)*sqrt(a) == a", "a is nonnegative"),
        ("0*(1/a) == 0", "a is nonzero"),
        ("inv(A)*A == I", "A is invertible"),
        ("A*solve(A, A*x) == A*x", "A is invertible"),
    ] {
        let verdicts = check(claim, None, 0).expect(claim);
        assert!(verdicts[0].status.holds(), "{claim}");
        assert_eq!(verdicts[0].evidence.conditions, [condition], "{claim}");
    }
    for claim in ["sqrt(x'*x) == norm2(x)", "log(1 + exp(x)) == softplus(x)", "sqrt(a^2) == abs(a)"]
    {
        let verdicts = check(claim, None, 0).expect(claim);
        assert!(verdicts[0].evidence.conditions.is_empty(), "{claim}");
    }
}

/// Numbers beyond doubles are no obstacle, and sides that doubles do not tell apart are shown.
#[test]
fn large_and_near_numbers_are_compared() {
    for claim in ["10^400 == 10^400", "exp(1000) == exp(1000)", "10^400*x == 10^400*x"] {
        assert!(statuses(claim)[0].holds(), "{claim}");
    }
    for (claim, left, right) in [
        ("exp(1000) == exp(1001)", "1.97e434", "5.355e434"),
        ("exp(pi*sqrt(163)) == 640320^3 + 744", "262537412640768743.99", "262537412640768744"),
    ] {
        let verdicts = check(claim, None, 0).expect(claim);
        let shown = verdicts[0].evidence.counterexample.as_ref().and_then(|c| c.digits.as_ref());
        assert_eq!(shown, Some(&(left.to_string(), right.to_string())), "{claim}");
    }
}
