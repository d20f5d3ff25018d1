//! Tokens, read with nom.

use super::ast::NameId;
use super::error::ParseError;
use super::operator::spelling;
use crate::diagnostic::Span;
use crate::number::Number;
use nom::IResult;
use nom::Parser;
use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::{char, digit1, one_of};
use nom::combinator::{opt, recognize};
use rustc_hash::FxHashMap;

/// The longest literal, in digits.
const MAX_DIGITS: usize = 10_000;

/// What a token is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    Number(Number),
    Name(NameId),
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Comma,
    Colon,
    Plus,
    Minus,
    Times,
    Hadamard,
    Slash,
    ElementSlash,
    Caret,
    DotCaret,
    Prime,
    /// `ᵀ`, `.T`
    Transpose,
    /// `²`, `⁻¹`
    Superscript(i64),
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Assign,
    Equal,
    /// A newline or `;`
    Separator,
    End,
}

/// A token with its place.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) span: Span,
    /// Whether blank space stands before it.
    pub(super) spaced: bool,
}

/// Names met so far.
#[derive(Default)]
pub(super) struct Names {
    pub(super) canonical: Vec<String>,
    pub(super) written: Vec<String>,
    index: FxHashMap<String, NameId>,
}

impl Names {
    fn intern(&mut self, written: &str) -> NameId {
        if written.is_ascii() {
            if let Some(&id) = self.index.get(written) {
                return id;
            }
            return self.insert(written.to_string(), written);
        }
        let mut canonical = String::new();
        for c in written.chars() {
            match (c, spelling(c), subscript_digit(c)) {
                ('∇', ..) => canonical.push_str("grad_"),
                (_, Some(s), _) => canonical.push_str(s),
                (_, _, Some(d)) => canonical.push(d),
                _ => canonical.push(c),
            }
        }
        if let Some(&id) = self.index.get(&canonical) {
            return id;
        }
        self.insert(canonical, written)
    }

    fn insert(&mut self, canonical: String, written: &str) -> NameId {
        let id = NameId(self.canonical.len() as u32);
        self.index.insert(canonical.clone(), id);
        self.canonical.push(canonical);
        self.written.push(written.to_string());
        id
    }
}

fn subscript_digit(c: char) -> Option<char> {
    ('₀'..='₉').contains(&c).then(|| (b'0' + (c as u32 - '₀' as u32) as u8) as char)
}

fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || spelling(c).is_some() || c == '∇'
}

fn continues_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || spelling(c).is_some() || subscript_digit(c).is_some()
}

/// `3`, `0.5`, `1e-3`; a dot needs a digit after it.
fn number(input: &str) -> IResult<&str, &str> {
    let exponent = || (one_of("eE"), opt(one_of("+-")), digit1);
    let fraction = (char('.'), digit1);
    let leading = (char('.'), digit1, opt(exponent()));
    let whole = (digit1, opt(fraction), opt(exponent()));
    let starts_with_dot = input.starts_with('.');
    if starts_with_dot { recognize(leading).parse(input) } else { recognize(whole).parse(input) }
}

fn name(input: &str) -> IResult<&str, &str> {
    recognize((take_while1(begins_name), take_while(continues_name))).parse(input)
}

/// All tokens of a text, a [`Token::End`] last.
pub(super) fn lex(
    source: &str,
    names: &mut Names,
    limit: usize,
) -> Result<Vec<Lexeme>, ParseError> {
    let mut tokens: Vec<Lexeme> = Vec::with_capacity(source.len() / 3 + 4);
    let (mut rest, mut spaced, mut depth) = (source, true, 0usize);
    loop {
        let at = source.len() - rest.len();
        let Some(c) = rest.chars().next() else { break };
        let skip = match c {
            ' ' | '\t' | '\r' | '\u{a0}' | '\u{feff}' | '\u{2009}' => {
                rest.len()
                    - rest
                        .trim_start_matches([' ', '\t', '\r', '\u{a0}', '\u{feff}', '\u{2009}'])
                        .len()
            }
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\n' if depth > 0 => 1,
            // empty lines separate nothing more
            '\n' | ';' if tokens.last().is_none_or(|l| l.token == Token::Separator) => {
                rest.len() - rest.trim_start_matches(['\n', ';']).len()
            }
            _ => 0,
        };
        if skip > 0 {
            rest = &rest[skip..];
            spaced = true;
            continue;
        }
        let (token, after) = if c.is_ascii_digit()
            || c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())
        {
            let (after, text) =
                number(rest).map_err(|_| ParseError::Number(Span::new(at, at + 1)))?;
            let end = at + text.len();
            if text.len() > MAX_DIGITS {
                return Err(ParseError::LongNumber { limit: MAX_DIGITS, span: Span::new(at, end) });
            }
            let value = Number::from_decimal(text).ok_or(ParseError::Number(Span::new(at, end)))?;
            (Token::Number(value), after)
        } else if begins_name(c) {
            let (after, text) =
                name(rest).map_err(|_| ParseError::Number(Span::new(at, at + 1)))?;
            (Token::Name(names.intern(text)), after)
        } else {
            symbol(rest, c, at)?
        };
        match token {
            Token::Open | Token::OpenBracket => depth += 1,
            Token::Close | Token::CloseBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        let end = source.len() - after.len();
        if token == Token::Separator && continues(&tokens, after, c) {
            rest = after;
            spaced = true;
            continue;
        }
        tokens.push(Lexeme { token, span: Span::new(at, end), spaced });
        if tokens.len() > limit {
            return Err(ParseError::TooMany { limit, span: Span::new(at, end) });
        }
        (rest, spaced) = (after, false);
    }
    let end = Span::new(source.len(), source.len());
    tokens.push(Lexeme { token: Token::End, span: end, spaced });
    Ok(tokens)
}

