//! The parser: operator precedence with stacks on the heap.
//!
//! Nothing recurses, so no nesting can overflow the stack; what is open at a time is bounded by
//! [`MAX_DEPTH`]. The productions of `grammar/derive.ebnf` are the functions of this module and of
//! `statement.rs`.

use super::ast::{Comparison, Expr, List, NameId, NodeId, ProductOp, Program};
use super::error::ParseError;
use super::lexer::{Lexeme, Names, Token, lex};
use super::operator::precedence;
use crate::diagnostic::Span;
use crate::functions;
use crate::number::Number;
use rustc_hash::FxHashSet;

/// The longest text that is read, in bytes.
pub const MAX_INPUT: usize = 64 << 20;
/// The most brackets, calls and operators that may be open at one place.
pub const MAX_DEPTH: usize = 1_000_000;
/// The most tokens of a program.
pub const MAX_TOKENS: usize = 2_000_000;

/// Reads a program.
///
/// # Errors
/// [`ParseError`], with its place in the text.
pub fn parse(text: &str) -> Result<Program, ParseError> {
    parse_with(None, text)
}

/// Reads a program after the declarations of `--shape`. Places in errors refer to both texts,
/// joined by a newline ([`Program::source`]).
///
/// # Errors
/// [`ParseError`], with its place.
pub fn parse_with(shapes: Option<&str>, text: &str) -> Result<Program, ParseError> {
    let prefix =
        shapes.filter(|s| !s.trim().is_empty()).map_or(String::new(), |s| format!("var {s}\n"));
    let source = format!("{prefix}{text}");
    if source.len() > MAX_INPUT {
        return Err(ParseError::TooLong { limit: MAX_INPUT });
    }
    let mut names = Names::default();
    let tokens = lex(&source, &mut names, MAX_TOKENS)?;
    let mut parser = Parser {
        variables: FxHashSet::default(),
        functions: FxHashSet::default(),
        program: Program {
            program_start: prefix.len() as u32,
            names: names.canonical,
            written: names.written,
            ..Program::default()
        },
        tokens,
        at: 0,
        values: Vec::new(),
        pending: Vec::new(),
        operand: false,
        definitions: rustc_hash::FxHashMap::default(),
    };
    parser.scan();
    parser.program()?;
    parser.program.source = source;
    Ok(parser.program)
}

/// An operator or bracket that waits for what comes after it.
pub(super) enum Pending {
    /// `(`
    Group(Span),
    /// `f(`: arguments so far.
    Call {
        name: NameId,
        primes: u32,
        count: u32,
        axis: Option<NodeId>,
        reading_axis: bool,
        span: Span,
    },
    /// `A[`
    Entry {
        base: NodeId,
        count: u32,
        span: Span,
    },
    /// `sum[i](`
    IndexSum {
        list: List,
        span: Span,
    },
    /// Terms so far, and whether the next one is subtracted.
    Sum {
        count: u32,
        minus: Option<Span>,
    },
    Product(ProductOp),
    Compare(Comparison),
    Negate(Span),
    Power {
        element: bool,
    },
}

pub(super) struct Parser {
    pub(super) program: Program,
    pub(super) tokens: Vec<Lexeme>,
    pub(super) at: usize,
    pub(super) variables: FxHashSet<NameId>,
    pub(super) functions: FxHashSet<NameId>,
    values: Vec<NodeId>,
    pending: Vec<Pending>,
    /// Whether the last thing read is an operand.
    operand: bool,
    pub(super) definitions: rustc_hash::FxHashMap<NameId, (Span, NodeId)>,
}

impl Parser {
    pub(super) fn peek(&self) -> &Lexeme {
        &self.tokens[self.at]
    }

