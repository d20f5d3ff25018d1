//! Shapes that the code states in words: `--shape`, annotations, comments and docstrings.

use super::error::CodeError;
use super::outline::{File, Function};
use crate::diagnostic::Span;
use std::collections::BTreeMap;

/// The shapes of names, each a list of names and numbers of sizes.
pub(super) type Shapes = BTreeMap<String, Vec<String>>;

/// Names of scalars that are taken to be positive, where `--shape` says nothing of them.
pub(super) const POSITIVE: &[&str] = &["eps", "epsilon", "sigma", "tau", "temp", "temperature"];

/// The properties that `--shape` may give an array, as after `var`.
const PROPERTIES: &[&str] =
    &["positive", "symmetric", "posdef", "diagonal", "orthogonal", "simplex"];

/// Properties by name, each a word of the language.
pub(super) type Properties = Vec<(String, &'static str)>;

/// What `--shape` declares: `X[N,D], y[N], c positive`; the shapes, and the properties.
///
/// # Errors
/// What is no such list.
pub(super) fn declared(text: &str) -> Result<(Shapes, Properties), CodeError> {
    let mut shapes = Shapes::new();
    let mut properties = Properties::new();
    let wrong = |part: &str| {
        CodeError::open(
            format!("`{part}` in --shape is no declaration"),
            None,
            "write `X[N,D], y[N], c positive`",
        )
    };
    let mut rest = text.trim();
    while !rest.is_empty() {
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(length);
        if name.is_empty() {
            return Err(wrong(rest));
        }
        let after = after.trim_start();
        let (list, after) = match after.strip_prefix('[') {
            Some(inside) => {
                let (inside, after) = inside.split_once(']').ok_or_else(|| wrong(rest))?;
                (sizes(inside).ok_or_else(|| wrong(rest))?, after.trim_start())
            }
            None => (Vec::new(), after),
        };
        shapes.insert(name.to_string(), list);
        let word = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let property = PROPERTIES.iter().find(|p| **p == &after[..word]);
        let after = match property {
            Some(property) => {
                properties.push((name.to_string(), *property));
                after[word..].trim_start()
            }
            None => after,
        };
        rest = match after.strip_prefix([',', ';']) {
            Some(next) => next.trim_start(),
            None if after.is_empty() => after,
            None => return Err(wrong(after)),
        };
    }
    Ok((shapes, properties))
}

/// `N, D` as a list of sizes; `None` where it is something else.
fn sizes(inside: &str) -> Option<Vec<String>> {
    let parts: Vec<&str> = inside.split(',').map(str::trim).collect();
    let parts = match parts.split_last() {
        Some((last, before)) if last.is_empty() && !before.is_empty() => before,
        _ => &parts,
    };
    let good = |s: &&str| {
        !s.is_empty()
            && s.chars().all(|c| c.is_alphanumeric() || c == '_')
            && (s.parse::<usize>().is_ok() || s.starts_with(|c: char| c.is_alphabetic()))
    };
    parts.iter().all(good).then(|| parts.iter().map(ToString::to_string).collect())
}

/// The arrays that a function calls one-hot: their rows are nonnegative and sum to 1.
pub(super) fn one_hot(file: &File<'_>, function: &Function) -> Vec<String> {
    let mut names = Vec::new();
    for mut text in descriptions(file, function) {
        while let Some((list, rest)) = subject(text) {
            let (own, others) = rest.split_at(next_subject(rest));
            let plain: String = own.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
            if plain.contains("onehot") {
                names.extend(list.iter().map(ToString::to_string));
            }
            text = others.trim_start_matches([',', ';', ' ']);
        }
    }
    names
}

/// The lines of comments and of the docstring of a function.
fn descriptions<'a>(file: &'a File<'_>, function: &Function) -> Vec<&'a str> {
    let extent = function.extent;
    let inside = |s: &Span| s.start >= extent.start && s.end <= extent.end + 200;
    let mut texts: Vec<&str> = Vec::new();
    for comment in file.found.comments.iter().filter(|c| inside(c) && c.start < extent.end) {
        texts.push(file.slice(*comment).trim_start_matches('#'));
    }
    if let Some(first) = function.body.first()
        && first.tokens.len() == 1
    {
        texts.extend(file.text(first.tokens.start).lines());
    }
    texts
}

/// What a function says of its parameters, and of the keys of dictionaries.
pub(super) fn stated(file: &File<'_>, function: &Function) -> Shapes {
    let mut shapes = Shapes::new();
    let extent = function.extent;
    let inside = |s: &Span| s.start >= extent.start && s.end <= extent.end + 200;
    for comment in file.found.comments.iter().filter(|c| inside(c) && c.start < extent.end) {
        // `x,  # (N, D)` and `def f(x):  # [n]`: said of the one parameter on the line
        let line = file.source[..comment.start as usize].rfind('\n').map_or(0, |n| n + 1) as u32;
        let mut on_line = function
            .parameters
            .iter()
            .filter(|p| p.span.start >= line && p.span.end <= comment.start);
        if let (Some(parameter), None) = (on_line.next(), on_line.next())
            && let Some((list, _)) = bracket(file.slice(*comment).trim_start_matches('#'), true)
        {
            shapes.insert(parameter.name.clone(), list);
        }
    }
    let texts = descriptions(file, function);
    for (k, text) in texts.iter().enumerate() {
        let mut text = *text;
        while let Some((names, rest)) = subject(text) {
            let (rest, others) = rest.split_at(next_subject(rest));
            // a description may go on in the next line
            let found = bracket(rest, true).or_else(|| {
                let next = texts.get(k + 1)?;
                let goes_on =
                    others.is_empty() && subject(next).is_none() && next.contains("shape");
                bracket(next, false).filter(|_| goes_on).map(|f| (f.0, rest.len()))
            });
            let scalar = ["scalar", "float"].iter().any(|w| rest.trim_start().starts_with(w));
            let found = found.or_else(|| scalar.then(|| (Vec::new(), rest.len())));
            if let Some((list, end)) = found {
                for name in names {
                    shapes.entry(name.to_string()).or_insert_with(|| list.clone());
                }
                if others.is_empty() {
                    text = rest[end..].trim_start_matches([',', ';', ' ']);
                    continue;
                }
            }
            text = others.trim_start_matches([',', ';', ' ']);
        }
    }
    for parameter in &function.parameters {
        let Some(annotation) = parameter.annotation.map(|s| file.slice(s)) else { continue };
        if annotation == "float" {
            shapes.insert(parameter.name.clone(), Vec::new());
        } else if let Some((_, rest)) = annotation.split_once('"') {
            // Float[Array, "n d"]
            let words = rest.split('"').next().unwrap_or("").split([' ', ',']);
            let words: Vec<&str> = words.filter(|w| !w.is_empty()).collect();
            if let Some(list) = sizes(&words.join(",")) {
                shapes.insert(parameter.name.clone(), list);
            }
        }
    }
    shapes
}

/// The names that a line of a description speaks of, and what it says: `- x, y: …`, `W1 : …`,
/// `:param x: …`, `x[n]`.
fn subject(text: &str) -> Option<(Vec<&str>, &str)> {
    let text = text.trim().trim_start_matches(['"', '\'']).trim_start();
    let text = text.trim_start_matches(['-', '*', '•']).trim_start();
    let text = text.trim_start_matches(":param ").trim_start_matches("@param ");
    let (names, rest) = match text.find([':', '[', '(']) {
        Some(at) if text[at..].starts_with(':') => (&text[..at], &text[at + 1..]),
        Some(at) => (&text[..at], &text[at..]),
        None => return None,
    };
    let list: Vec<&str> = names.split(',').map(|n| n.trim().trim_matches('`')).collect();
    let name = |n: &&str| {
        !n.is_empty() && n.len() < 24 && n.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    list.iter().all(name).then_some((list, rest))
}

/// Where a list goes on to its next name: `, b:` in ` (n,), b: scalar`; else its length.
fn next_subject(text: &str) -> usize {
    let mut depth = 0i32;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' | ';' if depth == 0 => {
                let after = text[at + 1..].trim_start();
                let name = after.find(|c: char| !(c.is_alphanumeric() || c == '_'));
                let ends = name.is_some_and(|n| n > 0 && after[n..].trim_start().starts_with(':'));
                if ends && after.starts_with(|c: char| !c.is_ascii_digit()) {
                    return at;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// The first bracket that is a shape, and where it ends: `(N, D)`, `(N,)`, `[n, d]`, `shape (n)`;
/// `bare`: also `[n]`.
fn bracket(text: &str, bare: bool) -> Option<(Vec<String>, usize)> {
    for (at, open) in text.char_indices().filter(|c| matches!(c.1, '(' | '[')) {
        let close = if open == '(' { ')' } else { ']' };
        let Some(inside) = text[at + 1..].split(close).next() else { continue };
        let before = text[..at].trim_end();
        let said =
            before.ends_with("shape") || before.ends_with("of size") || before.ends_with("in");
        let square = open == '[' && bare;
        let first = before.is_empty() && bare && inside.len() < 3;
        if let Some(list) = sizes(inside)
            && (inside.contains(',') || said || square || first)
        {
            return Some((list, at + inside.len() + 2));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> String {
        let file = File::new(source).expect("it is Python");
        let list = stated(&file, &file.functions[0]);
        let texts: Vec<String> =
            list.iter().map(|(n, s)| format!("{n}[{}]", s.join(","))).collect();
        texts.join(" ")
    }

    #[test]
    fn shapes_are_read_from_words() {
        assert_eq!(of("def f(x, w):\n    # x: [n, d], w: [d]\n    return x @ w\n"), "w[d] x[n,d]");
        assert_eq!(of("def f(x,  # (N, D)\n      w):  # (D,)\n    return x @ w\n"), "w[D] x[N,D]");
        let course = "def f(x, w, b):\n    \"\"\"\n    Inputs:\n    - x: Input data, of shape (N, D)\n    \
                      - w: A numpy array of weights, of shape (D, M)\n    - b: biases, of shape (M,)\n\n    \
                      Returns a tuple of:\n    - out: output, of shape (N, M)\n    \"\"\"\n    return x @ w + b\n";
        assert_eq!(of(course), "b[M] out[N,M] w[D,M] x[N,D]");
        assert_eq!(of("def f(x: Float[Array, \"n d\"], c: float):\n    return x\n"), "c[] x[n,d]");
        assert_eq!(of("def f(x):\n    # x: data (optional)\n    return x\n"), "");
        let mixed = "def f(x, b, R):\n    # x: (n,), b: scalar, R: (n, n), c: any\n    return x\n";
        assert_eq!(of(mixed), "R[n,n] b[] x[n]");
        assert_eq!(of("def f(x, w):\n    # x: input, w: (d,)\n    return x\n"), "w[d]");
    }

    #[test]
    fn declarations_are_those_of_the_language() {
        let (found, properties) = declared("X[N,D], y[N], c").expect("declarations");
        assert_eq!(found["X"], ["N", "D"]);
        assert!(found["c"].is_empty() && properties.is_empty());
        assert!(declared("X[N").is_err());
        let (found, properties) = declared("X[N, D] positive, y[N], c positive").expect("the same");
        assert_eq!(found["X"], ["N", "D"]);
        let positive = |n: &str| (n.to_string(), "positive");
        assert_eq!(properties, [positive("X"), positive("c")]);
        // which is a name too
        let (found, properties) = declared("anchor[N,D], positive[N,D]").expect("the same");
        assert_eq!(found["positive"], ["N", "D"]);
        assert!(properties.is_empty());
        assert_eq!(declared("positive positive").expect("the same").1, [positive("positive")]);
        let (found, properties) = declared("t[N,C] simplex, K[n,n] posdef").expect("the same");
        assert_eq!((found.len(), properties[1].1), (2, "posdef"));
        for wrong in ["c positively", "c positive[N]", "c positive positive"] {
            assert!(declared(wrong).is_err(), "{wrong}");
        }
    }
}
