//! Derivations as they are made: what hears of each part, and text that is written part by part.

use super::super::answer::Answer;
use super::super::ascii::ascii;
use super::super::latex::LatexOptions;
use super::{Given, Group, Notation, Steps, latex, text};
use std::fmt;

/// Hears of a derivation while it is made, from the objective backwards.
pub trait Listener {
    /// A declaration that claims need, as text of the language.
    fn declaration(&mut self, _text: String) {}
    /// The definition of a cotangent that claims need, as text of the language.
    fn cotangent(&mut self, _text: String) {}
    /// What is named, before the groups that speak of it.
    fn given(&mut self, list: Vec<Given>);
    /// The next group; `false` ends the derivation here.
    fn group(&mut self, group: Group) -> bool;
}

impl Listener for Steps {
    fn declaration(&mut self, text: String) {
        if self.declared.insert(text.clone()) {
            self.declarations.push(text);
        }
    }

    fn cotangent(&mut self, text: String) {
        self.cotangents.push(text);
    }

    fn given(&mut self, list: Vec<Given>) {
        if self.groups.is_empty() {
            self.given.extend(list);
        } else {
            self.held = list;
        }
    }

    fn group(&mut self, mut group: Group) -> bool {
        group.given.splice(..0, std::mem::take(&mut self.held));
        self.groups.push(group);
        true
    }
}

/// How a derivation is written.
#[derive(Clone, Copy)]
pub enum Form<'a> {
    /// In Unicode, in lines of so many characters.
    Text(usize),
    /// In LaTeX.
    Latex(LatexOptions<'a>),
    /// In LaTeX between `$$`.
    Markdown(LatexOptions<'a>),
}

/// Writes a derivation as it is made. Nothing of it is kept.
pub struct Writer<'a> {
    out: &'a mut dyn fmt::Write,
    answer: &'a Answer,
    notation: Notation,
    form: Form<'a>,
    /// What was named since the last group.
    held: Vec<Given>,
    begun: bool,
    failed: bool,
}

impl<'a> Writer<'a> {
    /// A writer of the derivation of an answer.
    pub fn new(
        out: &'a mut dyn fmt::Write,
        answer: &'a Answer,
        notation: Notation,
        form: Form<'a>,
    ) -> Writer<'a> {
        Writer { out, answer, notation, form, held: Vec::new(), begun: false, failed: false }
    }

    /// Writes a derivation that was made before.
    pub fn steps(&mut self, steps: &Steps) {
        self.given(steps.given.clone());
        for group in &steps.groups {
            self.write_group(&group.given, group);
        }
    }

    fn put(&mut self, text: &str) {
        self.failed |= self.out.write_str(text).is_err();
    }

    /// A block of equations, with an empty line before it where it is not the first.
    fn block(&mut self, block: &str) {
        if block.is_empty() {
            return;
        }
        let between = if self.begun { "\n" } else { "" };
        self.begun = true;
        match self.form {
            Form::Markdown(_) => self.put(&format!("{between}$$\n{block}$$\n")),
            _ => self.put(&format!("{between}{block}")),
        }
    }

    fn write_given(&mut self, list: &[Given]) {
        match self.form {
            Form::Text(_) => {
                let named = text::named(list);
                self.put(&named);
            }
            Form::Latex(options) | Form::Markdown(options) => {
                self.block(&latex::given(list, options));
            }
        }
    }

    fn write_group(&mut self, given: &[Given], group: &Group) {
        match self.form {
            Form::Text(width) => {
                if !given.is_empty() {
                    self.put("\n");
                    self.write_given(given);
                }
                let lines = text::group(group, self.answer, self.notation, width);
                self.put(&lines);
            }
            Form::Latex(options) | Form::Markdown(options) => {
                self.write_given(given);
                self.block(&latex::group(group, self.answer, self.notation, options));
            }
        }
    }
}

impl Listener for Writer<'_> {
    fn given(&mut self, list: Vec<Given>) {
        if self.begun {
            self.held = list;
        } else {
            self.write_given(&list);
        }
    }

    fn group(&mut self, group: Group) -> bool {
        let mut given = std::mem::take(&mut self.held);
        given.extend(group.given.iter().cloned());
        self.write_group(&given, &group);
        self.begun = true;
        !self.failed
    }
}

/// A definition as text, by which repeated ones are told.
pub(super) fn definition(given: &Given) -> String {
    format!("{} = {}", ascii(&given.name), ascii(&given.value))
}
