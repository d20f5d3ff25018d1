//! Short constructors of notation for the tests of this module.

use super::answer::{Answer, Besides, Binding, Needs, Outcome, Parameter, ResultKind, Shape};
use super::math::{Math, Symbol, Unknown};
use crate::array::{Array, KernelError};
use crate::functions::{ArrayKernel, Code, Facts, Function, Kernel, Lowering, Notation, Signature};
use crate::number::Number;
use smallvec::smallvec;

fn undefined<S>(_: &[&Array<S>], _: Option<usize>) -> Result<Array<S>, KernelError> {
    Err(KernelError::Undefined)
}

const fn function(name: &'static str, unicode: Notation, latex: Notation) -> Function {
    Function {
        name,
        aliases: &[],
        parameters: &["x"],
        signature: Signature::Elementwise,
        lowering: Lowering::Unsupported,
        kernel: Kernel::Array(ArrayKernel {
            double: undefined,
            ball: undefined,
            modular: undefined,
            companion: undefined,
        }),
        series: None,
        binary: None,
        facts: Facts::NONE,
        unicode,
        latex,
        quotient: false,
        total: None,
        letter: None,
        numpy: Code::plain(""),
        jax: None,
        torch: None,
        doc: "",
        source: "",
    }
}

use Notation::{Around, Operator, Prefix, Wrap};
pub(super) static SIGMOID: Function = function("sigmoid", Operator("σ"), Operator(r"\sigma"));
pub(super) static EXP: Function = function("exp", Operator("exp"), Wrap("e^{", "}"));
pub(super) static NORM2: Function =
    function("norm2", Around("‖", "‖"), Around(r"\lVert", r"\rVert_2"));
pub(super) static DIAG: Function =
    function("diag", Operator("diag"), Operator(r"\operatorname{diag}"));
pub(super) static SQRT: Function = function("sqrt", Prefix("√"), Wrap(r"\sqrt{", "}"));
pub(super) static SOFTMAX: Function =
    function("softmax", Operator("softmax"), Operator(r"\operatorname{softmax}"));

pub(super) fn symbol(name: &str, rank: u8) -> Symbol {
    Symbol { name: name.into(), rank }
}
/// A scalar.
pub(super) fn c(name: &str) -> Math {
    Math::Symbol(symbol(name, 0))
}
/// A vector.
pub(super) fn v(name: &str) -> Math {
    Math::Symbol(symbol(name, 1))
}
/// A matrix.
pub(super) fn m(name: &str) -> Math {
    Math::Symbol(symbol(name, 2))
}
/// The cotangent of a vector.
pub(super) fn g(name: &str) -> Math {
    Math::Gradient(symbol(name, 1))
}
pub(super) fn n(value: i64) -> Math {
    Math::Number(Number::integer(value))
}
pub(super) fn half() -> Math {
    Math::Number(Number::ratio(1, 2).unwrap_or(Number::ONE))
}
pub(super) fn prod(factors: impl IntoIterator<Item = Math>) -> Math {
    Math::Product(factors.into_iter().collect())
}
pub(super) fn had(factors: impl IntoIterator<Item = Math>) -> Math {
    Math::Hadamard(factors.into_iter().collect())
}
pub(super) fn add(terms: impl IntoIterator<Item = Math>) -> Math {
    Math::Sum(terms.into_iter().map(|t| (false, t)).collect())
}
pub(super) fn sub(a: Math, b: Math) -> Math {
    Math::Sum(vec![(false, a), (true, b)])
}
pub(super) fn minus(a: Math) -> Math {
    Math::Sum(vec![(true, a)])
}
pub(super) fn quot(a: Math, b: Math) -> Math {
    Math::Quotient(Box::new(a), Box::new(b))
}
pub(super) fn equot(a: Math, b: Math) -> Math {
    Math::ElementQuotient(Box::new(a), Box::new(b))
}
pub(super) fn pow(a: Math, b: Math) -> Math {
    Math::Power(Box::new(a), Box::new(b))
}
pub(super) fn epow(a: Math, b: Math) -> Math {
    Math::ElementPower(Box::new(a), Box::new(b))
}
pub(super) fn inv(a: Math) -> Math {
    pow(a, Math::Negate(Box::new(n(1))))
}
pub(super) fn t(a: Math) -> Math {
    Math::Transpose(Box::new(a))
}
pub(super) fn call(f: &'static Function, a: Math) -> Math {
    Math::Call(f, Box::new([a]), None)
}
pub(super) fn entry(a: Math, indices: &[&str]) -> Math {
    Math::Entry(Box::new(a), indices.iter().map(|i| c(i)).collect())
}
pub(super) fn isum(indices: &[&str], body: Math) -> Math {
    Math::IndexSum(indices.iter().map(|i| symbol(i, 0)).collect(), Box::new(body))
}
pub(super) fn delta(i: &str, j: &str) -> Math {
    Math::Delta(Box::new(c(i)), Box::new(c(j)))
}

