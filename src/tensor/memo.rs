//! A map from expressions, dense: ids are positions. Emptying it takes constant time, so that one
//! map serves many small walks over a large arena.

use super::node::ExprId;

/// So many slots are emptied together.
const BLOCK: usize = 32;
/// What stands where nothing was set.
const NOTHING: u32 = u32::MAX;

/// A map from [`ExprId`] to a number below `u32::MAX` or another expression.
#[derive(Debug)]
pub(crate) struct Memo {
    /// What each id was set to, in the blocks that belong to this round.
    slots: Vec<u32>,
    /// The round in which something was last set in each block of slots.
    rounds: Vec<u32>,
    round: u32,
}

impl Default for Memo {
    fn default() -> Memo {
        Memo { slots: Vec::new(), rounds: Vec::new(), round: 1 }
    }
}

impl Memo {
    /// An empty map with room for the first `len` expressions.
    pub(crate) fn with_room(len: usize) -> Memo {
        let blocks = len.div_ceil(BLOCK);
        Memo { slots: vec![0; blocks * BLOCK], rounds: vec![0; blocks], round: 1 }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.round += 1;
    }

    /// What was set.
    pub(crate) fn get(&self, id: ExprId) -> Option<u32> {
        let at = id.0 as usize;
        if self.rounds.get(at / BLOCK) != Some(&self.round) {
            return None;
        }
        Some(self.slots[at]).filter(|value| *value != NOTHING)
    }

    /// Sets a value; whether there was none before.
    pub(crate) fn set(&mut self, id: ExprId, value: u32) -> bool {
        debug_assert!(value != NOTHING, "what is set is a number or an expression");
        let at = id.0 as usize;
        let block = at / BLOCK;
        if block >= self.rounds.len() {
            let blocks = (block + 1).next_power_of_two();
            self.rounds.resize(blocks, 0);
            self.slots.resize(blocks * BLOCK, 0);
        }
        if self.rounds[block] != self.round {
            self.rounds[block] = self.round;
            self.slots[block * BLOCK..][..BLOCK].fill(NOTHING);
        }
        std::mem::replace(&mut self.slots[at], value) == NOTHING
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
