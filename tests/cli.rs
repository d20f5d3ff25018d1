//! The command line: exit statuses, where output goes, and input that is no program.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Status, standard output and standard error.
fn derive(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_derive"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("it has an input");
    let bytes = input.to_vec();
    // A program that gives up early closes its input; that is no error of this test.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("writing ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    let status = output.status.code().expect("it is not killed by a signal");
    (status, text(output.stdout), text(output.stderr))
}

/// Asserts that input is refused: status 2, a clear message, nothing on standard output, in time.
#[track_caller]
fn refused(arguments: &[&str], input: &[u8], message: &str) {
    let start = Instant::now();
    let (status, out, err) = derive(arguments, input);
    // The promise is a second for the release build; this one is not optimised.
    assert!(start.elapsed() < Duration::from_secs(10), "{arguments:?} takes too long");
    assert_eq!(status, 2, "{arguments:?}: {err}");
    assert_eq!(out, "", "{arguments:?}");
    assert!(err.contains(message), "{arguments:?}: `{message}` is not in {err}");
    assert!(!err.contains("panicked"), "{arguments:?}: {err}");
    assert!(err.len() < 4000, "{arguments:?}: a message of {} bytes", err.len());
}

#[test]
fn an_answer_goes_to_standard_output() {
    let (status, out, err) = derive(&["grad", "x'*x", "--wrt", "x", "--format", "ascii"], b"");
    assert_eq!((status, out.as_str(), err.as_str()), (0, "2*x\n", ""));
}

#[test]
fn a_program_comes_from_text_file_or_standard_input() {
    let ascii = ["--wrt", "x", "--format", "ascii"];
    let run = |program: &[&str], input: &[u8]| {
        let arguments = [&["grad"], program, &ascii].concat();
        derive(&arguments, input).1
    };
    let path = "examples/least_squares.derive";
    let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR")))
        .expect("the example can be read");
    let answer = run(&[path], b"");
    assert_eq!(answer, "2*A'*(A*x - y)\n");
    assert_eq!(run(&["-"], text.as_bytes()), answer);
    assert_eq!(run(&["-e", &text], b""), answer);
    assert_eq!(run(&[&text], b""), answer);
}

#[test]
fn a_program_may_begin_with_a_minus_sign() {
    let (status, out, err) = derive(&["grad", "-x'*x", "--wrt", "x", "--format", "ascii"], b"");
    assert_eq!((status, out.as_str()), (0, "-2*x\n"), "{err}");
}

#[test]
fn of_chooses_the_objective() {
    let program = "var x[n]\nu = x'*x\nL = u^2";
    let of =
        |name| derive(&["grad", program, "--of", name, "--wrt", "x", "--format", "ascii"], b"");
    assert_eq!(of("u").1, "2*x\n");
    assert!(of("L").1.ends_with("4*u*x\n"), "{:?}", of("L"));
    assert_eq!(of("M").0, 2);
}

