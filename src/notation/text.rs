//! An answer for people: definitions, the results as a textbook orders them, then what was assumed
//! and what the verification found.
//!
//! What is printed for machines stands in the modules of programs, equations and JSON.

use super::answer::{Answer, Condition, ResultKind};
use super::ascii::{Ascii, write_ascii};
use super::forms::{Form, FormKind, form_left};
use super::left::{indexed, program_name, write_axes, write_unicode_left};
use super::lines::write_broken;
use super::math::{Math, Symbol};
use super::order::{Step, backward, steps};
use super::program::{gradient_of, needed};
use super::unicode::{Unicode, write_unicode};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

pub use super::equations::{equations, equations_with};
pub use super::program::{
    program, result_expression, result_index, result_program, shared_definitions,
};

/// Room for a name.
const NAME: usize = 16;
/// Room for a line.
const LINE: usize = 80;
/// Up to so many shapes are searched one by one.
const FEW: usize = 16;

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

/// What an answer assumes, what its unknowns are and where it holds, one sentence each.
pub fn notes(answer: &Answer) -> Vec<String> {
    Page { answer, options: TextOptions::default() }.notes()
}

/// The definitions that come first, and the results with the cotangents between them.
pub(super) fn lines(answer: &Answer) -> (Vec<Line>, Vec<Line>) {
    Page { answer, options: TextOptions::default() }.equations()
}

/// The answer for people, with choices.
pub fn text_with(answer: &Answer, report: &Report, options: &TextOptions) -> String {
    let page = Page { answer, options: *options };
    let (given, steps) = page.equations();
    let mut out = String::with_capacity(LINE * (given.len() + steps.len() + 1));
    page.write_block(&mut out, &given);
    if !given.is_empty() {
        out.push('\n');
    }
    page.write_block(&mut out, &steps);
    page.write_remarks(&mut out, report, false);
    out
}

/// What stands below a derivation: what the answer assumes, and what the verification found.
pub fn remarks(answer: &Answer, report: &Report) -> String {
    let mut out = String::new();
    Page { answer, options: TextOptions::default() }.write_remarks(&mut out, report, true);
    out
}
/// What `vec` means.
const STACKED: &str = "vec stacks columns";

/// An equation of the page, by position in the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// The objective.
    Objective,
    /// A binding.
    Binding(usize),
    /// A result.
    Result(usize),
    /// Another form of a result.
    Form(usize, usize),
}

impl Line {
    /// The right side.
    pub(super) fn right(self, answer: &Answer) -> &Math {
        match self {
            Line::Objective => &answer.value,
            Line::Binding(at) => &answer.bindings[at].value,
            Line::Result(at) => &answer.results[at].value,
            Line::Form(at, form) => &answer.results[at].forms()[form].value,
        }
    }

    /// Whether it is asked for.
    pub(super) fn is_result(self) -> bool {
        matches!(self, Line::Result(_) | Line::Form(..))
    }
}

/// Shapes, each with what has it.
type Groups<'a> = Vec<(&'a [Math], SmallVec<[&'a Math; 4]>)>;

struct Page<'a> {
    answer: &'a Answer,
    options: TextOptions,
}

impl<'a> Page<'a> {
    fn math(&self, math: &Math) -> String {
        let mut out = String::with_capacity(NAME);
        self.write_math(&mut out, math);
        out
    }

    fn write_math(&self, out: &mut String, math: &Math) {
        if self.options.ascii { write_ascii(out, math) } else { write_unicode(out, math) }
    }

    fn symbol(&self, symbol: &Symbol) -> String {
        self.math(&Math::Symbol(symbol.clone()))
    }

