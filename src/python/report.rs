//! What is said of the gradients of a file.

use super::error::CodeError;
use super::hints::{POSITIVE, declared, one_hot, stated};
use super::infer::{Found, depends, infer, others};
use super::outline::File;
use super::pair::{Options, Pair, pairs};
use super::program::LabelStyle;
use super::question::{Asked, Question, ask};
use super::read::{Knowledge, Stop};
use super::repair::repair;
use crate::check::check_typed;
use crate::check::verdict::{Evidence, Status};
use crate::diagnostic::Span;
use crate::shape::infer::infer as infer_shapes;
use crate::syntax::parser::parse_with;

/// A change of the code after which a gradient is right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mended {
    /// What is to be changed.
    pub span: Span,
    /// What is to stand there.
    pub text: String,
    /// The change in words.
    pub what: String,
}

/// What is said of one gradient.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The variable, as the code calls it.
    pub variable: String,
    /// The gradient, as the code calls it.
    pub name: Option<String>,
    /// Where it is computed.
    pub span: Span,
    /// What it was found to be.
    pub status: Status,
    /// Why.
    pub evidence: Evidence,
    /// Further facts.
    pub notes: Vec<String>,
    /// The claim, in the language.
    pub claim: (String, String),
    /// What would mend it.
    pub mended: Option<Mended>,
}

/// What is said of a value and its gradients.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// The function of the value.
    pub value: String,
    /// The function of the gradients.
    pub gradient: String,
    /// The gradients in order.
    pub answers: Vec<Answer>,
    /// The shape of each variable.
    pub shapes: Vec<(String, String)>,
    /// Those of them that the code does not state.
    pub assumed: Vec<String>,
    /// The program of the language that both functions were read as.
    pub program: String,
}

/// Checks the gradients of a file of Python.
///
/// # Errors
/// What cannot be read, with its place.
pub fn check_code(source: &str, options: &Options) -> Result<Vec<Report>, CodeError> {
    let file = File::new(source)?;
    let mut reports = Vec::new();
    for pair in pairs(&file, options)? {
        reports.push(report(&file, pair, options)?);
    }
    Ok(reports)
}

/// What a pair of functions asks, with final names of sizes, or why it asks nothing.
pub(super) fn read(file: &File<'_>, pair: Pair, options: &Options) -> Result<Found, CodeError> {
    let found = infer(file, pair, options, known(file, pair, options)?)?;
    again(file, pair, options, &found)
}

/// What the code and `--shape` state of the parameters.
fn known(file: &File<'_>, pair: Pair, options: &Options) -> Result<Knowledge, CodeError> {
    let mut knowledge = Knowledge::default();
    for function in [pair.gradient, pair.value] {
        knowledge.shapes.extend(stated(file, &file.functions[function]));
    }
    let mut of_names = Vec::new();
    if let Some(text) = &options.shapes {
        let (shapes, properties) = declared(text)?;
        of_names.extend(shapes.keys().cloned());
        knowledge.shapes.extend(shapes);
        knowledge.properties = properties;
    }
    for function in [pair.gradient, pair.value] {
        // what a number stands for where it is left out is one
        for parameter in &file.functions[function].parameters {
            let text = parameter
                .default
                .clone()
                .map(|tokens| tokens.map(|t| file.text(t)).collect::<Vec<_>>().concat());
            if text.is_some_and(|t| t.parse::<f64>().is_ok()) {
                knowledge.shapes.entry(parameter.name.clone()).or_default();
            }
        }
        for name in one_hot(file, &file.functions[function]) {
            if !knowledge.properties.iter().any(|p| p.0 == name) {
                knowledge.properties.push((name, "simplex"));
            }
        }
    }
    let by_name = POSITIVE.iter().map(ToString::to_string).filter(|n| !of_names.contains(n));
    knowledge.positive_scalars.extend(by_name);
    Ok(knowledge)
}

/// Reads again what was found out, so that every size has its final name in the text.
pub(super) fn again(
    file: &File<'_>,
    pair: Pair,
    options: &Options,
    found: &Found,
) -> Result<Found, CodeError> {
    let mut sizes = found.sizes.again();
    sizes.name_all(|name| found.question.writer.allows(name));
    match ask(file, pair, options, &found.knowledge, sizes.again()) {
        Ok(question) => Ok(Found { sizes, question, ..found.clone() }),
        Err(Stop::Error(error)) => Err(error),
        Err(Stop::Unknown(name) | Stop::Labels(name)) => Err(CodeError::open(
            format!("the shape of `{name}` is not known"),
            None,
            "say `--shape`",
        )),
    }
}

/// The verdicts on claims of a program.
pub(super) fn verdicts(
    question: &Question,
    asked: &[&Asked],
    style: LabelStyle,
    seed: u64,
) -> Result<Vec<(Status, Evidence)>, CodeError> {
    let mut text = question.context(style);
    for claim in asked {
        text.push_str(&format!("{} == {}\n", claim.left, claim.right));
    }
    let unreadable = |message: String| {
        let place = asked.first().map(|a| a.place);
        CodeError::open(format!("the translation cannot be checked: {message}"), place, "")
    };
    let program = parse_with(None, &text).map_err(|e| unreadable(e.to_string()))?;
    let typed = infer_shapes(program).map_err(|e| unreadable(e.to_string()))?;
    let verdicts = check_typed(&typed, seed, false);
    Ok(verdicts.into_iter().map(|v| (v.status, v.evidence)).collect())
}

