//! A counterexample as people read it: whole numbers without a point, long arrays in brief.

use crate::array::Array;
use crate::check::verdict::Counterexample;

/// Arrays with more entries than this are written in brief.
const ENTRIES: usize = 16;
/// So many entries stand for themselves in a long array of which most are one number.
const SINGLES: usize = 3;
/// Entries that differ by less than this share are taken for equal.
const SAME: f64 = 1e-9;

/// The point at which the sides of a claim differ.
pub(super) fn point_text(c: &Counterexample) -> String {
    let mut parts: Vec<String> =
        c.values.iter().map(|(name, value)| assigned(name, value)).collect();
    parts.extend(c.functions.iter().map(|(name, text)| format!("{name}(u) = {text}")));
    if parts.is_empty() { "whatever the values".into() } else { format!("at {}", parts.join(", ")) }
}

/// Both sides there, where they are long the first entries that differ.
pub(super) fn sides_text(left: &Array, right: &Array, names: (&str, &str)) -> String {
    let (a, b) = names;
    let n = left.data.len().max(right.data.len());
    let of = |x: &Array, k: usize| x.data.get(if x.data.len() == 1 { 0 } else { k }).copied();
    let pair = |k: usize| Some((of(left, k)?, of(right, k)?));
    let differ =
        |k: &usize| pair(*k).is_some_and(|(x, y)| (x - y).abs() > SAME * x.abs().max(y.abs()));
    let first = (0..n).find(differ).and_then(|k| Some((k, pair(k)?)));
    let (Some((k, (x, y))), true) = (first, n > ENTRIES) else {
        return format!("{a} {}, {b} {}", brief(left), brief(right));
    };
    let longer = if left.data.len() >= right.data.len() { left } else { right };
    let count = (0..n).filter(differ).count();
    let more =
        if count > 1 { format!(" (one of {count} entries that differ)") } else { String::new() };
    format!("entry {}: {a} {}, {b} {}{more}", position(longer, k), number(x), number(y))
}

/// `x = [1, 2]`, `x[3] = 1, its other 99 entries 0`.
fn assigned(name: &str, value: &Array) -> String {
    if value.data.len() <= ENTRIES {
        return format!("{name} = {}", brief(value));
    }
    let common = common(value);
    let others: Vec<usize> =
        (0..value.data.len()).filter(|k| !value.data[*k].total_cmp(&common).is_eq()).collect();
    let count = value.data.len() - others.len();
    if others.len() > SINGLES {
        return format!("{name} = {}", brief(value));
    }
    if others.is_empty() {
        return format!("all {count} entries of {name} = {}", number(common));
    }
    let singles: Vec<String> = others
        .iter()
        .map(|k| format!("{name}{} = {}", position(value, *k), number(value.data[*k])))
        .collect();
    format!("{} and {name} = {} in its other {count} entries", singles.join(", "), number(common))
}

/// The most frequent of the first entries.
fn common(value: &Array) -> f64 {
    let first = &value.data[..value.data.len().min(ENTRIES)];
    let count = |x: f64| first.iter().filter(|y| y.total_cmp(&x).is_eq()).count();
    first.iter().copied().max_by_key(|x| count(*x)).unwrap_or(0.0)
}

/// The place of an entry, `[2,3]`, counted from 1.
fn position(value: &Array, k: usize) -> String {
    let mut rest = k;
    let mut places: Vec<String> = Vec::new();
    for n in value.shape.iter().rev() {
        places.push((rest % n.max(&1) + 1).to_string());
        rest /= n.max(&1);
    }
    places.reverse();
    format!("[{}]", places.join(","))
}

/// Nested lists, the entries after the first few left out.
fn brief(value: &Array) -> String {
    let total = value.data.len();
    let long = total > ENTRIES;
    let mut out = String::new();
    let shown = if long { ENTRIES / 2 } else { total };
    for (k, x) in value.data.iter().take(shown).enumerate() {
        let mut rest = k;
        let mut opened = 0;
        for n in value.shape.iter().rev() {
            if rest % n != 0 {
                break;
            }
            rest /= n;
            opened += 1;
        }
        if k > 0 {
            out.push_str(&"]".repeat(opened));
            out.push_str(", ");
        }
        out.push_str(&"[".repeat(if k == 0 { value.shape.len() } else { opened }));
        out.push_str(&number(*x));
    }
    if long {
        out.push_str(&format!(", …] ({total} entries)"));
    } else {
        out.push_str(&"]".repeat(value.shape.len()));
    }
    out
}

/// A number in its shortest form that reads back.
fn number(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let size = x.abs();
    if (1e-4..1e16).contains(&size) { format!("{x}") } else { format!("{x:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], data: Vec<f64>) -> Array {
        Array { shape: shape.to_vec(), data }
    }

    #[test]
    fn small_arrays_are_written_out() {
        assert_eq!(brief(&array(&[], vec![2.0])), "2");
        assert_eq!(brief(&array(&[2, 2], vec![1.0, 0.5, -3.0, 1e20])), "[[1, 0.5], [-3, 1e20]]");
        assert_eq!(brief(&array(&[2, 1, 2], vec![1.0, 2.0, 3.0, 4.0])), "[[[1, 2]], [[3, 4]]]");
    }

    #[test]
    fn long_arrays_are_told_by_what_is_rare_in_them() {
        let mut data = vec![0.0; 100];
        assert_eq!(assigned("x", &array(&[100], data.clone())), "all 100 entries of x = 0");
        data[12] = 1.0;
        let matrix = array(&[10, 10], data.clone());
        assert_eq!(assigned("X", &matrix), "X[2,3] = 1 and X = 0 in its other 99 entries");
        let other = array(&[10, 10], vec![0.0; 100]);
        let sides = sides_text(&matrix, &other, ("left", "right"));
        assert_eq!(sides, "entry [2,3]: left 1, right 0");
        let counted = array(&[100], (0..100).map(f64::from).collect());
        assert_eq!(brief(&counted), "[0, 1, 2, 3, 4, 5, 6, 7, …] (100 entries)");
    }
}
