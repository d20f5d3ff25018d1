//! Unicode text, for people.

use super::layout::{Glyphs, Sign, print};
use super::math::{Math, Symbol};
use crate::functions::{Function, Notation};
use crate::syntax::operator::greek;

/// The expression as text with mathematical signs.
pub fn unicode(m: &Math) -> String {
    print(&Unicode, m)
}

struct Unicode;

fn subscript(c: char) -> Option<char> {
    Some(match c {
        '0'..='9' => char::from_u32('₀' as u32 + (c as u32 - '0' as u32))?,
        'a' => 'ₐ',
        'e' => 'ₑ',
        'h' => 'ₕ',
        'i' => 'ᵢ',
        'j' => 'ⱼ',
        'k' => 'ₖ',
        'l' => 'ₗ',
        'm' => 'ₘ',
        'n' => 'ₙ',
        'o' => 'ₒ',
        'p' => 'ₚ',
        'r' => 'ᵣ',
        's' => 'ₛ',
        't' => 'ₜ',
        'u' => 'ᵤ',
        'v' => 'ᵥ',
        'x' => 'ₓ',
        _ => return None,
    })
}

fn superscript(c: char) -> Option<char> {
    Some(match c {
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' | '4'..='9' => char::from_u32('⁰' as u32 + (c as u32 - '0' as u32))?,
        '-' => '⁻',
        'T' => 'ᵀ',
        'n' => 'ⁿ',
        _ => return None,
    })
}

fn name(s: &str) -> String {
    let digits = s.trim_end_matches(|c: char| c.is_ascii_digit());
    let (base, below) = match s.split_once('_') {
        Some((base, below)) => (base, below),
        None => (digits, &s[digits.len()..]),
    };
    let letter = greek(base).map_or(base.to_string(), String::from);
    let lowered: Option<String> = below.chars().map(subscript).collect();
    match lowered {
        _ if below.is_empty() && !s.contains('_') => letter,
        Some(below) if !base.is_empty() && !below.is_empty() => format!("{letter}{below}"),
        _ => s.to_string(),
    }
}

impl Glyphs for Unicode {
    fn symbol(&self, out: &mut String, s: &Symbol) {
        out.push_str(&name(&s.name));
    }

    fn gradient(&self, out: &mut String, s: &Symbol) {
        out.push('∇');
        out.push_str(&name(&s.name));
    }

    fn sign(&self, sign: Sign) -> &'static str {
        match sign {
            Sign::Plus => " + ",
            Sign::Minus => " − ",
            Sign::Negative => "−",
            Sign::Times => " ",
            Sign::Hadamard => " ⊙ ",
            Sign::Over => "/",
            Sign::ElementOver => " ⊘ ",
            Sign::Transpose => "ᵀ",
            Sign::Prime => "′",
            Sign::Pi => "π",
            Sign::Comma => ", ",
            Sign::Less => " < ",
            Sign::LessEqual => " ≤ ",
            Sign::Greater => " > ",
            Sign::GreaterEqual => " ≥ ",
        }
    }

    fn function(&self, f: &'static Function) -> Notation {
        f.unicode
    }

    fn fractions(&self) -> bool {
        false
    }

    fn brackets(&self, _: &str) -> (&'static str, &'static str) {
        ("(", ")")
    }

    fn exponent(&self, out: &mut String, exponent: &str, elementwise: bool) {
        let raised: Option<String> = exponent.chars().map(superscript).collect();
        match raised {
            Some(text) if elementwise => {
                out.push_str("^⊙");
                out.push_str(if text.is_empty() { "" } else { exponent });
            }
            Some(text) => out.push_str(&text),
            None => {
                out.push_str(if elementwise { "^⊙" } else { "^" });
                let simple = exponent.chars().all(char::is_alphanumeric);
                out.push_str(&if simple { exponent.to_string() } else { format!("({exponent})") });
            }
        }
    }

    fn indices(&self, out: &mut String, indices: &[String], plain: bool) {
        let joined: String = indices.concat();
        let lowered: Option<String> = joined.chars().map(subscript).collect();
        match lowered {
            Some(text) if plain && !out.ends_with(|c| ('₀'..='ₜ').contains(&c)) => out.push_str(&text),
            _ => {
                out.push('[');
                out.push_str(&indices.join(","));
                out.push(']');
            }
        }
    }

    fn index_sum(&self, out: &mut String, names: &[String]) {
        let lowered: Option<String> = names.concat().chars().map(subscript).collect();
        match lowered {
            Some(text) => out.push_str(&format!("Σ{text} ")),
            None => out.push_str(&format!("Σ_{{{}}} ", names.join(","))),
        }
    }

    fn delta(&self, out: &mut String, a: &str, b: &str) {
        let lowered: Option<String> = [a, b].concat().chars().map(subscript).collect();
        match lowered {
            Some(text) => out.push_str(&format!("δ{text}")),
            None => out.push_str(&format!("δ[{a},{b}]")),
        }
    }

    fn fill(&self, out: &mut String, ones: bool, sizes: &[String]) {
        out.push_str(if ones { "ones(" } else { "zeros(" });
        out.push_str(&sizes.join(", "));
        out.push(')');
    }

    fn identity(&self, out: &mut String, _: Option<&str>) {
        out.push('I');
    }

    fn inverse(&self, out: &mut String, _: &str, bracketed: &str) {
        out.push_str(bracketed);
        out.push_str("⁻¹");
    }

    fn unknown_gradient(&self, out: &mut String, f: &Symbol, at: &str) {
        out.push_str(&format!("∇{}({at})", name(&f.name)));
    }

    fn axis(&self, axis: usize) -> String {
        format!(", axis={axis}")
    }

    fn inverse_is_call(&self) -> bool {
        false
    }
}
