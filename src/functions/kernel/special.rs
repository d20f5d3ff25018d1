//! Functions of one or a few doubles. NaN means undefined, infinity means overflow: so poles are
//! NaN.

use std::f64::consts::{FRAC_2_SQRT_PI, LN_2};

/// log x.
pub(in crate::functions) fn log(x: f64) -> f64 {
    if x <= 0.0 { f64::NAN } else { x.ln() }
}

/// a^b; 0^0 is 1.
pub(in crate::functions) fn pow(a: f64, b: f64) -> f64 {
    if a == 0.0 && b < 0.0 { f64::NAN } else { a.powf(b) }
}

/// arcosh x. Relative error a few ulp, near 1 too, where log(x + √(x² − 1)) loses half the digits.
pub(in crate::functions) fn acosh(x: f64) -> f64 {
    let t = x - 1.0;
    if t < 0.0 {
        f64::NAN
    } else if x > 1e8 {
        x.ln() + LN_2
    } else {
        (t + (t * (x + 1.0)).sqrt()).ln_1p()
    }
}

/// 1/(1 + exp(−x)), with full relative accuracy in the left tail.
pub(in crate::functions) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// log(1 + exp x).
pub(in crate::functions) fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// The error function. Relative error a few ulp.
pub(in crate::functions) fn erf(x: f64) -> f64 {
    if x.abs() < 1.0 {
        series(x)
    } else if x.is_nan() {
        x
    } else {
        (1.0 - tail(x.abs())).copysign(x)
    }
}

/// 1 − erf x. Relative error a few ulp until it underflows near x = 26.6.
pub(in crate::functions) fn erfc(x: f64) -> f64 {
    if x.abs() < 1.0 {
        1.0 - series(x)
    } else if x.is_nan() {
        x
    } else if x > 0.0 {
        tail(x)
    } else {
        2.0 - tail(-x)
    }
}

/// erf x = 2/√π exp(−x²) Σₙ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!  (Abramowitz & Stegun 7.1.6): no term cancels
/// another.
fn series(x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    // |x| ≤ 1: each term is at most 2/(2n+1) of the last
    while term.abs() > sum.abs() * f64::EPSILON / 4.0 {
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

/// erfc x = exp(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))) for x ≥ 1
/// (Abramowitz & Stegun 7.1.14).
fn tail(x: f64) -> f64 {
    if x > 28.0 {
        return 0.0;
    }
    // the error after n steps falls like exp(−2x√(2n))
    let mut n = (0.5 * (19.0 / x).powi(2)).floor() + 8.0;
    let mut denominator = x;
    while n >= 1.0 {
        denominator = x + 0.5 * n / denominator;
        n -= 1.0;
    }
    // x² rounds by up to x² ulp; with its leading half, whose square is exact, it does not
    let head = f64::from_bits(x.to_bits() & !0x07ff_ffff);
    let power = (-head * head).exp() * ((head - x) * (head + x)).exp();
    0.5 * FRAC_2_SQRT_PI * power / denominator
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
#[expect(clippy::excessive_precision, reason = "as tables give them")]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 8.0 * f64::EPSILON * b.abs()
    }

    #[test]
    fn erf_and_erfc_agree_with_tables() {
        // DLMF and Abramowitz & Stegun tables 7.1–7.3, continued to 17 digits
        for (x, value) in [
            (1e-10, 1.128_379_167_095_512_6e-10),
            (0.1, 0.112_462_916_018_284_89),
            (0.5, 0.520_499_877_813_046_54),
            (1.0, 0.842_700_792_949_714_87),
            (2.0, 0.995_322_265_018_952_73),
            (3.0, 0.999_977_909_503_001_41),
        ] {
            assert!(close(erf(x), value), "erf {x}: {} {value}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        for (x, value) in [
            (0.5, 0.479_500_122_186_953_46),
            (1.0, 0.157_299_207_050_285_13),
            (2.0, 4.677_734_981_047_265_8e-3),
            (5.0, 1.537_459_794_428_034_9e-12),
            (10.0, 2.088_487_583_762_544_8e-45),
            (25.0, 8.300_172_571_196_522_8e-274),
        ] {
            assert!(close(erfc(x), value), "erfc {x}: {} {value}", erfc(x));
            assert!(close(erfc(-x), 2.0 - value));
        }
        assert_eq!(erf(0.0), 0.0);
        assert_eq!((erf(f64::INFINITY), erfc(f64::NEG_INFINITY)), (1.0, 2.0));
        assert!(erf(f64::NAN).is_nan() && erfc(f64::NAN).is_nan());
    }

    #[test]
    fn series_and_continued_fraction_meet() {
        for k in 0..40 {
            let x = 1.0 + f64::from(k) * 0.02;
            assert!((1.0 - series(x) - tail(x)).abs() < 4.0 * f64::EPSILON, "{x}");
        }
    }

    #[test]
    fn tails_stay_finite_and_accurate() {
        assert_eq!((sigmoid(1000.0), sigmoid(-1000.0)), (1.0, 0.0));
        assert!(close(sigmoid(-40.0), (-40.0f64).exp()));
        assert_eq!((softplus(1000.0), softplus(-1000.0)), (1000.0, 0.0));
        assert!(close(softplus(0.0), LN_2));
        // arcosh(1 + t) = √(2t)(1 − t/12 + …)
        let t = 2f64.powi(-40);
        assert!(close(acosh(1.0 + t), (2.0 * t).sqrt() * (1.0 - t / 12.0)));
        assert!(close(acosh(2.0), (2.0 + 3f64.sqrt()).ln()));
        assert!(close(acosh(1e300), 1e300f64.ln() + LN_2));
    }

    #[test]
    fn nothing_is_defined_outside_its_domain() {
        assert!(log(0.0).is_nan() && log(-1.0).is_nan() && acosh(0.5).is_nan());
        assert!(pow(0.0, -1.0).is_nan() && pow(-2.0, 0.5).is_nan());
        assert_eq!((pow(0.0, 0.0), pow(-2.0, 3.0)), (1.0, -8.0));
    }
}
