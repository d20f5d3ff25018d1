//! How much room a text takes, estimated from above.

/// The size of type.
pub(super) const SIZE: f64 = 15.0;
/// The size of remarks.
pub(super) const SMALL: f64 = 12.0;
/// The height of a line.
pub(super) const LINE: f64 = 20.0;

/// The width of a text at a size: no common font is wider.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| of(c) * size).sum()
}

/// The width of a character in ems.
fn of(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ';' | ':' | '\'' | '|' | '!' | '′' => 0.36,
        ' ' | 'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' | '·' => 0.42,
        'm' | 'w' | 'M' | 'W' | '⊙' | '⊘' | '∇' | '→' => 0.98,
        '₀'..='ₜ' | '⁰'..='ⁿ' | 'ᵀ' | '²' | '³' | '¹' => 0.52,
        'a'..='z' | '0'..='9' => 0.6,
        'A'..='Z' => 0.78,
        '\u{300}'..='\u{36f}' => 0.0,
        // Greek and operators
        '\0'..='\u{1fff}' | '\u{2000}'..='\u{2aff}' => 0.76,
        _ => 1.1,
    }
}
