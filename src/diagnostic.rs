//! Places in a source text, and messages that point at them.
//!
//! Knows nothing of what a message is about: each stage has its own error type and turns it into a
//! [`Diagnostic`] with `From`.

/// A half-open range of bytes in the source text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end`.
    pub fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A place with a remark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said of it; may be empty.
    pub text: String,
}

/// A message about an input: what is wrong, where, and what would mend it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// A lower-case sentence without full stop.
    pub message: String,
    /// Places, the first one the main one.
    pub labels: Vec<Label>,
    /// Facts that help to understand it.
    pub notes: Vec<String>,
    /// The likely repair.
    pub help: Option<String>,
}

/// The longest excerpt of a line that is shown, in characters.
const WINDOW: usize = 110;

impl Diagnostic {
    /// The message with its places underlined in the source, as a terminal shows it.
    pub fn render(&self, source: &str, file: Option<&str>, color: bool) -> String {
        self.render_as(Some("error"), source, file, color)
    }

    /// As [`Diagnostic::render`], under another title, or none for what is no error.
    pub fn render_as(
        &self,
        title: Option<&str>,
        source: &str,
        file: Option<&str>,
        color: bool,
    ) -> String {
        let paint = |code: &str, text: &str| {
            if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
        };
        let mut out = title.map_or(String::new(), |t| format!("{}: ", paint("1;31", t)));
        out.push_str(&paint("1", &self.message));
        out.push('\n');
        let mut lines: Vec<(usize, Vec<&Label>)> = Vec::new();
        for label in &self.labels {
            let line = line_of(source, label.span.start as usize);
            match lines.iter_mut().find(|l| l.0 == line) {
                Some(l) => l.1.push(label),
                None => lines.push((line, vec![label])),
            }
        }
        let first_line = lines.first().map(|l| l.0);
        lines.sort_by_key(|l| l.0);
        let gutter = lines.iter().map(|l| (l.0 + 1).to_string().len()).max().unwrap_or(1);
        let blank = " ".repeat(gutter);
        if let (Some(first), Some(label)) = (first_line, self.labels.first()) {
            let start = line_start(source, first);
            let column = source[start..floor(source, label.span.start as usize)].chars().count();
            let place = format!("{}:{}:{}", file.unwrap_or("input"), first + 1, column + 1);
            out.push_str(&format!("{blank}{} {place}\n", paint("34", "-->")));
            out.push_str(&format!("{blank} {}\n", paint("34", "|")));
        }
        for (line, labels) in lines {
            let start = line_start(source, line);
            let text = source[start..].lines().next().unwrap_or("");
            let number = paint("34", &format!("{:>gutter$} |", line + 1));
            let at = |byte: u32| {
                let byte = floor(source, (byte as usize).clamp(start, start + text.len()));
                source[start..byte].chars().count()
            };
            let from = labels.iter().map(|l| at(l.span.start)).min().unwrap_or(0);
            let length = text.chars().count();
            let skip = if length > WINDOW { from.saturating_sub(WINDOW / 2) } else { 0 };
            let shown: String = text.chars().skip(skip).take(WINDOW).map(visible).collect();
            let (lead, tail) =
                (if skip > 0 { "…" } else { "" }, if skip + WINDOW < length { "…" } else { "" });
            out.push_str(&format!("{number} {lead}{shown}{tail}\n"));
            let mut sorted = labels;
            sorted.sort_by_key(|l| l.span.start);
            for label in sorted {
                let (a, b) = (at(label.span.start), at(label.span.end));
                let offset = a.saturating_sub(skip) + lead.chars().count();
                let width =
                    (b.max(a + 1) - a).min(WINDOW.saturating_sub(a.saturating_sub(skip)).max(1));
                let marks = paint("1;31", &"^".repeat(width));
                let bar = paint("34", "|");
                let space = " ".repeat(offset);
                let text =
                    if label.text.is_empty() { String::new() } else { format!(" {}", label.text) };
                out.push_str(&format!("{blank} {bar} {space}{marks}{text}\n"));
            }
        }
        for note in &self.notes {
            out.push_str(&format!("{blank} = note: {note}\n"));
        }
        if let Some(help) = &self.help {
            out.push_str(&format!("{blank} {} {help}\n", paint("36", "= help:")));
        }
        out
    }
}

/// The greatest character boundary at or below a position.
fn floor(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn line_of(source: &str, at: usize) -> usize {
    let at = floor(source, at);
    let lines = source[..at].bytes().filter(|b| *b == b'\n').count();
    // the end of a text that ends in a newline belongs to its last line
    if at == source.len() && source.ends_with('\n') { lines.saturating_sub(1) } else { lines }
}

fn line_start(source: &str, line: usize) -> usize {
    source
        .bytes()
        .enumerate()
        .filter(|(_, b)| *b == b'\n')
        .nth(line.wrapping_sub(1))
        .map_or(0, |(at, _)| if line == 0 { 0 } else { at + 1 })
}

/// Control characters and tabs take one column.
fn visible(c: char) -> char {
    if c == '\t' {
        ' '
    } else if c.is_control() {
        '\u{fffd}'
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_underlined_by_character() {
        let source = "y = λ*x\nz = σ(α β\n";
        let at = source.find('β').expect("it is there");
        let diagnostic = Diagnostic {
            message: "expected `)`".into(),
            labels: vec![Label { span: Span::new(at, at + 2), text: "here".into() }],
            notes: vec![],
            help: Some("close it".into()),
        };
        assert_eq!(
            diagnostic.render(source, None, false),
            "error: expected `)`\n --> input:2:9\n  |\n2 | z = σ(α β\n  |         ^ here\n  = help: close it\n"
        );
    }
}
