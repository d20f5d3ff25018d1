//! The text of the program that a question asks.

use super::question::Question;
use super::value::{Array, Level};
use super::writer::Variable;

/// How class labels stand in a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LabelStyle {
    /// Any weights that sum to 1 in each row.
    Soft,
    /// The first class in each row.
    Hard,
}

impl Question {
    /// The program without claims.
    pub(super) fn context(&self, style: LabelStyle) -> String {
        let w = &self.writer;
        let mut text = String::new();
        for v in &w.variables {
            let mut names: Vec<String> = Array::new(v.axes.clone(), "", Level::Atom)
                .sizes()
                .iter()
                .map(|s| w.sizes.text(*s))
                .collect();
            let Some(classes) = v.classes else {
                let shape =
                    if names.is_empty() { String::new() } else { format!("[{}]", names.join(",")) };
                let positive = if v.positive { " positive" } else { "" };
                text.push_str(&format!("var {}{shape}{positive}\n", v.text));
                continue;
            };
            let (rows, classes) = (names.pop().unwrap_or_default(), w.sizes.text(classes));
            let name = &v.text;
            match style {
                LabelStyle::Soft => text.push_str(&format!(
                    "var {name}_weights[{rows},{classes}] positive\n\
                     {name} = {name}_weights ./ (sum({name}_weights, axis=1)*ones({classes})')\n"
                )),
                LabelStyle::Hard => text.push_str(&format!(
                    "{name}[ia,ib] = delta[ib,1]*ones({rows})[ia]*ones({classes})[ib]\n"
                )),
            }
        }
        for d in &w.definitions {
            text.push_str(&d.line);
            text.push('\n');
        }
        if let Some(line) = &self.objective_line {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Whether a variable holds class labels.
    pub(super) fn has_labels(&self) -> bool {
        self.writer.variables.iter().any(|v| v.classes.is_some())
    }

    /// The shapes of the variables, for a reader.
    pub(super) fn shapes(&self) -> Vec<(String, String)> {
        let w = &self.writer;
        let label = |v: &Variable| match v.classes {
            Some(classes) => format!("labels up to {}", w.sizes.text(classes)),
            None if v.axes.is_empty() && v.positive => "positive".to_string(),
            None if v.axes.is_empty() => "scalar".to_string(),
            None if v.positive => format!("{} positive", w.shape(&v.axes)),
            None => w.shape(&v.axes),
        };
        w.variables.iter().map(|v| (v.name.clone(), label(v))).collect()
    }
}
