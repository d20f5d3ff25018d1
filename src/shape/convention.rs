//! Shapes by the convention for names.

use crate::syntax::operator::{greek, spelling};

/// What a name stands for where nothing else decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Convention {
    Matrix,
    Vector,
    Scalar,
}

/// Capital letter: matrix; one letter of `a`–`g`, small Greek letters, `eps`, `lam`: scalar; else
/// vector. Digits and a subscript do not count.
pub(super) fn convention(written: &str) -> Convention {
    let Some(first) = written.chars().next() else { return Convention::Vector };
    if first.is_uppercase() {
        return Convention::Matrix;
    }
    let base = written.split('_').next().unwrap_or(written);
    let base = base.trim_end_matches(|c: char| c.is_ascii_digit() || ('₀'..='₉').contains(&c));
    let mut letters = base.chars();
    let single = letters.next().filter(|_| letters.next().is_none());
    let scalar = single.is_some_and(|c| ('a'..='g').contains(&c) || spelling(c).is_some())
        || greek(base).is_some_and(char::is_lowercase)
        || matches!(base, "eps" | "lam");
    if scalar { Convention::Scalar } else { Convention::Vector }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_page() {
        for (name, expected) in [
            ("W", Convention::Matrix),
            ("Σ", Convention::Matrix),
            ("X_1", Convention::Matrix),
            ("Sigma", Convention::Matrix),
            ("x", Convention::Vector),
            ("x_t", Convention::Vector),
            ("theta2", Convention::Scalar),
            ("σ0", Convention::Scalar),
            ("lam", Convention::Scalar),
            ("eps_1", Convention::Scalar),
            ("a1", Convention::Scalar),
            ("h", Convention::Vector),
            ("grad_y", Convention::Vector),
        ] {
            assert_eq!(convention(name), expected, "{name}");
        }
    }
}
