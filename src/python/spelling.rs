//! How `NumPy`, `PyTorch` and JAX spell what the language has.
//!
//! Functions of the table are found by the NumPy spelling that stands in their entry, or by their
//! name; here stands only what Python has besides.

use super::tree::Operator;
use crate::functions::{Function, Signature, all, find};

/// What a function or method does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    /// A function of the table, entry by entry or as its signature says.
    Table(&'static Function),
    /// A reduction of the table, with `axis` and `keepdims`.
    Reduce(&'static Function),
    /// An operator by name.
    Operator(Operator),
    /// Written out in other operations: `{}` is the argument.
    Written(&'static str),
    Variance,
    Deviation,
    Norm,
    Dot,
    Inner,
    Transpose,
    SwapAxes,
    Reshape,
    Flatten,
    Squeeze,
    Unsqueeze,
    Like(i64),
    Filled(i64),
    Full,
    FullLike,
    Eye,
    /// The argument itself, sharing memory or not.
    Same {
        copy: bool,
    },
    Detach,
    Length,
    Size,
    Shape,
    Range,
    Einsum,
    SignAndLogdet,
    MatrixPower,
    Clip,
    Softmax(&'static str),
    Where,
}

/// Names of modules that may stand before a name, in any number.
const MODULES: &[&str] = &[
    "np",
    "numpy",
    "jnp",
    "jax",
    "torch",
    "nn",
    "functional",
    "F",
    "math",
    "scipy",
    "special",
    "sp",
    "anp",
    "onp",
    "Tensor",
    "cp",
    "xp",
    "lax",
];

const OWN: &[(&str, Operation)] = &[
    ("matmul", Operation::Operator(Operator::MatrixMultiply)),
    ("mm", Operation::Operator(Operator::MatrixMultiply)),
    ("mv", Operation::Operator(Operator::MatrixMultiply)),
    ("bmm", Operation::Operator(Operator::MatrixMultiply)),
    ("add", Operation::Operator(Operator::Add)),
    ("subtract", Operation::Operator(Operator::Subtract)),
    ("sub", Operation::Operator(Operator::Subtract)),
    ("multiply", Operation::Operator(Operator::Multiply)),
    ("mul", Operation::Operator(Operator::Multiply)),
    ("divide", Operation::Operator(Operator::Divide)),
    ("true_divide", Operation::Operator(Operator::Divide)),
    ("div", Operation::Operator(Operator::Divide)),
    ("power", Operation::Operator(Operator::Power)),
    ("pow", Operation::Operator(Operator::Power)),
    ("square", Operation::Written("({}) .^ 2")),
    ("negative", Operation::Written("-({})")),
    ("neg", Operation::Written("-({})")),
    ("reciprocal", Operation::Written("1 ./ ({})")),
    ("rsqrt", Operation::Written("1 ./ sqrt({})")),
    ("logsigmoid", Operation::Written("log(sigmoid({}))")),
    ("log_sigmoid", Operation::Written("log(sigmoid({}))")),
    ("exp2", Operation::Written("2 .^ ({})")),
    ("log2", Operation::Written("log({})/log(2)")),
    ("log10", Operation::Written("log({})/log(10)")),
    ("var", Operation::Variance),
    ("std", Operation::Deviation),
    ("linalg.norm", Operation::Norm),
    ("norm", Operation::Norm),
    ("dot", Operation::Dot),
    ("inner", Operation::Inner),
    ("vdot", Operation::Inner),
    ("transpose", Operation::Transpose),
    ("permute", Operation::Transpose),
    ("t", Operation::Transpose),
    ("swapaxes", Operation::SwapAxes),
    ("reshape", Operation::Reshape),
    ("view", Operation::Reshape),
    ("ravel", Operation::Flatten),
    ("flatten", Operation::Flatten),
    ("squeeze", Operation::Squeeze),
    ("unsqueeze", Operation::Unsqueeze),
    ("expand_dims", Operation::Unsqueeze),
    ("zeros_like", Operation::Like(0)),
    ("ones_like", Operation::Like(1)),
    ("zeros", Operation::Filled(0)),
    ("ones", Operation::Filled(1)),
    ("full", Operation::Full),
    ("full_like", Operation::FullLike),
    ("eye", Operation::Eye),
    ("identity", Operation::Eye),
    ("copy", Operation::Same { copy: true }),
    ("clone", Operation::Same { copy: true }),
    ("astype", Operation::Same { copy: true }),
    ("array", Operation::Same { copy: true }),
    ("float", Operation::Same { copy: true }),
    ("float32", Operation::Same { copy: true }),
    ("float64", Operation::Same { copy: true }),
    ("double", Operation::Same { copy: true }),
    ("to", Operation::Same { copy: false }),
    ("item", Operation::Same { copy: true }),
    ("asarray", Operation::Same { copy: false }),
    ("ascontiguousarray", Operation::Same { copy: false }),
    ("contiguous", Operation::Same { copy: false }),
    ("detach", Operation::Detach),
    ("numpy", Operation::Same { copy: false }),
    ("len", Operation::Length),
    ("numel", Operation::Size),
    ("size", Operation::Size),
    ("shape", Operation::Shape),
    ("range", Operation::Range),
    ("arange", Operation::Range),
    ("einsum", Operation::Einsum),
    ("linalg.slogdet", Operation::SignAndLogdet),
    ("slogdet", Operation::SignAndLogdet),
    ("linalg.matrix_power", Operation::MatrixPower),
    ("matrix_power", Operation::MatrixPower),
    ("clip", Operation::Clip),
    ("clamp", Operation::Clip),
    ("softmax", Operation::Softmax("softmax")),
    ("log_softmax", Operation::Softmax("logsoftmax")),
    ("where", Operation::Where),
];

/// Python names of functions of the table that neither their entry nor their name gives.
const ALSO: &[(&str, &str)] = &[
    ("maximum", "max"),
    ("fmax", "max"),
    ("minimum", "min"),
    ("fmin", "min"),
    ("amax", "max"),
    ("amin", "min"),
    ("absolute", "abs"),
    ("fabs", "abs"),
    ("expit", "sigmoid"),
    ("inverse", "inv"),
    ("linalg.logdet", "logdet"),
    ("linalg.inv_ex", "inv"),
    ("mse_loss", "mse"),
    ("diagonal", "diag"),
    ("det", "det"),
    ("inv", "inv"),
    ("logdet", "logdet"),
    ("logsumexp", "logsumexp"),
];

/// A dotted name without the modules before it.
pub(super) fn plain(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let modules = parts[..parts.len() - 1].iter().take_while(|p| MODULES.contains(p)).count();
    parts[modules..].join(".")
}

/// What a dotted name does, or a method of an array.
pub(super) fn operation(path: &str) -> Option<Operation> {
    let name = plain(path);
    if let Some((_, operation)) = OWN.iter().find(|o| o.0 == name) {
        return Some(*operation);
    }
    let function = match ALSO.iter().find(|a| a.0 == name) {
        Some((_, other)) => find(other),
        // by their names alone only functions that mean the same wherever they are
        None => spelt(&name).or_else(|| {
            find(&name)
                .filter(|f| matches!(f.signature, Signature::Elementwise) && f.name != "step")
        }),
    }?;
    match function.signature {
        Signature::Reduction { arrays: 1, axis: true } => Some(Operation::Reduce(function)),
        Signature::Special(_) | Signature::Mask => None,
        _ => Some(Operation::Table(function)),
    }
}

/// The function whose entry in the table is printed by this name of NumPy.
fn spelt(name: &str) -> Option<&'static Function> {
    all().find(|f| {
        let Some(call) = f.numpy.call.strip_prefix("np.") else { return false };
        let Some((path, arguments)) = call.split_once('(') else { return false };
        let plain = arguments.chars().all(|c| c.is_ascii_digit() || "{}, )axis".contains(c));
        path == name && plain
    })
}

/// Whether a bare name may be one of NumPy's that was imported, or a builtin.
pub(super) fn module(name: &str) -> bool {
    MODULES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_found_by_its_numpy_names() {
        for (path, name) in [
            ("np.linalg.inv", "inv"),
            ("np.exp", "exp"),
            ("torch.sigmoid", "sigmoid"),
            ("np.arctan2", "atan2"),
            ("np.linalg.solve", "solve"),
            ("scipy.special.expit", "sigmoid"),
            ("F.relu", "relu"),
        ] {
            let found = operation(path);
            assert!(
                matches!(found, Some(Operation::Table(f)) if f.name == name),
                "{path}: {found:?}"
            );
        }
        assert!(matches!(operation("np.sum"), Some(Operation::Reduce(f)) if f.name == "sum"));
        assert!(operation("np.convolve").is_none());
        assert!(operation("np.cumsum").is_none());
        assert!(operation("F.cross_entropy").is_none(), "it takes logits and labels");
    }
}
