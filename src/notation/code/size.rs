//! Sizes that are compound, such as `m-p+1` or `2*(n/3)`: their value, and what they say of a
//! name that occurs in no plain size.

use super::build::Build;
use super::graph::{Id, Op};
use crate::number::Number;
use rustc_hash::FxHashMap;

/// Whether a size is a plain name.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The names that a size is made of.
pub(super) fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|w| !w.is_empty() && !w.starts_with(|c: char| c.is_ascii_digit()))
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sign {
    Open,
    Add,
    Subtract,
    Times,
    Over,
}

impl Sign {
    fn binding(self) -> u8 {
        match self {
            Sign::Open => 0,
            Sign::Add | Sign::Subtract => 1,
            Sign::Times | Sign::Over => 2,
        }
    }
}

/// The value of a size over known names; `None` where a name is unknown or the text is no size.
pub(super) fn value(b: &mut Build, text: &str, known: &FxHashMap<String, Id>) -> Option<Id> {
    let mut values: Vec<Id> = Vec::new();
    let mut signs: Vec<Sign> = Vec::new();
    let mut rest = text.trim();
    let mut operand = true;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            ' ' => {}
            '(' => signs.push(Sign::Open),
            ')' => {
                while signs.last().is_some_and(|s| *s != Sign::Open) {
                    reduce(b, &mut values, signs.pop()?)?;
                }
                signs.pop()?;
            }
            '+' | '-' | '*' | '/' => {
                if operand && c == '-' {
                    values.push(b.integer(0));
                }
                let sign = match c {
                    '+' => Sign::Add,
                    '-' => Sign::Subtract,
                    '*' => Sign::Times,
                    _ => Sign::Over,
                };
                while signs.last().is_some_and(|s| s.binding() >= sign.binding()) {
                    reduce(b, &mut values, signs.pop()?)?;
                }
                signs.push(sign);
                operand = true;
            }
            _ => {
                length =
                    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                let word = rest.get(..length).filter(|w| !w.is_empty())?;
                values.push(match Number::from_decimal(word) {
                    Some(n) => b.number(n),
                    None => *known.get(word)?,
                });
                operand = false;
            }
        }
        rest = &rest[length..];
    }
    while let Some(sign) = signs.pop() {
        reduce(b, &mut values, sign)?;
    }
    values.pop().filter(|_| values.is_empty())
}

fn reduce(b: &mut Build, values: &mut Vec<Id>, sign: Sign) -> Option<()> {
    let right = values.pop()?;
    let left = values.pop()?;
    values.push(match sign {
        Sign::Open => return None,
        Sign::Add => b.sum(vec![(false, left), (false, right)]),
        Sign::Subtract => b.sum(vec![(false, left), (true, right)]),
        Sign::Times => b.times(vec![left, right]),
        Sign::Over => b.graph.node(Op::Quotient(left, right), 0),
    });
    Some(())
}

/// The one unknown name of a size and its value, where the size is a sum whose only term with an
/// unknown name is `n`, `k*n` or `n/k`.
pub(super) fn solved(
    b: &mut Build,
    text: &str,
    length: Id,
    known: &FxHashMap<String, Id>,
) -> Option<(String, Id)> {
    if text.contains('(') {
        return None;
    }
    let mut total = vec![(false, length)];
    let mut unknown: Option<(bool, &str)> = None;
    let mut start = 0;
    let bytes = text.as_bytes();
    for at in 0..=bytes.len() {
        if at < bytes.len() && bytes[at] != b'+' && bytes[at] != b'-' {
            continue;
        }
        let term = text[start..at].trim();
        let negative = start > 0 && bytes[start - 1] == b'-';
        start = at + 1;
        if term.is_empty() {
            continue;
        }
        match value(b, term, known) {
            Some(id) => total.push((!negative, id)),
            None if unknown.is_none() => unknown = Some((negative, term)),
            None => return None,
        }
    }
    let (negative, term) = unknown?;
    let mut id = b.sum(total);
    if negative {
        id = b.negate(id);
    }
    if is_name(term) {
        return Some((term.to_string(), id));
    }
    if let Some((k, name)) = term.split_once('*').filter(|p| is_name(p.0) && is_name(p.1)) {
        let (k, name) = if known.contains_key(name) { (name, k) } else { (k, name) };
        let k = value(b, k, known)?;
        return Some((name.to_string(), b.graph.node(Op::Quotient(id, k), 0)));
    }
    let (name, k) = term.split_once('/').filter(|p| is_name(p.0) && is_name(p.1))?;
    let k = value(b, k, known)?;
    Some((name.to_string(), b.times(vec![id, k])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(b: &mut Build, names: &[&str]) -> FxHashMap<String, Id> {
        let parameter =
            |(at, n): (usize, &&str)| ((*n).to_string(), b.graph.node(Op::Parameter(at as u32), 0));
        names.iter().enumerate().map(parameter).collect()
    }

    #[test]
    fn compound_sizes_are_read_with_precedence() {
        let mut b = Build::new();
        let known = known(&mut b, &["m", "p"]);
        let (m, p) = (known["m"], known["p"]);
        let one = b.integer(1);
        let difference = b.sum(vec![(false, m), (true, p)]);
        let expected = b.sum(vec![(false, difference), (false, one)]);
        assert_eq!(value(&mut b, "m-p+1", &known), Some(expected));
        let quotient = b.graph.node(Op::Quotient(expected, p), 0);
        assert_eq!(value(&mut b, "(m-p+1)/p", &known), Some(quotient));
        assert_eq!(value(&mut b, "m-q", &known), None);
        for wrong in ["", "m-", "(m", "m)", "m p", "*"] {
            assert_eq!(value(&mut b, wrong, &known), None, "{wrong}");
        }
    }

    #[test]
    fn a_size_in_a_sum_is_solved_for() {
        let mut b = Build::new();
        let known = known(&mut b, &["p", "length"]);
        let (p, length) = (known["p"], known["length"]);
        let one = b.integer(1);
        let m = b.sum(vec![(false, length), (false, p), (true, one)]);
        assert_eq!(solved(&mut b, "m-p+1", length, &known), Some(("m".into(), m)));
        let half = b.integer(2);
        let n = b.graph.node(Op::Quotient(length, half), 0);
        assert_eq!(solved(&mut b, "2*n", length, &known), Some(("n".into(), n)));
        assert_eq!(solved(&mut b, "m*n", length, &known), None);
    }
}