/// Expressions, with a name each, that the snapshots of all notations share.
pub(super) fn gallery() -> Vec<(&'static str, Math)> {
    let residual = || sub(prod([m("A"), v("x")]), v("y"));
    let margin = || had([v("y"), prod([m("X"), v("w")])]);
    vec![
        ("affine sigmoid", call(&SIGMOID, add([prod([m("W"), v("x")]), v("b")]))),
        ("sigmoid vjp", prod([had([g("y"), v("y"), sub(n(1), v("y"))]), t(v("x"))])),
        ("normal equations", prod([n(2), t(m("A")), residual()])),
        ("quadratic form", prod([t(v("x")), m("A"), v("x")])),
        ("symmetrized", prod([add([m("A"), t(m("A"))]), v("x")])),
        ("half", prod([half(), v("x")])),
        (
            "mean",
            prod([quot(n(2), c("n")), sub(v("x"), prod([c("mu"), Math::Ones(vec![c("n")])]))]),
        ),
        ("unit", quot(m("X"), call(&NORM2, m("X")))),
        ("squared norm", pow(call(&NORM2, residual()), n(2))),
        ("element quotient", minus(equot(v("y"), v("p")))),
        ("logistic", minus(prod([t(m("X")), had([v("y"), call(&SIGMOID, minus(margin()))])]))),
        ("diag", prod([t(m("A")), call(&DIAG, v("p")), m("A")])),
        ("inverse", prod([inv(m("A")), m("B"), t(inv(m("A")))])),
        ("squares", prod([n(3), epow(v("x"), n(2))])),
        ("matrix squares", epow(m("A"), n(2))),
        ("roots", add([pow(c("x"), half()), call(&SQRT, c("x")), pow(c("x"), minus(n(1)))])),
        ("two scalings", prod([n(2), had([prod([t(m("W")), g("z")]), v("u")])])),
        ("exponential", prod([call(&EXP, v("x")), t(v("a"))])),
        ("exponential squared", epow(call(&EXP, minus(v("x"))), n(2))),
        (
            "chain",
            prod([
                t(m("W_2")),
                had([
                    Math::UnknownGradient(Box::new(symbol("J", 0)), 1, Box::new(v("z_1"))),
                    Math::Unknown(
                        Box::new(Unknown { name: symbol("g", 0), primes: 1 }),
                        Box::new([v("u_1")]),
                    ),
                ]),
            ]),
        ),
        (
            "entries",
            isum(
                &["k"],
                prod([entry(g("u"), &["k"]), entry(m("W"), &["k", "j"]), delta("k", "i")]),
            ),
        ),
        (
            "entries of W1",
            prod([entry(m("W1"), &["i", "b"]), entry(prod([m("A"), v("x")]), &["i"])]),
        ),
        ("axis", Math::Call(&SOFTMAX, Box::new([m("Z")]), Some(1))),
        (
            "ridge",
            add([
                prod([t(m("X")), m("X")]),
                prod([c("lambda"), Math::Identity(Some(Box::new(c("n"))))]),
            ]),
        ),
        ("names", prod([c("loss"), v("x_max"), v("h_b")])),
        ("tall", prod([sub(quot(v("a"), c("s")), v("b")), c("alpha")])),
    ]
}

fn gradient(wrt: Symbol, value: Math, index: Math, needs: &[u32]) -> Outcome {
    Outcome {
        kind: ResultKind::Gradient,
        wrt: smallvec![wrt],
        shape: Shape::from([c("m"), c("n")]),
        value,
        needs: needs.into(),
        entrywise: false,
        besides: Some(Box::new(Besides {
            index: Some(index),
            axes: [symbol("i", 0), symbol("j", 0)].into(),
            forms: Box::default(),
        })),
    }
}

fn binding(name: Math, value: Math) -> Binding {
    Binding { name, value, indices: None, shape: Shape::from([c("m")]), needs: Needs::new() }
}

fn answer(objective: Symbol, value: Math, bindings: Vec<Binding>, results: Vec<Outcome>) -> Answer {
    Answer {
        objective,
        named: false,
        value,
        value_axes: Box::default(),
        shape: Shape::from([]),
        value_needs: smallvec![0],
        bindings,
        parameters: vec![],
        functions: vec![],
        scalar_functions: vec![],
        spellings: rustc_hash::FxHashMap::default(),
        results,
        conditions: vec![],
        remarks: vec![],
    }
}

/// `sigmoid(W*x + b)` by `W`.
pub(super) fn one_layer() -> Answer {
    let value = || call(&SIGMOID, add([prod([m("W"), v("x")]), v("b")]));
    let at_i = |a: Math| entry(a, &["i"]);
    let index = prod([entry(v("x"), &["j"]), at_i(g("y")), at_i(v("y")), sub(n(1), at_i(v("y")))]);
    let result = prod([had([g("y"), v("y"), sub(n(1), v("y"))]), t(v("x"))]);
    let results = vec![gradient(symbol("W", 2), result, index, &[0])];
    let mut answer = answer(symbol("y", 1), value(), vec![binding(v("y"), value())], results);
    answer.shape = Shape::from([c("m")]);
    let parameter = |name: Math, sizes: &[&str]| Parameter {
        name,
        shape: sizes.iter().map(|size| c(size)).collect(),
        attributes: crate::syntax::ast::Attributes::NONE,
        assumed: true,
    };
    answer.parameters = vec![
        parameter(m("W"), &["m", "n"]),
        parameter(v("x"), &["n"]),
        parameter(v("b"), &["m"]),
        parameter(g("y"), &["m"]),
    ];
    answer
}

/// Two layers, with the gradients of both and of `u`, which the first result needs.
pub(super) fn two_layers() -> Answer {
    let hidden = || call(&SIGMOID, v("u"));
    let bindings = vec![
        binding(v("u"), prod([m("W1"), v("x")])),
        binding(v("z"), prod([m("W2"), hidden()])),
        binding(g("z"), sub(v("z"), v("y"))),
        binding(g("u"), prod([t(m("W2")), g("z")])),
    ];
    let results = vec![
        gradient(symbol("W1", 2), prod([g("u"), t(v("x"))]), n(0), &[0, 1, 2, 3]),
        gradient(symbol("W2", 2), prod([g("z"), t(hidden())]), n(0), &[0, 1, 2]),
        gradient(symbol("u", 1), prod([t(m("W2")), g("z")]), n(0), &[0, 1, 2]),
    ];
    answer(symbol("L", 0), c("L"), bindings, results)
}