/// As [`verdicts`], of a program whose labels may be any: what holds for all weights of the
/// classes holds for labels; what does not is decided by labels themselves, where one label stands
/// for all, since no operation that is read tells one class from another.
pub(super) fn decided(
    question: &Question,
    asked: &[&Asked],
    seed: u64,
) -> Result<Vec<(Status, Evidence)>, CodeError> {
    let mut list = verdicts(question, asked, LabelStyle::Soft, seed)?;
    let good = |v: &(Status, Evidence)| matches!(v.0, Status::Proved | Status::Verified);
    if question.has_labels() && !list.iter().all(good) {
        let hard = verdicts(question, asked, LabelStyle::Hard, seed)?;
        for (soft, hard) in list.iter_mut().zip(hard) {
            if !good(soft) {
                *soft = hard;
            }
        }
    }
    Ok(list)
}

fn report(file: &File<'_>, pair: Pair, options: &Options) -> Result<Report, CodeError> {
    let found = read(file, pair, options)?;
    let question = &found.question;
    let fitting: Vec<&Asked> = question.asked.iter().filter(|a| a.differ.is_none()).collect();
    let mut list = decided(question, &fitting, options.seed)?.into_iter();
    let mut answers = Vec::new();
    for asked in &question.asked {
        let (status, evidence) = if asked.differ.is_some() {
            (Status::Refuted, Evidence::default())
        } else {
            list.next().unwrap_or((Status::Undecided, Evidence::default()))
        };
        let mut notes = Vec::new();
        if let Some((gradient, variable)) = asked.differ.as_ref().or(asked.nearly.as_ref()) {
            notes.push(format!(
                "the gradient has the shape {gradient}, `{}` has {variable}",
                asked.variable
            ));
        }
        answers.push(Answer {
            variable: asked.variable.clone(),
            name: asked.name.clone(),
            span: asked.place,
            status,
            evidence,
            notes,
            claim: (asked.left.clone(), asked.right.clone()),
            mended: None,
        });
    }
    if answers.iter().any(|a| a.status == Status::Refuted) {
        if !found.assumed.is_empty()
            && let Some(other) = right_otherwise(file, pair, options)?
        {
            return Err(depends(&found, &other));
        }
        explain(file, pair, options, &found, &mut answers)?;
    }
    // that rows sum to 1 is taken from a name or a remark
    let told = options.shapes.as_deref().and_then(|text| declared(text).ok());
    let told =
        |name: &str| told.as_ref().is_some_and(|(_, p)| p.contains(&(name.to_string(), "simplex")));
    let of_simplex: Vec<String> = question
        .writer
        .variables
        .iter()
        .filter(|v| !told(&v.name) && v.has_simplex_rows() && !found.assumed.contains(&v.name))
        .map(|v| v.name.clone())
        .collect();
    Ok(Report {
        value: file.functions[pair.value].full_name(),
        gradient: file.functions[pair.gradient].full_name(),
        answers,
        shapes: question.shapes(),
        assumed: found.assumed.iter().cloned().chain(of_simplex).collect(),
        program: question.context(LabelStyle::Soft),
    })
}

/// A reading with other shapes, as far as none are stated, in which every gradient is right.
fn right_otherwise(
    file: &File<'_>,
    pair: Pair,
    options: &Options,
) -> Result<Option<Found>, CodeError> {
    for other in others(file, pair, options, known(file, pair, options)?) {
        let Ok(other) = again(file, pair, options, &other) else { continue };
        let asked: Vec<&Asked> = other.question.asked.iter().collect();
        let right = |v: &(Status, Evidence)| v.0.holds();
        if decided(&other.question, &asked, options.seed).is_ok_and(|list| list.iter().all(right)) {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// Says of what is refuted where it goes wrong first, and what would mend it.
fn explain(
    file: &File<'_>,
    pair: Pair,
    options: &Options,
    found: &Found,
    answers: &mut [Answer],
) -> Result<(), CodeError> {
    let question = &found.question;
    let steps: Vec<&Asked> = question.steps.iter().collect();
    let verdicts =
        if steps.is_empty() { Vec::new() } else { decided(question, &steps, options.seed)? };
    let wrong = steps.iter().zip(&verdicts).find(|(_, v)| v.0 == Status::Refuted);
    let refuted: Vec<usize> =
        (0..answers.len()).filter(|k| answers[*k].status == Status::Refuted).collect();
    for (at, mended) in repair(file, pair, options, found, &refuted) {
        answers[at].mended = Some(mended);
    }
    if let Some((step, _)) = wrong {
        let line = file.source[..step.place.start as usize].matches('\n').count() + 1;
        let name = step.name.clone().unwrap_or_default();
        for answer in answers.iter_mut().filter(|a| a.status == Status::Refuted) {
            if answer.span.start > step.place.start {
                answer.notes.push(format!(
                    "`{name}` in line {line} is not the gradient by `{}` either",
                    step.variable
                ));
            }
        }
    }
    Ok(())
}
