//! `derive render` and `derive mdbook`: documents with their answers.

use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Status, standard output and standard error.
fn derive(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_derive"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("it has an input");
    let bytes = input.as_bytes().to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("writing ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

/// A file of this test with a text.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("it can be written");
    path
}

const LAYER: &str = "# Layer\n\n```derive grad wrt=W\nsigmoid(W*x + b)\n```\n\nText.\n";

#[test]
fn a_document_comes_out_with_its_answers() {
    let (status, out, err) = derive(&["render", "-"], LAYER);
    assert_eq!((status, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "# Layer\n\n```derive grad wrt=W\nsigmoid(W*x + b)\n```\n<!-- derive:begin -->\n\n$$\n\\begin{aligned}\n  y &= \\sigma(W x + b) \\\\\n  \\nabla_{W} &= (\\nabla_{y} \\odot y \\odot (1 - y)) x^{\\top}\n\\end{aligned}\n$$\n\n*W is m×n, x is n, b is m (assumed); ∇y is m, the gradient of any loss with respect to y. Verified at 5 points.*\n\n<!-- derive:end -->\n\nText.\n"
    );
    assert_eq!(derive(&["render", "-"], &out).1, out);
}

#[test]
fn the_options_of_a_block_are_those_of_the_command_line() {
    let block = |info: &str, program: &str| {
        let text = format!("```derive {info}\n{program}\n```\n");
        let (status, out, err) = derive(&["render", "-"], &text);
        assert_eq!((status, err.as_str()), (0, ""), "{info}");
        assert_eq!(derive(&["render", "-"], &out).1, out, "{info}");
        let result = out.split("<!-- derive:begin").nth(1).expect("there is a result");
        result.split_once("-->\n").expect("the comment ends").1.to_string()
    };
    assert!(block("wrt=x format=ascii", "x'*x").contains("```text\n2*x\n```"));
    assert!(block("jacobian wrt=x replace", "softmax(x)").contains("\\operatorname{diag}(y)"));
    assert!(block("hessian wrt=x format=text", "norm2(A*x)^2").contains("2 Aᵀ A"));
    assert!(block("simplify", "A*x - A*x + x").contains("$$\nx\n$$"));
    assert!(block("format=numpy wrt=x", "x'*x").contains("```python\n\"\"\""));
    let shaped = block("shape=\"A[n,n] symmetric, x[n]\" wrt=x format=ascii", "x'*A*x");
    assert!(shaped.contains("2*A*x"), "{shaped}");
    assert!(block("of=u wrt=x format=ascii", "var x[n]\nu = x'*x\nL = u^2").contains("\n2*x\n"));
    // the judge's digits are not the same on every machine
    assert!(block("wrt=x format=text", "x'*x").contains("\nverified at 5 points\n"));
}

/// Every format with and without a derivation, and every other option: rendering the output again
/// changes nothing, at the margin, in a list and in a quotation, with either end of line.
#[test]
fn rendering_again_changes_nothing_whatever_is_asked() {
    let mut text = String::new();
    let mut block = |info: &str, program: &str| {
        text.push_str(&format!("```derive {info}\n{program}\n```\n\n"));
    };
    for format in ["text", "ascii", "latex", "markdown", "mathml", "json"] {
        for steps in ["none", "matrix", "index", "both"] {
            block(&format!("grad wrt=W format={format} steps={steps}"), "sigmoid(W*x + b)");
        }
    }
    for format in ["numpy", "jax", "torch", "svg"] {
        block(&format!("grad wrt=x format={format}"), "norm2(A*x)^2");
    }
    for style in ["bold", "T", "prime", "partial", "bold,T,partial"] {
        block(&format!("grad steps=both style={style}"), "x'*A*x");
    }
    block("jacobian wrt=x steps=both", "softmax(x)");
    block("hessian wrt=x steps=matrix seed=3", "norm2(A*x)^2");
    block("grad structured shape=\"S[n,n] symmetric\" no-verify", "logdet(S)");
    block("simplify replace", "A*x - A*x + x");
    block("grad of=u wrt=x echo", "var x[n]\nu = x'*x\nL = u^2");
    block("check why", "var A[n,n]\ntr(A) == tr(A')");
    block("eval at='{\"x\": 2}' grad=x", "var x\nx^3");
    let inside = |before: &str, first: &str| {
        let lines = text.lines().map(|l| format!("{before}{l}").trim_end().to_string() + "\n");
        let lines: String = lines.collect();
        format!("{first}{}", &lines[first.len()..])
    };
    let list = inside("  ", "- ");
    let quotation = inside("> ", "> ");
    for document in [text.replace('\n', "\r\n"), list, quotation] {
        let (status, out, err) = derive(&["render", "-"], &document);
        assert_eq!((status, err.as_str()), (0, ""));
        assert_eq!(out.matches("derive:end -->").count(), 40);
        assert_eq!(out.contains("\r\n"), document.contains("\r\n"));
        assert!(!out.replace("\r\n", "").contains('\r'));
        assert_eq!(derive(&["render", "-"], &out), (0, out.clone(), String::new()));
        let path = file("render_again.md", &out);
        let name = path.to_str().expect("UTF-8");
        assert_eq!(derive(&["render", "--check", name], "").0, 0);
        std::fs::write(&path, out.replacen("sigmoid(W*x + b)", "sigmoid(W*x - b)", 1))
            .expect("it can be written");
        assert_eq!(derive(&["render", "--check", name], "").0, 1);
    }
}

#[test]
fn a_file_is_written_only_on_request() {
    let path = file("render_write.md", LAYER);
    let name = path.to_str().expect("a path in UTF-8");
    let text = || std::fs::read_to_string(&path).expect("it can be read");
    let (status, out, err) = derive(&["render", "--check", name], "");
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("not up to date from line 6"), "{err}");
    assert_eq!(text(), LAYER);
    assert_eq!(derive(&["render", "--write", name], ""), (0, String::new(), String::new()));
    assert!(text().contains("x^{\\top}"));
    assert_eq!(derive(&["render", "--check", name], ""), (0, String::new(), String::new()));
    let stale = text().replace("W x + b)", "W x)");
    std::fs::write(&path, stale).expect("it can be written");
    assert_eq!(derive(&["render", "--check", name], "").0, 1);
    assert_eq!(derive(&["render", "--write", "-"], "").0, 2);
}

#[test]
fn a_failed_block_leaves_every_file_untouched() {
    let broken = format!("{LAYER}\n> ```derive grad\n> var x[n]\n> y = sigmod(x)\n> ```\n");
    let (good, bad) = (file("render_good.md", LAYER), file("render_bad.md", &broken));
    let names = [good.to_str().expect("UTF-8"), bad.to_str().expect("UTF-8")];
    let (status, out, err) = derive(&["render", "--write", names[0], names[1]], "");
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains(&format!("{}:11:7", names[1])), "{err}");
    assert!(err.contains("11 | > y = sigmod(x)\n   |       ^^^^^^\n"), "{err}");
    assert!(err.contains("did you mean `sigmoid`"), "{err}");
    assert_eq!(std::fs::read_to_string(&good).expect("it can be read"), LAYER);
    assert_eq!(std::fs::read_to_string(&bad).expect("it can be read"), broken);
}