    /// The definitions that come first, and the results with the cotangents between them, each
    /// after what it needs: a backward pass from the loss to the first layer.
    fn equations(&self) -> (Vec<Line>, Vec<Line>) {
        let answer = self.answer;
        let mut needed = needed(answer);
        let backward = backward(answer);
        let shows_objective = self.shows_objective();
        if shows_objective {
            answer.mark(&answer.value_needs, &mut needed);
        }
        let mut given: Vec<Line> =
            (0..backward).filter(|&at| needed[at]).map(Line::Binding).collect();
        let objective = Math::Symbol(answer.objective.clone());
        let is_given = (0..backward).any(|at| needed[at] && answer.bindings[at].name == objective);
        if shows_objective && !is_given {
            given.push(Line::Objective);
        }
        let order = steps(answer, &needed, backward);
        let mut steps = Vec::with_capacity(order.len());
        for step in order {
            match step {
                Step::Binding(at) => steps.push(Line::Binding(at)),
                Step::Result(at) => {
                    steps.push(Line::Result(at));
                    if !self.options.ascii {
                        let forms = 0..answer.results[at].forms().len();
                        steps.extend(forms.map(|form| Line::Form(at, form)));
                    }
                }
            }
        }
        (given, steps)
    }

    /// The left side of an equation.
    fn write_left(&self, out: &mut String, line: Line) {
        let answer = self.answer;
        match line {
            Line::Objective => self.write_math(out, &answer.value_left()),
            Line::Binding(at) if answer.bindings[at].axes().is_empty() => {
                self.write_math(out, &answer.bindings[at].name);
            }
            Line::Binding(at) => self.write_math(out, &answer.bindings[at].left()),
            Line::Result(at) if !self.options.ascii => {
                write_unicode_left(out, answer, &answer.results[at]);
            }
            Line::Result(at) => {
                let outcome = &answer.results[at];
                if outcome.kind != ResultKind::Value {
                    out.push_str(&program_name(outcome));
                    write_axes(out, indexed(outcome).unwrap_or_default());
                }
            }
            Line::Form(at, form) => {
                let outcome = &answer.results[at];
                out.push_str(&form_left(answer, outcome, outcome.forms()[form].kind));
            }
        }
    }

    /// The objective is shown where a result speaks of it by name: as what `∇y` belongs to, or
    /// left of a derivative.
    fn shows_objective(&self) -> bool {
        self.answer.results.iter().any(|result| match result.kind {
            ResultKind::Gradient | ResultKind::Structured(_) => !self.answer.shape.is_empty(),
            ResultKind::Jacobian | ResultKind::Hessian => true,
            ResultKind::Value => false,
        })
    }

    fn write_remarks(&self, out: &mut String, report: &Report, derived: bool) {
        let mut notes = self.notes();
        if derived {
            // stacked columns are not shown there
            notes.retain(|note| note != STACKED);
        }
        let verdict = Page::verdict(report);
        if !(notes.is_empty() && verdict.is_empty()) {
            out.push('\n');
        }
        for note in notes {
            self.write_note(out, &note, "\x1b[2m");
        }
        if !verdict.is_empty() {
            let color = if report.status == "verified" { "\x1b[32m" } else { "\x1b[33m" };
            self.write_note(out, &verdict, color);
        }
    }

