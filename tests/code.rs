//! `derive check --code`: the files of `examples/code`, what cannot be read, and, where Python has
//! `NumPy`, whether the examples that are said to be right are.

#[path = "common/printed.rs"]
mod printed;
#[path = "common/python.rs"]
mod python;

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// What `derive check --code` prints, and its status.
fn check(file: &str, more: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_derive"))
        .args(["check", "--code", file])
        .args(more)
        .current_dir(root())
        .output()
        .expect("the program starts");
    let printed = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(printed).expect("output is UTF-8");
    (text, output.status.code().expect("it ends by itself"))
}

/// As [`check`], of a text.
fn check_text(name: &str, source: &str, more: &[&str]) -> (String, i32) {
    let directory = std::env::temp_dir().join("derive-code-tests");
    std::fs::create_dir_all(&directory).expect("a directory can be made");
    let path = directory.join(format!("{name}-{}.py", std::process::id()));
    std::fs::write(&path, source).expect("a file can be written");
    let file = path.to_string_lossy().into_owned();
    let (text, status) = check(&file, more);
    std::fs::remove_file(&path).expect("it was there");
    (text.replace(&file, "code.py"), status)
}

/// Numbers with at most six digits: the last ones are the mathematical library's.
fn settled(text: &str) -> String {
    let mut out = String::new();
    let mut number = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_digit() || c == '.' {
            number.push(c);
            continue;
        }
        match number.parse::<f64>() {
            Ok(value) if number.len() > 8 => out.push_str(&format!("{value:.6}")),
            _ => out.push_str(&number),
        }
        number.clear();
        out.push(c);
    }
    out.trim_end().to_string()
}

#[test]
fn every_example_is_what_its_comment_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../examples/code", "*.py", |path| {
            let source = std::fs::read_to_string(path).expect("the example can be read");
            let name = path.file_name().expect("it is a file").to_string_lossy();
            let (text, status) = check(&format!("examples/code/{name}"), &[]);
            let head: Vec<&str> = source.lines().take_while(|l| l.starts_with('#')).collect();
            let head = head.join(" ");
            assert!(head.contains("Right.") != head.contains("Wrong:"), "{name} says which");
            assert_eq!(status, i32::from(head.contains("Wrong:")), "{name}\n{text}");
            insta::assert_snapshot!(settled(&text));
        });
    });
}

const PAIR: &str = "import numpy as np\n\ndef loss(w, X, y):\n    return np.sum((X @ w - y) ** 2)\n\n\
                    def grad_loss(w, X, y):\n    ";

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let cases = [
        (
            "for",
            "for i in range(N):\n        w = w + i\n    return w",
            "this loop cannot be read",
            7,
        ),
        ("deeper", "g = X.T @ y\n      return g", "unexpected indentation", 8),
        ("shallower", "g = X.T @ y\n  return g", "unexpected indentation", 8),
        (
            "shallower_round",
            "for i in range(2):\n        w = w + i\n      w = w + 1\n    return w",
            "unexpected indentation",
            9,
        ),
        ("while", "while True:\n        w = w + 1\n    return w", "`while` cannot be read", 7),
        ("if", "if len(w) > 3:\n        return w\n    return w", "`if` cannot be read", 7),
        ("slice", "g = X[::2, :]\n    return g", "a slice with a step cannot be read", 7),
        ("ends", "N, D = X.shape\n    g = X[:N, :]\n    return g", "this index cannot be read", 8),
        ("unknown", "g = 2 * q\n    return g", "the name `q` is not known here", 7),
        ("cumsum", "return np.cumsum(w)", "`np.cumsum` cannot be read", 7),
        ("comprehension", "return [v for v in w]", "a comprehension cannot be read", 7),
        ("reshape", "return X.T.reshape(-1, 7) @ y", "`array.reshape` to another arrangement", 7),
        ("keyword", "return np.sum(X, axis=0, where=y)", "`np.sum` with `where` cannot be read", 7),
        ("view", "g = w\n    h = g[:, None]\n    g += 1\n    return h[:, 0]", "cannot be read", 10),
    ];
    for (name, body, message, line) in cases {
        let (text, status) = check_text(name, &format!("{PAIR}{body}\n"), &[]);
        assert_eq!(status, 2, "{name}: {text}");
        assert!(text.contains(message), "{name}: {text}");
        assert!(text.contains(&format!("code.py:{line}:")), "{name}: {text}");
    }
}

