//! The derivation on a page: two columns, in which factors that correspond light up together.

use super::super::steps::{Given, Group, Line, Notation, Row, Side, Steps};
use super::{Page, escape, inner};
use std::fmt::Write as _;

impl Page<'_> {
    /// The section; nothing without steps.
    pub(super) fn derivation(&self, out: &mut String, steps: &Steps, notation: Notation) {
        if steps.groups.is_empty() {
            return;
        }
        out.push_str("<section>\n<h2>Derivation</h2>\n");
        self.named(out, &steps.given);
        for group in &steps.groups {
            self.named(out, &group.given);
            self.group(out, group, notation);
        }
        out.push_str("</section>\n");
    }

    /// What is named.
    fn named(&self, out: &mut String, list: &[Given]) {
        let shown: Vec<&Given> = list.iter().filter(|g| !g.hidden).collect();
        if shown.is_empty() {
            return;
        }
        out.push_str("<div class=\"equations named\">\n");
        for given in shown {
            let left = self.formula(&given.name);
            let mut right = String::new();
            if let Some(written) = &given.written {
                let _ =
                    write!(right, "{} <span class=\"relation\">=</span> ", self.formula(written));
            }
            right.push_str(&self.formula(&given.value));
            let _ = writeln!(
                out,
                "<div><span class=\"left\">{left}</span><span class=\"relation\">=</span><span class=\"right\">{right}</span></div>"
            );
        }
        out.push_str("</div>\n");
    }

    fn group(&self, out: &mut String, group: &Group, notation: Notation) {
        let title = self.formula(&group.title);
        let pair = |r: &Row| r.matrix.is_some() && r.index.is_some() && !r.shared();
        let both = notation == Notation::Both && group.rows.iter().any(pair);
        if !both {
            let _ = write!(out, "<div class=\"steps one\">\n<h3>{title}</h3>\n");
            let mut before = None;
            for line in group.lines(notation) {
                let cells = self.cells(Some(line), &mut before, "m");
                let _ = writeln!(out, "<div class=\"step\">{cells}{}</div>", rule(&line.rule));
            }
            out.push_str("</div>\n");
            return;
        }
        let _ = write!(
            out,
            "<div class=\"steps two\">\n<h3>{title}</h3>\n<div class=\"step heads\"><div class=\"head\">matrix notation</div><div class=\"head\">index notation</div><div></div></div>\n"
        );
        let (mut first, mut second) = (None, None);
        for row in &group.rows {
            let index = row.index.as_ref().filter(|_| !row.shared());
            let shared = row.shared();
            let left = self.cells(row.matrix.as_ref(), &mut first, if shared { "s" } else { "m" });
            let right = if shared { String::new() } else { self.cells(index, &mut second, "i") };
            let _ = writeln!(out, "<div class=\"step\">{left}{right}{}</div>", rule(&row.rules()));
        }
        out.push_str("</div>\n");
    }

    /// As [`Page::cells`], of a table of MathML.
    fn math_cells<'l>(&self, line: Option<&'l Line>, before: &mut Option<&'l Side>) -> String {
        let Some(line) = line else { return "<mtd></mtd><mtd></mtd><mtd></mtd>".into() };
        let left = match &line.left {
            _ if *before == Some(&line.left) => String::new(),
            Side::Math(m) => self.formula(m),
            Side::Result(at) => self.result_side(&self.answer.results[*at]),
        };
        *before = Some(&line.left);
        cell(inner(&left), inner(&self.formula(&line.right)))
    }

    /// Both sides of a line; a left side that stood in the line before is shown in narrow windows only.
    fn cells<'l>(
        &self,
        line: Option<&'l Line>,
        before: &mut Option<&'l Side>,
        class: &str,
    ) -> String {
        let Some(line) = line else {
            return format!("<div class=\"{class}l\"></div><div class=\"{class}r\"></div>");
        };
        let left = match &line.left {
            Side::Math(m) => self.formula(m),
            Side::Result(at) => self.result_side(&self.answer.results[*at]),
        };
        // where columns stand under each other each line says what it is about
        let left = match *before {
            Some(side) if *side == line.left => format!("<span class=\"again\">{left}</span>"),
            _ => left,
        };
        *before = Some(&line.left);
        let right = self.formula(&line.right);
        let goal = if matches!(line.left, Side::Result(_)) { " goal" } else { "" };
        format!(
            "<div class=\"{class}l{goal}\">{left}</div><div class=\"{class}r\"><span class=\"relation\">=</span> {right}</div>"
        )
    }
}

/// Elements of MathML: what is named, then each group.
pub(super) fn mathml(page: &Page<'_>, steps: &Steps, notation: Notation) -> String {
    let mut out = String::new();
    table(&mut out, &definitions(page, &steps.given));
    for group in &steps.groups {
        table(&mut out, &definitions(page, &group.given));
        let (mut first, mut second) = (None, None);
        let rows: Vec<String> = match notation {
            Notation::Both => group
                .rows
                .iter()
                .map(|row| {
                    let index = row.index.as_ref().filter(|_| !row.shared());
                    let left = page.math_cells(row.matrix.as_ref(), &mut first);
                    let right = page.math_cells(index, &mut second);
                    format!("{left}{right}<mtd><mtext>{}</mtext></mtd>", escape(&row.rules()))
                })
                .collect(),
            one => group
                .lines(one)
                .into_iter()
                .map(|line| {
                    let cells = page.math_cells(Some(line), &mut first);
                    format!("{cells}<mtd><mtext>{}</mtext></mtd>", escape(&line.rule))
                })
                .collect(),
        };
        table(&mut out, &rows);
    }
    out
}

fn definitions(page: &Page<'_>, list: &[Given]) -> Vec<String> {
    let shown = list.iter().filter(|g| !g.hidden);
    shown
        .map(|given| {
            let name = page.formula(&given.name);
            let written = given.written.as_ref().map(|w| page.formula(w));
            let written = written.map_or_else(String::new, |w| format!("{}<mo>=</mo>", inner(&w)));
            let value = page.formula(&given.value);
            cell(inner(&name), &format!("{written}{}", inner(&value)))
        })
        .collect()
}

fn cell(left: &str, right: &str) -> String {
    format!(
        "<mtd style=\"text-align:right\">{left}</mtd><mtd><mo>=</mo></mtd><mtd style=\"text-align:left\">{right}</mtd>"
    )
}

/// Rows as one element; nothing without rows.
fn table(out: &mut String, rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    out.push_str("<math display=\"block\"><mtable displaystyle=\"true\">");
    for row in rows {
        let _ = write!(out, "<mtr>{row}</mtr>");
    }
    out.push_str("</mtable></math>\n");
}

/// The names of the rules.
fn rule(names: &str) -> String {
    format!("<div class=\"rule\">{}</div>", escape(names))
}
