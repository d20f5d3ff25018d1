//! Python names: what is reserved, and what parameters, callables and locals are called.

use super::Target;
use super::graph::Id;
use super::lower::{Callable, Lower};
use crate::notation::answer::Answer;
use crate::notation::math::Math;
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;

/// Python's keywords.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// The names of a module, all of them distinct.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) parameters: Vec<String>,
    pub(super) callables: Vec<String>,
    pub(super) sizes: Vec<String>,
    pub(super) locals: FxHashMap<Id, String>,
    taken: FxHashSet<String>,
}

impl Names {
    pub(super) fn new(
        answer: &Answer,
        target: &Target,
        lower: &Lower<'_>,
        imports: &[Cow<'static, str>],
    ) -> Names {
        let mut taken: FxHashSet<String> = FxHashSet::default();
        taken.extend(KEYWORDS.iter().chain(target.reserved).map(ToString::to_string));
        // `from a import b` binds b, `import a.b` binds a
        let bound = |l: &str| l.split(' ').next_back()?.split('.').next().map(String::from);
        taken.extend(imports.iter().filter_map(|l| bound(l)));
        let mut unique = |name: String| {
            let mut name = name;
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            name
        };
        let parameters = answer
            .parameters
            .iter()
            .map(|p| {
                let canonical = match &p.name {
                    Math::Symbol(s) => s.name.to_string(),
                    Math::Gradient(s) => format!("grad_{}", s.name),
                    _ => "x".into(),
                };
                unique(spelled(&answer.parameter_name(p), &canonical))
            })
            .collect();
        let sizes = lower.extra.iter().map(|n| unique(n.to_string())).collect();
        let graph = &lower.build.graph;
        let callables = lower
            .callables
            .iter()
            .map(|c| {
                unique(match c {
                    Callable::Unknown(f, 0) => f.to_string(),
                    Callable::Unknown(f, 1) => format!("{f}_prime"),
                    Callable::Unknown(f, k) => format!("{f}_prime{k}"),
                    Callable::Gradient(f, 1) => format!("{f}_grad"),
                    Callable::Gradient(f, _) => format!("{f}_hess"),
                })
            })
            .collect();
        let mut locals = FxHashMap::default();
        for at in 0..graph.len() {
            let id = Id(at as u32);
            if let Some(label) = graph.label(id) {
                let name: String =
                    label.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
                locals.insert(id, unique(name));
            }
        }
        Names { parameters, callables, sizes, locals, taken }
    }

    /// A name for a value that has none; `count` counts those of a function.
    pub(super) fn fresh(&self, count: &mut usize) -> String {
        loop {
            *count += 1;
            let name = format!("t{count}");
            if !self.taken.contains(&name) {
                return name;
            }
        }
    }
}

/// A name as its author wrote it where Python reads it as that, else in its canonical spelling.
pub(super) fn spelled(written: &str, canonical: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || greek(c);
    let digit = written.chars().next().is_none_or(|c| c.is_ascii_digit());
    if digit || !written.chars().all(plain) { canonical.to_string() } else { written.to_string() }
}

/// The Greek letters that Python leaves as they are: not the variant forms, which it replaces by
/// the letter proper when it reads a name, so that they could not be passed by keyword.
fn greek(c: char) -> bool {
    matches!(c, 'Α'..='Ρ' | 'Σ'..='Ω' | 'α'..='ω')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_python_would_change_is_spelt_out() {
        assert_eq!(spelled("λ", "lambda"), "λ");
        assert_eq!(spelled("x_1", "x_1"), "x_1");
        // the lunate epsilon becomes ε when Python reads it
        assert_eq!(spelled("ϵ", "epsilon"), "epsilon");
        assert_eq!(spelled("x₁", "x_1"), "x_1");
    }
}
