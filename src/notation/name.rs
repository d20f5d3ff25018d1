//! How a name is taken apart for notations that have Greek letters and subscripts.
//!
//! Knows only spelling: `lambda_1` is the letter λ with the subscript 1. Canonical names are ASCII,
//! so every place found here is a character boundary.

/// A Greek letter: its spelling as a name, the letter, and how LaTeX writes it.
struct Greek(&'static str, &'static str, &'static str);

/// The Greek letters, by spelling.
#[rustfmt::skip]
static GREEK: [Greek; 48] = [
    Greek("Alpha", "Α", r"\mathrm{A}"), Greek("Beta", "Β", r"\mathrm{B}"), Greek("Chi", "Χ", r"\mathrm{X}"),
    Greek("Delta", "Δ", r"\Delta"), Greek("Epsilon", "Ε", r"\mathrm{E}"), Greek("Eta", "Η", r"\mathrm{H}"),
    Greek("Gamma", "Γ", r"\Gamma"), Greek("Iota", "Ι", r"\mathrm{I}"), Greek("Kappa", "Κ", r"\mathrm{K}"),
    Greek("Lambda", "Λ", r"\Lambda"), Greek("Mu", "Μ", r"\mathrm{M}"), Greek("Nu", "Ν", r"\mathrm{N}"),
    Greek("Omega", "Ω", r"\Omega"), Greek("Omicron", "Ο", r"\mathrm{O}"), Greek("Phi", "Φ", r"\Phi"),
    Greek("Pi", "Π", r"\Pi"), Greek("Psi", "Ψ", r"\Psi"), Greek("Rho", "Ρ", r"\mathrm{P}"),
    Greek("Sigma", "Σ", r"\Sigma"), Greek("Tau", "Τ", r"\mathrm{T}"), Greek("Theta", "Θ", r"\Theta"),
    Greek("Upsilon", "Υ", r"\Upsilon"), Greek("Xi", "Ξ", r"\Xi"), Greek("Zeta", "Ζ", r"\mathrm{Z}"),
    Greek("alpha", "α", r"\alpha"), Greek("beta", "β", r"\beta"), Greek("chi", "χ", r"\chi"),
    Greek("delta", "δ", r"\delta"), Greek("epsilon", "ε", r"\varepsilon"), Greek("eta", "η", r"\eta"),
    Greek("gamma", "γ", r"\gamma"), Greek("iota", "ι", r"\iota"), Greek("kappa", "κ", r"\kappa"),
    Greek("lambda", "λ", r"\lambda"), Greek("mu", "μ", r"\mu"), Greek("nu", "ν", r"\nu"),
    Greek("omega", "ω", r"\omega"), Greek("omicron", "ο", "o"), Greek("phi", "φ", r"\varphi"),
    Greek("pi", "π", r"\pi"), Greek("psi", "ψ", r"\psi"), Greek("rho", "ρ", r"\rho"),
    Greek("sigma", "σ", r"\sigma"), Greek("tau", "τ", r"\tau"), Greek("theta", "θ", r"\theta"),
    Greek("upsilon", "υ", r"\upsilon"), Greek("xi", "ξ", r"\xi"), Greek("zeta", "ζ", r"\zeta"),
];

fn greek(name: &str) -> Option<&'static Greek> {
    // no letter is spelt with one character
    if name.len() < 2 {
        return None;
    }
    let at = GREEK.binary_search_by(|letter| letter.0.cmp(name)).ok()?;
    GREEK.get(at)
}

/// The Greek letter that a name spells out.
pub(super) fn greek_letter(name: &str) -> Option<&'static str> {
    greek(name).map(|letter| letter.1)
}

/// How LaTeX writes the Greek letter that a name spells out.
pub(super) fn greek_latex(name: &str) -> Option<&'static str> {
    greek(name).map(|letter| letter.2)
}

