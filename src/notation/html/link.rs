//! Names that light up together: a class for each, and a style sheet that needs no script.

use super::escape;
use crate::notation::answer::Answer;
use crate::notation::layout::base_and_indices;
use crate::notation::math::Math;
use crate::notation::steps::Steps;
use crate::notation::unicode::unicode;
use rustc_hash::FxHashMap;
use std::fmt::Write as _;

/// The most names that are linked: a browser looks at every rule for every movement.
const MOST: usize = 120;
/// The longest name that is looked for, in characters.
const LONGEST: usize = 40;

/// The names of an answer, each with the number of its class.
#[derive(Debug, Default)]
pub(super) struct Links {
    classes: FxHashMap<String, usize>,
}

impl Links {
    pub(super) fn new(answer: &Answer, steps: Option<&Steps>) -> Links {
        let mut links = Links::default();
        let objective = Math::Symbol(answer.objective.clone());
        let parameters = answer.parameters.iter().map(|p| &p.name);
        let bindings = answer.bindings.iter().map(|b| &b.name);
        let named: Vec<&Math> = parameters.chain(bindings).chain([&objective]).collect();
        let results = answer.results.iter().flat_map(|r| &r.wrt);
        let gradients: Vec<Math> = named
            .iter()
            .filter_map(|name| match name {
                Math::Symbol(s) => Some(Math::Gradient(s.clone())),
                _ => None,
            })
            .chain(results.map(|s| Math::Gradient(s.clone())))
            .take(4 * MOST)
            .collect();
        for name in named.into_iter().chain(&gradients) {
            if links.classes.len() >= MOST {
                break;
            }
            let next = links.classes.len();
            links.classes.entry(unicode(name)).or_insert(next);
        }
        // what a derivation names, its changes and its cotangents
        for given in steps.iter().flat_map(|s| &s.given) {
            links.add(&given.name);
        }
        for group in steps.iter().flat_map(|s| &s.groups) {
            links.add(&group.title);
            match &group.title {
                Math::Gradient(s) => links.add(&Math::Differential(s.clone())),
                Math::Partial(_, by) => {
                    if let Math::Symbol(s) = &**by {
                        links.add(&Math::Differential(s.clone()));
                    }
                }
                _ => {}
            }
        }
        links
    }

    fn add(&mut self, name: &Math) {
        let next = self.classes.len();
        if next < MOST {
            self.classes.entry(unicode(name)).or_insert(next);
        }
    }

    /// The class of a partial derivative: that of the cotangent that it is an entry of.
    pub(super) fn class_of_partial(&self, of: &Math, by: &Math) -> Option<String> {
        let (of, by) = (base_and_indices(of).0, base_and_indices(by).0);
        let whole = Math::Partial(Box::new(of.clone()), Box::new(by.clone()));
        let gradient = || match by {
            Math::Symbol(s) => self.class_of(&Math::Gradient(s.clone())),
            _ => None,
        };
        let scalar = matches!(of, Math::Symbol(s) if s.rank == 0);
        self.class_of(&whole).or_else(|| gradient().filter(|_| scalar))
    }

    /// The class of a name.
    pub(super) fn class(&self, name: &str) -> Option<String> {
        self.classes.get(name).map(|number| format!("k{number}"))
    }

    /// The class of a name in a formula.
    pub(super) fn class_of(&self, name: &Math) -> Option<String> {
        if self.classes.is_empty() { None } else { self.class(&unicode(name)) }
    }

    /// The rules by which a name lights up with its like.
    pub(super) fn style(&self) -> String {
        let mut out = String::new();
        for number in 0..self.classes.len() {
            let _ = writeln!(
                out,
                "main:has(.k{number}:hover) .k{number}{{background:var(--mark);border-radius:3px;--box:var(--mark);--paper:var(--mark);text-decoration:underline}}"
            );
        }
        out
    }

    /// Text in Unicode as HTML, with its names linked.
    pub(super) fn mark(&self, text: &str) -> String {
        let mut out = String::with_capacity(2 * text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let word = word(rest);
            if word.is_empty() {
                out.push_str(&escape(first.encode_utf8(&mut [0; 4])));
                rest = &rest[first.len_utf8()..];
                continue;
            }
            match self.known(word) {
                Some((name, number)) => {
                    let _ = write!(out, "<span class=\"k{number}\">{}</span>", escape(name));
                    out.push_str(&escape(&word[name.len()..]));
                }
                None => out.push_str(&escape(word)),
            }
            rest = &rest[word.len()..];
        }
        out
    }

    /// The name that a word begins with, where only indices or a power follow it.
    fn known<'t>(&self, word: &'t str) -> Option<(&'t str, usize)> {
        if word.chars().nth(LONGEST).is_some() {
            return None;
        }
        let mut name = word;
        loop {
            if let Some(number) = self.classes.get(name) {
                return Some((name, *number));
            }
            let last = name.chars().next_back().filter(|c| is_small(*c))?;
            name = &name[..name.len() - last.len_utf8()];
        }
    }
}

/// The word that a text begins with: a name with what hangs on it.
fn word(text: &str) -> &str {
    let begins = text.strip_prefix('∇').unwrap_or(text).starts_with(char::is_alphabetic);
    if !begins {
        return "";
    }
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '∇') || is_small(c);
    let end = text.find(|c| !inside(c)).unwrap_or(text.len());
    &text[..end]
}

/// Superscripts and subscripts.
fn is_small(c: char) -> bool {
    matches!(c, '²' | '³' | '¹' | '\u{1d2c}'..='\u{1d6a}' | '\u{2070}'..='\u{209f}' | '\u{2c7c}')
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::one_layer;
    use super::*;

    #[test]
    fn names_are_found_in_formulas() {
        let links = Links::new(&one_layer(), None);
        let plain =
            |text: &str| links.mark(text).replace("</span>", "]").replace("<span class=", "[");
        let class = |name: &str| format!("[\"{}\">{name}]", links.class(name).expect("a class"));
        assert_eq!(plain("σ(W xᵀ)"), format!("σ({} {}ᵀ)", class("W"), class("x")));
        assert_eq!(plain("∇W = ∇yᵢ < exp(bx)"), {
            format!("{} = {}ᵢ &lt; exp(bx)", class("∇W"), class("∇y"))
        });
        assert_eq!(plain(""), "");
    }
}
