//! Ranges inside entries, `x[1:k]`, and block arrays, `[A, B; C, D]`.

use super::ast::{Expr, NodeId};
use super::error::ParseError;
use super::lexer::Token;
use super::parser::{Parser, Pending};
use crate::diagnostic::Span;

impl Parser {
    pub(super) fn in_range(&self) -> bool {
        matches!(self.pending.last(), Some(Pending::Range { .. }))
    }

    /// `a:` or `:`
    pub(super) fn range(&mut self, from: Option<NodeId>, span: Span) {
        self.at += 1;
        self.pending.push(Pending::Range { from, span });
        self.operand = false;
    }

    /// The range is complete; what ends it is still to be read.
    pub(super) fn end_range(&mut self, to: Option<NodeId>) {
        let Some(Pending::Range { from, span }) = self.pending.pop() else { return };
        let end = to.map_or(span, |n| span.to(self.program.span(n)));
        let start = from.map_or(end, |n| self.program.span(n).to(end));
        let id = self.node(Expr::Range(from, to), start);
        self.values.push(id);
        self.operand = true;
    }

    /// A colon after an operand.
    pub(super) fn colon(&mut self, base: usize, span: Span) -> Result<bool, ParseError> {
        self.reduce(base, 0);
        match self.pending.last() {
            Some(Pending::Entry { .. }) if self.pending.len() > base => {
                let from = self.values.pop();
                self.range(from, span);
                Ok(true)
            }
            _ => self.unexpected("an operator or the end of the statement"),
        }
    }

    /// Whether the innermost bracket is that of a block array.
    pub(super) fn block_is_innermost(&self) -> bool {
        if self.blocks == 0 {
            return false;
        }
        let innermost = self.pending.iter().rev().find(|p| p.is_bracket());
        matches!(innermost, Some(Pending::Block { .. }))
    }

    /// A sign inside an item: `[a -b]` would be two blocks to some readers and a difference to others.
    pub(super) fn item(&self, span: Span) -> Result<(), ParseError> {
        let ambiguous = self.peek().spaced && !self.peek_at(1).spaced;
        if ambiguous && self.block_is_innermost() {
            return Err(ParseError::BlocksSideBySide(span));
        }
        Ok(())
    }

    /// Whether the operators that are open belong to a block array; they are closed where so.
    pub(super) fn in_block(&mut self, base: usize) -> bool {
        if !self.block_is_innermost() {
            return false;
        }
        self.reduce(base, 0);
        self.pending.len() > base && matches!(self.pending.last(), Some(Pending::Block { .. }))
    }

    /// Notes whether the item that ends here is a row in brackets of its own.
    pub(super) fn end_item(&mut self) {
        let closed = self.at > 0 && self.tokens[self.at - 1].token == Token::CloseBracket;
        let row = closed
            && self.values.last().is_some_and(|v| {
                let block = matches!(self.program.node(*v), Expr::Block { down: false, .. });
                block || self.alone == Some(*v)
            });
        if let Some(Pending::Block { bracketed, .. }) = self.pending.last_mut() {
            *bracketed += u32::from(row);
        }
    }

    /// `;` after a row of blocks.
    pub(super) fn end_row(&mut self) -> Result<(), ParseError> {
        self.row();
        self.at += 1;
        if let Some(Pending::Block { count, rows, bracketed, .. }) = self.pending.last_mut() {
            *rows += 1;
            (*count, *bracketed) = (0, 0);
        }
        self.operand = false;
        if matches!(self.peek().token, Token::CloseBracket) {
            return self.unexpected("a row of blocks");
        }
        Ok(())
    }

    /// The blocks of one row as one value.
    fn row(&mut self) {
        let Some(Pending::Block { count, rows, bracketed, .. }) = self.pending.last() else {
            return;
        };
        let blocks = *count as usize + 1;
        if blocks > 1 {
            // brackets inside brackets are rows under each other
            let down = *rows == 0 && *bracketed as usize == blocks;
            self.stack(blocks, down);
        }
    }

    fn stack(&mut self, blocks: usize, down: bool) {
        let start = self.values.len() - blocks;
        let nodes: smallvec::SmallVec<[NodeId; 4]> = self.values.drain(start..).collect();
        let span = self.program.span(nodes[0]).to(self.program.span(nodes[blocks - 1]));
        let list = self.list(&nodes);
        let id = self.node(Expr::Block { down, list }, span);
        self.values.push(id);
    }

    /// `[A, B; C, D]`, complete.
    pub(super) fn block(&mut self, span: Span) -> Result<bool, ParseError> {
        self.end_item();
        self.row();
        let Some(Pending::Block { count, rows, bracketed, span: open }) = self.pending.pop() else {
            return Ok(false);
        };
        self.at += 1;
        self.blocks -= 1;
        let whole = open.to(span);
        if rows == 0 && count == 0 && bracketed == 0 {
            if self.block_is_innermost() {
                self.alone = self.values.last().copied();
                return Ok(true);
            }
            return Err(ParseError::OneBlock(whole));
        }
        if rows > 0 {
            self.stack(rows as usize + 1, true);
        }
        let id = *self.values.last().expect("blocks were read");
        self.program.spans[id.0 as usize] = whole;
        Ok(true)
    }
}
