//! What may follow an operand: operators by precedence, brackets that close, juxtaposition.

use super::ast::{Comparison, Expr, NameId, NodeId, ProductOp};
use super::error::ParseError;
use super::lexer::{Lexeme, Token};
use super::operator::precedence;
use super::parser::{Parser, Pending, open_error};
use crate::diagnostic::Span;
use crate::number::Number;

impl Parser {
    /// What may follow an operand. False where the expression ends.
    pub(super) fn continuation(&mut self, base: usize) -> Result<bool, ParseError> {
        let Lexeme { token, span, .. } = self.peek();
        match token {
            // `A^⊤`
            Token::Caret if self.peek_at(1).token == Token::Transpose => {
                self.at += 1;
                self.postfix(Token::Transpose, self.peek().span)?;
            }
            Token::Prime | Token::Transpose | Token::Superscript(_) | Token::OpenBracket => {
                self.postfix(token, span)?;
            }
            Token::Caret | Token::DotCaret => self.power(token),
            Token::Times => self.product(base, ProductOp::Product),
            Token::Hadamard => self.product(base, ProductOp::Hadamard),
            Token::Infix(function) => self.infix(base, function),
            Token::Slash => self.product(base, ProductOp::Quotient),
            Token::ElementSlash => self.product(base, ProductOp::ElementQuotient),
            Token::Number(_) | Token::Name(_) | Token::Open => self.juxtaposition(base, span)?,
            Token::Plus | Token::Minus => {
                self.item(span)?;
                self.sum(base, (token == Token::Minus).then_some(span));
            }
            Token::Less => self.comparison(base, Comparison::Less)?,
            Token::LessEqual => self.comparison(base, Comparison::LessEqual)?,
            Token::Greater => self.comparison(base, Comparison::Greater)?,
            Token::GreaterEqual => self.comparison(base, Comparison::GreaterEqual)?,
            Token::Comma => return self.comma(base),
            Token::Close => return self.close(base, span),
            Token::CloseBracket => return self.close_bracket(base),
            Token::Colon => return self.colon(base, span),
            Token::Separator if self.in_block(base) => self.end_row()?,
            Token::Separator | Token::End | Token::Equal | Token::Assign => {
                if let Some(open) = self.innermost(base) {
                    if matches!(token, Token::Assign | Token::Equal) {
                        return self.unexpected("an operator or a closing bracket");
                    }
                    return Err(open_error(open, span));
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `A'`, `A²`, `A[`
    fn postfix(&mut self, token: Token, span: Span) -> Result<(), ParseError> {
        self.at += 1;
        let top = *self.values.last().expect("an operand was read");
        let whole = self.program.span(top).to(span);
        match token {
            Token::OpenBracket => {
                self.values.pop();
                self.pending.push(Pending::Entry { base: top, count: 0, span });
                self.operand = false;
            }
            Token::Superscript(n) => {
                let value = Number::integer(i64::from(n.abs()));
                let mut exponent = self.node(Expr::Number(value), span);
                if n < 0 {
                    exponent = self.node(Expr::Negate(exponent), span);
                }
                *self.values.last_mut().expect("an operand was read") =
                    self.node(Expr::Power(top, exponent), whole);
            }
            _ => {
                let exponent = matches!(self.program.node(top), Expr::Number(_))
                    && matches!(
                        self.pending.last(),
                        Some(Pending::Power { .. } | Pending::Negate(_))
                    )
                    && self.exponent_pending();
                if exponent {
                    return Err(ParseError::PrimeAfterExponent(span));
                }
                *self.values.last_mut().expect("an operand was read") =
                    self.node(Expr::Transpose(top), whole);
            }
        }
        Ok(())
    }

    fn exponent_pending(&self) -> bool {
        let below = self.pending.iter().rev().find(|p| !matches!(p, Pending::Negate(_)));
        matches!(below, Some(Pending::Power { .. }))
    }

    /// `a^b`, `a.^b`; to the right. `A^T` is the transpose.
    fn power(&mut self, token: Token) {
        if let (Token::Caret, Token::Name(name)) = (token, self.peek_at(1).token)
            && self.program.name(name) == "T"
            && !self.use_of(name).variable
            && self.peek_at(2).token != Token::OpenBracket
        {
            let span = self.peek_at(1).span;
            self.at += 2;
            let top = *self.values.last().expect("an operand was read");
            let whole = self.program.span(top).to(span);
            *self.values.last_mut().expect("an operand was read") =
                self.node(Expr::Transpose(top), whole);
            return;
        }
        self.at += 1;
        self.pending.push(Pending::Power { element: token == Token::DotCaret });
        self.operand = false;
    }

    /// `a*b`, `a .* b`, `a/b`, `a ./ b`; to the left.
    fn product(&mut self, base: usize, op: ProductOp) {
        self.at += 1;
        self.reduce(base, precedence::PRODUCT);
        self.pending.push(Pending::Product(op));
        self.operand = false;
    }

    /// `A ⊗ B`; a product like any other.
    fn infix(&mut self, base: usize, function: NameId) {
        self.at += 1;
        self.reduce(base, precedence::PRODUCT);
        self.pending.push(Pending::Infix(function));
        self.operand = false;
    }

    fn juxtaposition(&mut self, base: usize, span: Span) -> Result<(), ParseError> {
        if self.block_is_innermost() {
            return Err(ParseError::BlocksSideBySide(span));
        }
        self.reduce(base, precedence::UNARY);
        let number = |p: &Parser, back: usize| {
            let at = p.values.len().checked_sub(back);
            at.is_some_and(|at| match p.program.node(p.values[at]) {
                Expr::Number(_) => true,
                Expr::Negate(a) => matches!(p.program.node(*a), Expr::Number(_)),
                _ => false,
            })
        };
        if matches!(self.peek().token, Token::Number(_)) && number(self, 1) {
            return Err(ParseError::NumbersSideBySide(span));
        }
        if self.sizes && self.innermost(base).is_none() && !number(self, 1) {
            return self.unexpected("`,` between sizes");
        }
        if let Some(Pending::Product(ProductOp::Quotient | ProductOp::ElementQuotient)) =
            self.pending[base..].last()
            && !(number(self, 1) && number(self, 2))
        {
            return Err(ParseError::AmbiguousQuotient(span));
        }
        self.product(base, ProductOp::Product);
        self.at -= 1;
        Ok(())
    }

    /// `a + b - c`: one list of terms.
    fn sum(&mut self, base: usize, minus: Option<Span>) {
        self.at += 1;
        self.reduce(base, precedence::SUM + 1);
        self.operand = false;
        if self.pending.len() > base && matches!(self.pending.last(), Some(Pending::Sum { .. })) {
            self.finish_term();
            if let Some(Pending::Sum { count, minus: slot }) = self.pending.last_mut() {
                *count += 1;
                *slot = minus;
            }
        } else {
            self.pending.push(Pending::Sum { count: 1, minus });
        }
    }

    fn finish_term(&mut self) {
        if let Some(Pending::Sum { minus, .. }) = self.pending.last_mut()
            && let Some(span) = minus.take()
        {
            let term = *self.values.last().expect("a term was read");
            let span = span.to(self.program.span(term));
            *self.values.last_mut().expect("a term was read") = self.node(Expr::Negate(term), span);
        }
    }

    /// `a < b`
    fn comparison(&mut self, base: usize, c: Comparison) -> Result<(), ParseError> {
        self.reduce(base, precedence::COMPARISON + 1);
        if self.pending.len() > base && matches!(self.pending.last(), Some(Pending::Compare(_))) {
            return self.unexpected("a single comparison");
        }
        self.at += 1;
        self.pending.push(Pending::Compare(c));
        self.operand = false;
        Ok(())
    }

    fn comma(&mut self, base: usize) -> Result<bool, ParseError> {
        self.reduce(base, 0);
        if self.in_range() {
            let end = self.values.pop();
            self.end_range(end);
        }
        if self.pending.len() == base {
            return Ok(false);
        }
        let value = *self.values.last().expect("an operand was read");
        match self.pending.last_mut() {
            Some(Pending::Call { count, axis, reading_axis, .. }) => {
                if std::mem::take(reading_axis) {
                    *axis = Some(value);
                    self.values.pop();
                } else {
                    *count += 1;
                }
            }
            Some(Pending::Entry { count, .. }) => *count += 1,
            Some(Pending::Block { count, .. }) => {
                *count += 1;
                self.end_item();
            }
            _ => return self.unexpected("`)`"),
        }
        self.at += 1;
        self.operand = false;
        Ok(true)
    }

    fn close(&mut self, base: usize, span: Span) -> Result<bool, ParseError> {
        self.reduce(base, 0);
        if self.pending.len() == base {
            return Err(ParseError::Unopened { bracket: ')', span });
        }
        match self.pending.last() {
            Some(Pending::Group(open)) => {
                // the brackets belong to the place, so that what is underlined or quoted is whole
                let whole = open.to(span);
                self.pending.pop();
                self.at += 1;
                let id = *self.values.last().expect("an operand was read");
                self.program.spans[id.0 as usize] = whole;
            }
            Some(Pending::Call { .. }) => {
                self.at += 1;
                self.call(1);
            }
            Some(Pending::IndexSum { list, span: open }) => {
                let (list, open) = (*list, *open);
                self.pending.pop();
                self.at += 1;
                let body = self.values.pop().expect("a body was read");
                let id = self.node(Expr::IndexSum(list, body), open.to(span));
                self.values.push(id);
            }
            Some(
                Pending::Entry { span: open, .. }
                | Pending::Block { span: open, .. }
                | Pending::Range { span: open, .. },
            ) => {
                return Err(ParseError::Unclosed { bracket: '[', open: *open, span });
            }
            _ => return self.unexpected("an expression"),
        }
        Ok(true)
    }

    /// `f(…)`, complete; `last` counts the argument that was being read.
    pub(super) fn call(&mut self, last: u32) {
        let end = self.tokens[self.at - 1].span;
        let Some(Pending::Call { name, primes, mut count, mut axis, reading_axis, span }) =
            self.pending.pop()
        else {
            return;
        };
        if reading_axis {
            axis = self.values.pop();
        } else {
            count += last;
        }
        let arguments = self.list_of_last(count as usize);
        let id = self.node(Expr::Call { function: name, primes, arguments, axis }, span.to(end));
        self.values.push(id);
        self.operand = true;
    }

    fn close_bracket(&mut self, base: usize) -> Result<bool, ParseError> {
        self.reduce(base, 0);
        if self.in_range() {
            let end = self.values.pop();
            self.end_range(end);
        }
        if self.pending.len() == base {
            return Ok(false);
        }
        let span = self.peek().span;
        match self.pending.last() {
            Some(Pending::Entry { base: array, count, .. }) => {
                let (array, count) = (*array, *count + 1);
                self.pending.pop();
                self.at += 1;
                let list = self.list_of_last(count as usize);
                let whole = self.program.span(array).to(span);
                let id = self.node(Expr::Entry(array, list), whole);
                self.values.push(id);
                Ok(true)
            }
            Some(Pending::Block { .. }) => self.block(span),
            Some(open) => Err(open_error(open, span)),
            None => Ok(false),
        }
    }

    /// Builds what binds at least as tightly as `least`, down to the innermost bracket.
    pub(super) fn reduce(&mut self, base: usize, least: u8) {
        while self.pending.len() > base {
            let strength = match self.pending.last() {
                Some(Pending::Sum { .. }) => precedence::SUM,
                Some(Pending::Product(_) | Pending::Infix(_)) => precedence::PRODUCT,
                Some(Pending::Compare(_)) => precedence::COMPARISON,
                Some(Pending::Negate(_)) => precedence::UNARY,
                Some(Pending::Power { .. }) => precedence::POWER,
                _ => return,
            };
            if strength < least {
                return;
            }
            self.finish_term();
            let Some(operator) = self.pending.pop() else { return };
            self.build(&operator);
        }
    }

    fn build(&mut self, operator: &Pending) {
        let right = self.values.pop().expect("an operator has operands");
        let right_span = self.program.span(right);
        if let Pending::Negate(span) = operator {
            let id = self.node(Expr::Negate(right), span.to(right_span));
            self.values.push(id);
            return;
        }
        if let Pending::Sum { count, .. } = operator {
            self.values.push(right);
            let list = self.list_of_last(*count as usize + 1);
            let first = self.program.list(list)[0];
            let span = self.program.span(first).to(right_span);
            let id = self.node(Expr::Sum(list), span);
            self.values.push(id);
            return;
        }
        let left = self.values.pop().expect("an operator has operands");
        let span = self.program.span(left).to(right_span);
        let expr = match operator {
            Pending::Product(op) => self.fold(*op, left, right),
            Pending::Infix(function) => {
                self.values.extend([left, right]);
                let arguments = self.list_of_last(2);
                Expr::Call { function: *function, primes: 0, arguments, axis: None }
            }
            Pending::Compare(c) => Expr::Compare(*c, left, right),
            Pending::Power { element: true } => Expr::ElementPower(left, right),
            _ => Expr::Power(left, right),
        };
        let id = self.node(expr, span);
        self.values.push(id);
    }

    /// A quotient of two literals is one number, with its sign before it: `-1/2`.
    fn fold(&mut self, op: ProductOp, left: NodeId, right: NodeId) -> Expr {
        let (inner, negative) = match self.program.node(left) {
            Expr::Negate(a) => (*a, true),
            _ => (left, false),
        };
        if let (ProductOp::Quotient, Expr::Number(a), Expr::Number(b)) =
            (op, self.program.node(inner), self.program.node(right))
            && let Some(q) = a.div(b)
        {
            if negative {
                let span = self.program.span(inner).to(self.program.span(right));
                let quotient = self.node(Expr::Number(q), span);
                return Expr::Negate(quotient);
            }
            return Expr::Number(q);
        }
        Expr::Product(op, left, right)
    }
}
