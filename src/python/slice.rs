//! Parts of arrays: `x[1:]`, `X[:, 0]`, read as ranges and positions of the language, and changed as
//! block arrays.

use super::entrywise::operator;
use super::error::CodeError;
use super::size::{SizeId, Sizes};
use super::tree::Operator;
use super::value::{Array, Axis, Level, Value};
use super::writer::Writer;
use crate::diagnostic::Span;

/// `a:b` with whole numbers, or nothing, for its ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bounds {
    /// `:`
    Whole,
    /// Numbers, negative ones counted from the end.
    Part(Option<i64>, Option<i64>),
    /// Something that is no number.
    Unread,
}

/// What is taken of a long axis: all of it where nothing is cut.
#[derive(Clone, Debug)]
struct Cut {
    /// The number of entries before it, as a text and, where it is one, as a number.
    before: String,
    /// The position of its last entry, counted from 1; `None` for the end of the axis.
    last: Option<String>,
    /// What is behind it begins here.
    after: Option<String>,
    /// The length; `None` for a single entry, whose axis goes.
    length: Option<SizeId>,
    whole: bool,
}

/// Which entries of an array an index names.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The axes of the part.
    axes: Vec<Axis>,
    cuts: Vec<Cut>,
}

fn refused(span: Span) -> CodeError {
    CodeError::unsupported("this index cannot be read", span)
        .or_write("`:`, `None`, `...`, a number or a slice between numbers for each axis")
}

/// `n - k`, as a text.
fn less(sizes: &Sizes, size: SizeId, k: i64) -> String {
    let text = sizes.text(size);
    match (text.parse::<i64>(), k) {
        (Ok(n), _) => (n - k).to_string(),
        (_, 0) => text,
        _ => format!("{text}-{k}"),
    }
}

impl Cut {
    fn whole(size: SizeId) -> Cut {
        let before = "0".to_string();
        Cut { before, last: None, after: None, length: Some(size), whole: true }
    }

    /// One entry, counted from 0 or, where negative, from the end.
    fn at(sizes: &Sizes, size: SizeId, k: i64) -> Cut {
        let (before, last, after) = if k >= 0 {
            (k.to_string(), (k + 1).to_string(), Some((k + 2).to_string()))
        } else {
            let after = (k < -1).then(|| less(sizes, size, -k - 2));
            (less(sizes, size, -k), less(sizes, size, -k - 1), after)
        };
        Cut { before, last: Some(last), after, length: None, whole: false }
    }

    fn range(sizes: &mut Sizes, size: SizeId, low: Option<i64>, high: Option<i64>) -> Option<Cut> {
        let low = low.unwrap_or(0);
        let before = if low >= 0 { low.to_string() } else { less(sizes, size, -low) };
        let (last, after, length) = match high {
            None if low >= 0 => (None, None, sizes.less(size, low)),
            None => (None, None, sizes.declared(&(-low).to_string())),
            Some(high) if high > low && low >= 0 => {
                let length = sizes.declared(&(high - low).to_string());
                (Some(high.to_string()), Some((high + 1).to_string()), length)
            }
            Some(high) if high < 0 => {
                let last = less(sizes, size, -high);
                let length = match low {
                    0.. => sizes.less(size, low - high),
                    _ if low < high => sizes.declared(&(high - low).to_string()),
                    _ => return None,
                };
                (Some(last), Some(less(sizes, size, -high - 1)), length)
            }
            Some(_) => return None,
        };
        Some(Cut { before, last, after, length: Some(length), whole: false })
    }

    /// The position in the language.
    fn text(&self) -> String {
        if self.whole {
            return ":".to_string();
        }
        let last = self.last.as_deref().unwrap_or("");
        match self.length {
            None if self.is_number() => last.to_string(),
            None => format!("{last}:{last}"),
            Some(_) => format!("{}:{last}", self.first()),
        }
    }

    /// Whether a single position is a number; a size alone would be read as an index.
    fn is_number(&self) -> bool {
        self.last.as_deref().is_none_or(|l| l.parse::<i64>().is_ok())
    }

