//! An answer for people: definitions, the results as a textbook orders them, then what was assumed
//! and what the verification found.
//!
//! What is printed for machines stands in the modules of programs, equations and JSON.

use super::answer::{Answer, ResultKind};
use super::ascii::{Ascii, ascii};
use super::left::{indexed, program_name, unicode_left, write_axes};
use super::lines::broken;
use super::math::{Math, Symbol};
use super::program::{gradient_of, needed};
use super::unicode::{Unicode, unicode};
use super::walk::mentions_gradient;
use rustc_hash::FxHashMap;
use std::fmt::Write as _;

pub use super::equations::{equations, equations_with};
pub use super::program::{program, result_index, result_program};

/// What verification found, as answers print it.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// `verified`, `failed` or `skipped`.
    pub status: &'static str,
    /// The number of points.
    pub points: usize,
    /// The largest relative error, where something was compared.
    pub max_relative_error: Option<f64>,
    /// Why it was skipped or how it failed.
    pub reason: String,
}

impl Report {
    /// Verification was not asked for, or could not be made.
    pub fn skipped(reason: &str) -> Report {
        Report { status: "skipped", points: 0, max_relative_error: None, reason: reason.into() }
    }
}

/// Choices of the text for people.
#[derive(Clone, Copy, Debug)]
pub struct TextOptions {
    /// The spelling of the language in place of mathematical characters.
    pub ascii: bool,
    /// Emphasis by terminal escapes.
    pub color: bool,
    /// The columns after which long lines are broken.
    pub width: usize,
}

impl Default for TextOptions {
    fn default() -> TextOptions {
        TextOptions { ascii: false, color: false, width: 100 }
    }
}

/// The answer for people, in Unicode and without colour.
pub fn text(answer: &Answer, report: &Report) -> String {
    text_with(answer, report, &TextOptions::default())
}

/// The answer for people, with choices.
pub fn text_with(answer: &Answer, report: &Report, options: &TextOptions) -> String {
    let page = Page { answer, options: *options };
    let (given, steps) = page.equations();
    let mut out = String::with_capacity(64 * (given.len() + steps.len() + 2));
    page.write_block(&mut out, &given);
    if !given.is_empty() {
        out.push('\n');
    }
    page.write_block(&mut out, &steps);
    let notes = page.notes();
    let verdict = page.verdict(report);
    if !(notes.is_empty() && verdict.is_empty()) {
        out.push('\n');
    }
    for note in notes {
        page.write_note(&mut out, &note, "\x1b[2m");
    }
    if !verdict.is_empty() {
        let color = if report.status == "verified" { "\x1b[32m" } else { "\x1b[33m" };
        page.write_note(&mut out, &verdict, color);
    }
    out
}

/// An equation of the page.
struct Line<'a> {
    left: String,
    right: &'a Math,
    is_result: bool,
}

struct Page<'a> {
    answer: &'a Answer,
    options: TextOptions,
}

impl<'a> Page<'a> {
    fn math(&self, math: &Math) -> String {
        if self.options.ascii { ascii(math) } else { unicode(math) }
    }

    fn symbol(&self, symbol: &Symbol) -> String {
        self.math(&Math::Symbol(symbol.clone()))
    }