    pub(super) fn peek_at(&self, ahead: usize) -> &Lexeme {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    pub(super) fn node(&mut self, expr: Expr, span: Span) -> NodeId {
        self.program.nodes.push(expr);
        self.program.spans.push(span);
        NodeId(self.program.nodes.len() as u32 - 1)
    }

    pub(super) fn list(&mut self, nodes: &[NodeId]) -> List {
        let start = self.program.children.len() as u32;
        self.program.children.extend_from_slice(nodes);
        List { start, len: nodes.len() as u32 }
    }

    pub(super) fn unexpected<T>(&self, expected: &'static str) -> Result<T, ParseError> {
        let Lexeme { token, span, .. } = self.peek();
        let text = match token {
            Token::End => "the end".to_string(),
            Token::Separator => "the end of the line".to_string(),
            Token::Name(n) => format!("`{}`", self.program.written[n.0 as usize]),
            other => format!("`{}`", describe(other)),
        };
        let help = match token {
            Token::Assign => {
                Some("equality is claimed with `==`; a definition is `name = …`".to_string())
            }
            Token::Slash | Token::Times if expected == "an expression" => {
                Some("an operand is missing before it".to_string())
            }
            _ => None,
        };
        Err(ParseError::Expected { expected, found: text, span: *span, help })
    }

    /// Reads one expression; stops before what cannot belong to it.
    pub(super) fn expression(&mut self) -> Result<NodeId, ParseError> {
        let base = self.pending.len();
        self.operand = false;
        loop {
            if self.pending.len() > MAX_DEPTH {
                let span = self.peek().span;
                return Err(ParseError::TooDeep { limit: MAX_DEPTH, span });
            }
            let more = if self.operand { self.continuation(base)? } else { self.primary(base)? };
            if !more {
                break;
            }
        }
        self.reduce(base, 0);
        let unclosed = (self.pending.len() > base).then(|| self.pending.last()).flatten();
        match unclosed {
            Some(Pending::Entry { span, .. }) => {
                Err(ParseError::Unclosed { bracket: '[', open: *span, span: self.peek().span })
            }
            Some(
                Pending::Group(span) | Pending::Call { span, .. } | Pending::IndexSum { span, .. },
            ) => Err(ParseError::Unclosed { bracket: '(', open: *span, span: self.peek().span }),
            _ => Ok(self.values.pop().expect("an expression leaves its value")),
        }
    }

    /// An operand, or what opens one.
    fn primary(&mut self, base: usize) -> Result<bool, ParseError> {
        let Lexeme { token, span, .. } = self.peek().clone();
        match token {
            Token::Number(n) => {
                self.at += 1;
                let id = self.node(Expr::Number(n), span);
                self.values.push(id);
                self.operand = true;
            }
            Token::Name(name) => self.name(name, span)?,
            Token::Open => {
                self.at += 1;
                self.pending.push(Pending::Group(span));
            }
            Token::Minus | Token::Plus => self.unary(token == Token::Minus, span),
            Token::Close if self.closes_empty_call() => {
                self.at += 1;
                self.call(0);
            }
            Token::OpenBracket => {
                return Err(ParseError::Unsupported { what: "block arrays are", span });
            }
            Token::Colon => return Err(ParseError::Unsupported { what: "slices are", span }),
            _ => {
                if let (Some(open), true) =
                    (self.innermost(base), matches!(token, Token::End | Token::Separator))
                {
                    return Err(open_error(open, span));
                }
                return self.unexpected("an expression");
            }
        }
        Ok(true)
    }

    fn innermost(&self, base: usize) -> Option<&Pending> {
        self.pending[base..].iter().rev().find(|p| {
            matches!(
                p,
                Pending::Group(_)
                    | Pending::Call { .. }
                    | Pending::Entry { .. }
                    | Pending::IndexSum { .. }
            )
        })
    }

    fn closes_empty_call(&self) -> bool {
        matches!(self.pending.last(), Some(Pending::Call { count: 0, axis: None, .. }))
            && self.tokens[self.at - 1].token == Token::Open
    }

    /// `-a`
    fn unary(&mut self, minus: bool, span: Span) {
        self.at += 1;
        if minus {
            self.pending.push(Pending::Negate(span));
        }
    }

    /// A name by itself, a call, or `sum[…](`.
    fn name(&mut self, name: NameId, span: Span) -> Result<(), ParseError> {
        if self.peek_at(1).token == Token::Assign && self.in_call() {
            return self.keyword(name, span);
        }
        let bracket = self.peek_at(1).token == Token::OpenBracket && !self.peek_at(1).spaced;
        if bracket && self.program.name(name) == "sum" && !self.variables.contains(&name) {
            return self.index_sum(span);
        }
        let mut primes = 0;
        while self.peek_at(1 + primes).token == Token::Prime && !self.peek_at(1 + primes).spaced {
            primes += 1;
        }
        let open = self.peek_at(1 + primes);
        if open.token == Token::Open && !open.spaced && self.is_function(name) {
            let span = span.to(open.span);
            self.at += primes + 2;
            let primes = primes as u32;
            self.pending.push(Pending::Call {
                name,
                primes,
                count: 0,
                axis: None,
                reading_axis: false,
                span,
            });
            return Ok(());
        }
        self.at += 1;
        let id = self.node(Expr::Name(name), span);
        self.values.push(id);
        self.operand = true;
        Ok(())
    }

    fn in_call(&self) -> bool {
        matches!(self.pending.last(), Some(Pending::Call { .. }))
    }

    /// Whether `name(` is a call.
    fn is_function(&self, name: NameId) -> bool {
        if self.variables.contains(&name) {
            return false;
        }
        let text = self.program.name(name);
        let written = &self.program.written[name.0 as usize];
        let mut letters = written.chars();
        let capital = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none();
        self.functions.contains(&name) || functions::find(text).is_some() || !capital
    }

    /// `axis=` inside a call.
    fn keyword(&mut self, name: NameId, span: Span) -> Result<(), ParseError> {
        if self.program.name(name) != "axis" {
            let found = format!("`{}`", self.program.written[name.0 as usize]);
            return Err(ParseError::Expected {
                expected: "`axis` before `=` in a call",
                found,
                span,
                help: None,
            });
        }
        self.at += 2;
        if let Some(Pending::Call { reading_axis, .. }) = self.pending.last_mut() {
            *reading_axis = true;
        }
        Ok(())
    }

    /// `sum[i,j](`
    fn index_sum(&mut self, span: Span) -> Result<(), ParseError> {
        self.at += 2;
        let mut nodes = Vec::new();
        loop {
            let Lexeme { token: Token::Name(name), span, .. } = *self.peek() else {
                return self.unexpected("an index name");
            };
            self.at += 1;
            nodes.push(self.node(Expr::Name(name), span));
            match self.peek().token {
                Token::Comma => self.at += 1,
                Token::CloseBracket => break,
                _ => return self.unexpected("`,` or `]`"),
            }
        }
        self.at += 1;
        if self.peek().token != Token::Open {
            return self.unexpected("`(` after the indices of a sum");
        }
        self.at += 1;
        let list = self.list(&nodes);
        self.pending.push(Pending::IndexSum { list, span });
        Ok(())
    }

    /// What may follow an operand. False where the expression ends.
    fn continuation(&mut self, base: usize) -> Result<bool, ParseError> {
        let Lexeme { token, span, .. } = self.peek().clone();
        match token {
            Token::Prime | Token::Transpose | Token::Superscript(_) | Token::OpenBracket => {
                self.postfix(&token, span)?;
            }
            Token::Caret | Token::DotCaret => self.power(base, &token),
            Token::Times => self.product(base, ProductOp::Product),
            Token::Hadamard => self.product(base, ProductOp::Hadamard),
            Token::Slash => self.product(base, ProductOp::Quotient),
            Token::ElementSlash => self.product(base, ProductOp::ElementQuotient),
            Token::Number(_) | Token::Name(_) | Token::Open => self.juxtaposition(base, span)?,
            Token::Plus => self.sum(base, None),
            Token::Minus => self.sum(base, Some(span)),
            Token::Less => self.comparison(base, Comparison::Less)?,
            Token::LessEqual => self.comparison(base, Comparison::LessEqual)?,
            Token::Greater => self.comparison(base, Comparison::Greater)?,
            Token::GreaterEqual => self.comparison(base, Comparison::GreaterEqual)?,
            Token::Comma => return self.comma(base),
            Token::Close => return self.close(base, span),
            Token::CloseBracket => return self.close_bracket(base),
            Token::Colon => return Err(ParseError::Unsupported { what: "slices are", span }),
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
    fn postfix(&mut self, token: &Token, span: Span) -> Result<(), ParseError> {
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
                let mut exponent = self.node(Expr::Number(Number::integer(n.abs())), span);
                if *n < 0 {
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
    fn power(&mut self, base: usize, token: &Token) {
        if let (Token::Caret, Token::Name(name)) = (token, &self.peek_at(1).token)
            && self.program.name(*name) == "T"
            && !self.variables.contains(name)
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
        let _ = base;
        self.at += 1;
        self.pending.push(Pending::Power { element: *token == Token::DotCaret });
        self.operand = false;
    }

    /// `a*b`, `a .* b`, `a/b`, `a ./ b`; to the left.
    fn product(&mut self, base: usize, op: ProductOp) {
        self.at += 1;
        self.reduce(base, precedence::PRODUCT);
        self.pending.push(Pending::Product(op));
        self.operand = false;
    }

    fn juxtaposition(&mut self, base: usize, span: Span) -> Result<(), ParseError> {
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
            Some(Pending::Entry { span: open, .. }) => {
                return Err(ParseError::Unclosed { bracket: '[', open: *open, span });
            }
            _ => return self.unexpected("an expression"),
        }
        Ok(true)
    }

    /// `f(…)`, complete; `last` counts the argument that was being read.
    fn call(&mut self, last: u32) {
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
        let start = self.values.len() - count as usize;
        let nodes: smallvec::SmallVec<[NodeId; 4]> = self.values.drain(start..).collect();
        let arguments = self.list(&nodes);
        let id = self.node(Expr::Call { function: name, primes, arguments, axis }, span.to(end));
        self.values.push(id);
        self.operand = true;
    }

    fn close_bracket(&mut self, base: usize) -> Result<bool, ParseError> {
        self.reduce(base, 0);
        if self.pending.len() == base {
            return Ok(false);
        }
        let span = self.peek().span;
        match self.pending.last() {
            Some(Pending::Entry { base: array, count, .. }) => {
                let (array, count) = (*array, *count + 1);
                self.pending.pop();
                self.at += 1;
                let start = self.values.len() - count as usize;
                let nodes: smallvec::SmallVec<[NodeId; 4]> = self.values.drain(start..).collect();
                let list = self.list(&nodes);
                let whole = self.program.span(array).to(span);
                let id = self.node(Expr::Entry(array, list), whole);
                self.values.push(id);
                Ok(true)
            }
            Some(open) => Err(open_error(open, span)),
            None => Ok(false),
        }
    }

    /// Builds what binds at least as tightly as `least`, down to the innermost bracket.
    fn reduce(&mut self, base: usize, least: u8) {
        while self.pending.len() > base {
            let strength = match self.pending.last() {
                Some(Pending::Sum { .. }) => precedence::SUM,
                Some(Pending::Product(_)) => precedence::PRODUCT,
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
            let start = self.values.len() - *count as usize - 1;
            let nodes: Vec<NodeId> = self.values.drain(start..).collect();
            let span = self.program.span(nodes[0]).to(right_span);
            let list = self.list(&nodes);
            let id = self.node(Expr::Sum(list), span);
            self.values.push(id);
            return;
        }
        let left = self.values.pop().expect("an operator has operands");
        let span = self.program.span(left).to(right_span);
        let expr = match operator {
            Pending::Product(op) => self.fold(*op, left, right),
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

fn open_error(open: &Pending, span: Span) -> ParseError {
    match open {
        Pending::Entry { span: open, .. } => {
            ParseError::Unclosed { bracket: '[', open: *open, span }
        }
        Pending::Group(open)
        | Pending::Call { span: open, .. }
        | Pending::IndexSum { span: open, .. } => {
            ParseError::Unclosed { bracket: '(', open: *open, span }
        }
        _ => ParseError::Unclosed { bracket: '(', open: span, span },
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::Number(n) => return n.to_string(),
        Token::Superscript(n) => return format!("^{n}"),
        Token::Open => "(",
        Token::Close => ")",
        Token::OpenBracket => "[",
        Token::CloseBracket => "]",
        Token::Comma => ",",
        Token::Colon => ":",
        Token::Plus => "+",
        Token::Minus => "-",
        Token::Times => "*",
        Token::Hadamard => ".*",
        Token::Slash => "/",
        Token::ElementSlash => "./",
        Token::Caret => "^",
        Token::DotCaret => ".^",
        Token::Prime => "'",
        Token::Transpose => "ᵀ",
        Token::Less => "<",
        Token::LessEqual => "<=",
        Token::Greater => ">",
        Token::GreaterEqual => ">=",
        Token::Assign => "=",
        Token::Equal => "==",
        Token::Name(_) | Token::Separator | Token::End => "",
    }
    .to_string()
}
