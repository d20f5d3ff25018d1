//! Looking functions up by name.

use super::{Function, constant, decomposition, elementwise, learning, linear_algebra, reduction};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

/// The parts of the table, in the order of the reference.
static PARTS: [&[Function]; 6] = [
    elementwise::TABLE,
    reduction::TABLE,
    linear_algebra::TABLE,
    decomposition::TABLE,
    learning::TABLE,
    constant::TABLE,
];

/// A function by its place in the table: a quarter of the size of a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    part: u8,
    at: u8,
}

impl Entry {
    /// The function.
    pub fn function(self) -> &'static Function {
        &PARTS[usize::from(self.part)][usize::from(self.at)]
    }
}

impl Deref for Entry {
    type Target = Function;

    fn deref(&self) -> &Function {
        self.function()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All functions, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Function> {
    PARTS.iter().copied().flatten()
}

/// Every name and alias with its function.
fn index() -> &'static FxHashMap<&'static str, Entry> {
    static INDEX: OnceLock<FxHashMap<&'static str, Entry>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = FxHashMap::with_capacity_and_hasher(256, FxBuildHasher);
        for (part, functions) in (0..).zip(PARTS) {
            for (at, f) in (0..).zip(functions) {
                index.extend(names_of(f).map(|name| (name, Entry { part, at })));
            }
        }
        index
    })
}

/// The name of a function and its aliases.
fn names_of(f: &'static Function) -> impl Iterator<Item = &'static str> {
    std::iter::once(f.name).chain(f.aliases.iter().copied())
}

/// The function with this name or alias.
pub fn find(name: &str) -> Option<&'static Function> {
    find_entry(name).map(Entry::function)
}

/// The place of the function with this name or alias.
pub fn find_entry(name: &str) -> Option<Entry> {
    index().get(name).copied()
}

/// The name of a function that is one or two slips of the pen away: two only in a longer name.
pub fn suggest(name: &str) -> Option<&'static str> {
    let letters = name.chars().count();
    let limit = if letters >= 6 { 2 } else { letters / 2 }.min(1 + usize::from(letters >= 6));
    let lower = name.to_lowercase();
    all()
        .flat_map(names_of)
        .map(|known| (edit_distance(&lower, known), known))
        .filter(|&(distance, known)| distance <= limit && known != name)
        .min()
        .map(|(_, known)| known)
}

/// The number of insertions, deletions, replacements and exchanges of neighbours between two words;
/// `usize::MAX` where their lengths alone make it more than two.
pub fn edit_distance(a: &str, b: &str) -> usize {
    // bytes bound the lengths in letters, so that a long text costs nothing
    if a.len().abs_diff(b.len()) > 8 {
        return usize::MAX;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut d = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                d = d.min(before[j - 2] + 1);
            }
            row.push(d);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::super::{Kernel, Lowering, Notation, Signature};
    use super::*;

    #[test]
    fn names_and_aliases_are_unique() {
        assert_eq!(index().len(), all().flat_map(names_of).count());
    }

    #[test]
    fn every_function_of_the_language_is_found_by_each_of_its_names() {
        let names = "exp log log1p expm1 sqrt sin cos tan asin acos atan sinh cosh tanh asinh \
            acosh atanh abs sign erf relu leaky_relu elu sigmoid softplus silu gelu step max min \
            atan2 arcsin arccos arctan ln logistic swish σ sigma sum mean prod logsumexp norm1 \
            norm2 norm dot tr trace det logdet inv adj diag vec kron outer transpose eye ones \
            zeros vector matrix softmax logsoftmax cross_entropy mse layernorm conv meanpool \
            maxpool where pow grad jac hess vjp";
        for name in names.split_whitespace() {
            let f = find(name).unwrap_or_else(|| panic!("{name} is missing"));
            assert!(f.name == name || f.aliases.contains(&name));
        }
        assert!(find("").is_none() && find("nothing").is_none());
    }

    #[test]
    fn every_entry_says_what_it_is_how_it_is_written_and_where_it_is_from() {
        for f in all() {
            assert!(!f.doc.is_empty() && !f.source.is_empty(), "{}", f.name);
            for notation in [f.unicode, f.latex] {
                let (open, close) = match notation {
                    Notation::Operator(text) | Notation::Prefix(text) | Notation::Infix(text) => {
                        (text, "")
                    }
                    Notation::Around(open, close) | Notation::Wrap(open, close) => (open, close),
                };
                assert!(!open.is_empty(), "{}", f.name);
                let braces = |c| format!("{open}{close}").matches(c).count();
                assert_eq!(braces('{'), braces('}'), "{}", f.name);
            }
            let derivative =
                matches!(f.signature, Signature::Special(_)) && f.numpy.call.is_empty();
            assert!(derivative || f.numpy.call.contains("{0}"), "{}", f.name);
            // a helper is called by the code and defines what is called
            if let Some(rest) = f.numpy.helper.strip_prefix("def ") {
                let name = rest.split('(').next().expect("split gives at least one part");
                assert!(f.numpy.call.starts_with(name) && f.numpy.helper.ends_with('\n'));
            }
        }
    }

    #[test]
    fn there_is_one_text_for_each_parameter_and_no_parameter_hides_the_value() {
        for f in all() {
            let texts = match f.lowering_for(f.parameters.len()) {
                Lowering::Primitive(texts) => texts,
                Lowering::Named { vjp, .. } if !vjp.is_empty() => vjp,
                _ => continue,
            };
            assert_eq!(texts.len(), f.parameters.len(), "{}", f.name);
            assert!(!f.parameters.iter().any(|&p| p == "y" || p == "g"), "{}", f.name);
        }
    }

    #[test]
    fn einsums_match_their_shapes() {
        for f in all() {
            if let (Lowering::Einsum(einsums), Signature::Shapes(shapes)) =
                (f.lowering, f.signature)
            {
                assert_eq!(einsums.len(), shapes.len(), "{}", f.name);
            }
        }
    }

    #[test]
    fn elementwise_functions_have_elementwise_kernels() {
        for f in all() {
            if f.binary.is_some() {
                assert!(matches!(f.signature_for(2), Signature::Elementwise));
                assert!(matches!(f.kernel_for(2), Kernel::Elementwise(_)));
                assert!(f.accepts(1) && f.accepts(2) && !f.accepts(3));
            }
            match f.signature {
                Signature::Elementwise => assert!(matches!(f.kernel, Kernel::Elementwise(_))),
                Signature::Mask
                | Signature::Reduction { .. }
                | Signature::Axiswise
                | Signature::Shapes(_) => assert!(matches!(f.kernel, Kernel::Array(_))),
                Signature::Special(_) => assert!(matches!(f.kernel, Kernel::Special)),
            }
        }
    }

    #[test]
    fn misspelt_names_get_a_suggestion() {
        assert_eq!(suggest("sigmod"), Some("sigmoid"));
        assert_eq!(suggest("sofmtax"), Some("softmax"));
        assert_eq!(suggest("Relu"), Some("relu"));
        assert_eq!(suggest("crossentropy"), Some("cross_entropy"));
        assert_eq!(suggest("f"), None);
        assert_eq!(suggest("entirely_else"), None);
        assert_eq!(suggest(&"x".repeat(1_000_000)), None);
    }
}