#[test]
fn messages_about_options_point_at_them() {
    let fails = |text: &str, message: &str, place: &str| {
        let (status, out, err) = derive(&["render", "-"], text);
        assert_eq!((status, out.as_str()), (2, ""), "{text}");
        assert!(err.contains(message) && err.contains(place), "{err}");
    };
    let block = |info: &str| format!("a\n\n```derive {info}\nx'*x\n```\n");
    fails(&block("grad seed=a"), "invalid value `a`", "standard input:3:16");
    fails(&block("grad stps=both"), "`stps` is not an option of `derive grad`", ":3:16");
    fails(&block("gradd"), "`gradd` is not a command", ":3:11");
    fails(&block("grad format=html"), "a page of its own", ":3:16");
    fails(&block("render"), "`render` is not a command", ":3:11");
    fails(&block("grad shape=\"x[2], x[3]\""), "declared twice", ":3:29");
    fails(&block("grad wrt=q"), "its names are x", ":3:1");
    fails("```derive\nx\n", "never closed", ":1:1");
    // every failed block is reported, in order
    let (_, _, err) = derive(&["render", "-"], &(block("gradd") + &block("grad wrt=q")));
    assert!(err.contains(":3:11") && err.contains(":8:1"), "{err}");
}

#[test]
fn a_claim_in_a_document_must_hold() {
    let block = |claim: &str| format!("a\n\n```derive check\nvar A[n,n]\n{claim}\n```\n");
    let (status, out, err) = derive(&["render", "-"], &block("tr(A) == tr(A')"));
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("```text\nproved") || out.contains("```text\nverified"), "{out}");
    assert_eq!(derive(&["render", "-"], &out).1, out);
    let (status, out, err) = derive(&["render", "-"], &block("A == A'"));
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("--> standard input:5:1\n  |\n5 | A == A'"), "{err}");
}

