//! Points from JSON and values to JSON.

use super::eval::Point;
use super::instance::Instance;
use crate::array::Array;
use crate::diagnostic::Diagnostic;
use crate::shape::dim::DimId;
use crate::shape::typed::Typed;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What is wrong with a point.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum PointError {
    /// The text is not JSON.
    Json(String),
    /// The text is not an object of values.
    NotAnObject,
    /// A variable has no value.
    Missing {
        /// The variable.
        name: String,
        /// How many axes it has.
        axes: usize,
    },
    /// A value is nested too deeply or too little.
    Nesting {
        /// The variable.
        name: String,
        /// How many axes it has.
        expected: usize,
        /// How deeply the value is nested.
        found: usize,
    },
    /// Rows of different lengths.
    Ragged {
        /// The variable.
        name: String,
    },
    /// An entry that is not a number.
    NotANumber {
        /// The variable.
        name: String,
        /// The entry.
        found: String,
    },
    /// An empty list: every dimension is at least 1.
    Empty {
        /// The variable.
        name: String,
    },
    /// Two axes that should have one size.
    Sizes {
        /// The dimension.
        dimension: String,
        /// The variable seen first.
        first: String,
        /// Its size.
        expected: usize,
        /// The variable that contradicts.
        second: String,
        /// Its size.
        found: usize,
    },
    /// A function's text cannot be read.
    Function {
        /// The function.
        name: String,
        /// Why.
        message: String,
    },
}

impl fmt::Display for PointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nested = |n: usize| match n {
            0 => "a number",
            1 => "a list of numbers",
            2 => "a list of rows",
            _ => "a deeper nested list",
        };
        match self {
            PointError::Json(message) => write!(f, "the point is not JSON: {message}"),
            PointError::NotAnObject => f.write_str(
                "expected a point such as {\"W\": [[1, 2]], \"c\": 0.5}, found no object",
            ),
            PointError::Missing { name, axes } => {
                write!(f, "expected {} for `{name}`, the point has none", nested(*axes))
            }
            PointError::Nesting { name, expected, found } => {
                write!(f, "expected {} for `{name}`, found {}", nested(*expected), nested(*found))
            }
            PointError::Ragged { name } => {
                write!(f, "expected rows of one length for `{name}`, found different ones")
            }
            PointError::NotANumber { name, found } => {
                write!(f, "expected numbers in `{name}`, found `{found}`")
            }
            PointError::Empty { name } => {
                write!(f, "expected at least one entry along each axis of `{name}`, found none")
            }
            PointError::Sizes { dimension, first, expected, second, found } if first == second => {
                if *dimension == expected.to_string() {
                    write!(f, "expected an axis of {expected} for `{second}`, found one of {found}")
                } else {
                    write!(f, "`{second}` gives `{dimension}` two sizes, {expected} and {found}")
                }
            }
            PointError::Sizes { dimension, first, expected, second, found } => write!(
                f,
                "`{first}` gives `{dimension}` the size {expected}, but `{second}` gives it {found}"
            ),
            PointError::Function { name, message } => {
                write!(f, "the function `{name}` of the point cannot be read: {message}")
            }
        }
    }
}

impl std::error::Error for PointError {}

impl From<PointError> for Diagnostic {
    fn from(error: PointError) -> Diagnostic {
        let help = match &error {
            PointError::Missing { name, .. } => Some(format!("add \"{name}\" to the point")),
            _ => None,
        };
        Diagnostic { message: error.to_string(), labels: Vec::new(), notes: Vec::new(), help }
    }
}

/// Reads a point such as `{"W": [[1, 2]], "c": 0.5, "functions": {"f": "sin(1.3*u)"}}`.
///
/// Variables that `needed` says no to may be absent. A variable may go by its name as written or
/// by its canonical spelling. A size that no variable has may be given by its name: `{"n": 3}`.
///
/// # Errors
/// See [`PointError`].
pub fn read(
    typed: &Typed,
    text: &str,
    needed: impl Fn(usize) -> bool,
) -> Result<Point, PointError> {
    let json: Value = serde_json::from_str(text).map_err(|e| PointError::Json(e.to_string()))?;
    from_json(typed, &json, needed)
}

