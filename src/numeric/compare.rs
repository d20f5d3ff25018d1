//! How far two arrays are apart.

/// The largest difference of two arrays relative to the largest entry of the second; infinite where
/// the lengths differ or an entry is not finite. 0 where both are zero throughout.
pub fn relative_error(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let mut largest = 0.0f64;
    let mut apart = 0.0f64;
    for (a, b) in found.iter().zip(expected) {
        if !a.is_finite() || !b.is_finite() {
            return f64::INFINITY;
        }
        largest = largest.max(b.abs());
        apart = apart.max((a - b).abs());
    }
    if apart == 0.0 { 0.0 } else { apart / largest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_relative_to_the_largest_entry() {
        assert!((relative_error(&[1.0, 100.0], &[2.0, 100.0]) - 0.01).abs() < 1e-15);
        assert!(relative_error(&[1e-30], &[0.0]).is_infinite());
        assert!(relative_error(&[f64::NAN], &[0.0]).is_infinite());
        assert!(relative_error(&[0.0, -0.0], &[0.0, 0.0]).abs() < f64::EPSILON);
    }
}
