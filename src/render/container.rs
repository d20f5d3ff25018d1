//! Block quotes and list items: which part of a line belongs to what is inside them.
//!
//! Follows `CommonMark` as far as it decides where a fence can stand. Depth is bounded, so that the
//! work for a line is; what is nested deeper is taken to be text.

/// Containers within containers that are followed.
const DEEPEST: usize = 64;

/// A block that holds blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Container {
    /// `>`
    Quote,
    /// A list item whose content is indented by so many columns.
    Item(usize),
}

/// A position in a line, with tabs counted as columns.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    line: &'a str,
    /// The next byte.
    pub(super) at: usize,
    column: usize,
    /// Columns of a tab before `at` that are not yet consumed.
    spare: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a str) -> Cursor<'a> {
        Cursor { line, at: 0, column: 0, spare: 0 }
    }

    /// What is not yet consumed.
    pub(super) fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    pub(super) fn is_blank(&self) -> bool {
        self.rest().bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r'))
    }

    /// The columns of white space that come next.
    pub(super) fn indent(&self) -> usize {
        let mut column = self.column;
        for byte in self.rest().bytes() {
            match byte {
                b' ' => column += 1,
                b'\t' => column += 4 - column % 4,
                _ => break,
            }
        }
        column - self.column + self.spare
    }

    /// Consumes white space of at most so many columns.
    pub(super) fn skip(&mut self, mut columns: usize) {
        while columns > 0 {
            if self.spare > 0 {
                self.spare -= 1;
                columns -= 1;
                continue;
            }
            let width = match self.line.as_bytes().get(self.at) {
                Some(b' ') => 1,
                Some(b'\t') => 4 - self.column % 4,
                _ => return,
            };
            self.at += 1;
            self.column += width;
            self.spare = width.saturating_sub(columns);
            columns = columns.saturating_sub(width);
        }
    }

    /// Consumes ASCII characters that are no white space.
    fn take(&mut self, bytes: usize) {
        self.at += bytes;
        self.column += bytes;
    }
}

/// The containers that are open.
#[derive(Clone, Debug, Default)]
pub(super) struct Containers {
    stack: Vec<Container>,
}

impl Containers {
    /// Consumes what the line repeats of the open containers; gives how many go on.
    fn matched(&self, cursor: &mut Cursor<'_>) -> usize {
        for (depth, container) in self.stack.iter().enumerate() {
            let goes_on = match container {
                Container::Quote => quote(cursor),
                Container::Item(_) if cursor.is_blank() => true,
                Container::Item(width) if cursor.indent() >= *width => {
                    cursor.skip(*width);
                    true
                }
                Container::Item(_) => false,
            };
            if !goes_on {
                return depth;
            }
        }
        self.stack.len()
    }

    /// Whether all open containers go on in this line, whose part for them is consumed.
    pub(super) fn go_on(&self, cursor: &mut Cursor<'_>) -> bool {
        self.matched(cursor) == self.stack.len()
    }

    /// Closes the containers that end at this line and opens those that begin in it. Gives whether
    /// the line may still be the continuation of a `paragraph` that was open before it.
    pub(super) fn enter(&mut self, cursor: &mut Cursor<'_>, paragraph: bool) -> bool {
        let before = self.stack.len();
        let matched = self.matched(cursor);
        let mut inside = paragraph && matched == before;
        let mut opened = Vec::new();
        while cursor.indent() < 4 && matched + opened.len() < DEEPEST {
            let mut ahead = cursor.clone();
            let container = if quote(&mut ahead) {
                Container::Quote
            } else if let Some(width) = item(&mut ahead, inside) {
                Container::Item(width)
            } else {
                break;
            };
            *cursor = ahead;
            opened.push(container);
            inside = false;
        }
        // a paragraph goes on in a line that leaves its containers out
        let lazy = paragraph && opened.is_empty() && !cursor.is_blank();
        if !(lazy && matched < before && plain(cursor)) {
            self.stack.truncate(matched);
        }
        self.stack.extend(opened);
        lazy
    }
}

/// Whether a line cannot begin another block than a paragraph.
fn plain(cursor: &Cursor<'_>) -> bool {
    let text = cursor.rest().trim_start();
    cursor.indent() >= 4 || !(text.starts_with(['`', '~', '#', '<']) || is_break(text))
}

/// Consumes the marker of a block quote.
fn quote(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = cursor.clone();
    if ahead.indent() > 3 {
        return false;
    }
    ahead.skip(3);
    if !ahead.rest().starts_with('>') {
        return false;
    }
    ahead.take(1);
    ahead.skip(1);
    *cursor = ahead;
    true
}

/// Consumes the marker of a list item; gives the columns by which its content is indented.
fn item(cursor: &mut Cursor<'_>, in_paragraph: bool) -> Option<usize> {
    let indent = cursor.indent();
    cursor.skip(indent);
    let rest = cursor.rest();
    if is_break(rest) {
        return None;
    }
    let digits = rest.bytes().take(10).take_while(u8::is_ascii_digit).count();
    let marker = match (digits, rest.as_bytes().get(digits)) {
        (0, Some(b'-' | b'+' | b'*')) => 1,
        (1..=9, Some(b'.' | b')')) => digits + 1,
        _ => return None,
    };
    let follows = rest.as_bytes().get(marker);
    if !matches!(follows, None | Some(b' ' | b'\t' | b'\r')) {
        return None;
    }
    cursor.take(marker);
    let empty = cursor.is_blank();
    // only a list that begins with 1 and has content interrupts a paragraph
    if in_paragraph && (empty || (digits > 0 && &rest[..digits] != "1")) {
        return None;
    }
    let space = match cursor.indent() {
        _ if empty => 1,
        space @ 1..=4 => space,
        _ => 1,
    };
    cursor.skip(space);
    Some(indent + marker + space)
}

/// `---`, `* * *`: a thematic break.
fn is_break(text: &str) -> bool {
    let mut marks = text.bytes().filter(|b| !matches!(b, b' ' | b'\t' | b'\r'));
    let Some(first) = marks.next().filter(|b| matches!(b, b'-' | b'_' | b'*')) else {
        return false;
    };
    let mut count = 1;
    marks.all(|b| {
        count += 1;
        b == first
    }) && count >= 3
}
