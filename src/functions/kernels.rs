//! Numeric kernels that more than one entry uses, written from textbook definitions.

/// 1/(1 + e⁻ˣ) without overflow.
pub(super) fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// log(1 + eˣ) without overflow.
pub(super) fn log1p_exp(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The error function, to about 1 ulp: its Taylor series with positive terms below 3, a continued
/// fraction of its complement above.
///
/// **Source.** DLMF 7.6.2 and 7.9.1.
pub(crate) fn erf(x: f64) -> f64 {
    let a = x.abs();
    if a.is_nan() {
        return x;
    }
    let value = if a < 3.0 {
        // erf x = 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1·3·5⋯(2n+1))
        let (mut term, mut sum, mut n) = (a, a, 0.0);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= 2.0 * a * a / (2.0 * n + 1.0);
            sum += term;
        }
        std::f64::consts::FRAC_2_SQRT_PI * (-a * a).exp() * sum
    } else if a < 6.0 {
        // erfc x = e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3/2/(x + …))))
        let tail = (1..=60).rev().fold(a, |t, k| a + f64::from(k) / 2.0 / t);
        1.0 - (-a * a).exp() * std::f64::consts::FRAC_2_SQRT_PI / 2.0 / tail
    } else {
        1.0
    };
    value.copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_has_its_tabulated_values() {
        for (x, y) in [
            (0.5, 0.520_499_877_813_046_5),
            (1.0, 0.842_700_792_949_714_9),
            (2.0, 0.995_322_265_018_952_7),
            (3.5, 0.999_999_256_901_627_7),
        ] {
            assert!((erf(x) - y).abs() < 4e-16, "erf({x}) = {}", erf(x));
            assert!((erf(-x) + y).abs() < 4e-16);
        }
    }

    #[test]
    fn the_logistic_function_does_not_overflow() {
        assert_eq!(sigmoid(1000.0), 1.0);
        assert_eq!(sigmoid(-1000.0), 0.0);
        assert_eq!(log1p_exp(1000.0), 1000.0);
        assert!((sigmoid(0.3) + sigmoid(-0.3) - 1.0).abs() < 1e-16);
    }
}