#[test]
fn what_is_open_is_asked_for() {
    let three = "def a(x):\n    return x\n\ndef b(x):\n    return x\n\ndef c(x):\n    return x\n";
    let (text, status) = check_text("three", three, &[]);
    assert!(status == 2 && text.contains("--value NAME --gradient NAME"), "{text}");
    let (text, status) = check_text("three", three, &["--value", "a", "--gradient", "q"]);
    assert!(status == 2 && text.contains("there is no function `q`"), "{text}");
    let two =
        "def f(c, u, v):\n    return c * (u * v).sum()\n\ndef g(c, u, v):\n    return c * u\n";
    let (text, status) = check_text("two", two, &[]);
    assert!(status == 2 && text.contains("--wrt"), "{text}");
    let (text, status) = check_text("two", two, &["--wrt", "v"]);
    assert!(status == 0 && text.contains("by `v`"), "{text}");
}

/// A verdict never rests on a guess: where another shape would make the gradient right, it is asked for.
#[test]
fn what_hangs_on_a_guess_is_asked_for() {
    let source = "import numpy as np\ndef loss(theta, x, y, c):\n    # x: (n,), y: (n,)\n    \
                  return c * np.sum((theta * x - y) ** 2)\ndef grad_loss(theta, x, y, c):\n    \
                  return 2 * c * np.sum((theta * x - y) * x)\n";
    let (text, status) = check_text("guess", source, &[]);
    assert!(status == 2 && text.contains("hangs on the shape of `theta`"), "{text}");
    assert_eq!(check_text("guess", source, &["--shape", "theta"]).1, 0);
    assert_eq!(check_text("guess", source, &["--shape", "theta[n]"]).1, 1);
}

/// Gradients that a layer keeps in attributes are gradients as well.
#[test]
fn attributes_are_gradients_too() {
    let layer = |axis: &str| {
        format!(
            "import numpy as np\nclass Linear:\n    def __init__(self, W, b):\n        \
             self.W, self.b = W, b\n    def forward(self, x):\n        \
             \"\"\"x: (N, D), W: (D, K), b: (K,)\"\"\"\n        self.x = x\n        \
             return x @ self.W + self.b\n    def backward(self, dout):\n        \
             self.dW = self.x.T @ dout\n        self.db = dout.sum(axis={axis})\n        \
             return dout @ self.W.T\n"
        )
    };
    let (text, status) = check_text("right-layer", &layer("0"), &[]);
    assert!(status == 0 && text.contains("3 gradients: 3 proved"), "{text}");
    let (text, status) = check_text("wrong-layer", &layer("1"), &[]);
    assert!(status == 1 && text.contains("`db` is not the gradient"), "{text}");
}

/// What is called one-hot has rows that sum to 1, and the answer says so; properties go with `--shape`.
#[test]
fn targets_and_kernels_have_their_properties() {
    let loss = |name: &str, remark: &str| {
        format!(
            "import numpy as np\ndef loss(z, {name}):\n    # z: (N, C), {name}: (N, C){remark}\n    \
             p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)\n    \
             return -np.sum({name} * np.log(p)) / len(z)\ndef grad_loss(z, {name}):\n    \
             p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)\n    \
             return (p - {name}) / len(z)\n"
        )
    };
    for source in [loss("onehot", ""), loss("T", " one-hot")] {
        let (text, status) = check_text("targets", &source, &[]);
        assert!(status == 0 && text.contains("with rows that sum to 1"), "{text}");
    }
    assert_eq!(check_text("weights", &loss("T", ""), &[]).1, 1);
    assert_eq!(check_text("weights", &loss("T", ""), &["--shape", "T[N,C] simplex, z[N,C]"]).1, 0);
    let kernel = "import numpy as np\ndef nll(K, y):\n    # K: (n, n), y: (n,)\n    \
                  return 0.5 * y @ np.linalg.solve(K, y) + 0.5 * np.linalg.slogdet(K)[1]\n\
                  def grad_nll(K, y):\n    a = np.linalg.solve(K, y)\n    \
                  return 0.5 * (np.linalg.inv(K) - np.outer(a, a))\n";
    assert_eq!(check_text("kernel", kernel, &["--wrt", "K"]).1, 1);
    assert_eq!(
        check_text("kernel", kernel, &["--wrt", "K", "--shape", "K[n,n] posdef, y[n]"]).1,
        0
    );
}

/// A row is not the gradient by a column, and no repair makes it one by accident.
#[test]
fn rows_are_no_columns() {
    let source = |end: &str| {
        format!(
            "import numpy as np\ndef f(W, x, b):\n    # W: (m, n), x: (n, 1), b: (m, 1)\n    \
             return np.sum((W @ x + b)**2)\ndef grad_f(W, x, b):\n    r = W @ x + b\n    \
             return 2 * r @ x.T, 2 * W.T @ r, 2 * r{end}\n"
        )
    };
    assert_eq!(check_text("column", &source(""), &[]).1, 0);
    let (text, status) = check_text("row", &source(".T"), &[]);
    assert!(status == 1 && text.contains("the gradient has the shape (1, m)"), "{text}");
}

