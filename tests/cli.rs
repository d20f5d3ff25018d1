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
    refused(&["grad", "sum(sin''(x))"], b"", "not supported yet");
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
        let text = sign.repeat(MANY / 8 / sign.len());
        let start = Instant::now();
        let (status, _, err) = derive(&["grad", "-", "--no-verify"], text.as_bytes());
        assert!(!err.contains("panicked") && (status == 2 || status == 0), "{sign}: {status}");
        assert!(start.elapsed() < Duration::from_secs(20), "{sign}: {:?}", start.elapsed());
    }
    refused(&["grad", "-"], "(".repeat(MANY).as_bytes(), "error");
}