    fn write_block(&self, out: &mut String, lines: &[Line]) {
        // all left sides in one text: how wide they are decides how the lines are set
        let mut text = String::with_capacity(8 * lines.len());
        let mut ends: Vec<u32> = Vec::with_capacity(lines.len());
        let mut widest = 0;
        for line in lines {
            let start = text.len();
            self.write_left(&mut text, *line);
            ends.push(text.len() as u32);
            widest = widest.max(text[start..].chars().count());
        }
        let column = if widest <= 12 { widest } else { 0 };
        let indent = if column > 0 { column + 3 } else { 4 };
        let mut before = 0;
        for (line, end) in lines.iter().zip(ends) {
            let (start, left) = (out.len(), &text[before..end as usize]);
            before = end as usize;
            if !left.is_empty() {
                out.push_str(left);
                let width = left.chars().count();
                out.extend(std::iter::repeat_n(' ', column.saturating_sub(width)));
                out.push_str(" = ");
            }
            let right = line.right(self.answer);
            if self.options.ascii {
                write_broken(Ascii, out, start, right, indent, self.options.width);
            } else {
                write_broken(Unicode, out, start, right, indent, self.options.width);
            }
            if self.options.color && line.is_result() && !left.is_empty() {
                out.insert_str(start + left.len(), "\x1b[0m");
                out.insert_str(start, "\x1b[1m");
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
            notes.push(assumed + separator + &cotangent);
        }
        let elementwise: Vec<&Symbol> = answer.functions.iter().map(|(f, _)| f).collect();
        notes.extend(self.functions(&elementwise, "elementwise function", ""));
        let scalar: Vec<&Symbol> = answer.scalar_functions.iter().collect();
        notes.extend(self.functions(&scalar, "function", " with a scalar value"));
        let stacked = |f: &Form| f.kind == FormKind::Kronecker;
        if answer.results.iter().any(|r| r.forms().iter().any(stacked)) {
            notes.push(STACKED.to_string());
        }
        if !answer.conditions.is_empty() {
            let condition = if self.options.ascii { Condition::ascii } else { Condition::unicode };
            let list: Vec<String> = answer.conditions.iter().map(condition).collect();
            notes.push(format!("holds where {}", list.join(" and ")));
        }
        notes.extend(answer.remarks.iter().cloned());
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
        let groups = self.shape_groups();
        let mut out = String::with_capacity(32 * groups.len());
        for (at, (shape, names)) in groups.iter().enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            self.enumerate(&mut out, names);
            out.push_str(match (names.len() == 1, shape.is_empty()) {
                (true, true) => " is a scalar",
                (true, false) => " is ",
                (false, true) => " are scalars",
                (false, false) => " are ",
            });
            self.write_shape(&mut out, shape);
        }
        out.push_str(if groups.is_empty() { "" } else { " (assumed)" });
        out
    }