/// A name as letters and a subscript: `W1` and `W_1` are `("W", "1")`, `x_t_2` is `("x", "t_2")`,
/// `h1_out` is `("h1", "out")`.
pub(super) fn split(name: &str) -> (&str, &str) {
    let mut underscore = None;
    // where the last digits begin
    let mut head = 0;
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'0'..=b'9' => continue,
            b'+' | b'-' | b'*' | b'/' => return (name, ""),
            b'_' if underscore.is_none() => underscore = Some(at),
            _ => {}
        }
        head = at + 1;
    }
    if let Some(at @ 1..) = underscore
        && name[at + 1..].split('_').all(|part| !part.is_empty())
    {
        return (&name[..at], &name[at + 1..]);
    }
    // a number by itself is no subscript
    if head == 0 { (name, "") } else { name.split_at(head) }
}

/// Whether this is a size that is no single name: `m-p+1`.
pub(super) fn is_compound(name: &str) -> bool {
    name.bytes().any(|b| matches!(b, b'+' | b'-' | b'*' | b'/'))
}

/// ASCII characters and the small ones for them.
type Smaller = [Option<char>; 128];

const fn smaller<const N: usize>(from: &[u8; N], to: [char; N]) -> Smaller {
    let mut table = [None; 128];
    let mut at = 0;
    while at < N {
        table[from[at] as usize] = Some(to[at]);
        at += 1;
    }
    table
}

#[rustfmt::skip]
static SUBSCRIPTS: Smaller = smaller(b"0123456789aehijklmnoprstuvx", [
    '₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉', 'ₐ', 'ₑ', 'ₕ', 'ᵢ', 'ⱼ', 'ₖ', 'ₗ', 'ₘ', 'ₙ', 'ₒ', 'ₚ', 'ᵣ', 'ₛ', 'ₜ', 'ᵤ', 'ᵥ', 'ₓ',
]);

#[rustfmt::skip]
static SUPERSCRIPTS: Smaller = smaller(b"0123456789-abcdefghijklmnoprstuvwxyz", [
    '⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹', '⁻', 'ᵃ', 'ᵇ', 'ᶜ', 'ᵈ', 'ᵉ', 'ᶠ', 'ᵍ', 'ʰ', 'ⁱ', 'ʲ', 'ᵏ', 'ˡ', 'ᵐ', 'ⁿ', 'ᵒ', 'ᵖ', 'ʳ', 'ˢ', 'ᵗ', 'ᵘ', 'ᵛ', 'ʷ', 'ˣ', 'ʸ', 'ᶻ',
]);

/// The character as a subscript, where Unicode has it.
pub(super) fn subscript(c: char) -> Option<char> {
    SUBSCRIPTS.get(c as usize).copied().flatten()
}

/// The character as a superscript, where Unicode has it in common fonts.
pub(super) fn superscript(c: char) -> Option<char> {
    SUPERSCRIPTS.get(c as usize).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greek_letters_are_in_order() {
        assert!(GREEK.windows(2).all(|w| w[0].0 < w[1].0));
        for Greek(spelling, letter, _) in &GREEK {
            let read = crate::syntax::operator::greek(spelling).map(String::from);
            assert!(read.is_none_or(|read| read == *letter), "{spelling}");
        }
        assert_eq!(greek_letter("lambda"), Some("λ"));
        assert_eq!(greek_letter("lambdas"), None);
    }

    #[test]
    fn names_are_split_at_the_first_underscore_or_before_the_last_digits() {
        assert_eq!(split("W1"), ("W", "1"));
        assert_eq!(split("W_1"), ("W", "1"));
        assert_eq!(split("x_t_2"), ("x", "t_2"));
        assert_eq!(split("h1_out"), ("h1", "out"));
        assert_eq!(split("x_"), ("x_", ""));
        assert_eq!(split("_1"), ("_", "1"));
        assert_eq!(split("loss"), ("loss", ""));
    }

    #[test]
    fn small_characters_stand_opposite_to_their_letters() {
        assert_eq!(subscript('x'), Some('ₓ'));
        assert_eq!(subscript('b'), None);
        assert_eq!(superscript('z'), Some('ᶻ'));
        assert_eq!(superscript('-'), Some('⁻'));
    }
}
