//! Which functions are a value and its gradient, and which gradient belongs to which variable.

use super::error::CodeError;
use super::outline::File;

/// What the user says about a file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Shapes, as after `var`.
    pub shapes: Option<String>,
    /// The name of the function for the value.
    pub value: Option<String>,
    /// The name of the function for the gradient.
    pub gradient: Option<String>,
    /// The variables of the gradients, in order.
    pub wrt: Vec<String>,
    /// Chooses the points.
    pub seed: u64,
}

/// A function for a value and one for its gradient, by position in the file; the same where one
/// returns both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pair {
    pub(super) value: usize,
    pub(super) gradient: usize,
}

/// Names of a value, and of a gradient that has none of its own.
const VALUES: &[&str] = &[
    "value",
    "loss",
    "cost",
    "objective",
    "f",
    "forward",
    "fun",
    "func",
    "energy",
    "nll",
    "log_likelihood",
    "compute_cost",
    "compute_loss",
    "cost_function",
    "loss_function",
    "loss_fn",
];
const GRADIENTS: &[&str] = &[
    "grad",
    "gradient",
    "gradients",
    "backward",
    "df",
    "vjp",
    "grads",
    "jac",
    "compute_gradient",
    "compute_gradients",
    "compute_grad",
    "gradient_function",
    "derivative",
    "grad_fn",
];

/// The pairs of a file.
///
/// # Errors
/// Where it is open which functions are meant.
pub(super) fn pairs(file: &File<'_>, options: &Options) -> Result<Vec<Pair>, CodeError> {
    let find = |name: &str| {
        let at = file.functions.iter().position(|f| f.name == name || f.full_name() == name);
        at.ok_or_else(|| {
            CodeError::open(
                format!("there is no function `{name}`"),
                None,
                "the names are those of its functions",
            )
        })
    };
    match (&options.value, &options.gradient) {
        (Some(value), Some(gradient)) => {
            return Ok(vec![Pair { value: find(value)?, gradient: find(gradient)? }]);
        }
        (Some(value), None) => {
            let value = find(value)?;
            let own: Vec<Pair> = named(file).into_iter().filter(|p| p.value == value).collect();
            return Ok(if own.is_empty() { vec![Pair { value, gradient: value }] } else { own });
        }
        (None, Some(gradient)) => {
            let gradient = find(gradient)?;
            let own: Vec<Pair> =
                named(file).into_iter().filter(|p| p.gradient == gradient).collect();
            if !own.is_empty() {
                return Ok(own);
            }
        }
        (None, None) => {
            let own = named(file);
            if !own.is_empty() {
                return Ok(own);
            }
        }
    }
    let called = |at: usize| {
        let name = &file.functions[at].name;
        file.functions.iter().enumerate().any(|(k, f)| {
            k != at
                && f.body.iter().any(|l| {
                    l.tokens.clone().any(|t| file.text(t) == name && file.text(t + 1) == "(")
                })
        })
    };
    let roots: Vec<usize> = (0..file.functions.len()).filter(|k| !called(*k)).collect();
    match roots[..] {
        [both] => Ok(vec![Pair { value: both, gradient: both }]),
        [value, gradient] => Ok(vec![Pair { value, gradient }]),
        [] => Err(CodeError::open(
            "there is no function",
            None,
            "write one for the value and one for the gradient",
        )),
        _ => {
            let names: Vec<&str> =
                roots.iter().take(8).map(|k| file.functions[*k].name.as_str()).collect();
            let message = format!(
                "which function is the value and which its gradient? there are {}",
                names.join(", ")
            );
            Err(CodeError::open(message, None, "say `--value NAME --gradient NAME`"))
        }
    }
}

/// The pairs that names make.
fn named(file: &File<'_>) -> Vec<Pair> {
    let functions = &file.functions;
    let mut list = Vec::new();
    for (gradient, g) in functions.iter().enumerate() {
        let fits = |v: &super::outline::Function| {
            let (value, name) = (v.name.to_lowercase(), g.name.to_lowercase());
            v.class == g.class && v.name != g.name && belongs(&value, &name)
        };
        let mut own: Vec<usize> = (0..functions.len()).filter(|k| fits(&functions[*k])).collect();
        if own.is_empty() && !VALUES.contains(&g.name.as_str()) {
            // one function a variable, or one name for all: the value is the one that is called so
            let for_variable = |v: &super::outline::Function| {
                let names: Vec<String> = v.parameters.iter().map(|p| p.name.clone()).collect();
                variable_of(&g.name, &names).is_some() || GRADIENTS.contains(&g.name.as_str())
            };
            own = (0..functions.len())
                .filter(|k| *k != gradient && functions[*k].class == g.class)
                .filter(|k| VALUES.contains(&functions[*k].name.as_str()) || functions.len() == 2)
                .filter(|k| for_variable(&functions[*k]))
                .collect();
        }
        if let [value] = own[..] {
            list.push(Pair { value, gradient });
        }
    }
    list
}

