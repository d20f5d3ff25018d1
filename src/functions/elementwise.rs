//! Elementwise functions: one entry each, value and derivative beside each other.
//!
//! Where a derivative can be written in more than one way, the shortest form is taken that is finite
//! wherever the derivative is.

use super::kernel::series::series_kernel;
use super::kernel::{element_kernel, elementary};
use super::{Code, Function, Notation, Range, Ties};
use std::f64::consts::FRAC_PI_2;

const TEXTBOOK: &str = "Abramowitz & Stegun 1964, ch. 4";

/// The poles of the tangent that a sample may come near.
const POLES: &[f64] =
    &[-5.0 * FRAC_PI_2, -3.0 * FRAC_PI_2, -FRAC_PI_2, FRAC_PI_2, 3.0 * FRAC_PI_2, 5.0 * FRAC_PI_2];

pub(super) static TABLE: &[Function] = &[
    // --- exponentials, logarithms, powers ---
    Function::elementwise("exp", &["x"], "the exponential function")
        .derivative(&["y"])
        .value(element_kernel!(|v| v[0].exp()))
        .series(series_kernel!(exp))
        .range(Range::Positive)
        .latex(r"\exp")
        .numpy("np.exp({0})")
        .source(TEXTBOOK),
    Function::elementwise("log", &["x"], "the natural logarithm")
        .aliases(&["ln"])
        .derivative(&["1/x"])
        .value(element_kernel!(|v| v[0].log()))
        .series(series_kernel!(log))
        .domain(Range::Positive)
        .latex(r"\log")
        .numpy("np.log({0})")
        .source(TEXTBOOK),
    Function::elementwise("log1p", &["x"], "log(1 + x), accurate for small x")
        .derivative(&["1/(1 + x)"])
        .value(element_kernel!(|v| v[0].log1p()))
        .series(series_kernel!(log1p))
        .domain(Range::AboveMinusOne)
        .latex(r"\operatorname{log1p}")
        .numpy("np.log1p({0})")
        .source(TEXTBOOK),
    Function::elementwise("expm1", &["x"], "exp(x) - 1, accurate for small x")
        .derivative(&["exp(x)"])
        .value(element_kernel!(|v| v[0].expm1()))
        .series(series_kernel!(expm1))
        .range(Range::AboveMinusOne)
        .latex(r"\operatorname{expm1}")
        .numpy("np.expm1({0})")
        .source(TEXTBOOK),
    Function::elementwise("sqrt", &["x"], "the square root")
        .derivative(&["1/(2*y)"])
        .value(element_kernel!(|v| v[0].sqrt()))
        .series(series_kernel!(sqrt))
        .range(Range::NonNegative)
        .domain(Range::Positive)
        .unicode(Notation::Prefix("√"))
        .latex_notation(Notation::Wrap(r"\sqrt{", "}"))
        .numpy("np.sqrt({0})")
        .source(TEXTBOOK),
    Function::elementwise("pow", &["a", "b"], "the power a^b, elementwise")
        .derivative(&["b*a^(b - 1)", "y*log(a)"])
        .value(element_kernel!(|v| v[0].pow(v[1])))
        .latex(r"\operatorname{pow}")
        .numpy("np.power({0}, {1})")
        .torch(Code::plain("torch.pow({0}, {1})"))
        .source(TEXTBOOK),
    // --- circular functions and their inverses ---
    Function::elementwise("sin", &["x"], "the sine")
        .derivative(&["cos(x)"])
        .value(element_kernel!(|v| v[0].sin()))
        .series(series_kernel!(sin))
        .latex(r"\sin")
        .numpy("np.sin({0})")
        .source(TEXTBOOK),
    Function::elementwise("cos", &["x"], "the cosine")
        .derivative(&["-sin(x)"])
        .value(element_kernel!(|v| v[0].cos()))
        .series(series_kernel!(cos))
        .latex(r"\cos")
        .numpy("np.cos({0})")
        .source(TEXTBOOK),
    Function::elementwise("tan", &["x"], "the tangent")
        .derivative(&["1 + y^2"])
        .value(element_kernel!(|v| v[0].tan()))
        .series(series_kernel!(tan))
        .kinks(POLES)
        .latex(r"\tan")
        .numpy("np.tan({0})")
        .source(TEXTBOOK),
    Function::elementwise("asin", &["x"], "the inverse sine, between -pi/2 and pi/2")
        .aliases(&["arcsin"])
        .derivative(&["1/sqrt(1 - x^2)"])
        .value(element_kernel!(|v| v[0].asin()))
        .series(series_kernel!(asin))
        .domain(Range::Symmetric)
        .latex(r"\arcsin")
        .unicode(Notation::Operator("arcsin"))
        .numpy("np.arcsin({0})")
        .source(TEXTBOOK),
    Function::elementwise("acos", &["x"], "the inverse cosine, between 0 and pi")
        .aliases(&["arccos"])
        .derivative(&["-1/sqrt(1 - x^2)"])
        .value(element_kernel!(|v| v[0].acos()))
        .series(series_kernel!(acos))
        .range(Range::NonNegative)
        .domain(Range::Symmetric)
        .latex(r"\arccos")
        .unicode(Notation::Operator("arccos"))
        .numpy("np.arccos({0})")
        .source(TEXTBOOK),
    Function::elementwise("atan", &["x"], "the inverse tangent, between -pi/2 and pi/2")
        .aliases(&["arctan"])
        .derivative(&["1/(1 + x^2)"])
        .value(element_kernel!(|v| v[0].atan()))
        .series(series_kernel!(atan))
        .latex(r"\arctan")
        .unicode(Notation::Operator("arctan"))
        .numpy("np.arctan({0})")
        .source(TEXTBOOK),
    Function::elementwise("atan2", &["a", "b"], "the angle of the point (b, a), in (-pi, pi]")
        .derivative(&["b/(a^2 + b^2)", "-a/(a^2 + b^2)"])
        .value(element_kernel!(|v| v[0].atan2(v[1])))
        .ties(Ties::Cut)
        .latex(r"\operatorname{atan2}")
        .numpy("np.arctan2({0}, {1})")
        .source("ISO C99, 7.12.4.4"),
    // --- hyperbolic functions and their inverses ---
    Function::elementwise("sinh", &["x"], "the hyperbolic sine")
        .derivative(&["cosh(x)"])
        .value(element_kernel!(|v| v[0].sinh()))
        .series(series_kernel!(sinh))
        .latex(r"\sinh")
        .numpy("np.sinh({0})")
        .source(TEXTBOOK),
    Function::elementwise("cosh", &["x"], "the hyperbolic cosine")
        .derivative(&["sinh(x)"])
        .value(element_kernel!(|v| v[0].cosh()))
        .series(series_kernel!(cosh))
        .range(Range::AtLeastOne)
        .latex(r"\cosh")
        .numpy("np.cosh({0})")
        .source(TEXTBOOK),
    Function::elementwise("tanh", &["x"], "the hyperbolic tangent")
        .derivative(&["1 - y^2"])
        .value(element_kernel!(|v| v[0].tanh()))
        .series(series_kernel!(tanh))
        .range(Range::Symmetric)
        .latex(r"\tanh")
        .numpy("np.tanh({0})")
        .source(TEXTBOOK),
    Function::elementwise("asinh", &["x"], "the inverse hyperbolic sine")
        .aliases(&["arcsinh", "arsinh"])
        .derivative(&["1/sqrt(x^2 + 1)"])
        .value(element_kernel!(|v| v[0].asinh()))
        .series(series_kernel!(asinh))
        .latex(r"\operatorname{arsinh}")
        .unicode(Notation::Operator("arsinh"))
        .numpy("np.arcsinh({0})")
        .source(TEXTBOOK),
    Function::elementwise("acosh", &["x"], "the inverse hyperbolic cosine, at least 0")
        .aliases(&["arccosh", "arcosh"])
        .derivative(&["1/sqrt(x^2 - 1)"])
        .value(element_kernel!(|v| v[0].acosh()))
        .range(Range::NonNegative)
        .domain(Range::AboveOne)
        .latex(r"\operatorname{arcosh}")
        .unicode(Notation::Operator("arcosh"))
        .numpy("np.arccosh({0})")
        .source(TEXTBOOK),
    Function::elementwise("atanh", &["x"], "the inverse hyperbolic tangent")
        .aliases(&["arctanh", "artanh"])
        .derivative(&["1/(1 - x^2)"])
        .value(element_kernel!(|v| v[0].atanh()))
        .series(series_kernel!(atanh))
        .domain(Range::Symmetric)
        .latex(r"\operatorname{artanh}")
        .unicode(Notation::Operator("artanh"))
        .numpy("np.arctanh({0})")
        .source(TEXTBOOK),
    // --- pieces ---
    Function::elementwise("abs", &["x"], "the magnitude; its derivative at 0 is 0")
        .derivative(&["sign(x)"])
        .value(element_kernel!(|v| v[0].magnitude()))
        .series(series_kernel!(abs))
        .range(Range::NonNegative)
        .kinks(&[0.0])
        .unicode(Notation::Around("|", "|"))
        .latex_notation(Notation::Around(r"\left\lvert ", r" \right\rvert"))
        .numpy("np.abs({0})")
        .source("language, section 1"),
    Function::elementwise("sign", &["x"], "-1, 0 or 1 by the sign of x")
        .derivative(&["0"])
        .value(element_kernel!(|v| elementary::sign(v[0])))
        .series(series_kernel!(signum))
        .kinks(&[0.0])
        .latex(r"\operatorname{sign}")
        .numpy("np.sign({0})")
        .source("language, section 1"),
    Function::elementwise("step", &["x"], "1 where x > 0, else 0")
        .derivative(&["0"])
        .value(element_kernel!(|v| elementary::step(v[0])))
        .series(series_kernel!(jump))
        .range(Range::NonNegative)
        .kinks(&[0.0])
        .latex(r"\operatorname{step}")
        .numpy("np.heaviside({0}, 0.0)")
        .torch(Code::plain("({0} > 0.0).to({dtype})"))
        .source("language, section 1"),
    Function::elementwise("where", &["c", "a", "b"], "a where the comparison c holds, else b")
        .derivative(&["0", "where(c, 1, 0)", "where(c, 0, 1)"])
        .value(element_kernel!(|v| Ok(if v[0].is_zero()? { v[2] } else { v[1] })))
        .latex(r"\operatorname{where}")
        .numpy("np.where({0}, {1}, {2})")
        .numpy_scalar("({1} if {0} else {2})")
        .source("language, section 1"),
    // --- units of neural networks ---
    Function::elementwise("relu", &["x"], "max(x, 0); its derivative at 0 is 0")
        .derivative(&["step(x)"])
        .value(element_kernel!(|v| elementary::max(v[0], S::ZERO)))
        .series(series_kernel!(relu))
        .range(Range::NonNegative)
        .kinks(&[0.0])
        .latex(r"\operatorname{ReLU}")
        .unicode(Notation::Operator("ReLU"))
        .numpy("np.maximum({0}, 0.0)")
        .torch(Code::plain("torch.relu({0})"))
        .source("Nair & Hinton 2010"),
    Function::elementwise("leaky_relu", &["x", "a"], "x where x > 0, else a*x")
        .derivative(&["where(x > 0, 1, a)", "min(x, 0)"])
        .value(element_kernel!(|v| elementary::leak(v[0], || Ok(v[1].mul(v[0])))))
        .kinks(&[0.0])
        .unicode(Notation::Operator("LeakyReLU"))
        .latex(r"\operatorname{LeakyReLU}")
        .numpy("_leaky_relu({0}, {1})")
        .helper(
            "def _leaky_relu(x, a):\n    \
             return np.maximum(x, 0.0) + a * np.minimum(x, 0.0)\n",
        )
        .torch(Code::helped(
            "_leaky_relu({0}, {1})",
            "def _leaky_relu(x, a):\n    return torch.where(x > 0.0, x, a * x)\n",
        ))
        .source("Maas, Hannun & Ng 2013"),
    Function::elementwise("elu", &["x", "a"], "x where x > 0, else a*(exp(x) - 1)")
        .derivative(&["where(x > 0, 1, a*exp(x))", "expm1(min(x, 0))"])
        .value(element_kernel!(|v| elementary::leak(v[0], || Ok(v[1].mul(v[0].expm1()?)))))
        .kinks(&[0.0])
        .unicode(Notation::Operator("ELU"))
        .latex(r"\operatorname{ELU}")
        .numpy("_elu({0}, {1})")
        .helper(
            "def _elu(x, a):\n    \
             return np.maximum(x, 0.0) + a * np.expm1(np.minimum(x, 0.0))\n",
        )
        .torch(Code::helped(
            "_elu({0}, {1})",
            "def _elu(x, a):\n    \
             return torch.where(x > 0.0, x, a * torch.expm1(torch.clamp(x, max=0.0)))\n",
        ))
        .source("Clevert, Unterthiner & Hochreiter 2016"),
    Function::elementwise("sigmoid", &["x"], "the logistic function 1/(1 + exp(-x))")
        .aliases(&["logistic", "σ", "sigma"])
        .derivative(&["y*(1 - y)"])
        .value(element_kernel!(|v| v[0].sigmoid()))
        .series(series_kernel!(sigmoid))
        .range(Range::Unit)
        .unicode(Notation::Operator("σ"))
        .latex(r"\sigma")
        .letter("s")
        .numpy("_sigmoid({0})")
        .helper(
            "def _sigmoid(x):\n    \
             e = np.exp(-np.abs(x))\n    \
             return np.where(x >= 0.0, 1.0, e) / (1.0 + e)\n",
        )
        .jax(Code::imported("jax.nn.sigmoid({0})", "import jax"))
        .torch(Code::plain("torch.sigmoid({0})"))
        .source("Bishop 2006, eq. 4.59 and 4.88"),
    Function::elementwise("softplus", &["x"], "log(1 + exp(x))")
        .derivative(&["sigmoid(x)"])
        .value(element_kernel!(|v| v[0].softplus()))
        .series(series_kernel!(softplus))
        .range(Range::Positive)
        .latex(r"\operatorname{softplus}")
        .numpy("np.logaddexp(0.0, {0})")
        // torch.nn.functional.softplus is the identity from 20 on, which is too early in doubles
        .torch(Code::helped(
            "_softplus({0})",
            "def _softplus(x):\n    return torch.logaddexp(x, torch.zeros_like(x))\n",
        ))
        .source("Dugas et al. 2001"),
    Function::elementwise("silu", &["x"], "x*sigmoid(x)")
        .aliases(&["swish"])
        .derivative(&["sigmoid(x) + y*(1 - sigmoid(x))"])
        .value(element_kernel!(|v| Ok(v[0].mul(v[0].sigmoid()?))))
        .series(series_kernel!(silu))
        .unicode(Notation::Operator("SiLU"))
        .latex(r"\operatorname{SiLU}")
        .numpy("_silu({0})")
        .helper(
            "def _silu(x):\n    \
             e = np.exp(-np.abs(x))\n    \
             return x * (np.where(x >= 0.0, 1.0, e) / (1.0 + e))\n",
        )
        .jax(Code::imported("jax.nn.silu({0})", "import jax"))
        .torch(Code::plain("torch.nn.functional.silu({0})"))
        .source("Elfwing, Uchibe & Doya 2018; Ramachandran et al. 2017"),
    Function::elementwise("gelu", &["x"], "x*(1 + erf(x/sqrt(2)))/2")
        .derivative(&["(1 + erf(x/sqrt(2)))/2 + x*exp(-x^2/2)/sqrt(2*pi)"])
        // erfc keeps the digits of the left tail
        .value(element_kernel!(|v| elementary::gelu(v[0])))
        .series(series_kernel!(gelu))
        .unicode(Notation::Operator("GELU"))
        .latex(r"\operatorname{GELU}")
        .numpy("_gelu({0})")
        .helper("def _gelu(x):\n    return 0.5 * x * erfc(-x / np.sqrt(2.0))\n")
        .import("from scipy.special import erfc")
        .torch(Code::helped(
            "_gelu({0})",
            "def _gelu(x):\n    return 0.5 * x * torch.erfc(-x / 2.0**0.5)\n",
        ))
        .source("Hendrycks & Gimpel 2016"),
    Function::elementwise("erf", &["x"], "the error function")
        .derivative(&["2*exp(-x^2)/sqrt(pi)"])
        .value(element_kernel!(|v| v[0].erf()))
        .series(series_kernel!(erf))
        .range(Range::Symmetric)
        .latex(r"\operatorname{erf}")
        .numpy("erf({0})")
        .import("from scipy.special import erf")
        .torch(Code::plain("torch.erf({0})"))
        .source("Abramowitz & Stegun 1964, eq. 7.1.1"),
];

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::super::{Kernel, all, find};
    use super::*;

    fn value(name: &str, arguments: &[f64]) -> f64 {
        let f = find(name).expect("a function of the table");
        match f.kernel_for(arguments.len()) {
            Kernel::Elementwise(kernel) => (kernel.double)(arguments),
            _ => panic!("{name} is not elementwise"),
        }
    }

    fn holds(range: Range, x: f64) -> bool {
        match range {
            Range::Real => true,
            Range::Positive => x > 0.0,
            Range::NonNegative => x >= 0.0,
            Range::NonZero => x != 0.0,
            Range::Unit => 0.0 < x && x < 1.0,
            Range::Symmetric => x.abs() < 1.0,
            Range::AtLeastOne => x >= 1.0,
            Range::AboveMinusOne => x > -1.0,
            Range::AboveOne => x > 1.0,
        }
    }

    #[test]
    fn values_lie_in_the_stated_range_and_exist_only_in_the_domain() {
        for f in TABLE.iter().filter(|f| f.parameters.len() == 1) {
            for k in -40..=40 {
                let x = f64::from(k) / 8.0 + 1.0 / 64.0;
                let y = value(f.name, &[x]);
                if holds(f.facts.domain, x) {
                    assert!(y.is_finite() && holds(f.facts.range, y), "{}({x}) = {y}", f.name);
                } else {
                    assert!(y.is_nan(), "{}({x}) = {y}", f.name);
                }
            }
        }
    }

    #[test]
    fn inverses_undo() {
        for (f, inverse) in [
            ("sin", "asin"),
            ("tan", "atan"),
            ("sinh", "asinh"),
            ("tanh", "atanh"),
            ("cosh", "acosh"),
            ("cos", "acos"),
            ("exp", "log"),
            ("expm1", "log1p"),
        ] {
            for x in [0.1, 0.5, 1.2] {
                let back = value(inverse, &[value(f, &[x])]);
                assert!((back - x).abs() < 1e-14, "{inverse}({f}({x})) = {back}");
            }
        }
        assert!((value("atan2", &[1.0, -1.0]) - 3.0 * FRAC_PI_2 / 2.0).abs() < 1e-15);
    }

    #[test]
    fn units_of_networks_have_their_known_values() {
        for (name, arguments, expected) in [
            // x Φ(x) with Φ(1) = 0.8413447460685429…
            ("gelu", &[1.0][..], 0.841_344_746_068_542_9),
            ("gelu", &[-10.0], -7.619_853_024_160_527e-23),
            ("sigmoid", &[3f64.ln()], 0.75),
            ("silu", &[3f64.ln()], 0.75 * 3f64.ln()),
            ("softplus", &[3f64.ln()], 4f64.ln()),
            ("leaky_relu", &[-2.0, 0.25], -0.5),
            ("leaky_relu", &[2.0, 0.25], 2.0),
            ("elu", &[-(2f64.ln()), 3.0], -1.5),
            ("max", &[2.0, 3.0], 3.0),
            ("min", &[2.0, 3.0], 2.0),
        ] {
            let y = value(name, arguments);
            assert!((y / expected - 1.0).abs() < 2e-14, "{name}{arguments:?} = {y}");
        }
        for (name, x) in [("relu", -1.0), ("relu", 0.0), ("step", 0.0), ("sign", 0.0)] {
            assert_eq!(value(name, &[x]), 0.0);
        }
    }

    #[test]
    fn undefined_arguments_give_undefined_values() {
        for f in all().filter(|f| f.name != "where" && f.name != "pow") {
            if let Kernel::Elementwise(kernel) = f.kernel_for(f.parameters.len()) {
                assert!((kernel.double)(&[f64::NAN, 0.5, 0.5]).is_nan(), "{}", f.name);
            }
        }
    }
}
