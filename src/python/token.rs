//! Tokens and logical lines of a Python text.
//!
//! A logical line ends where no bracket is open; blank lines and comments are none. The depth of
//! brackets is a counter, so no text is too deep.

use super::error::CodeError;
use crate::diagnostic::Span;

/// The kinds of tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Name,
    Number,
    Text,
    /// An operator or bracket; its text is in the source.
    Operator,
}

/// A token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// A logical line: its indentation in columns, and its tokens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) indent: usize,
    pub(super) tokens: std::ops::Range<usize>,
}

/// A text in tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    pub(super) list: Vec<Token>,
    pub(super) lines: Vec<Line>,
    pub(super) comments: Vec<Span>,
}

/// Longest first, so that the first that fits is the one that is meant.
const OPERATORS: &[&str] = &[
    "**=", "//=", ">>=", "<<=", "...", "**", "//", "->", "+=", "-=", "*=", "/=", "%=", "@=", "&=",
    "|=", "^=", "==", "!=", "<=", ">=", "<<", ">>", ":=", "(", ")", "[", "]", "{", "}", ",", ":",
    ".", ";", "@", "=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "<", ">",
];

/// The longest text, in bytes.
const LONGEST: usize = 1 << 22;

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    open: Vec<Span>,
    found: Tokens,
}

/// Splits a text.
///
/// # Errors
/// A character that begins nothing, a text or bracket without an end, a text that is too long.
pub(super) fn tokens(source: &str) -> Result<Tokens, CodeError> {
    if source.len() > LONGEST {
        let message = format!("the file is longer than {LONGEST} bytes");
        return Err(CodeError::syntax(message, Span::new(0, 0)));
    }
    let mut lexer = Lexer { source, at: 0, open: Vec::new(), found: Tokens::default() };
    lexer.at = if source.starts_with('\u{feff}') { 3 } else { 0 };
    while lexer.at < source.len() {
        lexer.line()?;
    }
    match lexer.open.pop() {
        Some(span) => Err(CodeError::syntax("this bracket is never closed", span)),
        None => Ok(lexer.found),
    }
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    /// One logical line, or a blank one.
    fn line(&mut self) -> Result<(), CodeError> {
        let first = self.found.list.len();
        let mut indent = 0;
        while let Some(c) = self.source.as_bytes().get(self.at) {
            match c {
                b' ' => indent += 1,
                b'\t' => indent = indent / 8 * 8 + 8,
                b'\x0c' | b'\r' => {}
                _ => break,
            }
            self.at += 1;
        }
        while let Some(c) = self.rest().chars().next() {
            if c == '\n' {
                self.at += 1;
                if self.open.is_empty() {
                    break;
                }
            } else if c == '#' {
                let end = self.rest().find('\n').map_or(self.source.len(), |n| self.at + n);
                self.found.comments.push(Span::new(self.at, end));
                self.at = end;
            } else if c.is_whitespace() {
                self.at += c.len_utf8();
            } else if self.rest().starts_with("\\\n") || self.rest().starts_with("\\\r\n") {
                self.at += self.rest().find('\n').map_or(1, |n| n + 1);
            } else {
                self.token(c)?;
            }
        }
        let last = self.found.list.len();
        if last > first {
            self.found.lines.push(Line { indent, tokens: first..last });
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let span = Span::new(self.at, self.at + length);
        self.found.list.push(Token { kind, span });
        self.at += length;
    }

    fn token(&mut self, c: char) -> Result<(), CodeError> {
        let rest = self.rest();
        let word = |text: &str| {
            text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
        };
        let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        if c.is_alphabetic() || c == '_' {
            let length = word(rest);
            let quoted = rest[length..].starts_with(['\'', '"']);
            let prefix = matches!(
                rest[..length].to_ascii_lowercase().as_str(),
                "r" | "b" | "u" | "f" | "br" | "rb" | "fr" | "rf"
            );
            if quoted && prefix {
                return self.text(length);
            }
            self.push(Kind::Name, length);
            return Ok(());
        }
        if digit(rest) || c == '.' && digit(&rest[1..]) {
            let length = number(rest);
            self.push(Kind::Number, length);
            return Ok(());
        }
        if c == '\'' || c == '"' {
            return self.text(0);
        }
        let Some(operator) = OPERATORS.iter().find(|o| rest.starts_with(**o)) else {
            let span = Span::new(self.at, self.at + c.len_utf8());
            return Err(CodeError::syntax(format!("`{c}` begins nothing in Python"), span));
        };
        let span = Span::new(self.at, self.at + 1);
        match *operator {
            "(" | "[" | "{" => self.open.push(span),
            ")" | "]" | "}" if self.open.pop().is_none() => {
                return Err(CodeError::syntax("this bracket closes nothing", span));
            }
            _ => {}
        }
        self.push(Kind::Operator, operator.len());
        Ok(())
    }

    /// A text in quotation marks after a prefix of this length.
    fn text(&mut self, prefix: usize) -> Result<(), CodeError> {
        let rest = &self.rest()[prefix..];
        let quote = &rest[..1];
        let triple = rest.starts_with(&quote.repeat(3));
        let mark = if triple { quote.repeat(3) } else { quote.to_string() };
        let mut at = mark.len();
        while at < rest.len() {
            let tail = &rest[at..];
            if tail.starts_with(&mark) {
                self.push(Kind::Text, prefix + at + mark.len());
                return Ok(());
            }
            let c = tail.chars().next().unwrap_or(' ');
            if c == '\n' && !triple {
                break;
            }
            at += c.len_utf8();
            if c == '\\' {
                at += rest[at..].chars().next().map_or(0, char::len_utf8);
            }
        }
        let span = Span::new(self.at, self.at + prefix + mark.len());
        Err(CodeError::syntax("this text is never closed", span))
    }
}

/// The length of a number at the start of a text, with what is attached to it.
fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let c = bytes[at];
        let exponent = matches!(c, b'e' | b'E')
            && !text[..at].to_ascii_lowercase().starts_with("0x")
            && matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        if exponent {
            at += 2;
        } else if c.is_ascii_alphanumeric() || c == b'_' || c == b'.' {
            at += 1;
        } else {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_backslashes_join_lines() {
        let source = "x = f(a,  # first\n      b) \\\n  + 1e-5\n\n# no line\n  y = 'a\\'b'\n";
        let found = tokens(source).expect("it is Python");
        assert_eq!(found.lines.len(), 2);
        assert_eq!(found.lines[1].indent, 2);
        assert_eq!(found.comments.len(), 2);
        let texts: Vec<&str> = found
            .list
            .iter()
            .map(|t| &source[t.span.start as usize..t.span.end as usize])
            .collect();
        assert_eq!(
            texts,
            ["x", "=", "f", "(", "a", ",", "b", ")", "+", "1e-5", "y", "=", "'a\\'b'"]
        );
    }

    #[test]
    fn what_has_no_end_is_an_error() {
        for wrong in ["x = (1", "x = 'a", "x = $", "'''a", "x)"] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }
}
