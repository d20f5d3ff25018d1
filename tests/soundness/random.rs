//! Choices by a seed.

pub(crate) use derive::numeric::sample::Random;

/// A choice from a list.
pub(crate) trait Pick {
    /// One of these.
    fn pick<T: Copy>(&mut self, list: &[T]) -> T;
}

impl Pick for Random {
    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}
