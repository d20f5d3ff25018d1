//! Tokens, read with nom.

use super::ast::NameId;
use super::error::ParseError;
use super::names::{Names, begins, continues};
use super::operator::infix_function;
use crate::diagnostic::Span;
use crate::number::Number;
use nom::IResult;
use nom::Parser;
use nom::bytes::complete::{take_while, take_while1};
use nom::character::complete::{char, digit1, one_of};
use nom::combinator::{opt, recognize};

/// The longest literal, in digits.
const MAX_DIGITS: usize = 10_000;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token {
    /// A literal, by position in [`Tokens::numbers`].
    Number(u32),
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
    /// `⊗`: a function of what stands left and right of it.
    Infix(NameId),
    Slash,
    ElementSlash,
    Caret,
    DotCaret,
    Prime,
    /// `ᵀ`, `.T`
    Transpose,
    /// `²`, `⁻¹`
    Superscript(i8),
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
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) span: Span,
    /// Whether blank space stands before it.
    pub(super) spaced: bool,
}

/// A text as tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    /// In order; [`Token::End`] is the last.
    pub(super) list: Vec<Lexeme>,
    /// The values of the literals.
    pub(super) numbers: Vec<Number>,
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

/// A name; nearly all are ASCII, whose end is found without a look at other alphabets.
fn name(input: &str) -> IResult<&str, &str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match take_while1::<_, _, nom::error::Error<&str>>(word).parse(input) {
        Ok((after, text)) if after.bytes().next().is_none_or(|b| b.is_ascii()) => Ok((after, text)),
        _ => recognize((take_while1(begins), take_while(continues))).parse(input),
    }
}

/// All tokens of a text, a [`Token::End`] last. The newline before `start` separates whatever is open.
pub(super) fn lex(
    source: &str,
    start: usize,
    names: &mut Names,
    limit: usize,
) -> Result<Tokens, ParseError> {
    let mut tokens: Vec<Lexeme> = Vec::with_capacity(source.len() / 3 * 2 + 8);
    let mut numbers = Vec::new();
    // most names are one letter, of which there are few
    let mut letters: [Option<NameId>; 128] = [None; 128];
    let (mut rest, mut spaced, mut depth) = (source, true, 0usize);
    while let Some(c) = rest.chars().next() {
        let at = source.len() - rest.len();
        if at + 1 == start {
            tokens.push(Lexeme { token: Token::Separator, span: Span::new(at, start), spaced });
            (rest, spaced, depth) = (&rest[1..], true, 0);
            continue;
        }
        let skip = blank(rest, c, depth > 0, &tokens);
        if skip > 0 {
            rest = &rest[skip..];
            spaced = true;
            continue;
        }
        let (token, after) = if let Some(token) = single(c, rest.as_bytes().get(1).copied()) {
            (token, &rest[1..])
        } else if begins(c) {
            let (after, text) =
                name(rest).map_err(|_| ParseError::Number(Span::new(at, at + 1)))?;
            let letter = if text.len() == 1 { letters.get_mut(c as usize) } else { None };
            let name = match letter {
                Some(known) => *known.get_or_insert_with(|| names.intern(text)),
                None => names.intern(text),
            };
            (Token::Name(name), after)
        } else if c.is_ascii_digit()
            || c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit())
        {
            let (value, after) = literal(rest, at)?;
            numbers.push(value);
            (Token::Number(numbers.len() as u32 - 1), after)
        } else if let Some(value) = fraction(c) {
            numbers.push(value);
            (Token::Number(numbers.len() as u32 - 1), &rest[c.len_utf8()..])
        } else if let Some(function) = infix_function(c) {
            (Token::Infix(names.intern(function)), &rest[c.len_utf8()..])
        } else {
            symbol(rest, c, at)?
        };
        match token {
            Token::Open | Token::OpenBracket => depth += 1,
            Token::Close | Token::CloseBracket => depth = depth.saturating_sub(1),
            Token::Separator if c == '\n' && continued(&tokens, after) => {
                rest = after;
                spaced = true;
                continue;
            }
            _ => {}
        }
        let end = source.len() - after.len();
        tokens.push(Lexeme { token, span: Span::new(at, end), spaced });
        if tokens.len() > limit {
            return Err(ParseError::TooMany { limit, span: Span::new(at, end) });
        }
        (rest, spaced) = (after, false);
    }
    let end = Span::new(source.len(), source.len());
    tokens.push(Lexeme { token: Token::End, span: end, spaced });
    Ok(Tokens { list: tokens, numbers })
}

/// The length of the blank space that a text begins with, as far as one look tells.
fn blank(rest: &str, first: char, in_brackets: bool, before: &[Lexeme]) -> usize {
    let begins_line = || before.last().is_none_or(|l| l.token == Token::Separator);
    match first {
        ' ' | '\t' | '\r' | '\u{a0}' | '\u{feff}' | '\u{2009}' => first.len_utf8(),
        '#' => rest.find('\n').unwrap_or(rest.len()),
        '\n' if in_brackets => 1,
        // empty lines separate nothing more
        '\n' | ';' if begins_line() => rest.len() - rest.trim_start_matches(['\n', ';']).len(),
        _ => 0,
    }
}