    /// The variables whose shapes are assumed, those of one shape together.
    fn shape_groups(&self) -> Groups<'a> {
        let mut groups = Groups::new();
        let mut index: FxHashMap<String, usize> = FxHashMap::default();
        let key = |sizes: &[Math]| {
            sizes.iter().fold(String::new(), |mut key, size| {
                write_ascii(&mut key, size);
                key.push(' ');
                key
            })
        };
        let variables = self.answer.parameters.iter();
        for p in variables.filter(|p| p.assumed && gradient_of(&p.name).is_none()) {
            // a few shapes are found faster without a table
            let known = if groups.len() <= FEW {
                groups.iter().position(|g| g.0 == &p.shape[..])
            } else {
                if index.is_empty() {
                    index.extend(groups.iter().enumerate().map(|(at, g)| (key(g.0), at)));
                }
                index.get(&key(&p.shape)).copied()
            };
            match known {
                Some(at) => groups[at].1.push(&p.name),
                None => {
                    if !index.is_empty() {
                        index.insert(key(&p.shape), groups.len());
                    }
                    groups.push((&p.shape, SmallVec::from_slice(&[&p.name])));
                }
            }
        }
        groups
    }

    /// `a`, `a and b`, `a, b and c`
    fn enumerate(&self, out: &mut String, names: &[&Math]) {
        for (at, name) in names.iter().enumerate() {
            out.push_str(match at {
                0 => "",
                _ if at + 1 == names.len() => " and ",
                _ => ", ",
            });
            self.write_math(out, name);
        }
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
        let mut out = String::new();
        self.write_shape(&mut out, sizes);
        out
    }

    fn write_shape(&self, out: &mut String, sizes: &[Math]) {
        for (at, size) in sizes.iter().enumerate() {
            out.push_str(match (at, self.options.ascii) {
                (0, _) => "",
                (_, true) => " x ",
                (_, false) => "×",
            });
            self.write_math(out, size);
        }
    }

    fn verdict(report: &Report) -> String {
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

#[cfg(test)]
mod tests {
    use super::super::sample::*;
    use super::*;

    fn verified() -> Report {
        Report {
            status: "verified",
            points: 6,
            max_relative_error: Some(3e-12),
            reason: String::new(),
        }
    }

    #[test]
    fn one_layer_for_people() {
        assert_eq!(
            text(&one_layer(), &verified()),
            "y = σ(W x + b)\n\n∇W = (∇y ⊙ y ⊙ (1 − y)) xᵀ\n\n\
             W is m×n, x is n, b is m (assumed); \
             ∇y is m, the gradient of any loss with respect to y\n\
             verified at 6 points, largest relative error 3e-12\n"
        );
        let options = TextOptions { ascii: true, ..TextOptions::default() };
        let text = text_with(&one_layer(), &Report::skipped(""), &options);
        assert!(text.contains("grad_W = (grad_y .* y .* (1 - y))*x'\n"), "{text}");
        assert!(text.is_ascii());
    }

    #[test]
    fn two_layers_read_backwards() {
        assert_eq!(
            text(&two_layers(), &Report::skipped("")),
            "u = W₁ x\nz = W₂ σ(u)\n\n\
             ∇z  = z − y\n∇W₂ = ∇z σ(u)ᵀ\n∇u  = W₂ᵀ ∇z\n∇W₁ = ∇u xᵀ\n"
        );
    }

    #[test]
    fn programs_read_back() {
        assert_eq!(
            program(&two_layers()),
            "u = W1*x\nz = W2*sigmoid(u)\ngrad_z = z - y\ngrad_u = W2'*grad_z\n\
             grad_W1 = grad_u*x'\ngrad_W2 = grad_z*sigmoid(u)'"
        );
        assert_eq!(program(&one_layer()), result_program(&one_layer(), 0));
        let definition = "y = sigmoid(W*x + b)\n";
        assert_eq!(
            result_program(&one_layer(), 0),
            format!("{definition}(grad_y .* y .* (1 - y))*x'")
        );
        // the axes are i, j, but j is read first
        assert_eq!(
            result_index(&one_layer(), 0),
            format!("{definition}R[i,j] = x[j]*grad_y[i]*y[i]*(1 - y[i])\nR")
        );
        assert_eq!(result_program(&one_layer(), 7), "");
    }

    #[test]
    fn equations_stand_under_each_other() {
        assert_eq!(
            equations(&two_layers()),
            "\\begin{aligned}\n  u &= W_{1} x \\\\\n  z &= W_{2} \\sigma(u) \\\\\n  \
             \\nabla_{z} &= z - y \\\\\n  \\nabla_{W_{2}} &= \\nabla_{z} \\sigma(u)^{\\top} \\\\\n  \
             \\nabla_{u} &= W_{2}^{\\top} \\nabla_{z} \\\\\n  \
             \\nabla_{W_{1}} &= \\nabla_{u} x^{\\top}\n\\end{aligned}\n"
        );
    }

    #[test]
    fn left_sides_of_higher_results() {
        let mut answer = one_layer();
        answer.results[0].kind = ResultKind::Jacobian;
        answer.results[0].value = answer.results[0].index().cloned().unwrap_or(Math::Pi);
        let axes = ['k', 'i', 'j'].map(|n| symbol(&n.to_string(), 0)).into();
        answer.results[0].besides =
            Some(Box::new(super::super::answer::Besides { axes, ..Default::default() }));
        answer.results[0].entrywise = true;
        assert_eq!(super::super::left::unicode_left(&answer, &answer.results[0]), "∂yₖ/∂Wᵢⱼ");
        assert_eq!(program_name(&answer.results[0]), "jacobian_W");
        let x = symbol("x", 1);
        answer.results[0].wrt = smallvec::smallvec![x.clone(), x];
        answer.results[0].kind = ResultKind::Hessian;
        answer.results[0].value = n(1);
        answer.results[0].entrywise = false;
        assert_eq!(super::super::left::unicode_left(&answer, &answer.results[0]), "∂²y/∂x²");
    }

    #[test]
    fn json_of_an_answer() {
        let options = super::super::latex::LatexOptions::default();
        let value = super::super::json::json(&one_layer(), &verified(), options);
        assert_eq!(value["objective"]["ascii"], "sigmoid(W*x + b)");
        assert_eq!(value["results"][0]["shape"], serde_json::json!(["m", "n"]));
        assert_eq!(value["variables"][0]["assumed"], true);
        assert_eq!(value["verification"]["points"], 6);
    }
}