/// As [`read`], of JSON that is read already.
///
/// # Errors
/// See [`PointError`].
pub fn from_json(
    typed: &Typed,
    json: &Value,
    needed: impl Fn(usize) -> bool,
) -> Result<Point, PointError> {
    let Value::Object(object) = json else { return Err(PointError::NotAnObject) };
    let mut point = Point::default();
    let mut seen: BTreeMap<DimId, (String, usize)> = BTreeMap::new();
    for (k, variable) in typed.variables.iter().enumerate() {
        let canonical = typed.program.name(variable.name);
        let written = typed.program.written(variable.name);
        let axes = variable.shape.axes.len();
        let Some(value) = object.get(written).or_else(|| object.get(canonical)) else {
            if needed(k) {
                return Err(PointError::Missing { name: written.to_string(), axes });
            }
            point.values.push(None);
            continue;
        };
        let array = array(written, value, axes)?;
        for (&dim, &length) in variable.shape.axes.iter().zip(&array.shape) {
            let first = match typed.dims.as_number(dim) {
                Some(n) => (written.to_string(), usize::try_from(n).unwrap_or(0)),
                None => seen.entry(dim).or_insert_with(|| (written.to_string(), length)).clone(),
            };
            if first.1 != length {
                return Err(PointError::Sizes {
                    dimension: typed.dims.text(dim),
                    first: first.0,
                    expected: first.1,
                    second: written.to_string(),
                    found: length,
                });
            }
        }
        point.values.push(Some(array));
    }
    for (name, size) in object {
        if let (true, Some(size)) = (is_size(typed, name), size.as_u64()) {
            point.sizes.insert(name.clone(), usize::try_from(size).unwrap_or(usize::MAX));
        }
    }
    sizes(typed, &seen, &mut point)?;
    let functions = object.get("functions").and_then(Value::as_object);
    for unknown in &typed.unknowns {
        let name = typed.program.name(unknown.name);
        let text = functions.and_then(|f| f.get(name)).and_then(Value::as_str);
        point.functions.push(match text {
            Some(text) => Some(
                Instance::parse(text)
                    .map_err(|message| PointError::Function { name: name.to_string(), message })?,
            ),
            None => None,
        });
    }
    Ok(point)
}

/// Whether a name is that of a size and of no variable.
pub fn is_size(typed: &Typed, name: &str) -> bool {
    let dims = &typed.dims;
    (0..dims.len() as u32).any(|d| dims.as_name(DimId(d)) == Some(name))
        && !typed.variables.iter().any(|v| typed.program.name(v.name) == name)
}

/// Solves the sizes of axes for the dimension names: plain names first, then what they leave open
/// (`n` from an axis of `n/2` or `n - p + 1`) by trying, then everything is compared.
fn sizes(
    typed: &Typed,
    seen: &BTreeMap<DimId, (String, usize)>,
    point: &mut Point,
) -> Result<(), PointError> {
    for (&dim, &(ref of, length)) in seen {
        let Some(name) = typed.dims.as_name(dim) else { continue };
        match point.sizes.insert(name.to_string(), length) {
            Some(given) if given != length => {
                return Err(PointError::Sizes {
                    dimension: name.to_string(),
                    first: name.to_string(),
                    expected: given,
                    second: of.clone(),
                    found: length,
                });
            }
            _ => {}
        }
    }
    for _ in 0..2 {
        for (&dim, &(_, length)) in seen {
            let mut names = Vec::new();
            super::sample::names_of(typed, dim, &mut names);
            names.retain(|n| !point.sizes.contains_key(n));
            if let [name] = names.as_slice() {
                for size in 1..=(4 * length + 64) {
                    point.sizes.insert(name.clone(), size);
                    let all = super::eval::dimension_sizes(typed, &point.sizes);
                    if all[dim.0 as usize] == length {
                        break;
                    }
                    point.sizes.remove(name);
                }
            }
        }
    }
    let all = super::eval::dimension_sizes(typed, &point.sizes);
    for (&dim, (name, length)) in seen {
        if all[dim.0 as usize] != *length {
            let first = seen.iter().find(|(d, _)| typed.dims.as_name(**d).is_some());
            return Err(PointError::Sizes {
                dimension: typed.dims.text(dim),
                first: first.map_or_else(|| name.clone(), |(_, (n, _))| n.clone()),
                expected: all[dim.0 as usize],
                second: name.clone(),
                found: *length,
            });
        }
    }
    Ok(())
}

