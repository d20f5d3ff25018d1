//! An answer as one page that needs nothing else: no network, no script, no fonts of its own.
//!
//! The expression, what it assumes, the result, its derivation in two columns, the computation
//! graph, and what the judge found. What is named in several places is linked by style sheets alone:
//! under the pointer, a name lights up wherever it stands.

mod link;
mod mathml;
mod steps;
mod style;

use super::answer::{Answer, Condition, Outcome, ResultKind};
use super::forms::FormKind;
use super::left::Left;
use super::math::{Math, Symbol};
use super::program::{gradient_of, program};
use super::raise::entry;
use super::steps::{Notation, Steps};
use super::text::{Line, Report, equations, lines, notes};
use super::unicode::unicode;
use crate::syntax::attribute_text;
use link::Links;
use std::fmt::Write as _;

/// The page.
pub fn html(answer: &Answer, report: &Report, steps: Option<(&Steps, Notation)>) -> String {
    let page = Page { answer, links: Links::new(answer, steps.map(|s| s.0)) };
    let mut out = String::with_capacity(16 << 10);
    page.head(&mut out);
    page.question(&mut out);
    page.result(&mut out);
    if let Some((steps, notation)) = steps {
        page.derivation(&mut out, steps, notation);
    }
    page.shapes(&mut out);
    page.graph(&mut out);
    Page::verification(&mut out, report);
    page.sources(&mut out);
    out.push_str("<footer>Written by <b>derive</b>. This page needs no network and no script.</footer>\n</main>\n</body>\n</html>\n");
    out
}

/// The equations as one element of MathML, each after what it needs.
pub fn mathml(answer: &Answer) -> String {
    let page = Page { answer, links: Links::default() };
    let (mut given, found) = lines(answer);
    given.extend(found);
    let mut out = String::from("<math display=\"block\">");
    let rows: Vec<(String, String)> = given
        .iter()
        .map(|line| {
            let (left, right) = (page.left(*line), page.formula(line.right(answer)));
            (inner(&left).to_string(), inner(&right).to_string())
        })
        .collect();
    if let [(left, right)] = rows.as_slice() {
        let relation = if left.is_empty() { "" } else { "<mo>=</mo>" };
        let _ = writeln!(out, "<mrow>{left}{relation}{right}</mrow></math>");
        return out;
    }
    out.push_str("<mtable columnalign=\"right center left\" displaystyle=\"true\">");
    for (left, right) in rows {
        let relation = if left.is_empty() { "" } else { "<mo>=</mo>" };
        let _ = write!(
            out,
            "<mtr><mtd style=\"text-align:right\">{left}</mtd><mtd>{relation}</mtd><mtd style=\"text-align:left\">{right}</mtd></mtr>"
        );
    }
    out.push_str("</mtable></math>\n");
    out
}

/// A derivation: what is named, then each group of lines, as elements of MathML.
pub fn mathml_steps(answer: &Answer, derivation: &Steps, notation: Notation) -> String {
    steps::mathml(&Page { answer, links: Links::default() }, derivation, notation)
}

/// A formula without the element around it.
fn inner(text: &str) -> &str {
    let text = text.strip_prefix("<math>").unwrap_or(text);
    text.strip_suffix("</math>").unwrap_or(text)
}

/// Text without meaning to HTML and SVG.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The longest expression that serves as a heading, in characters.
const HEADING: usize = 90;

struct Page<'a> {
    answer: &'a Answer,
    links: Links,
}