#[test]
fn input_that_is_no_text_is_refused() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("render_bytes.md");
    std::fs::write(&path, b"a\xff").expect("it can be written");
    let (status, _, err) = derive(&["render", path.to_str().expect("UTF-8")], "");
    assert!(status == 2 && err.contains("UTF-8"), "{err}");
    assert_eq!(derive(&["render", "missing.md"], "").0, 2);
    assert_eq!(derive(&["render", env!("CARGO_TARGET_TMPDIR")], "").0, 2);
}

fn chapter(name: &str, content: &str, inside: &Value) -> Value {
    let path = format!("{name}.md");
    json!({"Chapter": {"name": name, "content": content, "number": null, "sub_items": inside,
        "path": path, "source_path": path, "parent_names": []}})
}

/// A context and a book, under the key of mdBook's version.
fn book(key: &str, items: &Value) -> String {
    let context = json!({"root": "/", "config": {"preprocessor": {"derive": {"format": "ascii"}}},
        "renderer": "html", "mdbook_version": "0.4.40"});
    json!([context, {key: items, "__non_exhaustive": null}]).to_string()
}

#[test]
fn every_chapter_of_a_book_is_rendered() {
    let block = "```derive wrt=x\nx'*x\n```\n";
    let inner = chapter("b", block, &json!([]));
    let items = json!([{"PartTitle": "I"}, chapter("a", "text", &json!([inner])), "Separator"]);
    for key in ["sections", "items"] {
        let (status, out, err) = derive(&["mdbook"], &book(key, &items));
        assert_eq!((status, err.as_str()), (0, ""));
        let found: Value = serde_json::from_str(&out).expect("a book");
        let mut expected = items.clone();
        let rendered =
            format!("{block}<!-- derive:begin -->\n\n```text\n2*x\n```\n\n<!-- derive:end -->\n");
        expected[1]["Chapter"]["sub_items"][0]["Chapter"]["content"] = json!(rendered);
        assert_eq!(found, json!({key: expected, "__non_exhaustive": null}));
    }
}

#[test]
fn mathematics_in_a_book_is_safe_from_its_markdown() {
    let items = json!([chapter("a", "```derive wrt=W\nsigmoid(W*x)\n```\n", &json!([]))]);
    let input = book("sections", &items).replace("\"ascii\"", "\"markdown\"");
    let (status, out, err) = derive(&["mdbook"], &input);
    assert_eq!((status, err.as_str()), (0, ""));
    let found: Value = serde_json::from_str(&out).expect("a book");
    let content = found["sections"][0]["Chapter"]["content"].as_str().expect("a text");
    assert!(
        content.contains("<div class=\"derive\">\n$$\n\\begin{aligned}\n  y &amp;= "),
        "{content}"
    );
    assert!(content.contains("\n$$\n</div>\n"), "{content}");
}

#[test]
fn a_broken_chapter_is_named() {
    let items = json!([chapter("a", "\n```derive\nx +\n```\n", &json!([]))]);
    let (status, out, err) = derive(&["mdbook"], &book("sections", &items));
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("a.md:3"), "{err}");
    for nonsense in ["", "{}", "[]", "[1]", "[1, 2, 3]", &"[".repeat(100_000)] {
        assert_eq!(derive(&["mdbook"], nonsense).0, 2);
    }
}

#[test]
fn the_renderers_that_are_supported() {
    assert_eq!(derive(&["mdbook", "supports", "html"], ""), (0, String::new(), String::new()));
    assert_eq!(derive(&["mdbook", "supports", "not-supported"], "").0, 1);
}

#[test]
fn the_documents_are_up_to_date() {
    for (document, answers) in [("docs/backpropagation.md", 10), ("docs/layers.md", 30)] {
        let (status, _, err) = derive(&["render", "--check", document], "");
        assert_eq!(status, 0, "{err}");
        let path = format!("{}/{document}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("it can be read");
        assert!(text.matches("Verified at 5 points").count() >= answers, "{document}");
        assert!(!text.contains("Not verified"), "{document}");
    }
}
