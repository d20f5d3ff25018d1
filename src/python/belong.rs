//! Which variable each gradient is by: what its name says, else the order, else its shape.

use super::error::CodeError;
use super::outline::Function;
use super::pair::{Options, variable_of};
use super::question::Gradient;
use super::read::{Read, Reader};
use super::value::{Array, Axis, Level, Value};
use super::writer::Writer;
use crate::diagnostic::Span;

/// A gradient with its variable: variable, name, value, place.
type Belonging = (String, Option<String>, Value, Span);

/// The variable of each gradient.
pub(super) fn belonging(
    reader: &Reader<'_>,
    options: &Options,
    function: &Function,
    gradients: &[Gradient],
    variables: &[String],
    order: &[String],
    by_order: bool,
) -> Read<Vec<Belonging>> {
    let given: Vec<&Gradient> =
        gradients.iter().filter(|g| matches!(g.2, Value::Array(_))).collect();
    let take = |names: Vec<String>| {
        names
            .into_iter()
            .zip(&given)
            .map(|(variable, g)| (variable, g.0.clone(), g.2.clone(), g.3))
            .collect::<Vec<_>>()
    };
    for name in &options.wrt {
        if !variables.contains(name) {
            let message = format!("`{name}` is not a variable of the value");
            let help = format!("its variables are {}", variables.join(", "));
            return Err(CodeError::open(message, None, &help).into());
        }
    }
    if by_order {
        let pairs = order.iter().zip(gradients).filter(|(_, g)| matches!(g.2, Value::Array(_)));
        return Ok(pairs
            .map(|(variable, g)| (variable.clone(), g.0.clone(), g.2.clone(), g.3))
            .filter(|p| options.wrt.is_empty() || options.wrt.contains(&p.0))
            .collect());
    }
    let own_name = |g: &Gradient| {
        let name = g.0.as_ref()?;
        let key = g.1 && variables.contains(name);
        if key { Some(name.clone()) } else { variable_of(name, variables) }
    };
    let names: Option<Vec<String>> = given.iter().map(|g| own_name(g)).collect();
    let distinct =
        |names: &Vec<String>| names.iter().enumerate().all(|(k, n)| !names[..k].contains(n));
    if let Some(names) = names.filter(distinct) {
        let list = take(names);
        let all = list.len();
        let list: Vec<_> = list
            .into_iter()
            .filter(|p| options.wrt.is_empty() || options.wrt.contains(&p.0))
            .collect();
        if !list.is_empty() || all == 0 {
            return Ok(list);
        }
    }
    if options.wrt.len() == given.len() {
        return Ok(take(options.wrt.clone()));
    }
    if let ([_], Some(variable)) = (&given[..], variable_of(&function.name, variables)) {
        return Ok(take(vec![variable]));
    }
    let arrays: Vec<String> = order.iter().filter(|n| variables.contains(n)).cloned().collect();
    if given.len() == arrays.len() {
        return Ok(take(arrays));
    }
    if let [one] = given[..]
        && let Value::Array(array) = &one.2
    {
        let fits: Vec<String> = reader
            .writer
            .variables
            .iter()
            .filter(|v| {
                variables.contains(&v.name) && compare(&reader.writer, array, &v.axes).0.is_none()
            })
            .map(|v| v.name.clone())
            .collect();
        // by order: the first parameter, where more than one has this shape
        let first = order.iter().find(|n| variables.contains(n)).filter(|n| fits.contains(n));
        match (&fits[..], first) {
            ([only], _) => return Ok(take(vec![only.clone()])),
            (_, Some(first)) => return Ok(take(vec![first.clone()])),
            _ => {}
        }
    }
    let message = format!("which variables are the gradients of `{}` by?", function.name);
    let help = format!(
        "say `--wrt {}`",
        variables.iter().take(given.len().max(1)).cloned().collect::<Vec<_>>().join(",")
    );
    Err(CodeError::open(message, Some(function.span), &help).into())
}

type Shapes = Option<(String, String)>;

/// The shapes of a gradient and its variable where they differ, and where only by axes of length 1.
pub(super) fn compare(writer: &Writer, gradient: &Array, axes: &[Axis]) -> (Shapes, Shapes) {
    let own = Array::new(axes.to_vec(), "", Level::Atom).sizes();
    let sizes = gradient.sizes();
    let same =
        sizes.len() == own.len() && sizes.iter().zip(&own).all(|(a, b)| writer.sizes.same(*a, *b));
    let texts = || Some((writer.shape(&gradient.axes), writer.shape(axes)));
    // a row is no column
    let ones = |list: &[Axis]| list.iter().map(|a| matches!(a, Axis::One)).collect::<Vec<_>>();
    match (same, gradient.axes.len() == axes.len()) {
        (true, true) if ones(&gradient.axes) == ones(axes) => (None, None),
        (true, false) => (None, texts()),
        _ => (texts(), None),
    }
}
