//! Reading texts for the judge, and putting together the text of an answer with what it rests on.

use super::sample::{Sizes, names_of};
use crate::shape::dim::DimId;
use crate::shape::infer::infer;
use crate::shape::typed::Typed;
use crate::syntax::ast::Statement;
use crate::syntax::parser::parse_with;
use std::collections::{BTreeMap, BTreeSet};

/// What is read for the judge: `--shape` (or nothing) and a program.
///
/// # Errors
/// The first message about the text.
pub fn read(shapes: Option<&str>, text: &str) -> Result<Typed, String> {
    let program = parse_with(shapes, text).map_err(|e| e.to_string())?;
    infer(program).map_err(|e| e.to_string())
}

/// An answer's statements: its definitions by name, and its last expression.
#[derive(Debug)]
pub(super) struct Pieces {
    pub(super) definitions: Vec<(String, String)>,
    pub(super) expression: String,
}

impl Pieces {
    /// The definitions of a text that has nothing else.
    pub(super) fn definitions_of(text: &str) -> Vec<(String, String)> {
        let named = |s: &str| Some((defined_name(s)?.to_string(), s.to_string()));
        statements(text).into_iter().filter_map(named).collect()
    }

    /// Takes an answer apart; `None` where it ends in no expression.
    pub(super) fn of(text: &str) -> Option<Pieces> {
        let mut pieces = Pieces { definitions: Vec::new(), expression: String::new() };
        for statement in statements(text) {
            match defined_name(statement) {
                Some(name) => {
                    pieces.definitions.push((name.to_string(), statement.to_string()));
                }
                // one of several lines does not begin with a sign
                None if statement.starts_with('-') => pieces.expression = format!("({statement})"),
                None => pieces.expression = statement.to_string(),
            }
        }
        (!pieces.expression.is_empty()).then_some(pieces)
    }
}

/// Splits at line ends and semicolons outside brackets; comments are dropped.
fn statements(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut depth, mut comment) = (0, 0i32, None);
    for (at, c) in text.char_indices().chain(std::iter::once((text.len(), '\n'))) {
        match c {
            '#' if comment.is_none() => comment = Some(at),
            '(' | '[' if comment.is_none() => depth += 1,
            ')' | ']' if comment.is_none() => depth -= 1,
            '\n' | ';' if depth <= 0 && (c == '\n' || comment.is_none()) || at == text.len() => {
                let statement = text[start..comment.unwrap_or(at).max(start)].trim();
                if !statement.is_empty() {
                    out.push(statement);
                }
                start = (at + 1).min(text.len());
                comment = None;
            }
            _ => {}
        }
    }
    out
}

/// The name that a statement defines: `u` of `u = …` and of `u[i] = …`.
fn defined_name(statement: &str) -> Option<&str> {
    let end = statement.find(|c: char| !is_word(c)).unwrap_or(statement.len());
    let (name, mut rest) = statement.split_at(end);
    rest = rest.trim_start();
    if let Some(inside) = rest.strip_prefix('[') {
        rest = inside.split_once(']')?.1.trim_start();
    }
    let after = rest.strip_prefix('=')?;
    (!name.is_empty() && !after.starts_with('=')).then_some(name)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_word(c)).filter(|w| !w.is_empty())
}

/// The definitions of the user's program that these texts rest on without repeating them, and those
/// that they rest on in turn: by name, in the order of the program.
pub(super) fn borrowed<'a>(
    user: &'a Typed,
    shared: &[(String, String)],
    pieces: &[Pieces],
) -> Vec<(&'a str, &'a str)> {
    let program = &user.program;
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut texts = Vec::new();
    for (statement, span) in program.statements.iter().zip(&program.statement_spans) {
        if let Statement::Definition { name, .. } = statement {
            let text = program.source.get(span.start as usize..span.end as usize).unwrap_or("");
            known.insert(program.name(*name), texts.len());
            known.insert(program.written(*name), texts.len());
            texts.push((program.name(*name), text));
        }
    }
    if known.is_empty() {
        return Vec::new();
    }
    let mut wanted = vec![false; texts.len()];
    let mut stack = Vec::new();
    let common: BTreeSet<&str> = shared.iter().map(|(n, _)| n.as_str()).collect();
    let mut rests = |text: &str, own: &BTreeSet<&str>| {
        for word in words(text).filter(|w| !common.contains(w) && !own.contains(w)) {
            stack.extend(known.get(word).copied());
        }
    };
    for (_, text) in shared {
        rests(text, &BTreeSet::new());
    }
    for piece in pieces {
        let own: BTreeSet<&str> = piece.definitions.iter().map(|(n, _)| n.as_str()).collect();
        piece.definitions.iter().for_each(|(_, text)| rests(text, &own));
        rests(&piece.expression, &own);
    }
    while let Some(k) = stack.pop() {
        if !std::mem::replace(&mut wanted[k], true) {
            stack.extend(words(texts[k].1).filter_map(|w| known.get(w)).filter(|&&j| j < k));
        }
    }
    texts.into_iter().zip(wanted).filter_map(|(text, wanted)| wanted.then_some(text)).collect()
}

