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

impl Variable {
    /// Whether its rows are nonnegative and sum to 1, as one-hot targets do.
    pub(super) fn has_simplex_rows(&self) -> bool {
        self.axes.len() == 2 && self.properties.contains(&"simplex")
    }
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
            let rows_of_simplex = v.has_simplex_rows();
            if v.classes.is_none() && !rows_of_simplex {
                let shape =
                    if names.is_empty() { String::new() } else { format!("[{}]", names.join(",")) };
                let words = v.properties.iter().fold(String::new(), |all, p| all + " " + p);
                text.push_str(&format!("var {}{shape}{words}\n", v.text));
                continue;
            }
            let last = names.pop().unwrap_or_default();
            let (rows, classes) = match v.classes {
                Some(classes) => (last, w.sizes.text(classes)),
                None => (names.pop().unwrap_or_default(), last),
            };
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
        self.writer.variables.iter().any(|v| v.classes.is_some() || v.has_simplex_rows())
    }

    /// The shapes of the variables, for a reader.
    pub(super) fn shapes(&self) -> Vec<(String, String)> {
        let w = &self.writer;
        let label = |v: &Variable| match v.classes {
            Some(classes) => format!("labels up to {}", w.sizes.text(classes)),
            None if v.has_simplex_rows() => format!("{} with rows that sum to 1", w.shape(&v.axes)),
            None if v.axes.is_empty() && v.properties.is_empty() => "scalar".to_string(),
            None if v.axes.is_empty() => v.properties.join(" "),
            None => {
                let words = v.properties.iter().fold(String::new(), |all, p| all + " " + p);
                w.shape(&v.axes) + &words
            }
        };
        w.variables.iter().map(|v| (v.name.clone(), label(v))).collect()
    }
}