/// One value, nested as deeply as the variable has axes.
fn array(name: &str, value: &Value, axes: usize) -> Result<Array, PointError> {
    let mut found = 0;
    let mut inner = value;
    while let Value::Array(list) = inner {
        found += 1;
        let Some(first) = list.first() else {
            return Err(PointError::Empty { name: name.to_string() });
        };
        inner = first;
    }
    if found != axes {
        return Err(PointError::Nesting { name: name.to_string(), expected: axes, found });
    }
    let mut level = vec![value];
    let mut shape = Vec::with_capacity(axes);
    for _ in 0..axes {
        let mut next = Vec::new();
        let mut length = None;
        for item in level {
            let Value::Array(list) = item else {
                return Err(PointError::Ragged { name: name.to_string() });
            };
            if *length.get_or_insert(list.len()) != list.len() {
                return Err(PointError::Ragged { name: name.to_string() });
            }
            next.extend(list);
        }
        shape.push(length.unwrap_or(0));
        level = next;
    }
    let mut data = Vec::with_capacity(level.len());
    for item in level {
        match item.as_f64() {
            Some(x) => data.push(x),
            None if item.is_array() => return Err(PointError::Ragged { name: name.to_string() }),
            None => {
                return Err(PointError::NotANumber {
                    name: name.to_string(),
                    found: item.to_string(),
                });
            }
        }
    }
    Ok(Array { shape, data })
}

/// A value as nested lists, each number in the shortest form that reads back.
pub fn to_json(array: &Array) -> Value {
    let mut items: Vec<Value> = array.data.iter().map(|&x| Value::from(x)).collect();
    for &length in array.shape.iter().skip(1).rev() {
        let mut grouped = Vec::with_capacity(items.len() / length.max(1));
        let mut rest = items.into_iter().peekable();
        while rest.peek().is_some() {
            grouped.push(Value::Array(rest.by_ref().take(length.max(1)).collect()));
        }
        items = grouped;
    }
    if array.shape.is_empty() {
        return items.pop().unwrap_or(Value::Null);
    }
    Value::Array(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_nesting_and_their_digits() {
        let value: Value = serde_json::from_str("[[0.1,-2.0,3.0],[1e-300,5.0,6.5]]").expect("JSON");
        let read = array("W", &value, 2).expect("two rows of three");
        assert_eq!(read.shape, [2, 3]);
        assert_eq!(to_json(&read), value);
        let scalar = array("c", &Value::from(0.5), 0).expect("a number");
        assert_eq!(to_json(&scalar).to_string(), "0.5");
    }

    #[test]
    fn wrong_values_are_named() {
        let of = |text: &str, axes| {
            let value: Value = serde_json::from_str(text).expect("JSON");
            array("W", &value, axes).expect_err("the value is wrong").to_string()
        };
        assert_eq!(of("[1, 2]", 2), "expected a list of rows for `W`, found a list of numbers");
        assert_eq!(
            of("[[1], [1, 2]]", 2),
            "expected rows of one length for `W`, found different ones"
        );
        assert_eq!(of("[1, \"a\"]", 1), "expected numbers in `W`, found `\"a\"`");
        assert!(of("[]", 1).contains("at least one entry"));
    }
}
