//! An answer as Markdown: display mathematics, then what it assumes and that it was verified.
//!
//! Says how many points the judge tried, and not how large the errors were: those digits differ
//! between machines, and a document must not.

use super::answer::Answer;
use super::latex::LatexOptions;
use super::text::{Report, equations_with, notes};

/// The equations between `$$`, and a line of notes.
pub fn markdown(answer: &Answer, report: &Report, options: LatexOptions<'_>) -> String {
    format!("$$\n{}$$\n", equations_with(answer, options)) + &remarks(answer, report)
}

/// What the answer assumes, and that it was verified, as a line behind its formulas.
pub fn remarks(answer: &Answer, report: &Report) -> String {
    let mut notes = notes(answer);
    notes.extend(verdict(report));
    if notes.is_empty() {
        return String::new();
    }
    let sentences: Vec<String> = notes.iter().map(|note| escape(note)).collect();
    format!("\n*{}.*\n", sentences.join(". "))
}

/// `Verified at 5 points`; nothing where that was not asked for.
pub fn verdict(report: &Report) -> Option<String> {
    let points = if report.points == 1 { "point" } else { "points" };
    match report.status {
        "verified" => Some(format!("Verified at {} {points}", report.points)),
        _ if report.reason.is_empty() => None,
        _ => Some(format!("Not verified: {}", report.reason)),
    }
}

/// Text without meaning to Markdown.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '$' | '&' | '|') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