/// A default that goes to the gradient by a cache stands for any number too.
#[test]
fn defaults_in_caches_stand_for_any_number() {
    let source = |rate: &str| {
        format!(
            "def dropout_forward(x, mask, p=0.5):\n    # x: (N, D), mask: (N, D)\n    \
             return x * mask / (1 - p), (mask, p)\ndef dropout_backward(dout, cache):\n    \
             mask, p = cache\n    dx = dout * mask / {rate}\n    return dx\n"
        )
    };
    assert_eq!(check_text("dropout", &source("(1 - p)"), &[]).1, 0);
    assert_eq!(check_text("dropout", &source("p"), &[]).1, 1);
}

/// Changed code may have other shapes; the search for a repair passes over it.
#[test]
fn repairs_of_other_shapes_are_passed_over() {
    let source = "import numpy as np\ndef f(w, A, b, lam):\n    return np.linalg.norm(A @ w - b) ** 2\n\
                  def grad_f(w, A, b, lam):\n    return 2 * A.T @ (A @ w - b) * lam\n";
    let (text, status) = check_text("extra-factor", source, &[]);
    assert!(status == 1 && text.contains("return 2 * A.T @ (A @ w - b)\n"), "{text}");
}

#[test]
fn shapes_are_numpys() {
    // a vector of one number a row does not broadcast against rows
    let wrong = "import numpy as np\n\ndef f(X):\n    N, D = X.shape\n    \
                 return np.sum((X - X.mean(axis=1)) ** 2)\n\ndef df(X):\n    return X\n";
    let (text, status) = check_text("rows", wrong, &[]);
    assert!(status == 2 && text.contains("do not broadcast"), "{text}");
    let stated = "import numpy as np\n\ndef f(X, b):\n    return np.sum(X * b)\n\n\
                  def df(X, b):\n    return b * np.ones_like(X)\n";
    let (text, status) = check_text("stated", stated, &["--shape", "X[N,D], b[N,1]", "--wrt", "X"]);
    assert!(status == 0, "{text}");
}

#[test]
fn only_scalars_are_positive_by_their_names() {
    let source = |name: &str| {
        format!(
            "import numpy as np\n\ndef loss(x, {name}):\n    \"\"\"\n    x: (N,), {name}: (N,)\n    \
             \"\"\"\n    return np.sum(x * np.abs({name}))\n\ndef grad_loss(x, {name}):\n    \
             dx = {name}\n    return dx\n"
        )
    };
    for name in ["delta", "margin", "sigma", "eps"] {
        let (text, status) = check_text(name, &source(name), &[]);
        assert_eq!(status, 1, "{name}: {text}");
        // what is said is what counts, and is repeated
        let shape = format!("x[N], {name}[N] positive");
        let (text, status) = check_text(name, &source(name), &["--shape", &shape]);
        assert_eq!(status, 0, "{name}: {text}");
    }
    let scalar = |name: &str| {
        format!(
            "import numpy as np\n\ndef f(x, {name}):\n    # x: [N]\n    \
             return np.sum(x * np.abs({name}))\n\ndef df(x, {name}):\n    \
             return {name} * np.ones_like(x)\n"
        )
    };
    for (name, right) in [("eps", true), ("tau", true), ("delta", false), ("margin", false)] {
        let (text, status) = check_text(name, &scalar(name), &["--wrt", "x"]);
        assert_eq!(status, i32::from(!right), "{name}: {text}");
    }
}

#[test]
fn a_variable_may_be_called_positive() {
    let source = "import numpy as np\n\ndef loss(anchor, positive):\n    \
                  return np.sum((anchor - positive) ** 2)\n\ndef grad_loss(anchor, positive):\n    \
                  return 2 * (anchor - positive), 2 * (positive - anchor)\n";
    let (text, status) = check_text("triplet", source, &["--shape", "anchor[N,D], positive[N,D]"]);
    assert!(status == 0 && text.contains("by `positive`"), "{text}");
}

#[test]
fn a_change_in_place_reaches_every_name() {
    let source = "import numpy as np\n\ndef loss(z, Y):\n    # z: [N, C], Y: [N, C]\n    \
                  return np.sum(np.exp(z)) - np.sum(z * Y)\n\ndef grad_loss(z, Y):\n    \
                  e = np.exp(z)\n    d = e\n    d -= Y\n    return e\n";
    let (text, status) = check_text("alias", source, &["--wrt", "z"]);
    assert_eq!(status, 0, "{text}");
    let copied = source.replace("d = e\n", "d = e.copy()\n");
    let (text, status) = check_text("copy", &copied, &["--wrt", "z"]);
    assert_eq!(status, 1, "{text}");
}

