//! The smallest change of the gradient's code after which it is right.
//!
//! A change replaces one piece of text; the file is read again and the claim checked as any other,
//! so a change that is offered is one that was found true.

use super::edit::{Edit, edits};
use super::infer::Found;
use super::outline::File;
use super::pair::{Options, Pair, pairs};
use super::program::LabelStyle;
use super::question::{Asked, Question};
use super::report::{Mended, again, decided};
use super::value::{Array, Value};
use crate::array::Array as Numbers;
use crate::check::verdict::Status;
use crate::numeric::eval::{Point, evaluate};
use crate::numeric::sample::{Random, Sizes, draw};
use crate::shape::infer::infer;
use crate::shape::typed::{Item, Typed};
use crate::syntax::parser::parse_with;

/// So many changes are tried.
const TRIED: usize = 2000;

/// The gradients at some points: what changed code must compute.
struct Goals {
    typed: Typed,
    points: Vec<Point>,
    /// For each claim, its left side at each point.
    values: Vec<Vec<Numbers>>,
    style: LabelStyle,
    /// Whether each gradient had another shape by axes of length 1 from the start.
    loose: Vec<bool>,
}

/// For each refuted gradient, by position, a change that makes it right.
pub(super) fn repair(
    file: &File<'_>,
    pair: Pair,
    options: &Options,
    found: &Found,
    refuted: &[usize],
) -> Vec<(usize, Mended)> {
    let asked = &found.question.asked;
    let Some(goals) = Goals::new(&found.question, options.seed) else { return Vec::new() };
    let mut mended: Vec<(usize, Mended)> = Vec::new();
    for edit in candidates(file, pair, found).into_iter().take(TRIED) {
        let source = changed(file.source, &edit);
        let Some(question) = read_again(&source, pair, options, found) else { continue };
        let reached = goals.reached(&question);
        // what was right stays right, and something that was wrong becomes right
        let keeps = (0..asked.len()).all(|k| refuted.contains(&k) || reached.get(k) == Some(&true));
        let news: Vec<usize> =
            refuted.iter().copied().filter(|k| reached.get(*k) == Some(&true)).collect();
        let known = |k: &usize| mended.iter().any(|m| m.0 == *k);
        let all = news.len() == refuted.len();
        if !keeps || news.is_empty() || !all && news.iter().all(known) {
            continue;
        }
        let claims: Vec<&Asked> = news.iter().filter_map(|k| question.asked.get(*k)).collect();
        let Ok(verdicts) = decided(&question, &claims, options.seed) else { continue };
        if !verdicts.iter().all(|v| matches!(v.0, Status::Proved | Status::Verified)) {
            continue;
        }
        let change = Mended { span: edit.span, text: edit.text, what: edit.what };
        if all {
            return news.into_iter().map(|k| (k, change.clone())).collect();
        }
        mended.extend(
            news.into_iter().filter(|k| !known(k)).map(|k| (k, change.clone())).collect::<Vec<_>>(),
        );
    }
    mended
}

/// Changes of the gradient's function and of what it alone calls.
fn candidates(file: &File<'_>, pair: Pair, found: &Found) -> Vec<Edit> {
    let calls = |from: usize| -> Vec<usize> {
        let mut list = vec![from];
        let mut at = 0;
        while at < list.len() {
            let own = &file.functions[list[at]];
            for line in &own.body {
                for token in line.tokens.clone() {
                    let callee = file.functions.iter().position(|f| f.name == file.text(token));
                    if let Some(callee) = callee.filter(|c| !list.contains(c)) {
                        list.push(callee);
                    }
                }
            }
            at += 1;
        }
        list
    };
    let value = if pair.value == pair.gradient { Vec::new() } else { calls(pair.value) };
    let functions: Vec<usize> =
        calls(pair.gradient).into_iter().filter(|f| !value.contains(f)).collect();
    let array = |v: &&(String, Value, _)| matches!(&v.1, Value::Array(a) if a.size.is_none() && a.integer.is_none());
    let size = |v: &&(String, Value, _)| matches!(&v.1, Value::Array(Array { size: Some(_), .. }));
    let names: Vec<String> =
        found.question.locals.iter().filter(array).map(|l| l.0.clone()).collect();
    let mut sizes: Vec<String> =
        found.question.locals.iter().filter(size).map(|l| l.0.clone()).collect();
    for (name, value, _) in &found.question.locals {
        if let Value::Array(a) = value
            && a.rank() == a.axes.len()
        {
            sizes.extend((0..a.axes.len()).map(|k| format!("{name}.shape[{k}]")));
        }
    }
    sizes.truncate(8);
    edits(file, &functions, &names, &sizes)
}