    /// The position of the first entry, counted from 1; nothing for the first of all.
    fn first(&self) -> String {
        match self.before.parse::<i64>() {
            Ok(0) => String::new(),
            Ok(n) => (n + 1).to_string(),
            Err(_) => match self.before.rsplit_once('-') {
                Some((size, "1")) => size.to_string(),
                Some((size, k)) => k
                    .parse::<i64>()
                    .map_or_else(|_| format!("{}+1", self.before), |k| format!("{size}-{}", k - 1)),
                None => format!("{}+1", self.before),
            },
        }
    }
}

impl Part {
    /// Reads an index; `None` entries of `list` make axes of length 1.
    pub(super) fn new(
        sizes: &mut Sizes,
        array: &Array,
        list: &[Value],
        span: Span,
    ) -> Result<Part, CodeError> {
        let used = list.iter().filter(|v| !matches!(v, Value::None | Value::Ellipsis)).count();
        let mut part = Part { axes: Vec::new(), cuts: Vec::new() };
        let mut at = 0;
        let keep = |part: &mut Part, axis: Axis| {
            part.axes.push(axis);
            if let Axis::Long(size) = axis {
                part.cuts.push(Cut::whole(size));
            }
        };
        for item in list {
            match item {
                Value::None => part.axes.push(Axis::One),
                Value::Ellipsis => {
                    let skipped = array.axes.len().saturating_sub(used);
                    for axis in array.axes[at..].iter().take(skipped) {
                        keep(&mut part, *axis);
                    }
                    at += skipped;
                }
                _ => {
                    let axis = *array.axes.get(at).ok_or_else(|| refused(span))?;
                    at += 1;
                    match (item, axis) {
                        (Value::Slice(Bounds::Whole), _) => keep(&mut part, axis),
                        (Value::Slice(Bounds::Part(low, high)), Axis::Long(size)) => {
                            let cut = Cut::range(sizes, size, *low, *high);
                            let cut = cut.ok_or_else(|| refused(span))?;
                            part.axes.extend(cut.length.map(Axis::Long));
                            part.cuts.push(cut);
                        }
                        (Value::Array(Array { integer: Some(k), .. }), Axis::Long(size)) => {
                            part.cuts.push(Cut::at(sizes, size, *k));
                        }
                        (Value::Array(Array { integer: Some(0 | -1), .. }), Axis::One) => {}
                        _ => return Err(refused(span)),
                    }
                }
            }
        }
        for axis in array.axes.get(at..).unwrap_or_default() {
            keep(&mut part, *axis);
        }
        Ok(part)
    }

    fn is_whole(&self) -> bool {
        self.cuts.iter().all(|c| c.whole)
    }
}

/// The entries of an array that an index names.
pub(super) fn part(
    w: &mut Writer,
    array: &Array,
    list: &[Value],
    span: Span,
) -> Result<Array, CodeError> {
    let part = Part::new(&mut w.sizes, array, list, span)?;
    if part.is_whole() {
        return Ok(Array { axes: part.axes, ..array.clone() });
    }
    if part.cuts.len() > 2 {
        return entries(w, array, &part, span);
    }
    let base = if array.level == Level::Atom { array.clone() } else { w.define("t", array) };
    let list: Vec<String> = part.cuts.iter().map(Cut::text).collect();
    let text = format!("{}[{}]", base.text, list.join(","));
    let ranged: Vec<bool> =
        part.cuts.iter().map(|c| c.length.is_none() && !c.is_number()).collect();
    if ranged.contains(&true) {
        // a range of one entry, whose axis is summed away
        let text = match ranged[..] {
            [true, false] if part.cuts[1].length.is_some() => format!("sum({text}, axis=0)"),
            [false, true] if part.cuts[0].length.is_some() => format!("sum({text}, axis=1)"),
            _ => format!("sum({text})"),
        };
        return Ok(Array::new(part.axes, text, Level::Atom));
    }
    // a row is a column to Python
    let row = matches!(&part.cuts[..], [a, b] if a.length.is_none() && b.length.is_some());
    Ok(if row {
        Array::new(part.axes, format!("{text}'"), Level::Power)
    } else {
        Array::new(part.axes, text, Level::Atom)
    })
}

