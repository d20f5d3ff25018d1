//! The blocks of a Markdown document, with what earlier rendering left below them.

use super::container::{Containers, Cursor};
use super::excerpt::Excerpt;
use super::info::{Word, words};
use super::marker::{BEGIN, END, OPENING, unescape};
use crate::diagnostic::{Diagnostic, Label, Span};
use std::ops::Range;

/// A fenced block of info string `derive …`, or the comment that such a block became.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The words after `derive`.
    pub words: Vec<Word>,
    /// What is inside, and where it stands.
    pub excerpt: Excerpt,
    /// Whether the result stands in the block's stead.
    pub replace: bool,
    pub(super) info_text: String,
    /// What is replaced by the result with its markers.
    pub(super) range: Range<usize>,
    /// Whether the first line of the result begins a new line of the document.
    pub(super) below: bool,
    /// What stands left of each line of the result: markers of quotes, indentation.
    pub(super) prefix: String,
    pub(super) newline: &'static str,
}

impl Block {
    /// A place in the program as a place in the document.
    pub fn place(&self, span: Span) -> Span {
        self.excerpt.place(span)
    }
}

/// All blocks, in order.
///
/// # Errors
/// Where a block or its rendered result is not closed, or a result stands without its block.
pub fn blocks(text: &str) -> Result<Vec<Block>, Diagnostic> {
    let mut scan = Scan { text, at: 0, containers: Containers::default(), blocks: Vec::new() };
    if text.starts_with('\u{feff}') {
        scan.at = '\u{feff}'.len_utf8();
    }
    let mut paragraph = false;
    while let Some(line) = scan.line(scan.at) {
        let mut cursor = Cursor::new(line.text);
        let lazy = scan.containers.enter(&mut cursor, paragraph);
        scan.at = line.next;
        let indent = cursor.indent();
        if cursor.is_blank() {
            paragraph = false;
            continue;
        }
        if indent >= 4 {
            // text goes on, or indented code
            paragraph &= lazy;
            continue;
        }
        cursor.skip(indent);
        let rest = cursor.rest();
        paragraph = !rest.starts_with('#');
        let opening = Opening { line: &line, at: line.start + cursor.at, indent };
        if let Some(fence) = Fence::open(rest) {
            scan.fence(&opening, &fence)?;
            paragraph = false;
        } else if rest.starts_with(OPENING) {
            scan.replaced(&opening)?;
            paragraph = false;
        } else if rest.trim_end() == END {
            let help = format!("write `{BEGIN}` above the result, or remove both");
            return Err(broken("this end closes no result", opening.span(), Some(help)));
        } else if let Some(end) = raw_html(rest) {
            scan.skip_html(&line, end);
            paragraph = false;
        }
    }
    Ok(scan.blocks)
}

/// A line of the document without its end.
struct Line<'a> {
    start: usize,
    text: &'a str,
    next: usize,
    newline: &'static str,
}

impl Line<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Where something opens.
struct Opening<'a> {
    line: &'a Line<'a>,
    /// Its first byte.
    at: usize,
    /// Its own indentation.
    indent: usize,
}

impl Opening<'_> {
    /// What repeats in each further line: the marker of a list item becomes white space.
    fn prefix(&self) -> String {
        let before = &self.line.text[..self.at - self.line.start];
        before
            .chars()
            .filter(|c| *c != '\u{feff}')
            .map(|c| if matches!(c, '>' | '\t') { c } else { ' ' })
            .collect()
    }

    fn span(&self) -> Span {
        Span::new(self.at, self.line.end())
    }
}

/// An opening fence.
struct Fence<'a> {
    mark: u8,
    length: usize,
    info: &'a str,
}

impl<'a> Fence<'a> {
    fn open(rest: &'a str) -> Option<Fence<'a>> {
        let mark = rest.bytes().next().filter(|b| matches!(b, b'`' | b'~'))?;
        let length = rest.bytes().take_while(|b| *b == mark).count();
        let info = rest[length..].trim();
        // a line of inline code is no fence
        (length >= 3 && !(mark == b'`' && info.contains('`'))).then_some(Fence {
            mark,
            length,
            info,
        })
    }

    fn is_closed_by(&self, text: &str) -> bool {
        let text = text.trim_matches([' ', '\t', '\r']);
        text.len() >= self.length && text.bytes().all(|b| b == self.mark)
    }
}

/// The end of raw HTML in which nothing is Markdown.
fn raw_html(rest: &str) -> Option<&'static str> {
    const PLAIN: [(&str, &str); 4] =
        [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")];
    const ELEMENTS: [(&str, &str); 4] = [
        ("<pre", "</pre>"),
        ("<script", "</script>"),
        ("<style", "</style>"),
        ("<textarea", "</textarea>"),
    ];
    if let Some((_, end)) = PLAIN.iter().find(|(start, _)| rest.starts_with(start)) {
        return Some(end);
    }
    let (_, end) = ELEMENTS.iter().find(|(start, _)| {
        let head = rest.get(..start.len()).is_some_and(|h| h.eq_ignore_ascii_case(start));
        let next = rest.as_bytes().get(start.len());
        head && matches!(next, None | Some(b'>' | b' ' | b'\t'))
    })?;
    Some(end)
}

/// The inside of a block.
struct Body {
    excerpt: Excerpt,
    /// The end of the line that closes it.
    closed: Option<usize>,
}

struct Scan<'a> {
    text: &'a str,
    /// The next line.
    at: usize,
    containers: Containers,
    blocks: Vec<Block>,
}

