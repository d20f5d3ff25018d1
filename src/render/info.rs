//! The info string of a block: `derive grad wrt=W shape="W[m,n], x[n]" replace`.

use crate::diagnostic::{Diagnostic, Label, Span};

/// A word of an info string: a flag, or a key with a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// `wrt` of `wrt=W`; the whole word where there is no `=`.
    pub key: String,
    /// `W` of `wrt=W`, without its quotes.
    pub value: Option<String>,
    /// Where the word stands in the document.
    pub span: Span,
    /// Where the value stands in the document, without its quotes.
    pub value_span: Span,
}

/// The words of an info string that stands at `offset` in the document.
///
/// # Errors
/// Where a quote is not closed.
pub(super) fn words(info: &str, offset: usize) -> Result<Vec<Word>, Diagnostic> {
    let bytes = info.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && bytes[at] != b'=' && !bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        let key = info[start..at].to_string();
        let mut value = at..at;
        let given = bytes.get(at) == Some(&b'=');
        if given {
            at += 1;
            let quote = bytes.get(at).copied().filter(|b| matches!(b, b'"' | b'\''));
            let from = at + usize::from(quote.is_some());
            let length = info[from..]
                .bytes()
                .position(|b| quote.map_or(b.is_ascii_whitespace(), |q| b == q));
            value = match (length, quote) {
                (Some(length), _) => from..from + length,
                (None, None) => from..bytes.len(),
                (None, Some(_)) => return Err(unclosed(offset + at, offset + bytes.len())),
            };
            at = value.end + usize::from(quote.is_some());
        }
        words.push(Word {
            key,
            value: given.then(|| info[value.clone()].to_string()),
            span: Span::new(offset + start, offset + at),
            value_span: Span::new(offset + value.start, offset + value.end),
        });
    }
    Ok(words)
}

fn unclosed(start: usize, end: usize) -> Diagnostic {
    Diagnostic {
        message: "the value of this option has no closing quote".into(),
        labels: vec![Label { span: Span::new(start, end), text: "opened here".into() }],
        notes: Vec::new(),
        help: Some("options are words such as `wrt=W` or `shape=\"W[m,n], x[n]\"`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_keys_values_and_places() {
        let words = words("grad wrt=W  shape=\"W[m,n], x[n]\" replace of='L'", 10).expect("words");
        let found: Vec<(&str, Option<&str>)> =
            words.iter().map(|w| (w.key.as_str(), w.value.as_deref())).collect();
        assert_eq!(
            found,
            [
                ("grad", None),
                ("wrt", Some("W")),
                ("shape", Some("W[m,n], x[n]")),
                ("replace", None),
                ("of", Some("L"))
            ]
        );
        assert_eq!((words[1].span.start, words[1].span.end), (15, 20));
        assert_eq!(words[1].value_span, Span::new(19, 20));
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert!(words("shape=\"W", 0).is_err());
        assert_eq!(words("  ", 0), Ok(vec![]));
        assert_eq!(words("=", 0).map(|w| w.len()), Ok(1));
    }
}
