//! A map from expressions, dense: ids are positions. Emptying it takes constant time, so that one
//! map serves many small walks over a large arena.

use super::node::ExprId;

/// So many ids are forgotten together.
const BLOCK: usize = 32;
/// What stands where nothing was set.
const NOTHING: u32 = u32::MAX;

/// A map from [`ExprId`] to a number below `u32::MAX` or another expression.
#[derive(Debug)]
pub(crate) struct Memo {
    /// For each block the round in which something was last set there, and what each of its ids was
    /// set to.
    blocks: Vec<[u32; BLOCK + 1]>,
    round: u32,
}

impl Default for Memo {
    fn default() -> Memo {
        Memo { blocks: Vec::new(), round: 1 }
    }
}

impl Memo {
    /// An empty map with room for the first `len` expressions.
    pub(crate) fn with_room(len: usize) -> Memo {
        Memo { blocks: vec![[0; BLOCK + 1]; len.div_ceil(BLOCK)], round: 1 }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.round += 1;
    }

    /// What was set.
    pub(crate) fn get(&self, id: ExprId) -> Option<u32> {
        let block = self.blocks.get(id.0 as usize / BLOCK).filter(|b| b[0] == self.round)?;
        Some(block[id.0 as usize % BLOCK + 1]).filter(|value| *value != NOTHING)
    }

    /// Sets a value; whether there was none before.
    pub(crate) fn set(&mut self, id: ExprId, value: u32) -> bool {
        debug_assert!(value != NOTHING, "what is set is a number or an expression");
        let at = id.0 as usize / BLOCK;
        if at >= self.blocks.len() {
            self.blocks.resize((at + 1).next_power_of_two(), [0; BLOCK + 1]);
        }
        let block = &mut self.blocks[at];
        if block[0] != self.round {
            block.fill(NOTHING);
            block[0] = self.round;
        }
        std::mem::replace(&mut block[id.0 as usize % BLOCK + 1], value) == NOTHING
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