/// The text with the change.
fn changed(source: &str, edit: &Edit) -> String {
    let (start, end) = (edit.span.start as usize, edit.span.end as usize);
    format!("{}{}{}", &source[..start], edit.text, &source[end..])
}

/// What changed code asks, with the shapes that were found out before.
fn read_again(source: &str, pair: Pair, options: &Options, found: &Found) -> Option<Question> {
    let file = File::new(source).ok()?;
    // functions stand where they stood
    pairs(&file, options).ok().filter(|p| p.contains(&pair))?;
    let question = again(&file, pair, options, found).ok()?.question;
    let same = question.asked.len() == found.question.asked.len()
        && question.asked.iter().zip(&found.question.asked).all(|(a, b)| a.variable == b.variable);
    same.then_some(question)
}

/// The typed program with some expressions as its last lines, and these.
fn typed(
    question: &Question,
    style: LabelStyle,
    lines: &[&str],
) -> Option<(Typed, Vec<crate::syntax::ast::NodeId>)> {
    let mut text = question.context(style);
    for line in lines {
        // a line that begins with a sign would go on with the one above
        let (open, close) = if line.starts_with('-') { ("(", ")") } else { ("", "") };
        text.extend([open, line, close, "\n"]);
    }
    let typed = infer(parse_with(None, &text).ok()?).ok()?;
    let nodes: Vec<_> = typed
        .items
        .iter()
        .filter_map(|i| if let Item::Expression(node, _) = i { Some(*node) } else { None })
        .collect();
    (nodes.len() == lines.len()).then_some((typed, nodes))
}

impl Goals {
    fn new(question: &Question, seed: u64) -> Option<Goals> {
        let style = if question.has_labels() { LabelStyle::Hard } else { LabelStyle::Soft };
        let lines: Vec<&str> = question.asked.iter().map(|a| a.left.as_str()).collect();
        let (typed, nodes) = typed(question, style, &lines)?;
        let mut random = Random::new(seed ^ 0x9e37_79b9);
        let sizes = Sizes::new(&typed);
        let (mut points, mut values) = (Vec::new(), vec![Vec::new(); nodes.len()]);
        for number in [0, 2] {
            for attempt in 0..14 {
                let Some(own) = sizes.draw(&typed, number, &mut random) else { break };
                let point = draw(&typed, &own, number, attempt, &mut random);
                let found: Option<Vec<Numbers>> =
                    nodes.iter().map(|n| evaluate(&typed, &point, *n).ok()).collect();
                let finite =
                    |list: &Vec<Numbers>| list.iter().all(|v| v.data.iter().all(|x| x.is_finite()));
                if let Some(found) = found.filter(finite) {
                    points.push(point);
                    for (list, value) in values.iter_mut().zip(found) {
                        list.push(value);
                    }
                    break;
                }
            }
        }
        let loose = question.asked.iter().map(|a| a.nearly.is_some()).collect();
        (!points.is_empty()).then_some(Goals { typed, points, values, style, loose })
    }

    /// For each claim, whether changed code computes it as far as doubles tell.
    fn reached(&self, question: &Question) -> Vec<bool> {
        let lines: Vec<&str> = question.asked.iter().map(|a| a.right.as_str()).collect();
        let Some((typed, nodes)) = typed(question, self.style, &lines) else { return Vec::new() };
        // a change does not leave an axis of length 1 too many
        let fits =
            |(a, loose): (&Asked, &bool)| a.differ.is_none() && (*loose || a.nearly.is_none());
        let mut reached: Vec<bool> = question.asked.iter().zip(&self.loose).map(fits).collect();
        for (k, point) in self.points.iter().enumerate() {
            let name =
                |t: &Typed, v: &crate::shape::typed::Variable| t.program.name(v.name).to_string();
            let values = typed
                .variables
                .iter()
                .map(|v| {
                    let same =
                        |w: &crate::shape::typed::Variable| name(&self.typed, w) == name(&typed, v);
                    self.typed
                        .variables
                        .iter()
                        .position(same)
                        .and_then(|at| point.values[at].clone())
                })
                .collect();
            let own = Point { sizes: point.sizes.clone(), values, functions: Vec::new() };
            for (claim, node) in nodes.iter().enumerate() {
                let goal = &self.values[claim][k];
                reached[claim] &= evaluate(&typed, &own, *node).is_ok_and(|found| {
                    let scale = goal.data.iter().fold(1e-30f64, |m, x| m.max(x.abs()));
                    found.data.len() == goal.data.len()
                        && found
                            .data
                            .iter()
                            .zip(&goal.data)
                            .all(|(a, b)| (a - b).abs() <= 1e-6 * scale)
                });
            }
        }
        reached
    }
}