impl Page<'_> {
    /// The one place that decides how formulas are written.
    fn formula(&self, math: &Math) -> String {
        mathml::formula(math, &self.links)
    }

    /// The left side of an equation.
    fn left(&self, line: Line) -> String {
        let answer = self.answer;
        match line {
            Line::Objective => self.formula(&answer.value_left()),
            Line::Binding(at) => self.formula(&answer.bindings[at].left()),
            Line::Result(at) => self.result_side(&answer.results[at]),
            Line::Form(at, form) => {
                let outcome = &answer.results[at];
                self.form_side(outcome, outcome.forms()[form].kind)
            }
        }
    }

    /// The left side of another form of a result.
    fn form_side(&self, outcome: &Outcome, kind: FormKind) -> String {
        let columns = |s: &Symbol| match s.rank {
            2 => Math::Call(entry("vec"), Box::new([Math::Symbol(s.clone())]), None),
            _ => Math::Symbol(s.clone()),
        };
        let y = &self.answer.objective;
        match (kind, outcome.kind, outcome.wrt.as_slice()) {
            (FormKind::Differential, ResultKind::Hessian, [x, ..]) => {
                let d = Math::Symbol(Symbol { name: "d".into(), rank: 0 });
                self.formula(&Math::Product(vec![d, Math::Gradient(x.clone())]))
            }
            (FormKind::Differential, ..) => self.formula(&Math::Differential(y.clone())),
            (FormKind::Kronecker, ResultKind::Hessian, [x, z]) => mathml::derivative(
                &Math::Symbol(y.clone()),
                &[&columns(x), &columns(z)],
                &self.links,
            ),
            (FormKind::Kronecker, _, [x, ..]) => {
                mathml::derivative(&columns(y), &[&columns(x)], &self.links)
            }
            (FormKind::Kronecker, ..) => String::new(),
        }
    }

    /// The left side of a result.
    fn result_side(&self, outcome: &Outcome) -> String {
        match Left::new(self.answer, outcome) {
            Left::Gradient(gradient) | Left::Structured(gradient, _) => self.formula(&gradient),
            Left::First(y, x) => mathml::derivative(&y, &[&x], &self.links),
            Left::Second(y, x, z) => {
                mathml::derivative(&y, &[&x, z.as_ref().unwrap_or(&x)], &self.links)
            }
            Left::Nothing => String::new(),
        }
    }

    fn text(&self, text: &str) -> String {
        self.links.mark(text)
    }

    fn head(&self, out: &mut String) {
        let title = format!("{} of {}", self.kind(), unicode(&self.objective()));
        let _ = write!(
            out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<main>\n",
            escape(&title),
            style::STYLE,
            self.links.style()
        );
    }

    fn kind(&self) -> &'static str {
        let several = self.answer.results.len() > 1;
        match (self.answer.results.first().map(|r| r.kind), several) {
            (Some(ResultKind::Gradient | ResultKind::Structured(_)), false) => "Gradient",
            (Some(ResultKind::Gradient | ResultKind::Structured(_)), true) => "Gradients",
            (Some(ResultKind::Jacobian), false) => "Jacobian",
            (Some(ResultKind::Jacobian), true) => "Jacobians",
            (Some(ResultKind::Hessian), _) => "Second derivatives",
            _ => "Simplification",
        }
    }

    fn objective(&self) -> Math {
        Math::Symbol(self.answer.objective.clone())
    }

    /// The program: its definitions down to the objective, and what is asked for.
    fn question(&self, out: &mut String) {
        let (mut given, _) = lines(self.answer);
        let name = unicode(&self.answer.value_left());
        let is_objective = |line: &Line| match line {
            Line::Binding(at) => unicode(&self.answer.bindings[*at].left()) == name,
            line => *line == Line::Objective,
        };
        if !given.iter().any(is_objective) {
            given.push(Line::Objective);
        }
        let (kind, asked) = (self.kind(), self.asked());
        match given.as_slice() {
            [line] if unicode(line.right(self.answer)).chars().count() <= HEADING => {
                let right = self.formula(line.right(self.answer));
                let left = self.left(*line);
                let _ = write!(
                    out,
                    "<header>\n<p class=\"asked\">{kind} {asked}</p>\n<h1>{left} = {right}</h1>\n"
                );
            }
            _ => {
                let of = self.formula(&self.objective());
                let _ = write!(
                    out,
                    "<header>\n<h1>{kind} of {of}</h1>\n<p class=\"asked\">{asked}</p>\n"
                );
                self.block(out, &given);
            }
        }
        out.push_str("</header>\n");
    }

    fn asked(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        let targets = || self.answer.results.iter().flat_map(|r| &r.wrt);
        for name in targets().map(|s| &*s.name) {
            if names.len() <= 8 && names.last() != Some(&name) && !names.contains(&name) {
                names.push(name);
            }
        }
        let more = names.len() > 8;
        names.truncate(8);
        let symbols: Vec<String> = targets()
            .filter(|symbol| names.contains(&&*symbol.name))
            .map(|symbol| self.formula(&Math::Symbol(symbol.clone())))
            .collect();
        let mut unique: Vec<String> = Vec::new();
        for symbol in symbols {
            if !unique.contains(&symbol) {
                unique.push(symbol);
            }
        }
        match unique.len() {
            0 => String::new(),
            _ if more => format!("with respect to {}, …", unique.join(", ")),
            _ => format!("with respect to {}", unique.join(", ")),
        }
    }

    /// Equations under each other.
    fn block(&self, out: &mut String, lines: &[Line]) {
        out.push_str("<div class=\"equations\">\n");
        for line in lines {
            let class = if line.is_result() { " class=\"result\"" } else { "" };
            let (left, right) = (self.left(*line), self.formula(line.right(self.answer)));
            let relation = if left.is_empty() { "" } else { "=" };
            let _ = writeln!(
                out,
                "<div{class}><span class=\"left\">{left}</span><span class=\"relation\">{relation}</span><span class=\"right\">{right}</span></div>"
            );
        }
        out.push_str("</div>\n");
    }

    fn result(&self, out: &mut String) {
        let (_, found) = lines(self.answer);
        out.push_str("<section>\n<h2>Result</h2>\n");
        self.block(out, &found);
        if !self.answer.conditions.is_empty() {
            let condition = |c: &Condition| format!("{} is {}", self.formula(&c.of), c.property);
            let list: Vec<String> = self.answer.conditions.iter().map(condition).collect();
            let _ = writeln!(out, "<p class=\"note\">Holds where {}.</p>", list.join(" and "));
        }
        out.push_str("</section>\n");
    }

    fn shapes(&self, out: &mut String) {
        if self.answer.parameters.is_empty() {
            return;
        }
        out.push_str(
            "<section>\n<h2>Shapes</h2>\n<table>\n<tr><th>name</th><th>shape</th><th></th></tr>\n",
        );
        for parameter in &self.answer.parameters {
            let size = |s| unicode(s).replace('-', " − ").replace('+', " + ");
            let sizes: Vec<String> = parameter.shape.iter().map(size).collect();
            let shape = if sizes.is_empty() { "scalar".to_string() } else { sizes.join(" × ") };
            let mut remarks: Vec<&str> =
                parameter.attributes.iter().map(|a| attribute_text(*a)).collect();
            if gradient_of(&parameter.name).is_some() {
                remarks.push("the gradient of any loss, given");
            } else if parameter.assumed {
                remarks.push("assumed");
            } else {
                remarks.push("declared");
            }
            let _ = writeln!(
                out,
                "<tr><td class=\"formula\">{}</td><td>{}</td><td class=\"soft\">{}</td></tr>",
                self.formula(&parameter.name),
                escape(&shape),
                remarks.join(", ")
            );
        }
        out.push_str("</table>\n");
        let unknown = |note: &&String| note.contains(" is any ") || note.contains(" are any ");
        for note in notes(self.answer).iter().filter(unknown) {
            let _ = writeln!(out, "<p class=\"note\">{}.</p>", self.text(note));
        }
        out.push_str("</section>\n");
    }

    fn graph(&self, out: &mut String) {
        out.push_str("<section>\n<h2>Computation graph</h2>\n");
        let differentiates = |r: &Outcome| r.kind != ResultKind::Value;
        if self.answer.results.iter().any(differentiates) {
            out.push_str("<p class=\"note\"><span class=\"key down\"></span> values, forwards <span class=\"key up\"></span> cotangents, backwards</p>\n");
        }
        let svg = super::svg::inline(self.answer, &|name| self.links.class(name));
        let _ = write!(out, "<div class=\"wide\">\n{svg}\n</div>\n</section>\n");
    }

    fn verification(out: &mut String, report: &Report) {
        if report.status == "skipped" && report.reason.is_empty() {
            return;
        }
        out.push_str("<section>\n<h2>Verification</h2>\n");
        let points = if report.points == 1 { "point" } else { "points" };
        let text = match (report.status, report.max_relative_error) {
            ("verified", error) => format!(
                "<b class=\"good\">Verified at {} random {points}</b>: the printed result was read back, evaluated, and compared with differences of the input{}.",
                report.points,
                match error {
                    Some(e) if e > 0.0 => format!("; the largest relative error is {e:.0e}"),
                    _ => String::new(),
                }
            ),
            ("failed", _) => {
                format!("<b class=\"bad\">Not verified</b>: {}", escape(&report.reason))
            }
            _ => format!("Not verified: {}", escape(&report.reason)),
        };
        let _ = write!(out, "<p>{text}</p>\n</section>\n");
    }

    /// The answer for other programs.
    fn sources(&self, out: &mut String) {
        let mut block = |title: &str, text: &str| {
            let text = escape(text.trim_end());
            let _ = writeln!(
                out,
                "<details>\n<summary>{title}</summary>\n<pre>{text}</pre>\n</details>"
            );
        };
        block("As a program", &program(self.answer));
        block("LaTeX", &equations(self.answer));
        if let Ok(code) = super::numpy::numpy(self.answer) {
            block("NumPy", &code);
        }
    }
}

#[cfg(test)]
mod tests;