/// Whether a newline is blank space: after an operator that wants more, or before `==`.
fn continues(tokens: &[Lexeme], after: &str, c: char) -> bool {
    if c != '\n' {
        return false;
    }
    let open = tokens.last().is_some_and(|l| {
        matches!(
            l.token,
            Token::Plus
                | Token::Minus
                | Token::Times
                | Token::Hadamard
                | Token::Slash
                | Token::ElementSlash
                | Token::Caret
                | Token::DotCaret
                | Token::Assign
                | Token::Equal
                | Token::Comma
        )
    });
    if open {
        return true;
    }
    let mut next = after;
    loop {
        next = next.trim_start();
        match next.strip_prefix('#') {
            Some(comment) => next = comment.find('\n').map_or("", |n| &comment[n..]),
            None => return next.starts_with("=="),
        }
    }
}

fn symbol(rest: &str, c: char, at: usize) -> Result<(Token, &str), ParseError> {
    const TABLE: &[(&str, Token)] = &[
        (".*", Token::Hadamard),
        ("./", Token::ElementSlash),
        (".^", Token::DotCaret),
        ("==", Token::Equal),
        ("<=", Token::LessEqual),
        (">=", Token::GreaterEqual),
        ("⁻¹", Token::Superscript(-1)),
        ("(", Token::Open),
        (")", Token::Close),
        ("[", Token::OpenBracket),
        ("]", Token::CloseBracket),
        (",", Token::Comma),
        (":", Token::Colon),
        ("+", Token::Plus),
        ("-", Token::Minus),
        ("−", Token::Minus),
        ("*", Token::Times),
        ("@", Token::Times),
        ("·", Token::Times),
        ("⋅", Token::Times),
        ("×", Token::Times),
        ("⊙", Token::Hadamard),
        ("∘", Token::Hadamard),
        ("⊘", Token::ElementSlash),
        ("/", Token::Slash),
        ("÷", Token::Slash),
        ("^", Token::Caret),
        ("'", Token::Prime),
        ("′", Token::Prime),
        ("’", Token::Prime),
        ("ᵀ", Token::Transpose),
        ("⊤", Token::Transpose),
        ("²", Token::Superscript(2)),
        ("³", Token::Superscript(3)),
        ("<", Token::Less),
        (">", Token::Greater),
        ("≤", Token::LessEqual),
        ("≥", Token::GreaterEqual),
        ("=", Token::Assign),
        (";", Token::Separator),
        ("\n", Token::Separator),
    ];
    if let Some(after) = rest.strip_prefix("**") {
        let _ = after;
        let help = Some("a power is written `^`, elementwise `.^`");
        return Err(ParseError::Character { found: '*', span: Span::new(at, at + 2), help });
    }
    if let Some(after) = rest.strip_prefix(".T")
        && !after.starts_with(continues_name)
    {
        return Ok((Token::Transpose, after));
    }
    for (text, token) in TABLE {
        if let Some(after) = rest.strip_prefix(text) {
            return Ok((token.clone(), after));
        }
    }
    let help = match c {
        '–' | '—' | '‐' => Some("this is a dash: write `-`"),
        '“' | '”' | '"' | '‘' => Some("quotation marks have no meaning here"),
        '{' | '}' => Some("write `(` and `)`"),
        '\\' => Some("write `inv(A)*b` for the solution of a linear system; LaTeX is not read"),
        '.' => {
            Some("a number needs a digit after its dot; elementwise operators are `.*`, `./`, `.^`")
        }
        '!' | '~' | '&' | '|' => {
            Some("logic is not part of the language; use `where` and comparisons")
        }
        '∂' => Some("write `grad(y, x)`"),
        '∑' => Some("write `sum(x)` or `sum[i](…)`"),
        _ => None,
    };
    Err(ParseError::Character { found: c, span: Span::new(at, at + c.len_utf8()), help })
}
