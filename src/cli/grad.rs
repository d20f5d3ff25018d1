//! `derive grad`, `derive simplify`.

use super::Failure;
use super::input::{self, Input};
use crate::engine::{self, Question, Solution};
use crate::notation::answer::ResultKind;
use crate::notation::json::json;
use crate::notation::text::{Report, equations, program, result_program, text};
use crate::numeric::verify::{Claimed, Kind, Status, verify_typed};
use clap::ArgMatches;

/// The points of a verification.
const POINTS: usize = 5;

/// `derive grad`
pub(super) fn gradient(m: &ArgMatches) -> Result<String, Failure> {
    if m.get_one::<String>("steps").is_some_and(|s| s != "none") {
        return Err(Failure::Message("`--steps` is not supported yet".into()));
    }
    answer(m, engine::gradient)
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
        verification(&solution, &question, seed)
    };
    if report.status == "failed" {
        return Err(Failure::Defect(defect(&input, &report)));
    }
    let answer = &solution.answer;
    Ok(match m.get_one::<String>("format").map_or("text", String::as_str) {
        "ascii" => program(answer) + "\n",
        "latex" => equations(answer),
        "json" => json(answer, &report).to_string() + "\n",
        "numpy" => crate::notation::numpy::numpy(answer)
            .map_err(|e| Failure::Message(e.to_string()))?,
        _ => text(answer, &report),
    })
}

/// What the judge says of the printed answer.
pub(super) fn verification(solution: &Solution, question: &Question, seed: u64) -> Report {
    let answer = &solution.answer;
    let texts: Vec<String> =
        (0..answer.results.len()).map(|at| result_program(answer, at)).collect();
    let cotangent = format!("grad_{}", answer.objective.name);
    let results = answer
        .results
        .iter()
        .zip(&texts)
        .map(|(r, text)| Claimed {
            kind: match r.kind {
                ResultKind::Gradient => Kind::Gradient,
                ResultKind::Jacobian => Kind::Jacobian,
                ResultKind::Hessian => Kind::Hessian,
                ResultKind::Value => Kind::Value,
            },
            wrt: r.wrt.iter().map(|s| &*s.name).collect(),
            text,
        })
        .collect();
    let asked = crate::numeric::verify::Question {
        shapes: question.shapes.as_deref(),
        program: &question.program,
        objective: question.objective.as_deref(),
        cotangent: &cotangent,
        results,
        seed,
        points: POINTS,
    };
    let found = verify_typed(&solution.typed, &asked, crate::numeric::read::read);
    let (status, reason) = match found.status {
        Status::Verified => ("verified", String::new()),
        Status::Failed(failure) => ("failed", failure.to_string()),
        Status::Skipped(reason) => ("skipped", reason),
    };
    let error = (found.points > 0).then_some(found.max_relative_error);
    Report { status, points: found.points, max_relative_error: error, reason }
}

fn defect(input: &Input, report: &Report) -> String {
    format!(
        "error: the answer failed its own verification and is not printed\n  = note: {}\n  = help: this is a defect of derive; please report it with this input:\n{}\n",
        report.reason,
        input.text.lines().take(200).map(|l| format!("      {l}\n")).collect::<String>()
    )
}
