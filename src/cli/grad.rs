//! `derive grad`, `derive simplify`.

use super::Failure;
use super::input::{self, Input};
use crate::engine::{self, Question, Solution};
use crate::notation::json::json;
use crate::notation::text::{Report, equations, program, text};
use clap::ArgMatches;

/// `derive grad`
pub(super) fn gradient(m: &ArgMatches) -> Result<String, Failure> {
    if m.get_one::<String>("steps").is_some_and(|s| s != "none") {
        return Err(Failure::Message("`--steps` is not supported yet".into()));
    }
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
    let question = input::question(m, &input);
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
    Ok(match m.get_one::<String>("format").map_or("text", String::as_str) {
        "ascii" => program(answer) + "\n",
        "latex" => equations(answer),
        "markdown" => crate::notation::markdown::markdown(answer, &report),
        "html" => crate::notation::html::html(answer, &report, &[]),
        "mathml" => crate::notation::html::mathml(answer),
        "svg" => crate::notation::svg::svg(answer),
        "json" => json(answer, &report).to_string() + "\n",
        "numpy" => {
            crate::notation::numpy::numpy(answer).map_err(|e| Failure::Message(e.to_string()))?
        }
        _ => text(answer, &report),
    })
}

fn defect(input: &Input, report: &Report) -> String {
    format!(
        "error: the answer failed its own verification and is not printed\n  = note: {}\n  = help: this is a defect of derive; please report it with this input:\n{}\n",
        report.reason,
        input.text.lines().take(200).fold(String::new(), |out, l| out + "      " + l + "\n")
    )
}