impl<'a> Scan<'a> {
    fn line(&self, start: usize) -> Option<Line<'a>> {
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let (text, next) = match rest.find('\n') {
            Some(length) => (&rest[..length], start + length + 1),
            None => (rest, self.text.len()),
        };
        let (text, newline) = match text.strip_suffix('\r') {
            Some(text) if start + text.len() + 1 < self.text.len() => (text, "\r\n"),
            _ => (text, "\n"),
        };
        Some(Line { start, text, next, newline })
    }

    /// Reads lines up to the one that closes, or that leaves the containers.
    fn body(
        &mut self,
        opened: Span,
        indent: usize,
        keep: impl Fn(&str) -> String,
        closes: impl Fn(&str) -> bool,
    ) -> Body {
        let mut body = Body { excerpt: Excerpt::new(opened), closed: None };
        while let Some(line) = self.line(self.at) {
            let mut cursor = Cursor::new(line.text);
            if !self.containers.go_on(&mut cursor) {
                break;
            }
            self.at = line.next;
            if cursor.indent() < 4 && closes(cursor.rest()) {
                body.closed = Some(line.end());
                break;
            }
            cursor.skip(indent);
            body.excerpt.line(&keep(cursor.rest()), line.start + cursor.at);
        }
        body
    }

    fn fence(&mut self, opening: &Opening<'_>, fence: &Fence<'_>) -> Result<(), Diagnostic> {
        let mut split = fence.info.splitn(2, [' ', '\t']);
        if split.next() != Some("derive") {
            self.body(
                opening.span(),
                opening.indent,
                |_| String::new(),
                |text| fence.is_closed_by(text),
            );
            return Ok(());
        }
        let info = split.next().unwrap_or_default().trim();
        let offset = opening.line.text.rfind(info).map_or(opening.at, |at| opening.line.start + at);
        let words = words(info, offset)?;
        let body = self
            .body(opening.span(), opening.indent, str::to_string, |text| fence.is_closed_by(text));
        let Some(end) = body.closed else {
            let help = format!(
                "close it with {} on a line of its own, indented as it is opened",
                char::from(fence.mark).to_string().repeat(fence.length.min(12))
            );
            return Err(broken("this block is never closed", opening.span(), Some(help)));
        };
        let replace = words.iter().any(|w| w.key == "replace");
        let old = self.result_below()?;
        let range = match (replace, old) {
            (true, old) => opening.at..old.map_or(end, |old| old.end),
            (false, Some(old)) => old,
            (false, None) => end..end,
        };
        self.blocks.push(Block {
            excerpt: body.excerpt,
            info_text: info.to_string(),
            below: !replace && range.is_empty(),
            prefix: opening.prefix(),
            newline: opening.line.newline,
            words,
            replace,
            range,
        });
        Ok(())
    }

    /// A result that earlier rendering left below the block that ended just now.
    fn result_below(&mut self) -> Result<Option<Range<usize>>, Diagnostic> {
        let mut at = self.at;
        while let Some(line) = self.line(at) {
            let mut cursor = Cursor::new(line.text);
            if !self.containers.go_on(&mut cursor) || cursor.indent() > 3 {
                break;
            }
            at = line.next;
            if cursor.is_blank() {
                continue;
            }
            cursor.skip(3);
            if cursor.rest().trim_end() != BEGIN {
                break;
            }
            let start = line.start + cursor.at;
            self.at = line.next;
            let end = self.end_of_result(Span::new(start, line.end()))?;
            return Ok(Some(start..end));
        }
        Ok(None)
    }

    /// Goes on behind the marker that closes a result, and gives its end.
    fn end_of_result(&mut self, opened: Span) -> Result<usize, Diagnostic> {
        while let Some(line) = self.line(self.at) {
            let text = line.text.trim_start_matches([' ', '\t', '>']).trim_end();
            if text.starts_with(OPENING) {
                break;
            }
            self.at = line.next;
            if text == END {
                return Ok(line.end());
            }
        }
        let help = format!("write `{END}` where it ends");
        Err(broken("this rendered result is never closed", opened, Some(help)))
    }

    /// A block that became a comment, with its result.
    fn replaced(&mut self, opening: &Opening<'_>) -> Result<(), Diagnostic> {
        let first = &self.text[opening.at + OPENING.len()..opening.line.end()];
        if first.contains("-->") {
            let help = "remove it up to `<!-- derive:end -->`, or write its block above it";
            let message = "this rendered result has no block";
            return Err(broken(message, opening.span(), Some(help.into())));
        }
        let info = unescape(first.trim());
        let offset = opening.at + OPENING.len() + (first.len() - first.trim_start().len());
        let words = words(&info, offset)?;
        let body = self.body(opening.span(), opening.indent, unescape, |text| text.trim() == "-->");
        if body.closed.is_none() {
            let help = "write `-->` on a line of its own below the program".to_string();
            return Err(broken("this comment is never closed", opening.span(), Some(help)));
        }
        let end = self.end_of_result(opening.span())?;
        self.blocks.push(Block {
            words,
            excerpt: body.excerpt,
            info_text: info,
            replace: true,
            range: opening.at..end,
            below: false,
            prefix: opening.prefix(),
            newline: opening.line.newline,
        });
        Ok(())
    }

    fn skip_html(&mut self, first: &Line<'_>, end: &str) {
        let ends = |text: &str| text.to_ascii_lowercase().contains(&end.to_ascii_lowercase());
        if ends(first.text) {
            return;
        }
        while let Some(line) = self.line(self.at) {
            if !self.containers.go_on(&mut Cursor::new(line.text)) {
                return;
            }
            self.at = line.next;
            if ends(line.text) {
                return;
            }
        }
    }
}

fn broken(message: &str, span: Span, help: Option<String>) -> Diagnostic {
    Diagnostic {
        message: message.into(),
        labels: vec![Label { span, text: String::new() }],
        notes: Vec::new(),
        help,
    }
}
