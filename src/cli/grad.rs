//! `derive grad`, `derive simplify`.

use super::Failure;
use super::input::{self, Input};
use crate::engine::{self, Later, Solution};
use crate::notation::answer::ResultKind;
use crate::notation::jax::jax;
use crate::notation::json::json;
use crate::notation::latex::{LatexOptions, Transposed};
use crate::notation::math::Symbol;
use crate::notation::numpy::numpy;
use crate::notation::steps::stream::{Form, Writer};
use crate::notation::steps::{self, Notation};
use crate::notation::text::{Report, equations_with, program, text};
use crate::notation::torch::torch;
use clap::ArgMatches;
use std::io::Write;

/// The columns of a derivation.
const WIDTH: usize = 110;

/// `derive grad`
pub(super) fn gradient(m: &ArgMatches, out: &mut dyn Write) -> Result<String, Failure> {
    answer(m, ResultKind::Gradient, out)
}

/// `derive jacobian`
pub(super) fn jacobian(m: &ArgMatches, out: &mut dyn Write) -> Result<String, Failure> {
    answer(m, ResultKind::Jacobian, out)
}

/// `derive hessian`
pub(super) fn hessian(m: &ArgMatches, out: &mut dyn Write) -> Result<String, Failure> {
    answer(m, ResultKind::Hessian, out)
}

/// `derive simplify`
pub(super) fn simplify(m: &ArgMatches, out: &mut dyn Write) -> Result<String, Failure> {
    answer(m, ResultKind::Value, out)
}

/// Writes a derivation to `out` as it is made; gives what is left to be printed.
fn answer(m: &ArgMatches, kind: ResultKind, out: &mut dyn Write) -> Result<String, Failure> {
    let input = input::read(m)?;
    let mut question = input::question(m, &input);
    let notation = notation(m);
    question.steps = notation.is_some();
    let (solution, later) = engine::answer_and_later(&question, kind)
        .map_err(|e| input::failure(e, &input, question.shapes.as_deref()))?;
    let report = if m.get_flag("no-verify") {
        Report::skipped("")
    } else {
        let seed = m.get_one::<u64>("seed").copied().unwrap_or(0);
        engine::verify(&solution, &question, seed)
    };
    if report.status == "failed" {
        return Err(Failure::Defect(defect(&input, &report)));
    }
    super::notices::about(&solution.typed.program, &input, question.shapes.as_deref(), m);
    // the process ends when the answer is printed: nothing large is taken apart before
    let solution = std::mem::ManuallyDrop::new(solution);
    let answer = &solution.answer;
    let loss = solution.loss();
    let options = latex_options(m, &loss);
    let format = m.get_one::<String>("format").map_or("text", String::as_str);
    if let Some((later, notation)) = later.zip(notation) {
        return derivation(&solution, &report, later, notation, (format, options), out).ok_or_else(
            || Failure::Message(format!("`{format}` shows no derivation; leave `--steps` out")),
        );
    }
    Ok(match format {
        "ascii" => program(answer) + "\n",
        "latex" => equations_with(answer, options),
        "markdown" => crate::notation::markdown::markdown(answer, &report, options),
        "html" => crate::notation::html::html(answer, &report, None),
        "mathml" => crate::notation::html::mathml(answer),
        "svg" => crate::notation::svg::svg(answer),
        "json" => json(answer, &report, options).to_string() + "\n",
        "numpy" => numpy(answer).map_err(|e| Failure::Message(e.to_string()))?,
        "jax" => jax(answer).map_err(|e| Failure::Message(e.to_string()))?,
        "torch" => torch(answer).map_err(|e| Failure::Message(e.to_string()))?,
        _ => text(answer, &report),
    })
}

/// The notation that steps are wanted in.
fn notation(m: &ArgMatches) -> Option<Notation> {
    match m.try_get_one::<String>("steps").ok().flatten().map(String::as_str) {
        Some("matrix") => Some(Notation::Matrix),
        Some("index") => Some(Notation::Index),
        Some("both") => Some(Notation::Both),
        _ => None,
    }
}

/// Text that goes to a stream of bytes.
struct Text<'a>(&'a mut dyn Write);

impl std::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_| std::fmt::Error)
    }
}

/// The answer with its derivation, in the formats that have one. Text, LaTeX and Markdown are
/// written while the derivation is made.
fn derivation(
    solution: &Solution,
    report: &Report,
    later: Later,
    notation: Notation,
    (format, options): (&str, LatexOptions<'_>),
    out: &mut dyn Write,
) -> Option<String> {
    use crate::notation::{html, markdown, text};
    let answer = &solution.answer;
    let (form, end) = match format {
        "text" => (Form::Text(WIDTH), text::remarks(answer, report)),
        "latex" => (Form::Latex(options), String::new()),
        "markdown" => (Form::Markdown(options), markdown::remarks(answer, report)),
        "ascii" => return Some(steps::text::program(&later.steps(solution), notation)),
        "html" => {
            return Some(html::html(answer, report, Some((&later.steps(solution), notation))));
        }
        "mathml" => return Some(html::mathml_steps(answer, &later.steps(solution), notation)),
        "json" => {
            let mut value = json(answer, report, options);
            let steps = later.steps(solution);
            value["steps"] = steps::json::values(&steps, answer, notation, options).into();
            return Some(value.to_string() + "\n");
        }
        _ => return None,
    };
    later.tell(solution, &mut Writer::new(&mut Text(out), answer, notation, form));
    Some(end)
}

fn defect(input: &Input, report: &Report) -> String {
    format!(
        "error: the answer failed its own verification and is not printed\n  = note: {}\n  = help: this is a defect of derive; please report it with this input:\n{}\n",
        report.reason,
        input.text.lines().take(200).fold(String::new(), |out, l| out + "      " + l + "\n")
    )
}

/// The choices of `--style`.
fn latex_options<'a>(m: &ArgMatches, loss: &'a Symbol) -> LatexOptions<'a> {
    let mut options = LatexOptions::default();
    for style in m.get_many::<String>("style").into_iter().flatten() {
        match style.as_str() {
            "bold" => options.bold = true,
            "partial" => options.loss = Some(loss),
            "nabla" => options.loss = None,
            "T" => options.transpose = Transposed::Letter,
            "prime" => options.transpose = Transposed::Prime,
            _ => options.transpose = Transposed::Top,
        }
    }
    options
}
