//! What the cotangent of each symbol is the sum of, while a sweep goes on.

use crate::tensor::memo::Memo;
use crate::tensor::node::ExprId;
use smallvec::{SmallVec, smallvec};

/// The contributions to each symbol.
#[derive(Default)]
pub(super) struct Collected {
    places: Memo,
    lists: Vec<SmallVec<[ExprId; 2]>>,
}

impl Collected {
    /// Adds one.
    pub(super) fn push(&mut self, symbol: ExprId, contribution: ExprId) {
        match self.places.get(symbol) {
            Some(place) => self.lists[place as usize].push(contribution),
            None => {
                self.places.set(symbol, self.lists.len() as u32);
                self.lists.push(smallvec![contribution]);
            }
        }
    }

    /// All that were added since they were last taken.
    pub(super) fn take(&mut self, symbol: ExprId) -> SmallVec<[ExprId; 2]> {
        let place = self.places.get(symbol);
        place.map_or(SmallVec::new(), |place| std::mem::take(&mut self.lists[place as usize]))
    }

    /// The same, and they stay.
    pub(super) fn of(&self, symbol: ExprId) -> &[ExprId] {
        self.places.get(symbol).map_or(&[], |place| &self.lists[place as usize])
    }
}