/// The sizes of the user's program that no variable's shape has (`n` of `ones(n)`), each with the name
/// of an array that stands for it and nothing else: a text in which it is declared knows the size.
pub(super) fn sizes_by_use(user: &Typed) -> Vec<(String, String)> {
    let mut of_variables = Vec::new();
    for &dim in user.variables.iter().flat_map(|v| &v.shape.axes) {
        names_of(user, dim, &mut of_variables);
    }
    let of_variables: BTreeSet<String> = of_variables.into_iter().collect();
    let array = |size: &str| {
        let mut name = format!("size_{size}");
        while user.program.find_name(&name).is_some() {
            name.push('_');
        }
        name
    };
    let sizes = Sizes::new(user).into_names();
    let sizes = sizes.into_iter().filter(|size| !of_variables.contains(size));
    sizes.map(|size| (array(&size), size)).collect()
}

/// The lines that give every variable the shape it had in the user's program, and the cotangent
/// that of the objective; what has a size that no variable has is declared beside them, and unknown
/// functions are declared as what they were.
pub fn header(user: &Typed, cotangent: Option<(&str, &[DimId])>) -> String {
    let mut out = String::new();
    let shape = |dims: &[DimId]| -> String {
        let texts: Vec<String> = dims.iter().map(|&d| user.dims.text(d)).collect();
        if texts.is_empty() { String::new() } else { format!("[{}]", texts.join(", ")) }
    };
    let mut variables: Vec<String> = user
        .variables
        .iter()
        .map(|v| format!("{}{}", user.program.name(v.name), shape(&v.shape.axes)))
        .collect();
    if let Some((name, dims)) = cotangent {
        variables.push(format!("{name}{}", shape(dims)));
    }
    variables.extend(sizes_by_use(user).iter().map(|(name, size)| format!("{name}[{size}]")));
    if !variables.is_empty() {
        out.push_str("var ");
        out.push_str(&variables.join(", "));
        out.push('\n');
    }
    for unknown in &user.unknowns {
        let scalar = if unknown.scalar { " scalar" } else { "" };
        out.push_str("fn ");
        out.push_str(user.program.name(unknown.name));
        out.push_str(scalar);
        out.push('\n');
    }
    out
}

/// Texts that several answers can be read from at once, each with the answers (by number) whose
/// expressions it holds in order. Answers that define one name differently stand apart.
pub(super) fn group(
    header: &str,
    borrowed: &[(&str, &str)],
    shared: &[(String, String)],
    pieces: &[Pieces],
) -> Vec<(String, Vec<usize>)> {
    let mut groups: Vec<(BTreeMap<&str, &str>, String, Vec<usize>)> = Vec::new();
    let mut start = header.to_string();
    for (_, text) in borrowed {
        start.push_str(text);
        start.push('\n');
    }
    let given: BTreeMap<&str, &str> = borrowed.iter().copied().collect();
    for (_, text) in shared.iter().filter(|(name, _)| !given.contains_key(name.as_str())) {
        start.push_str(text);
        start.push('\n');
    }
    for (number, piece) in pieces.iter().enumerate() {
        let fits = |names: &BTreeMap<&str, &str>| {
            piece.definitions.iter().all(|(name, text)| {
                given.contains_key(name.as_str())
                    || names.get(name.as_str()).is_none_or(|known| known == text)
            })
        };
        // the first group holds nearly always; only its neighbours are tried after it
        let at = groups.iter().take(8).position(|(names, _, _)| fits(names));
        let at = at.unwrap_or_else(|| {
            groups.push((BTreeMap::new(), start.clone(), Vec::new()));
            groups.len() - 1
        });
        let (names, text, members) = &mut groups[at];
        for (name, statement) in &piece.definitions {
            if !given.contains_key(name.as_str()) && names.insert(name, statement).is_none() {
                text.push_str(statement);
                text.push('\n');
            }
        }
        text.push_str(&piece.expression);
        text.push('\n');
        members.push(number);
    }
    groups.into_iter().map(|(_, text, members)| (text, members)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_apart_at_statements() {
        let text = "u = W*x; z[i] = sum[j](W[i,j]\n*x[j])  # comment; y = 1\nz .* (u >= 0)";
        let pieces = Pieces::of(text).expect("it ends in an expression");
        let names: Vec<&str> = pieces.definitions.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(names, ["u", "z"]);
        assert_eq!(pieces.expression, "z .* (u >= 0)");
        assert!(Pieces::of("u = 1").is_none());
    }

    #[test]
    fn answers_that_share_definitions_share_a_text() {
        let of = |text: &str| Pieces::of(text).expect("it ends in an expression");
        let pieces = [of("u = x\nu*2"), of("u = x\nu*3"), of("u = y\nu*4")];
        let groups = group("", &[], &[], &pieces);
        assert_eq!(
            groups,
            [("u = x\nu*2\nu*3\n".to_string(), vec![0, 1]), ("u = y\nu*4\n".to_string(), vec![2])]
        );
    }
}
