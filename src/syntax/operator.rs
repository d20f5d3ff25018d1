//! Operators: their precedence and their glyphs, for the parser and for printing.

use super::ast::{Comparison, ProductOp};

/// Binding strengths, weakest first.
pub mod precedence {
    /// `<`, `<=`, `>`, `>=`
    pub const COMPARISON: u8 = 1;
    /// `+`, `-`
    pub const SUM: u8 = 2;
    /// `*`, `.*`, `/`, `./`, juxtaposition
    pub const PRODUCT: u8 = 3;
    /// `-a`
    pub const UNARY: u8 = 4;
    /// `^`, `.^`
    pub const POWER: u8 = 5;
    /// `'`, `[…]`, calls
    pub const POSTFIX: u8 = 6;
}

/// The ASCII form of a comparison.
pub fn comparison_text(c: Comparison) -> &'static str {
    match c {
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
    }
}

/// What holds where a comparison does not.
pub fn complement(c: Comparison) -> Comparison {
    match c {
        Comparison::Less => Comparison::GreaterEqual,
        Comparison::LessEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessEqual,
        Comparison::GreaterEqual => Comparison::Less,
    }
}

/// The ASCII form of a product operator.
pub fn product_text(op: ProductOp) -> &'static str {
    match op {
        ProductOp::Product => "*",
        ProductOp::Hadamard => " .* ",
        ProductOp::Quotient => "/",
        ProductOp::ElementQuotient => " ./ ",
    }
}

/// Signs between two operands that stand for a function of two arguments.
const INFIX: &[(char, &str)] = &[('⊗', "kron")];

/// The function that a sign between two operands stands for.
pub fn infix_function(sign: char) -> Option<&'static str> {
    INFIX.iter().find(|(c, _)| *c == sign).map(|(_, f)| *f)
}

/// Greek letters and their spellings.
#[rustfmt::skip]
pub const GREEK: &[(char, &str)] = &[
    ('α', "alpha"), ('β', "beta"), ('γ', "gamma"), ('δ', "delta"), ('ε', "epsilon"), ('ζ', "zeta"),
    ('η', "eta"), ('θ', "theta"), ('ι', "iota"), ('κ', "kappa"), ('λ', "lambda"), ('μ', "mu"),
    ('ν', "nu"), ('ξ', "xi"), ('π', "pi"), ('ρ', "rho"), ('σ', "sigma"), ('τ', "tau"),
    ('υ', "upsilon"), ('φ', "phi"), ('χ', "chi"), ('ψ', "psi"), ('ω', "omega"), ('ϵ', "epsilon"),
    ('ϕ', "phi"), ('ϑ', "theta"), ('µ', "mu"),
    ('Γ', "Gamma"), ('Δ', "Delta"), ('Θ', "Theta"), ('Λ', "Lambda"), ('Ξ', "Xi"), ('Π', "Pi"),
    ('Σ', "Sigma"), ('Φ', "Phi"), ('Ψ', "Psi"), ('Ω', "Omega"), ('Υ', "Upsilon"),
];

/// The spelling of a Greek letter.
pub fn spelling(letter: char) -> Option<&'static str> {
    GREEK.iter().find(|(c, _)| *c == letter).map(|(_, s)| *s)
}

/// The Greek letter with this spelling.
pub fn greek(spelling: &str) -> Option<char> {
    GREEK.iter().find(|(_, s)| *s == spelling).map(|(c, _)| *c)
}