/// Of more than two axes, by entries: single positions alone.
fn entries(w: &mut Writer, array: &Array, part: &Part, span: Span) -> Result<Array, CodeError> {
    if part.cuts.iter().any(|c| !c.whole && c.length.is_some()) {
        let message = "a slice of an array with more than two axes cannot be read";
        return Err(CodeError::unsupported(message, span));
    }
    let named = w.define("t", array);
    let rank = part.cuts.iter().filter(|c| c.whole).count();
    let indices: Vec<String> = w.indices().into_iter().take(rank).collect();
    let mut free = indices.iter();
    let list: Vec<String> = part
        .cuts
        .iter()
        .map(|c| if c.whole { free.next().cloned().unwrap_or_default() } else { c.text() })
        .collect();
    let text = format!("{}[{}]", named.text, list.join(","));
    Ok(w.define_entries(part.axes.clone(), &indices, &text))
}

/// The array with other entries where an index names them; `op` combines them with those there.
pub(super) fn with_part(
    w: &mut Writer,
    array: &Array,
    list: &[Value],
    op: Option<Operator>,
    value: &Array,
    span: Span,
) -> Result<Array, CodeError> {
    let old = part(w, array, list, span)?;
    let cuts = Part::new(&mut w.sizes, array, list, span)?.cuts;
    if cuts.len() > 2 {
        let message = "a change of a part of an array with more than two axes cannot be read";
        return Err(CodeError::unsupported(message, span));
    }
    let new = match op {
        Some(op) => operator(w, op, &old, value, span)?,
        None => {
            let none = operator(w, Operator::Multiply, &old, &Array::integer(0), span)?;
            if value.integer == Some(0) {
                none
            } else {
                operator(w, Operator::Add, &none, value, span)?
            }
        }
    };
    if new.rank() != old.rank() {
        let (a, b) = (w.shape(&old.axes), w.shape(&new.axes));
        return Err(CodeError::shapes(format!("a part of shape {a} cannot become {b}"), span));
    }
    if cuts.iter().all(|c| c.whole) {
        return Ok(Array { axes: array.axes.clone(), ..new });
    }
    let base = w.define("t", array);
    let new = w.define("t", &new);
    // a row is a column to Python
    let row = matches!(&cuts[..], [a, b] if a.length.is_none() && b.length.is_some());
    let single = cuts.len() == 2 && cuts.iter().all(|c| c.length.is_none());
    let mut text = match (row, single) {
        (true, _) => format!("{}'", new.text),
        (_, true) => format!("{}*ones(1, 1)", new.at(Level::Product)),
        _ => new.text.clone(),
    };
    if let [rows, columns] = &cuts[..] {
        let own = rows.text();
        // a single row is a range of one, so that it stays one
        let own =
            if rows.length.is_none() && rows.is_number() { format!("{own}:{own}") } else { own };
        text = framed(&text, columns, ", ", |range| format!("{}[{own},{range}]", base.text));
        text = framed(&text, rows, "; ", |range| format!("{}[{range},:]", base.text));
    } else if let [cut] = &cuts[..] {
        text = framed(&text, cut, "; ", |range| format!("{}[{range}]", base.text));
    }
    Ok(Array::new(array.axes.clone(), text, Level::Atom))
}

/// A part between what is before and behind it along an axis.
fn framed(text: &str, cut: &Cut, sign: &str, of: impl Fn(&str) -> String) -> String {
    if cut.whole {
        return text.to_string();
    }
    let mut blocks = Vec::new();
    if cut.before != "0" {
        blocks.push(of(&format!(":{}", cut.before)));
    }
    blocks.push(text.to_string());
    if let Some(after) = &cut.after {
        blocks.push(of(&format!("{after}:")));
    }
    if blocks.len() == 1 { text.to_string() } else { format!("[{}]", blocks.join(sign)) }
}