#[test]
fn json_holds_claim_evidence_and_repair() {
    let (text, status) = check("examples/code/affine_layer_wrong.py", &["--format", "json"]);
    assert_eq!(status, 1);
    let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let first = &value["gradients"][0];
    assert_eq!(first["status"], "refuted");
    assert_eq!(first["wrt"], "x");
    assert_eq!(first["line"], 13);
    assert_eq!(first["evidence"]["repair"]["line"], "dx = dout @ w.T");
    assert!(first["evidence"]["point"]["dout"].is_array());
}

/// Compares the gradients of the right examples with differences of their values.
const DIFFERENCES: &str = r#"
import importlib.util, os, sys
import numpy as np

rng = np.random.default_rng(0)
N, D, C = 4, 3, 5

def r(*shape):
    return rng.normal(size=shape)

def labels():
    return rng.integers(0, C, size=N)

# file: value, gradients as a list, inputs, which of them are varied
def pair(value, gradient):
    """value(*inputs) is a scalar or an array; gradient(upstream, *inputs) a list."""
    return value, gradient

def cached(forward, backward):
    return pair(lambda *a: forward(*a)[0], lambda g, *a: backward(g, forward(*a)[1]))

def both(f):
    return pair(lambda *a: f(*a)[0], lambda g, *a: [f(*a)[1]])

def plain(f, df):
    def gradient(g, *a):
        out = df(*a)
        return list(out.values()) if isinstance(out, dict) else list(out) if isinstance(out, tuple) else [out]
    return pair(f, gradient)

S = r(D, D)
CASES = {
    "affine_layer": (lambda m: cached(m.affine_forward, m.affine_backward), [r(N, D), r(D, C), r(C)], 3),
    "softmax_loss": (lambda m: both(m.softmax_loss), [r(N, C), labels()], 1),
    "svm_loss": (lambda m: both(m.svm_loss), [r(D, C), r(N, D), labels(), 0.3], 1),
    "layer_norm": (lambda m: cached(m.layernorm_forward, m.layernorm_backward), [r(N, D), r(D), r(D)], 3),
    "batch_norm": (lambda m: cached(m.batchnorm_forward, m.batchnorm_backward), [r(N, D), r(D), r(D)], 3),
    "attention": (lambda m: cached(m.attention_forward, m.attention_backward), [r(N, D), r(C, D), r(C, 2)], 3),
    "batched_attention": (lambda m: cached(m.forward, m.backward), [r(2, N, D), r(2, C, D), r(2, C, 6)], 3),
    "conv_im2col": (lambda m: cached(m.conv_forward, m.conv_backward), [r(2, N, D), r(C, D), r(C)], 3),
    "logistic_regression": (lambda m: plain(m.f, m.df), [r(D), r(N, D), rng.random(N), 0.3], 1),
    "pca_reconstruction": (lambda m: plain(m.reconstruction, m.grad_reconstruction), [r(D, 2), r(N, D)], 1),
    "gaussian_nll": (lambda m: plain(m.nll, m.nll_grad), [r(D), S @ S.T + np.eye(D), r(N, D)], 2),
    "contrastive_loss": (lambda m: plain(m.loss, m.grad_loss), [r(N, D), r(N, D), 0.7], 2),
    "matrix_factorisation": (lambda m: plain(m.objective, m.objective_grad),
                             [r(N, 2), r(C, 2), r(N, C), rng.random((N, C)), 0.3], 2),
    "smoothness": (lambda m: plain(m.smoothness, m.smoothness_grad), [r(N), r(D, N), 0.7], 2),
    "recurrent": (lambda m: plain(m.loss, m.loss_grad), [r(N, N), r(N, D), r(N), r(D)], 2),
}

failures = []
for name, (make, inputs, varied) in CASES.items():
    path = os.path.join(sys.argv[1], name + ".py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    value, gradient = make(module)
    out = np.asarray(value(*inputs))
    upstream = rng.normal(size=out.shape) if out.ndim else np.float64(1)
    found = gradient(upstream, *[np.copy(i) if isinstance(i, np.ndarray) else i for i in inputs])
    for k in range(varied):
        x = inputs[k]
        expected = np.zeros_like(x)
        for at in np.ndindex(x.shape):
            def moved(h):
                y = x.copy()
                y[at] += h
                return np.sum(upstream * value(*inputs[:k], y, *inputs[k + 1:]))
            expected[at] = (8 * (moved(1e-4) - moved(-1e-4)) - (moved(2e-4) - moved(-2e-4))) / 12e-4
        error = np.max(np.abs(found[k] - expected)) / max(1e-3, np.max(np.abs(expected)))
        if not error < 1e-6:
            failures.append(f"{name}: input {k}: relative error {error}")
print("\n".join(failures))
"#;

#[test]
fn right_examples_agree_with_differences() {
    let Some(python) = python::python("numpy") else { return };
    let mut command = Command::new(python);
    command.args(["-B", "-", "examples/code"]).current_dir(root());
    assert_eq!(printed::printed(&mut command, DIFFERENCES), "");
}
