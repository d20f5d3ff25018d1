//! The description of the command line, from which help, completions and the manual page come.

use super::Failure;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// The whole command line.
pub(super) fn command() -> Command {
    Command::new("derive")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Matrix calculus: gradients in the notation a person would write, verified")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(EXAMPLES)
        .subcommand(
            program(Command::new("grad").about("Gradients of a program's objective"))
                .arg(wrt())
                .arg(seed())
                .arg(no_verify())
                .arg(structured())
                .arg(format(&["text", "ascii", "latex", "mathml", "markdown", "html", "svg", "json", "numpy", "jax", "torch"]))
                .arg(style())
                .arg(steps())
                .after_help(GRAD_EXAMPLES),
        )
        .subcommand(
            program(Command::new("jacobian").about("The full Jacobian, axes of the value first"))
                .arg(wrt())
                .arg(seed())
                .arg(no_verify())
                .arg(format(&["text", "ascii", "latex", "mathml", "markdown", "html", "svg", "json", "numpy", "jax", "torch"]))
                .arg(style())
                .arg(steps())
                .after_help("Examples:\n  derive jacobian \"softmax(x)\" --wrt x"),
        )
        .subcommand(
            program(Command::new("hessian").about("Second derivatives of a scalar"))
                .arg(wrt())
                .arg(seed())
                .arg(no_verify())
                .arg(format(&["text", "ascii", "latex", "mathml", "markdown", "html", "svg", "json", "numpy", "jax", "torch"]))
                .arg(style())
                .arg(steps())
                .after_help("Examples:\n  derive hessian \"norm2(A*x - y)^2\" --wrt x"),
        )
        .subcommand(
            program(Command::new("simplify").about("The expression, simplified"))
                .arg(seed())
                .arg(no_verify())
                .arg(format(&["text", "ascii", "latex", "mathml", "markdown", "html", "svg", "json", "numpy", "jax", "torch"]))
                .arg(style())
                .after_help("Examples:\n  derive simplify \"A*x + A*y - A*(x + y)\"\n  derive simplify \"log(exp(x)) + tr(A') - tr(A)\""),
        )
        .subcommand(
            program(Command::new("eval").about("The value at a point, and its gradients, as JSON"))
                .arg(
                    Arg::new("at")
                        .long("at")
                        .value_name("POINT.json")
                        .required(true)
                        .help("A JSON file with a value for each variable (or the JSON itself)"),
                )
                .arg(
                    Arg::new("grad")
                        .long("grad")
                        .value_name("V[,V…]")
                        .help("Also the gradients by these variables"),
                )
                .after_help("Examples:\n  derive eval \"x'*A*x\" --at '{\"A\": [[1, 2], [3, 4]], \"x\": [1, 1]}' --grad x"),
        )
        .subcommand(render())
        .subcommand(mdbook())
        .subcommand(check())
        .subcommand(
            explain(),
        )
        .subcommand(
            Command::new("completions").about("Completions for a shell").arg(
                Arg::new("shell")
                    .required(true)
                    .value_name("SHELL")
                    .value_parser(["bash", "elvish", "fish", "powershell", "zsh"]),
            ),
        )
        .subcommand(Command::new("man").about("The manual page"))
}

fn check() -> Command {
    program(Command::new("check").about(
        "Every claim lhs == rhs: proved, verified, refuted with a counterexample, or undecided",
    ))
    .mut_arg("program", |a| {
        a.num_args(0..).value_name("PROGRAM|FILE…").allow_hyphen_values(false)
    })
    .arg(seed())
    .arg(
        Arg::new("layout")
            .long("layout")
            .value_name("LAYOUT")
            .value_parser(["numerator", "denominator"])
            .help("Read `grad` (numerator) or `jac` (denominator) as transposed"),
    )
    .arg(
        Arg::new("why")
            .long("why")
            .action(ArgAction::SetTrue)
            .help("Say what each verdict rests on"),
    )
    .arg(
        Arg::new("code")
            .long("code")
            .value_name("FILE.py")
            .action(ArgAction::Append)
            .conflicts_with_all(["program", "text", "layout"])
            .help("Check the gradients that a file of Python computes"),
    )
    .arg(code_name("value", "The function of the value"))
    .arg(code_name("gradient", "The function of its gradients"))
    .arg(code_name("wrt", "The variables of the gradients, in order"))
    .arg(format(&["text", "json"]))
    .after_help("Examples:\n  derive check \"tr(A*B) == tr(B*A)\"\n  derive check \"grad(x'*A*x, x) == 2*A*x\"\n  derive check notes.derive --format json\n  derive check --code layer.py --shape \"X[N,D]\"")
}

/// An option of `check --code`.
fn code_name(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("NAME").requires("code").help(help)
}

fn explain() -> Command {
    Command::new("explain")
        .about("The identities and functions, each with its source and a live check")
        .arg(Arg::new("name").value_name("NAME").help("An identity or a function"))
        .arg(
            Arg::new("search")
                .long("search")
                .value_name("TEXT")
                .help("Those in which the text occurs"),
        )
        .after_help("Examples:\n  derive explain trace-cyclic\n  derive explain tanh\n  derive explain --search determinant")
}

const EXAMPLES: &str = "\
Examples:
  derive grad \"sigmoid(W*x+b)\" --wrt W         a layer's backward pass
  derive grad \"norm2(A*x - y)^2\" --wrt x       least squares
  derive grad \"log(det(X))\" --format latex     for a document
  derive grad network.derive --format numpy    for an experiment
  derive simplify \"A*x + A*y - A*(x + y)\"
  derive eval \"x'*x\" --at '{\"x\": [1, 2]}' --grad x
  derive render notes.md --write               answers in a document