/// Whether a function called `gradient` is by its name the gradient of one called `value`.
fn belongs(value: &str, gradient: &str) -> bool {
    let with = |pattern: &str| gradient == pattern.replace("{}", value);
    let replaced = |a: &str, b: &str| value.contains(a) && gradient == value.replace(a, b);
    [
        "grad_{}",
        "{}_grad",
        "{}_gradient",
        "gradient_{}",
        "gradients_{}",
        "{}_gradients",
        "{}_grads",
        "d{}",
        "d_{}",
        "{}_prime",
        "{}_backward",
        "backward_{}",
        "{}_vjp",
        "vjp_{}",
        "{}_bwd",
        "{}_back",
        "{}_derivative",
        "{}_deriv",
        "{}_jac",
        "grad{}",
        "{}grad",
        "{}_dx",
        "gradient_of_{}",
        "grad_of_{}",
    ]
    .iter()
    .any(|p| with(p))
        || replaced("forward", "backward")
        || replaced("fwd", "bwd")
        || ["loss", "cost", "objective", "value", "nll"]
            .iter()
            .any(|v| ["grad", "gradient", "gradients", "grads"].iter().any(|g| replaced(v, g)))
}

/// The variable whose gradient is called so: `dW`, `grad_W`, `W_grad`, `dL_dW`, `gW`.
pub(super) fn variable_of(name: &str, variables: &[String]) -> Option<String> {
    let mut endings: Vec<&str> = Vec::new();
    for suffix in ["_grad", "_gradient", "_bar", "_g", "_d"] {
        endings.extend(name.strip_suffix(suffix));
    }
    for prefix in [
        "grad_",
        "gradient_",
        "grad",
        "d_",
        "g_",
        "nabla_",
        "delta_",
        "dL_d",
        "dLd",
        "dl_d",
        "dJ_d",
        "dJd",
        "dE_d",
        "dC_d",
        "dloss_d",
        "dLoss_d",
        "dloss_",
        "dL_",
        "dJ_",
        "d",
        "g",
    ] {
        endings.extend(name.strip_prefix(prefix));
    }
    // df_dx, dout_dx
    if let Some((before, after)) = name.split_once("_d")
        && before.starts_with('d')
    {
        endings.push(after.trim_start_matches('_'));
    }
    let exact = endings.iter().find(|e| variables.iter().any(|v| v == *e));
    let loose = || endings.iter().find(|e| variables.iter().any(|v| v.eq_ignore_ascii_case(e)));
    let found = exact.or_else(loose)?;
    variables
        .iter()
        .find(|v| v == found)
        .or_else(|| variables.iter().find(|v| v.eq_ignore_ascii_case(found)))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Vec<(String, String)> {
        let file = File::new(source).expect("it is Python");
        let list = pairs(&file, &Options::default()).expect("the functions are told apart");
        let name = |k: usize| file.functions[k].name.clone();
        list.iter().map(|p| (name(p.value), name(p.gradient))).collect()
    }

    fn functions(names: &[&str]) -> String {
        let texts: Vec<String> =
            names.iter().map(|n| format!("def {n}(w, x):\n    return w\n")).collect();
        texts.concat()
    }

    #[test]
    fn names_pair_functions() {
        for names in [
            ["loss", "grad_loss"],
            ["f", "df"],
            ["forward", "backward"],
            ["affine_forward", "affine_backward"],
            ["nll", "nll_grad"],
            ["compute_cost", "compute_gradient"],
            ["loss", "grad_w"],
            ["one", "another"],
        ] {
            let expected = vec![(names[0].to_string(), names[1].to_string())];
            assert_eq!(of(&functions(&names)), expected, "{names:?}");
        }
        let four = of(&functions(&["a_forward", "a_backward", "b_forward", "b_backward"]));
        assert_eq!(four.len(), 2);
        let three = functions(&["a", "b", "c"]);
        let file = File::new(&three).expect("it is Python");
        assert!(pairs(&file, &Options::default()).is_err());
    }

    #[test]
    fn names_of_gradients_name_variables() {
        let variables = ["W".to_string(), "b".to_string(), "x".to_string()];
        for (name, variable) in [
            ("dW", "W"),
            ("grad_b", "b"),
            ("dL_dW", "W"),
            ("x_grad", "x"),
            ("df_dx", "x"),
            ("dw", "W"),
            ("gW", "W"),
        ] {
            assert_eq!(variable_of(name, &variables).as_deref(), Some(variable), "{name}");
        }
        assert_eq!(variable_of("dscores", &variables), None);
    }
}