/// A fraction that is one character, as answers write it.
fn fraction(c: char) -> Option<Number> {
    let (n, d) = match c {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕' => (1, 5),
        '⅙' => (1, 6),
        '⅛' => (1, 8),
        _ => return None,
    };
    Number::ratio(n, d)
}

fn literal(rest: &str, at: usize) -> Result<(Number, &str), ParseError> {
    let (after, text) = number(rest).map_err(|_| ParseError::Number(Span::new(at, at + 1)))?;
    let span = Span::new(at, at + text.len());
    if text.len() > MAX_DIGITS {
        return Err(ParseError::LongNumber { limit: MAX_DIGITS, span });
    }
    let value = Number::from_decimal(text).ok_or(ParseError::Number(span))?;
    Ok((value, after))
}

/// Whether a newline is blank space: after an operator that wants more, or before `==`.
fn continued(tokens: &[Lexeme], after: &str) -> bool {
    let open = tokens.last().is_some_and(|l| {
        matches!(
            l.token,
            Token::Plus
                | Token::Minus
                | Token::Times
                | Token::Hadamard
                | Token::Infix(_)
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

/// The token that an ASCII character is by itself, whatever follows; most of them.
#[inline]
fn single(c: char, next: Option<u8>) -> Option<Token> {
    Some(match c {
        '(' => Token::Open,
        ')' => Token::Close,
        '[' => Token::OpenBracket,
        ']' => Token::CloseBracket,
        ',' => Token::Comma,
        ':' => Token::Colon,
        '+' => Token::Plus,
        '-' => Token::Minus,
        '*' if next != Some(b'*') => Token::Times,
        '/' => Token::Slash,
        '^' => Token::Caret,
        '\'' => Token::Prime,
        '=' if next != Some(b'=') => Token::Assign,
        '<' if next != Some(b'=') => Token::Less,
        '>' if next != Some(b'=') => Token::Greater,
        ';' | '\n' => Token::Separator,
        _ => return None,
    })
}

/// An operator of two characters, or one that is not ASCII.
fn symbol(rest: &str, c: char, at: usize) -> Result<(Token, &str), ParseError> {
    let two = |token: Token| Ok((token, &rest[2..]));
    let next = rest.as_bytes().get(1).copied();
    match (c, next) {
        ('.', Some(b'*')) => return two(Token::Hadamard),
        ('.', Some(b'/')) => return two(Token::ElementSlash),
        ('.', Some(b'^')) => return two(Token::DotCaret),
        ('.', Some(b'T')) if !rest[2..].starts_with(continues) => return two(Token::Transpose),
        ('=', Some(b'=')) => return two(Token::Equal),
        ('<', Some(b'=')) => return two(Token::LessEqual),
        ('>', Some(b'=')) => return two(Token::GreaterEqual),
        ('*', Some(b'*')) => {
            let help = Some("a power is written `^`, elementwise `.^`");
            return Err(ParseError::Character { found: '*', span: Span::new(at, at + 2), help });
        }
        ('⁻', _) => {
            if let Some(after) = rest.strip_prefix("⁻¹") {
                return Ok((Token::Superscript(-1), after));
            }
        }
        _ => {}
    }
    let token = match c {
        '−' => Token::Minus,
        '@' | '·' | '⋅' | '×' => Token::Times,
        '⊙' | '∘' => Token::Hadamard,
        '⊘' => Token::ElementSlash,
        '÷' => Token::Slash,
        '′' | '’' => Token::Prime,
        'ᵀ' | '⊤' => Token::Transpose,
        '²' => Token::Superscript(2),
        '³' => Token::Superscript(3),
        '≤' => Token::LessEqual,
        '≥' => Token::GreaterEqual,
        _ => return Err(stray(c, at)),
    };
    Ok((token, &rest[c.len_utf8()..]))
}

/// A character that begins nothing, and what to write in its place.
fn stray(c: char, at: usize) -> ParseError {
    let help = match c {
        '–' | '—' | '‐' => Some("this is a dash: write `-`"),
        '“' | '”' | '"' | '‘' => Some("quotation marks have no meaning here"),
        '{' | '}' => Some("write `(` and `)`"),
        '\\' => Some("write `inv(A)*b` for the solution of a linear system; LaTeX is not read"),
        '.' => {
            Some("a number needs a digit after its dot; elementwise operators are `.*`, `./`, `.^`")
        }
        '!' | '~' | '&' => Some("logic is not part of the language; use `where` and comparisons"),
        '|' => {
            Some("write `abs(x)`, `norm2(x)` or `det(A)`; for logic use `where` and comparisons")
        }
        '‖' => Some("write `norm2(x)` or `norm1(x)`"),
        '√' => Some("write `sqrt(x)`"),
        '″' => Some("write two primes: `f''(x)`"),
        '⁻' => Some("write `inv(A)'` for the inverse of the transpose"),
        '∂' => Some("write `grad(y, x)`"),
        '∑' => Some("write `sum(x)` or `sum[i](…)`"),
        _ => None,
    };
    ParseError::Character { found: c, span: Span::new(at, at + c.len_utf8()), help }
}
