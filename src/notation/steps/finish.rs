//! How a group ends: the cotangent as a whole, and the answer.

use super::super::answer::entry_of;
use super::super::ascii::ascii;
use super::super::left::write_axes;
use super::super::unicode::unicode;
use super::build::Builder;
use super::stream::definition;
use super::{Given, Group, Line, Row, Side};
use crate::tensor::node::ExprId;

impl Builder<'_> {
    /// The cotangent as a whole, simplified, and as the answer has it.
    pub(super) fn finish(&mut self, c: ExprId, total: ExprId, group: &mut Group) {
        let (gradient, rows) = (&group.title, &mut group.rows);
        let (simple, settled) = self.simple.get(&c).copied().unwrap_or((total, total));
        let jacobian = self.trace.jacobian;
        let mut last = None;
        let stages = [
            (total, "gradient-identification"),
            (simple, "simplification"),
            (settled, "substitution"),
        ];
        for (id, rule) in stages {
            let Some(math) = self.raiser(None).raise(id) else { continue };
            let math = self.speech.whole(math, jacobian);
            if last.as_ref() == Some(&math) {
                continue;
            }
            let claim = format!("{} == {}", ascii(gradient), ascii(&math));
            let line = |rule: &str| Line {
                rule: rule.into(),
                left: Side::Math(gradient.clone()),
                right: math.clone(),
                claim: claim.clone(),
            };
            let shown = rows.iter().rev().find_map(|r| r.index.as_ref());
            let said =
                shown.is_some_and(|l| l.left == Side::Math(gradient.clone()) && l.right == math);
            let index = if rule == "gradient-identification" { "matrix-form" } else { rule };
            rows.push(Row { matrix: Some(line(rule)), index: (!said).then(|| line(index)) });
            last = Some(math);
        }
        self.answer_line(c, "substitution", group);
    }

    /// The result about this value, or the line of the answer that names its cotangent.
    pub(super) fn answer_line(&mut self, c: ExprId, rule: &str, group: &mut Group) {
        let answer = self.trace.answer;
        let (gradient, rows) = (&group.title, &mut group.rows);
        let name = self.name(c);
        let found = self.results.get(&name.name).copied();
        let (left, right, claim, needs) = match found {
            Some(place) => {
                let outcome = &answer.results[place];
                let indices = if outcome.entrywise { outcome.axes() } else { &[] };
                let mut claim = ascii(gradient);
                write_axes(&mut claim, indices);
                let claim = format!("{claim} == {}", ascii(&outcome.value));
                let left = if self.trace.ends {
                    Side::Result(place)
                } else {
                    Side::Math(entry_of(gradient.clone(), indices))
                };
                (left, outcome.value.clone(), claim, &outcome.needs)
            }
            None => {
                let named = self.bindings.get(&name.name).filter(|_| !self.trace.jacobian);
                let Some(binding) = named.map(|at| &answer.bindings[*at]) else { return };
                let left = entry_of(gradient.clone(), binding.axes());
                let claim = format!("{} == {}", ascii(&left), ascii(&binding.value));
                (Side::Math(left), binding.value.clone(), claim, &binding.needs)
            }
        };
        // what the answer names to share it
        let mut new = Vec::new();
        let mut stack = needs.clone();
        while let Some(at) = stack.pop() {
            let at = at as usize;
            if self.visited.insert(at) {
                stack.extend_from_slice(&answer.bindings[at].needs);
                if !self.known.contains(&at) {
                    new.push(at);
                }
            }
        }
        new.sort_unstable();
        for at in new {
            let binding = &answer.bindings[at];
            let (name, value) = (binding.left(), binding.value.clone());
            let given = Given { name, value, written: None, hidden: false };
            if self.trace.shown.insert(definition(&given)) {
                group.given.push(given);
            }
        }
        let line = Line { rule: rule.into(), left, right, claim };
        // the line before may say so already, if in other words of the language
        if let Some(row) = rows.last_mut() {
            let text = unicode(&line.right);
            let says = |l: &Line| l.right == line.right || unicode(&l.right) == text;
            let all = [&row.matrix, &row.index].into_iter().flatten().all(says);
            let any = row.matrix.is_some() || row.index.is_some();
            if any && all {
                for slot in [&mut row.matrix, &mut row.index].into_iter().flatten() {
                    let rule = std::mem::take(&mut slot.rule);
                    *slot = Line { rule, ..line.clone() };
                }
                if row.matrix.is_none() {
                    row.matrix.clone_from(&row.index);
                }
                return;
            }
        }
        rows.push(Row { matrix: Some(line.clone()), index: Some(line) });
    }
}