    /// The definitions that come first, and the results with the cotangents between them, each
    /// after what it needs: a backward pass from the loss to the first layer.
    fn equations(&self) -> (Vec<Line<'a>>, Vec<Line<'a>>) {
        let answer = self.answer;
        let mut needed = needed(answer);
        let is_gradient = |name: &Math| matches!(name, Math::Gradient(_));
        let backward = answer
            .bindings
            .iter()
            .position(|b| is_gradient(&b.name) || mentions_gradient(&b.value))
            .unwrap_or(answer.bindings.len());
        let shows_objective = self.shows_objective();
        if shows_objective {
            for &at in &answer.value_needs {
                if let Some(slot) = needed.get_mut(at) {
                    *slot = true;
                }
            }
        }
        let binding = |at: usize| Line {
            left: self.math(&answer.bindings[at].name),
            right: &answer.bindings[at].value,
            is_result: false,
        };
        let mut given: Vec<Line<'a>> =
            (0..backward).filter(|&at| needed[at]).map(binding).collect();
        let objective = Math::Symbol(answer.objective.clone());
        let is_given = (0..backward).any(|at| needed[at] && answer.bindings[at].name == objective);
        if shows_objective && !is_given {
            given.push(Line {
                left: self.math(&objective),
                right: &answer.value,
                is_result: false,
            });
        }
        let mut places = self.places(backward).into_iter().peekable();
        let mut steps = Vec::with_capacity(answer.results.len());
        for at in backward..=answer.bindings.len() {
            let mut replaced = false;
            while let Some((_, result)) = places.next_if(|(place, _)| *place <= 2 * at + 1) {
                replaced |= at < answer.bindings.len()
                    && answer.results[result].kind == ResultKind::Gradient
                    && gradient_of(&answer.bindings[at].name)
                        == answer.results[result].wrt.first().map(|s| &*s.name);
                steps.push(self.result(result));
            }
            if at < answer.bindings.len() && needed[at] && !replaced {
                steps.push(binding(at));
            }
        }
        (given, steps)
    }

    /// The results with their places between the bindings, in order: `2 k` is before binding `k`,
    /// `2 k + 1` in its stead.
    fn places(&self, backward: usize) -> Vec<(usize, usize)> {
        let answer = self.answer;
        let named: FxHashMap<&str, usize> = answer
            .bindings
            .iter()
            .enumerate()
            .filter_map(|(at, b)| Some((gradient_of(&b.name)?, at)))
            .collect();
        let mut places: Vec<(usize, usize)> = answer
            .results
            .iter()
            .enumerate()
            .map(|(result, outcome)| {
                let own = match outcome.wrt.first() {
                    Some(wrt) if outcome.kind == ResultKind::Gradient => named.get(&*wrt.name),
                    _ => None,
                };
                let place = match own {
                    Some(&at) => 2 * at + 1,
                    None => outcome.needs.iter().max().map_or(0, |&last| 2 * (last + 1)),
                };
                (place.max(2 * backward), result)
            })
            .collect();
        places.sort_unstable();
        places
    }

