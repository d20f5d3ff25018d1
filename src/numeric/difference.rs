//! Central differences, extrapolated to step 0, with an estimate of their error.
//!
//! The step begins large and is halved; Richardson's table removes the even powers of the step one
//! by one (Ridders 1982). The estimate is the change between neighbouring entries of the table plus
//! the rounding of the quotient. Steps that cross a kink or leave the domain are not used.

/// The most halvings of the step in one table.
const LEVELS: usize = 8;
/// The smallest first step that is tried.
const SMALLEST_START: f64 = 1e-5;

/// What a function did at one step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Probe {
    /// It has a value, and ran through branches with this hash.
    Value(u64),
    /// It has none.
    Undefined,
}

/// A derivative with its error, entry by entry.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Estimate {
    /// The derivative.
    pub value: Vec<f64>,
    /// An estimate of its absolute error.
    pub error: Vec<f64>,
}

/// The derivative at 0 of a function of a step that writes its value into a buffer.
///
/// `branches` is the hash of the branches at step 0. `None` where the function is undefined, or
/// has a kink, too near to 0.
///
/// **Source** Ridders, Advances in Engineering Software 4 (1982) 75.
///
/// # Errors
/// Those of the function.
pub fn central<E>(
    branches: u64,
    start: f64,
    mut function: impl FnMut(f64, &mut Vec<f64>) -> Result<Probe, E>,
) -> Result<Option<Estimate>, E> {
    let (mut plus, mut minus) = (Vec::new(), Vec::new());
    let mut step = start;
    loop {
        plus.clear();
        minus.clear();
        let smooth = function(step, &mut plus)? == Probe::Value(branches)
            && function(-step, &mut minus)? == Probe::Value(branches)
            && plus.iter().chain(&minus).all(|v| v.is_finite());
        if smooth {
            break;
        }
        step /= 4.0;
        if step < SMALLEST_START {
            return Ok(None);
        }
    }
    let mut table = Table::new(plus.len());
    for level in 0..LEVELS {
        if level > 0 {
            step /= 2.0;
            plus.clear();
            minus.clear();
            let right = function(step, &mut plus)?;
            let left = function(-step, &mut minus)?;
            if right == Probe::Undefined || left == Probe::Undefined {
                return Ok(None);
            }
        }
        if !table.add(level, step, &plus, &minus) {
            break;
        }
    }
    Ok(Some(table.best))
}

struct Table {
    /// The last row of each entry's table.
    rows: Vec<[f64; LEVELS]>,
    best: Estimate,
}

impl Table {
    fn new(entries: usize) -> Table {
        Table {
            rows: vec![[0.0; LEVELS]; entries],
            best: Estimate { value: vec![0.0; entries], error: vec![f64::INFINITY; entries] },
        }
    }

    /// Adds a row; false where no entry can gain from another.
    fn add(&mut self, level: usize, step: f64, plus: &[f64], minus: &[f64]) -> bool {
        let mut gains = false;
        for (entry, row) in self.rows.iter_mut().enumerate() {
            let (p, m) = (plus[entry], minus[entry]);
            let rounding = f64::EPSILON * (p.abs() + m.abs()) / step;
            let mut previous = *row;
            std::mem::swap(row, &mut previous);
            row[0] = (p - m) / (2.0 * step);
            if level == 0 {
                self.best.value[entry] = row[0];
                self.best.error[entry] = f64::INFINITY;
                gains = true;
                continue;
            }
            let mut factor = 1.0;
            let mut improved = false;
            for k in 1..=level {
                factor *= 4.0;
                row[k] = row[k - 1] + (row[k - 1] - previous[k - 1]) / (factor - 1.0);
                let change = (row[k] - row[k - 1]).abs().max((row[k] - previous[k - 1]).abs());
                if change + rounding < self.best.error[entry] {
                    self.best.value[entry] = row[k];
                    self.best.error[entry] = change + rounding;
                    improved = true;
                }
            }
            let good = self.best.error[entry] <= 1e-12 * row[level].abs() + 4.0 * rounding;
            gains |= !good && (improved || level < 3);
        }
        gains
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derivative(f: impl Fn(f64) -> f64) -> Option<Estimate> {
        central::<()>(0, 0.2, |t, out| {
            let y = f(t);
            out.push(y);
            Ok(if y.is_nan() { Probe::Undefined } else { Probe::Value(0) })
        })
        .expect("the function has no errors")
    }

    #[test]
    fn smooth_functions_to_ten_digits_with_an_honest_estimate() {
        let cases: [(&dyn Fn(f64) -> f64, f64); 5] = [
            (&|t| (1.0 + t).exp(), 1f64.exp()),
            (&|t| (5.0 * t + 0.3).sin(), 5.0 * 0.3f64.cos()),
            (&|t| (0.05 + t).ln(), 20.0),
            (&|t| 1.0 / (0.3 - t), 1.0 / 0.09),
            (&|_| 1e6, 0.0),
        ];
        for (f, expected) in cases {
            let d = derivative(f).expect("it is smooth");
            let apart = (d.value[0] - expected).abs();
            assert!(apart <= 20.0 * d.error[0], "{apart} {d:?}");
            assert!(apart <= 1e-9 * expected.abs() + 1e-9 * f64::from(expected == 0.0), "{d:?}");
        }
    }

    #[test]
    fn kinks_shorten_the_step_or_stop() {
        let at = |x: f64| {
            central::<()>(1, 0.2, |t, out| {
                out.push((x + t).abs());
                Ok(Probe::Value(u64::from(x + t > 0.0)))
            })
            .expect("the function has no errors")
        };
        assert!((at(1e-3).expect("the kink is far enough").value[0] - 1.0).abs() < 1e-9);
        assert_eq!(at(1e-9), None);
    }
}