#[test]
fn eval_gives_values_and_gradients() {
    let point = r#"{"A": [[1, 2], [3, 4]], "x": [1, 1]}"#;
    let (status, out, _) = derive(&["eval", "x'*A*x", "--at", point, "--grad", "x"], b"");
    assert_eq!((status, out.trim()), (0, r#"{"value":10.0,"grad":{"x":[7.0,13.0]}}"#));
}

/// Derivatives in a program are exact, kinks follow the convention, and what has no value is said.
#[test]
fn eval_knows_derivatives_and_their_conventions() {
    for (program, point, value) in [
        ("grad(sum(x.^4), x)", r#"{"x": [1, 1000]}"#, "[4.0,4000000000.0]"),
        ("hess(1000*x'*x, x)", r#"{"x": [1000, 1]}"#, "[[2000.0,0.0],[0.0,2000.0]]"),
        ("grad(relu(a), a)", r#"{"a": 0}"#, "0.0"),
        ("grad(max(a, b), a)", r#"{"a": 1, "b": 1}"#, "1.0"),
        ("grad(norm2(x), x)", r#"{"x": [0, 0]}"#, "[0.0,0.0]"),
    ] {
        let (status, out, _) = derive(&["eval", program, "--at", point], b"");
        assert_eq!((status, out.trim()), (0, &*format!("{{\"value\":{value}}}")), "{program}");
    }
    let rows =
        ["eval", "sum(norm2(X, axis=1))", "--at", r#"{"X": [[0, 0], [3, 4]]}"#, "--grad", "X"];
    let (_, out, _) = derive(&rows, b"");
    assert!(out.contains(r#""X":[[0.0,0.0],[0.6"#), "{out}");
    refused(&["eval", "exp(a)", "--at", r#"{"a": 1000}"#], b"", "too large");
    let root = ["eval", "sqrt(a)", "--at", r#"{"a": 0}"#, "--grad", "a"];
    refused(&root, b"", "the gradient by `a`, `1/(2*sqrt(a))`, is undefined");
}

/// A claim that cannot be read is an error by itself, in every layout; the others have verdicts.
#[test]
fn a_claim_without_a_shape_leaves_the_others_their_verdicts() {
    let text = "var X[N,n], w[n], y[N]\nr = X*w - y\nL = r'*r\n\
        grad(L, X) == 2*w*r'\n(grad(L, X)) == (2*r*w')\ngrad(L, w) == 2*r\ngrad(L, w) == X'*r\n";
    let (status, out, err) = derive(&["check", "-"], text.as_bytes());
    assert_eq!(status, 2);
    assert!(out.contains("proved  line 5: (grad(L, X)) == (2*r*w')"), "{out}");
    assert!(out.contains("refuted: the sides differ\n --> input:7:1"), "{out}");
    assert!(out.ends_with("2 claims: 1 proved, 1 refuted; 2 lines could not be read\n"), "{out}");
    assert!(err.contains(" --> input:4:1") && err.contains(" --> input:6:1"), "{err}");
    let (status, json, _) = derive(&["check", "--format", "json", "-"], text.as_bytes());
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let lines = |list: &str| -> Vec<Option<u64>> {
        let list = json[list].as_array().expect("a list");
        list.iter().map(|e| e["line"].as_u64()).collect()
    };
    assert_eq!((status, lines("errors")), (2, vec![Some(4), Some(6)]));
    assert_eq!(lines("claims"), [Some(5), Some(7)]);
    let layout = "var A[n,n], x[n]\ngrad(x'*A*x, x) == (A + A')*x\ngrad(x'*A*x, x) == x'*(A + A')";
    let (status, out, err) = derive(&["check", "--layout", "numerator", layout], b"");
    assert!(status == 2 && out.starts_with("proved  line 3") && err.contains("input:2:1"), "{err}");
}

/// An entry is checked when it is shown, functions without a formula by their derivatives.
#[test]
fn explained_functions_are_checked() {
    for (name, checks) in [
        ("tanh", 1),
        ("det", 1),
        ("softmax", 1),
        ("conv", 2),
        ("chol", 1),
        ("norm2", 1),
        ("diag", 2),
    ] {
        let (status, out, _) = derive(&["explain", name], b"");
        let found = out.lines().filter(|l| l.contains("checked: ")).count();
        assert_eq!((status, found), (0, checks), "{name}\n{out}");
        assert!(!out.contains("not checked"), "{name}\n{out}");
    }
}

#[test]
fn the_same_question_has_the_same_answer() {
    for format in ["text", "latex", "json"] {
        let arguments = ["grad", "examples/attention.derive", "--format", format];
        assert_eq!(derive(&arguments, b""), derive(&arguments, b""));
    }
}

#[test]
fn help_teaches_with_examples() {
    for arguments in [&["--help"][..], &["grad", "--help"], &["eval", "--help"]] {
        let (status, out, _) = derive(arguments, b"");
        assert_eq!(status, 0);
        assert!(out.contains("Examples:"), "{out}");
    }
    assert!(derive(&["completions", "bash"], b"").1.contains("derive"));
    assert!(derive(&["man"], b"").1.contains(".TH"));
}

#[test]
fn errors_name_the_repair() {
    refused(&["grad", "sigmod(x)"], b"", "did you mean `sigmoid`");
    refused(&["grad", "x*y"], b"", "x .* y");
    refused(&["grad", "x'*x", "--wrt", "z"], b"", "`z`");
    refused(&["grad", "A*B", "--shape", "A[m,n], B[p,q]"], b"", "[m, n]");
    refused(&["grad", "inv(A)", "--shape", "A[2,3]"], b"", "square");
    refused(&["grad", "a/b c"], b"", "ambiguous");
    refused(&["grad", "sum(sin'''''(x))"], b"", "not supported yet");
}

#[test]
fn a_verdict_is_a_result_and_no_error() {
    let claim = "grad(x'*x, x) == x";
    for color in ["never", "always"] {
        let (status, out, err) = derive(&["check", claim, "--color", color], b"");
        assert_eq!((status, err.as_str()), (1, ""), "{err}");
        assert!(out.contains("refuted") && !out.contains("error"), "{out}");
        assert_eq!(out.contains('\u{1b}'), color == "always", "{out}");
    }
    let (status, out, _) = derive(&["check", "-x == 0 - x", "--format", "json"], b"");
    assert_eq!(status, 0);
    assert!(out.contains("\"status\":\"proved\""), "{out}");
}

#[test]
fn files_that_cannot_be_read_are_refused() {
    refused(&["grad", "missing.derive"], b"", "missing.derive");
    refused(&["grad", "examples/missing.md"], b"", "missing.md");
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("directory.derive");
    std::fs::create_dir_all(&directory).expect("a directory can be made");
    refused(&["grad", &directory.to_string_lossy()], b"", "directory");
}

#[test]
fn what_is_no_program_is_refused() {
    refused(&["grad", ""], b"", "error");
    refused(&["grad", "-"], b"", "error");
    refused(&["grad", "-"], b"# only a comment\n", "error");
    refused(&["grad", "-"], b"\xff\xfe x", "UTF-8");
    refused(&["grad", "-"], b"x\x00\x07 + 1", "error");
    refused(&["grad"], b"", "no program is given");
    refused(&["grad", "x'*x", "--format", "word"], b"", "word");
    refused(&["eval", "x'*x", "--at", "{"], b"", "JSON");
    refused(&["eval", "x'*x", "--at", "{}"], b"", "x");
}

#[test]
fn enormous_nonsense_is_refused() {
    const MANY: usize = 10 << 20;
    for sign in ["(", ")", "-", "'", "[", "x", "+", "x'*", "f(", "1", "^"] {
        // a build that is not optimised reads less in the time
        let many = if cfg!(debug_assertions) { MANY / 32 } else { MANY };
        let text = sign.repeat(many / sign.len());
        let start = Instant::now();
        let (status, _, err) = derive(&["grad", "-", "--no-verify"], text.as_bytes());
        assert!(!err.contains("panicked") && (status == 2 || status == 0), "{sign}: {status}");
        assert!(start.elapsed() < Duration::from_secs(20), "{sign}: {:?}", start.elapsed());
    }
    refused(&["grad", "-"], "(".repeat(MANY).as_bytes(), "error");
}

/// A file for one test.
fn file(name: &str, text: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the file can be written");
    path.to_string_lossy().into_owned()
}

#[test]
fn claims_in_markdown_and_latex_keep_their_lines() {
    let markdown = "# Notes\n\n```derive check\ntr(A*B) == tr(B*A)\n```\n\n> ```derive shape=\"x[n]\"\n> y = x\n> sum(y) ==\n>   sum(x) == 2*sum(y)\n> ```\n\n```python\nx == y\n```\n";
    let latex = "\\begin{derive}\nvar A[n,n], x[n]\ngrad(x'*A*x, x) == 2*A*x\n\\end{derive}\nText.\n% derive: tr(A') == tr(A)\n";
    let (markdown, latex) = (file("claims.md", markdown), file("claims.tex", latex));
    let (status, out, err) = derive(&["check", &markdown, &latex, "--format", "json"], b"");
    assert_eq!((status, err.as_str()), (1, ""));
    let json: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    let found: Vec<(String, u64, u64, String)> = json["claims"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| {
            let text = |key: &str| c[key].as_str().expect("a text").to_string();
            let number = |key: &str| c[key].as_u64().expect("a number");
            (text("file"), number("line"), number("link"), text("status"))
        })
        .collect();
    let one = |file: &String, line, link, status: &str| (file.clone(), line, link, status.into());
    assert_eq!(
        found,
        [
            one(&markdown, 4, 1, "proved"),
            one(&markdown, 9, 1, "proved"),
            one(&markdown, 10, 2, "refuted"),
            one(&latex, 3, 1, "refuted"),
            one(&latex, 6, 1, "proved"),
        ]
    );
    let (_, out, _) = derive(&["check", &latex], b"");
    assert!(
        out.contains("claims.tex:3:1") && out.contains("3 | grad(x'*A*x, x) == 2*A*x"),
        "{out}"
    );
    assert!(out.ends_with("2 claims: 1 proved, 1 refuted\n"), "{out}");
}

#[test]
fn a_document_with_one_program_is_that_program() {
    let one = file("one.md", "Text.\n\n```derive grad\nx'*x\n```\n");
    let (status, out, err) = derive(&["grad", &one, "--format", "ascii"], b"");
    assert_eq!((status, out.as_str()), (0, "2*x\n"), "{err}");
    let two = file("two.tex", "% derive: x'*x\n\n% derive: y'*y\n");
    refused(&["grad", &two], b"", "holds 2 programs");
    refused(&["grad", &file("none.md", "```python\nx\n```\n")], b"", "holds no program");
    refused(&["check", &file("open.tex", "\\begin{derive}\nx == x\n")], b"", "open.tex:1:1");
    refused(&["grad", &file("bad.md", "\n```derive\nx*y\n```\n")], b"", "bad.md:3:1");
}

#[test]
fn a_refuted_claim_outweighs_an_undecided_one() {
    let undecided = "log(-c^2 - 1) == c";
    let (status, out, _) = derive(&["check", undecided], b"");
    assert_eq!(status, 3, "{out}");
    let (status, out, _) = derive(&["check", undecided, "x == 2*x", "x == x"], b"");
    assert_eq!(status, 1, "{out}");
    assert!(out.ends_with("3 claims: 1 proved, 1 refuted, 1 undecided\n"), "{out}");
    let (status, _, _) = derive(&["check", "-"], b"x + 1 ==\n 1 + x\n== x\n");
    assert_eq!(status, 1);
}

#[test]
fn the_style_of_latex() {
    let latex = |style: &str| {
        let arguments = [
            "grad",
            "norm2(A*x - y)^2",
            "--wrt",
            "x",
            "--no-verify",
            "--format",
            "latex",
            "--style",
        ];
        derive(&[&arguments[..], &[style]].concat(), b"").1
    };
    assert_eq!(latex("top"), "\\nabla_{x} = 2 A^{\\top} (A x - y)\n");
    assert_eq!(latex("prime"), "\\nabla_{x} = 2 A^{\\prime} (A x - y)\n");
    let bold = latex("bold,T");
    assert!(bold.contains("^{T}") && bold.contains(r"\mathbf{A}"), "{bold}");
}

/// A warning goes to standard error, beside the answer.
#[track_caller]
fn warned(arguments: &[&str], message: &str) {
    let (status, out, err) = derive(arguments, b"");
    assert_eq!(status, 0, "{arguments:?}: {err}");
    assert!(!out.is_empty() && err.starts_with("warning: "), "{arguments:?}: {err}");
    assert!(err.contains(message), "{arguments:?}: `{message}` is not in {err}");
}

#[test]
fn what_has_no_effect_is_said() {
    warned(&["grad", "sum(X)", "--shape", "Z[m,n]"], "`Z` does not occur in the program");
    warned(&["check", "x == x", "y == y", "--shape", "x[n], z"], "`z` does not occur");
    warned(&["grad", "u = A*x\nb'*u\nu'*u"], "the value of this expression is not used");
    warned(&["grad", "L = x'*x\n-y'*y"], "does not go on with that of `L`");
    warned(&["eval", "c*d", "--at", r#"{"c": 2, "d": 3, "e": 1}"#], "`e` of the point");
    let quiet = |arguments: &[&str]| assert_eq!(derive(arguments, b"").2, "", "{arguments:?}");
    quiet(&["check", "x == x", "y == y", "--shape", "x[n], y[n]"]);
    quiet(&["grad", "sum(x)", "--shape", "x[n], y[n]", "--wrt", "y"]);
    quiet(&["grad", "p = sigmoid(X*w)\n-sum(y .* log(p))"]);
    quiet(&["simplify", "grad_y'*x", "--shape", "y[n]"]);
}

#[test]
fn shapes_are_one_list_of_declarations() {
    let refuse = |shape: &str, message: &str| {
        refused(&["grad", "sum(X)", "--shape", shape], b"", message);
        refused(&["grad", "sum(X)", "--shape", shape], b"", "--> --shape:1:");
    };
    refuse("X[m,n],", "expected the name of a variable, found the end of the line");
    refuse("X[m,n]; Y", "expected `,` between declarations, found `;`");
    refuse("X[m n]", "expected `,` between sizes, found `n`");
    refuse("X[m,n", "never closed");
    refuse("[m,n]", "expected the name of a variable");
    refuse("X[m,n]\nY", "between declarations");
    let (_, out, _) = derive(&["grad", "sum(X*y)", "--shape", "X[2n,3],\n y[3]"], b"");
    assert!(out.contains("ones(2*n)"), "{out}");
}

#[test]
fn a_name_is_asked_for_once() {
    let ascii = |wrt: &str| derive(&["grad", "λ*x'*x", "--wrt", wrt, "--format", "ascii"], b"").1;
    assert_eq!(ascii("x,x"), ascii("x"));
    assert_eq!(ascii("λ,lambda"), ascii("λ"));
    refused(
        &["eval", "λ*c", "--at", r#"{"λ": 2, "lambda": 3, "c": 1}"#],
        b"",
        "two values for one name, `λ` and `lambda`",
    );
    refused(&["grad", "sum(X, axis=0, axis=1)"], b"", "`axis` is given twice");
}

#[test]
fn a_point_gives_sizes_and_functions() {
    let eval = |program: &str, at: &str| derive(&["eval", program, "--at", at], b"").1;
    assert_eq!(eval("sum(ones(n))", r#"{"n": 3}"#), "{\"value\":3.0}\n");
    let f = r#"{"c": 2, "functions": {"f": "3*u"}}"#;
    assert_eq!(eval("f(c)", f), "{\"value\":6.0}\n");
    let refuse = |program: &str, at: &str, message: &str| {
        refused(&["eval", program, "--at", at], b"", message);
    };
    refuse("ones(n)", "{}", "add \"n\" to the point");
    refuse("f(c)", r#"{"c": 2}"#, r#""functions": {"f": "sin(2*u)"}"#);
    refuse("maxpool(x, 2)", r#"{"x": [1, 2, 3]}"#, "the size `n/2` is no whole number");
    refuse("tr(A)", r#"{"A": [[1, 2]]}"#, "`A` gives `m` two sizes, 1 and 2");
    refuse("var W[2,3]\nsum(W)", r#"{"W": [[1, 2], [3, 4]]}"#, "an axis of 3 for `W`");
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    for arguments in [&["grad", "x'*x"][..], &["check", "x == x"], &["man"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
        let output = Command::new(env!("CARGO_BIN_EXE_derive"))
            .args(arguments)
            .stdout(full)
            .output()
            .expect("the program starts");
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(err.contains("the answer cannot be written"), "{arguments:?}: {err}");
    }
}