    fn result(&self, at: usize) -> Line<'a> {
        let outcome = &self.answer.results[at];
        let left = if !self.options.ascii {
            unicode_left(self.answer, outcome)
        } else if outcome.kind == ResultKind::Value {
            String::new()
        } else {
            let mut left = program_name(outcome);
            write_axes(&mut left, indexed(outcome).unwrap_or_default());
            left
        };
        Line { left, right: &outcome.value, is_result: true }
    }

    /// The objective is shown where a result speaks of it by name: as what `∇y` belongs to, or
    /// left of a derivative.
    fn shows_objective(&self) -> bool {
        self.answer.results.iter().any(|result| match result.kind {
            ResultKind::Gradient => !self.answer.shape.is_empty(),
            ResultKind::Jacobian | ResultKind::Hessian => true,
            ResultKind::Value => false,
        })
    }

    fn write_block(&self, out: &mut String, lines: &[Line<'_>]) {
        let widths: Vec<usize> = lines.iter().map(|line| line.left.chars().count()).collect();
        let widest = widths.iter().copied().max().unwrap_or(0);
        let column = if widest <= 12 { widest } else { 0 };
        for (line, width) in lines.iter().zip(widths) {
            let mut left = String::new();
            if !line.left.is_empty() {
                let pad = column.saturating_sub(width);
                let _ = write!(left, "{}{:pad$} = ", line.left, "");
            }
            let indent = if column > 0 { column + 3 } else { 4 };
            let width = self.options.width;
            let formula = if self.options.ascii {
                broken(Ascii, &left, line.right, indent, width)
            } else {
                broken(Unicode, &left, line.right, indent, width)
            };
            match formula.strip_prefix(&line.left) {
                Some(rest) if self.options.color && line.is_result && !line.left.is_empty() => {
                    let _ = write!(out, "\x1b[1m{}\x1b[0m{rest}", line.left);
                }
                _ => out.push_str(&formula),
            }
            out.push('\n');
        }
    }

    fn notes(&self) -> Vec<String> {
        let answer = self.answer;
        let mut notes = Vec::new();
        let assumed = self.assumed();
        let cotangent = self.cotangent();
        let separator = if assumed.is_empty() || cotangent.is_empty() { "" } else { "; " };
        if !(assumed.is_empty() && cotangent.is_empty()) {
            notes.push(format!("{assumed}{separator}{cotangent}"));
        }
        let elementwise: Vec<&Symbol> = answer.functions.iter().map(|(f, _)| f).collect();
        notes.extend(self.functions(&elementwise, "elementwise function", ""));
        let scalar: Vec<&Symbol> = answer.scalar_functions.iter().collect();
        notes.extend(self.functions(&scalar, "function", " with a scalar value"));
        if !answer.conditions.is_empty() {
            notes.push(format!("holds where {}", answer.conditions.join(" and ")));
        }
        notes
    }

    fn functions(&self, names: &[&Symbol], what: &str, value: &str) -> Option<String> {
        let list: Vec<String> = names.iter().map(|name| self.symbol(name)).collect();
        match list.as_slice() {
            [] => None,
            [one] => {
                let article = if value.is_empty() { "any" } else { "any differentiable" };
                Some(format!("{one} is {article} {what}{value}"))
            }
            _ => Some(format!("{} are any {what}s{value}", list.join(", "))),
        }
    }

    /// `W is m×n, x and z are n, c is a scalar (assumed)`
    fn assumed(&self) -> String {
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        let mut index: FxHashMap<String, usize> = FxHashMap::default();
        let variables = self.answer.parameters.iter();
        for p in variables.filter(|p| p.assumed && gradient_of(&p.name).is_none()) {
            let shape = self.shape(&p.shape);
            let at = *index.entry(shape.clone()).or_insert_with(|| {
                groups.push((shape, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(self.math(&p.name));
        }
        let parts: Vec<String> = groups
            .iter()
            .map(|(shape, names)| match (names.as_slice(), shape.is_empty()) {
                ([name], true) => format!("{name} is a scalar"),
                ([name], false) => format!("{name} is {shape}"),
                (_, true) => format!("{} are scalars", enumeration(names)),
                (_, false) => format!("{} are {shape}", enumeration(names)),
            })
            .collect();
        if parts.is_empty() { String::new() } else { parts.join(", ") + " (assumed)" }
    }

    /// `∇y is m, the gradient of any loss with respect to y`
    fn cotangent(&self) -> String {
        let parameters = &self.answer.parameters;
        let Some(p) = parameters.iter().find(|p| gradient_of(&p.name).is_some()) else {
            return String::new();
        };
        let (name, shape) = (self.math(&p.name), self.shape(&p.shape));
        let of = self.symbol(&self.answer.objective);
        format!("{name} is {shape}, the gradient of any loss with respect to {of}")
    }

    fn shape(&self, sizes: &[Math]) -> String {
        let sizes: Vec<String> = sizes.iter().map(|size| self.math(size)).collect();
        sizes.join(if self.options.ascii { " x " } else { "×" })
    }

    fn verdict(&self, report: &Report) -> String {
        let points = if report.points == 1 { "point" } else { "points" };
        match (report.status, report.max_relative_error) {
            ("verified", Some(error)) if error > 0.0 => format!(
                "verified at {} {points}, largest relative error {error:.0e}",
                report.points
            ),
            ("verified", _) => format!("verified at {} {points}, no error", report.points),
            ("failed", _) => format!("NOT VERIFIED: {}", report.reason),
            _ if report.reason.is_empty() => String::new(),
            _ => format!("not verified: {}", report.reason),
        }
    }

    /// A sentence, its words in lines.
    fn write_note(&self, out: &mut String, note: &str, color: &str) {
        let color = if self.options.color { color } else { "" };
        out.push_str(color);
        let mut column = 0;
        for word in note.split(' ') {
            let width = word.chars().count();
            if column > 0 && column + 1 + width > self.options.width {
                out.push_str("\n  ");
                column = 2;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += width;
        }
        out.push_str(if color.is_empty() { "\n" } else { "\x1b[0m\n" });
    }
}

/// `a`, `a and b`, `a, b and c`
fn enumeration(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
