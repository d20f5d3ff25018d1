//! What a Python expression stands for: an array as an expression of the language, or something
//! that is known while reading.

use super::size::SizeId;
use super::slice::Bounds;

/// An axis of an array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Axis {
    /// Of length 1, as `keepdims=True` and `None` make it; the expression does not have it.
    One,
    /// An axis of the expression.
    Long(SizeId),
}

/// How tightly the outermost operator of an expression binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    Sum,
    Product,
    Minus,
    Power,
    Atom,
}

/// What an array of truth values is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Truth {
    /// Numbers, not truth values.
    No,
    /// Numbers 0 and 1 that were compared from.
    Indicator,
}

/// Class labels, one a row, as the matrix with a 1 in the column of each row's label.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Labels {
    /// The name of that matrix.
    pub(super) text: String,
    pub(super) rows: SizeId,
    pub(super) classes: SizeId,
}

/// An array, or a scalar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Array {
    /// Its axes in Python; the expression has the long ones, in this order.
    pub(super) axes: Vec<Axis>,
    /// An expression of the language.
    pub(super) text: String,
    pub(super) level: Level,
    pub(super) truth: Truth,
    /// Where it is `matrix[range(N), labels]`: the matrix and the labels.
    pub(super) picked: Option<Box<(Array, Labels)>>,
    /// Where it is at least 0, and known where it is more: that as numbers 0 and 1.
    pub(super) above_zero: Option<Box<Array>>,
    /// Where it is a whole number that is written in the code.
    pub(super) integer: Option<i64>,
    /// Where it is the size of an axis.
    pub(super) size: Option<SizeId>,
    /// Arrays that share memory have one number here.
    pub(super) memory: u32,
}

impl Array {
    pub(super) fn new(axes: Vec<Axis>, text: impl Into<String>, level: Level) -> Array {
        Array {
            axes,
            text: text.into(),
            level,
            truth: Truth::No,
            picked: None,
            above_zero: None,
            integer: None,
            size: None,
            memory: 0,
        }
    }

    pub(super) fn scalar(text: impl Into<String>, level: Level) -> Array {
        Array::new(Vec::new(), text, level)
    }

    pub(super) fn integer(n: i64) -> Array {
        let level = if n < 0 { Level::Minus } else { Level::Atom };
        let mut array = Array::scalar(n.to_string(), level);
        array.integer = Some(n);
        array
    }

    /// The sizes of its long axes.
    pub(super) fn sizes(&self) -> Vec<SizeId> {
        let long = |a: &Axis| if let Axis::Long(s) = a { Some(*s) } else { None };
        self.axes.iter().filter_map(long).collect()
    }

    /// The number of its long axes: its rank in the language.
    pub(super) fn rank(&self) -> usize {
        self.axes.iter().filter(|a| **a != Axis::One).count()
    }

    /// The position of an axis among the long ones.
    pub(super) fn position(&self, axis: usize) -> usize {
        self.axes[..axis].iter().filter(|a| **a != Axis::One).count()
    }

    /// The text, in brackets where it binds less tightly.
    pub(super) fn at(&self, least: Level) -> String {
        bracketed(&self.text, self.level, least)
    }

    /// Whether the text is a name.
    pub(super) fn is_name(&self) -> bool {
        self.level == Level::Atom
            && self.text.chars().all(|c| c.is_alphanumeric() || c == '_')
            && self.text.starts_with(|c: char| c.is_alphabetic())
    }
}

/// A text, in brackets where its level is lower.
pub(super) fn bracketed(text: &str, level: Level, least: Level) -> String {
    if level < least { format!("({text})") } else { text.to_string() }
}

/// What an expression stands for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Array(Array),
    Tuple(Vec<Value>),
    /// A dictionary or object, by number.
    Object(usize),
    Text(String),
    None,
    Bool(bool),
    /// `a:b`
    Slice(Bounds),
    Ellipsis,
    /// `range(N)` and `np.arange(N)`.
    Range(SizeId),
    /// A parameter that holds class labels.
    Labels(Labels),
    /// `array[mask]`: the entries of an array where an indicator is 1.
    Masked(Array, String),
    /// A dotted name: `np.linalg.norm`.
    Path(String),
    /// A function of the file.
    Function(usize),
    /// A method of a value.
    Method(Box<Value>, String),
    /// What must not be read any more, and why.
    Spoilt(String),
}

impl Value {
    /// What it is called in a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Array(a) if a.axes.is_empty() => "a number",
            Value::Array(_) => "an array",
            Value::Tuple(_) => "a tuple",
            Value::Object(_) => "a dictionary or object",
            Value::Text(_) => "a text",
            Value::None => "`None`",
            Value::Bool(_) => "a truth value",
            Value::Slice(_) => "a slice",
            Value::Ellipsis => "`...`",
            Value::Range(_) => "a range",
            Value::Labels(_) => "labels",
            Value::Masked(..) => "a selection of entries",
            Value::Path(_) | Value::Function(_) | Value::Method(..) => "a function",
            Value::Spoilt(_) => "a changed array",
        }
    }
}
