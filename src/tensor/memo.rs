//! A map from expressions, dense: ids are positions. Emptying it takes constant time, so that one
//! map serves many small walks over a large arena.

use super::node::ExprId;

/// A map from [`ExprId`] to a number or another expression.
#[derive(Debug)]
pub(crate) struct Memo {
    /// For each id the round in which it was set, and what to.
    slots: Vec<(u32, u32)>,
    round: u32,
}

impl Default for Memo {
    fn default() -> Memo {
        Memo { slots: Vec::new(), round: 1 }
    }
}

impl Memo {
    /// An empty map with room for the first `len` expressions.
    pub(crate) fn with_room(len: usize) -> Memo {
        Memo { slots: vec![(0, 0); len], round: 1 }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.round += 1;
    }

    /// What was set.
    pub(crate) fn get(&self, id: ExprId) -> Option<u32> {
        match self.slots.get(id.0 as usize) {
            Some((round, value)) if *round == self.round => Some(*value),
            _ => None,
        }
    }

    /// Sets a value; whether there was none before.
    pub(crate) fn set(&mut self, id: ExprId, value: u32) -> bool {
        let at = id.0 as usize;
        if at >= self.slots.len() {
            self.slots.resize((at + 1).next_power_of_two(), (0, 0));
        }
        let fresh = self.slots[at].0 != self.round;
        self.slots[at] = (self.round, value);
        fresh
    }

    /// The expression that was set.
    pub(crate) fn expr(&self, id: ExprId) -> Option<ExprId> {
        self.get(id).map(ExprId)
    }

    /// Sets an expression; whether there was none before.
    pub(crate) fn set_expr(&mut self, id: ExprId, value: ExprId) -> bool {
        self.set(id, value.0)
    }

    /// Whether something was set.
    pub(crate) fn contains(&self, id: ExprId) -> bool {
        self.get(id).is_some()
    }

    /// The number that was set, or 0.
    pub(crate) fn count(&self, id: ExprId) -> u32 {
        self.get(id).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_there_until_it_is_cleared() {
        let mut memo = Memo::with_room(2);
        assert!(memo.set(ExprId(1), 7));
        assert!(memo.set_expr(ExprId(5), ExprId(3)));
        assert!(!memo.set(ExprId(1), 8));
        assert_eq!((memo.get(ExprId(1)), memo.expr(ExprId(5))), (Some(8), Some(ExprId(3))));
        assert!(!memo.contains(ExprId(0)));
        assert!(!memo.contains(ExprId(90)));
        memo.clear();
        assert_eq!((memo.get(ExprId(1)), memo.count(ExprId(5))), (None, 0));
    }
}
