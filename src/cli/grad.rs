//! `derive grad`, `derive simplify`.

use super::Failure;
use super::input::{self, Input};
use crate::engine::{self, Question, Solution};
use crate::notation::answer::Answer;
use crate::notation::jax::jax;
use crate::notation::json::json;
use crate::notation::latex::{LatexOptions, Transposed};
use crate::notation::math::Symbol;
use crate::notation::numpy::numpy;
use crate::notation::steps::{self, Notation, Steps};
use crate::notation::text::{Report, equations_with, program, text};
use crate::notation::torch::torch;
use clap::ArgMatches;

/// The columns of a derivation.
const WIDTH: usize = 110;

/// `derive grad`
pub(super) fn gradient(m: &ArgMatches) -> Result<String, Failure> {
    answer(m, engine::gradient)
}

/// `derive jacobian`
pub(super) fn jacobian(m: &ArgMatches) -> Result<String, Failure> {
    answer(m, engine::jacobian)
}

/// `derive hessian`
pub(super) fn hessian(m: &ArgMatches) -> Result<String, Failure> {
    answer(m, engine::hessian)
}

/// `derive simplify`
pub(super) fn simplify(m: &ArgMatches) -> Result<String, Failure> {
    answer(m, engine::simplified)
}

fn answer(
    m: &ArgMatches,
    solve: impl Fn(&Question) -> Result<Solution, engine::Error>,
) -> Result<String, Failure> {
    let input = input::read(m)?;
    let mut question = input::question(m, &input);
    let notation = notation(m);
    question.steps = notation.is_some();
    let solution =
        solve(&question).map_err(|e| input::failure(e, &input, question.shapes.as_deref()))?;
    let report = if m.get_flag("no-verify") {
        Report::skipped("")
    } else {
        let seed = m.get_one::<u64>("seed").copied().unwrap_or(0);
        engine::verify(&solution, &question, seed)
    };
    if report.status == "failed" {
        return Err(Failure::Defect(defect(&input, &report)));
    }
    // the process ends when the answer is printed: nothing large is taken apart before
    let solution = std::mem::ManuallyDrop::new(solution);
    let answer = &solution.answer;
    let loss = solution.loss();
    let options = latex_options(m, &loss);
    let steps = solution.steps.as_ref().zip(notation);
    let format = m.get_one::<String>("format").map_or("text", String::as_str);
    if let Some((steps, notation)) = steps {
        return derivation(answer, &report, steps, notation, format, options).ok_or_else(|| {
            Failure::Message(format!("`{format}` shows no derivation; leave `--steps` out"))
        });
    }
    Ok(match m.get_one::<String>("format").map_or("text", String::as_str) {
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

/// The answer with its derivation, in the formats that have one.
fn derivation(
    answer: &Answer,
    report: &Report,
    steps: &Steps,
    notation: Notation,
    format: &str,
    options: LatexOptions<'_>,
) -> Option<String> {
    use crate::notation::{html, markdown, text};
    Some(match format {
        "text" => {
            let derived = steps::text::text(steps, answer, notation, WIDTH);
            derived + &text::remarks(answer, report)
        }
        "ascii" => steps::text::program(steps, notation),
        "latex" => steps::latex::latex(steps, answer, notation, options),
        "markdown" => markdown::markdown_with_steps(answer, report, steps, notation, options),
        "html" => html::html(answer, report, Some((steps, notation))),
        "mathml" => html::mathml_steps(answer, steps, notation),
        "json" => {
            let mut value = json(answer, report, options);
            value["steps"] = steps::json::values(steps, answer, notation, options).into();
            value.to_string() + "\n"
        }
        _ => return None,
    })
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