A program is text, a path ending in .derive, or - for standard input.
Exit status: 0 done, 1 refuted, 2 the input could not be read, 3 undecided.";

const GRAD_EXAMPLES: &str = "\
Examples:
  derive grad \"sigmoid(W*x+b)\" --wrt W
  derive grad \"sum(log(1 + exp(-y .* (X*w))))\" --wrt w --format latex
  derive grad \"x'*A*x\" --wrt x --shape \"A[n,n] symmetric, x[n]\"

Without --wrt, the gradient by every variable. For an objective y that is not a
scalar, the answer is in terms of ∇y, the gradient of any loss with respect to y.";

fn program(command: Command) -> Command {
    command
        .arg(
            Arg::new("program")
                .value_name("PROGRAM")
                .value_parser(clap::value_parser!(std::ffi::OsString))
                .allow_hyphen_values(true)
                .help("The program: text, a path ending in .derive, or - for standard input"),
        )
        .arg(
            Arg::new("text")
                .short('e')
                .value_name("TEXT")
                .allow_hyphen_values(true)
                .conflicts_with("program")
                .help("The program, always as text"),
        )
        .arg(
            Arg::new("shape")
                .long("shape")
                .value_name("DECLARATIONS")
                .help("Shapes and properties, as after `var`: \"W[m,n], x[n], c positive\""),
        )
        .arg(
            Arg::new("of")
                .long("of")
                .value_name("NAME")
                .help("The objective [default: the last expression or definition]"),
        )
        .arg(color())
}

fn render() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("render")
        .about("Markdown documents with the answers to their `derive` blocks")
        .arg(
            Arg::new("files")
                .value_name("FILE.md")
                .required(true)
                .num_args(1..)
                .help("Markdown files, or - for standard input"),
        )
        .arg(flag("write").help("Write the files instead of printing them"))
        .arg(
            flag("check")
                .conflicts_with("write")
                .help("Print nothing; status 1 where a file is not up to date"),
        )
        .arg(color())
        .after_help(RENDER_EXAMPLES)
}

const RENDER_EXAMPLES: &str = "\
A block is fenced and has the info string `derive`, a command (grad where there is none) and
its options: wrt=W, shape=\"W[m,n], x[n]\", of=L, steps=both, format=markdown|latex|text|numpy.
Its result stands below it between two comments, or in its stead with `replace`.

Examples:
  derive render notes.md                  print the document with its results
  derive render notes.md --write          put them into the file
  derive render docs/*.md --check         for continuous integration";

fn mdbook() -> Command {
    Command::new("mdbook")
        .about("A preprocessor of mdBook: as `render`, from standard input to standard output")
        .arg(color())
        .subcommand(
            Command::new("supports")
                .about("Whether a renderer of mdBook is supported, as exit status")
                .arg(Arg::new("renderer").value_name("RENDERER").required(true)),
        )
        .after_help("In book.toml:\n\n  [preprocessor.derive]\n  command = \"derive mdbook\"\n  format = \"latex\"     # of blocks that name none")
}

fn color() -> Arg {
    Arg::new("color")
        .long("color")
        .value_name("WHEN")
        .value_parser(["auto", "always", "never"])
        .default_value("auto")
        .help("Whether messages are coloured (NO_COLOR is honoured)")
}

fn wrt() -> Arg {
    Arg::new("wrt")
        .long("wrt")
        .value_name("V[,V…]")
        .help("The variables or definitions to differentiate by [default: every variable]")
}

fn format(values: &'static [&'static str]) -> Arg {
    Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .value_parser(values.to_vec())
        .default_value("text")
        .help("How the answer is written")
}

fn style() -> Arg {
    Arg::new("style")
        .long("style")
        .value_name("STYLE")
        .value_delimiter(',')
        .value_parser(["bold", "top", "T", "prime", "nabla", "partial"])
        .help("How LaTeX looks: `bold` vectors and matrices; transposes as `top`, `T` or `prime`; gradients as `nabla` or `partial`")
}

fn steps() -> Arg {
    Arg::new("steps")
        .long("steps")
        .value_name("STEPS")
        .value_parser(["none", "matrix", "index", "both"])
        .default_value("none")
        .help("The derivation: in differentials, entry by entry, or both side by side")
}

fn seed() -> Arg {
    Arg::new("seed")
        .long("seed")
        .value_name("N")
        .value_parser(clap::value_parser!(u64))
        .default_value("0")
        .help("Chooses the points of the verification")
}

fn structured() -> Arg {
    Arg::new("structured")
        .long("structured")
        .action(ArgAction::SetTrue)
        .help("Also the gradients within declared structures (symmetric, diagonal, orthogonal, …)")
}

fn no_verify() -> Arg {
    Arg::new("no-verify")
        .long("no-verify")
        .action(ArgAction::SetTrue)
        .help("Leave the numeric verification out")
}

/// The completions of a shell.
pub(super) fn completions(m: &ArgMatches) -> Result<String, Failure> {
    use clap_complete::{Shell, generate};
    let name = m.get_one::<String>("shell").map_or("", String::as_str);
    let shell: Shell =
        name.parse().map_err(|e: String| Failure::Message(format!("no such shell: {e}")))?;
    let mut bytes = Vec::new();
    generate(shell, &mut command(), "derive", &mut bytes);
    String::from_utf8(bytes).map_err(|e| Failure::Message(e.to_string()))
}

/// The manual page.
pub(super) fn manual() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command())
        .render(&mut bytes)
        .map_err(|e| Failure::Message(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| Failure::Message(e.to_string()))
}
