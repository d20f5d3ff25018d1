//! The parser: operator precedence with stacks on the heap.
//!
//! Nothing recurses, so no nesting can overflow the stack; what is open at a time is bounded by
//! [`MAX_DEPTH`]. The productions of `grammar/derive.ebnf` are the functions of this module, of
//! `continuation.rs` and of `statement.rs`.

use super::ast::{Comparison, Expr, List, NameId, NodeId, ProductOp, Program};
use super::error::ParseError;
use super::lexer::{Lexeme, Token, Tokens, lex};
use super::names::Names;
use super::operator::greek;
use crate::diagnostic::Span;
use crate::functions;
use crate::number::Number;
use std::sync::Arc;

/// The longest text that is read, in bytes.
pub const MAX_INPUT: usize = 64 << 20;
/// The most brackets, calls and operators that may be open at one place.
pub const MAX_DEPTH: usize = 1_000_000;
/// A function has at most so many primes; derivatives of it have some more.
const MAX_PRIMES: u8 = 200;
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
    parse_shared(shapes, &text.into())
}

/// As [`parse_with`]; the program keeps the text as it is given where nothing goes before it.
///
/// # Errors
/// [`ParseError`], with its place.
pub fn parse_shared(shapes: Option<&str>, text: &Arc<str>) -> Result<Program, ParseError> {
    let prefix =
        shapes.filter(|s| !s.trim().is_empty()).map_or(String::new(), |s| format!("var {s}\n"));
    if prefix.len() + text.len() > MAX_INPUT {
        return Err(ParseError::TooLong { limit: MAX_INPUT });
    }
    let source: Arc<str> =
        if prefix.is_empty() { text.clone() } else { format!("{prefix}{text}").into() };
    let mut names = Names::for_text(source.len());
    let Tokens { list: tokens, numbers } = lex(&source, prefix.len(), &mut names, MAX_TOKENS)?;
    let mut parser = Parser {
        uses: vec![Use::default(); names.len()],
        program: Program {
            program_start: prefix.len() as u32,
            nodes: Vec::with_capacity(tokens.len() / 2),
            spans: Vec::with_capacity(tokens.len() / 2),
            names,
            statements: Vec::with_capacity(tokens.len() / 32 + 8),
            statement_spans: Vec::with_capacity(tokens.len() / 32 + 8),
            children: Vec::with_capacity(tokens.len() / 8 + 8),
            ..Program::default()
        },
        tokens,
        numbers,
        at: 0,
        values: Vec::new(),
        pending: Vec::new(),
        operand: false,
        blocks: 0,
        alone: None,
        sizes: false,
    };
    parser.program.source = source;
    parser.scan();
    parser.program()?;
    Ok(parser.program)
}

/// An operator or bracket that waits for what comes after it.
pub(super) enum Pending {
    /// `(`
    Group(Span),
    /// `f(`: arguments so far.
    Call {
        name: NameId,
        primes: u8,
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
    /// `a:` inside an entry.
    Range {
        from: Option<NodeId>,
        span: Span,
    },
    /// `[`: the blocks of the row that is read, the rows before it, and how many of the blocks are
    /// rows in brackets of their own.
    Block {
        count: u32,
        rows: u32,
        bracketed: u32,
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
    /// `A ⊗ B`
    Infix(NameId),
    Compare(Comparison),
    Negate(Span),
    Power {
        element: bool,
    },
}

impl Pending {
    /// Whether this is open until its bracket is closed.
    pub(super) fn is_bracket(&self) -> bool {
        matches!(
            self,
            Pending::Group(_)
                | Pending::Call { .. }
                | Pending::Entry { .. }
                | Pending::IndexSum { .. }
                | Pending::Block { .. }
        )
    }
}

/// What the program makes of a name, as far as reading depends on it.
#[derive(Clone, Copy, Default)]
pub(super) struct Use {
    /// Whether it is declared or defined as a value.
    pub(super) variable: bool,
    /// Whether it is declared as a function.
    pub(super) function: bool,
    /// Where it was defined, and as what.
    pub(super) definition: Option<(Span, NodeId)>,
}

pub(super) struct Parser {
    pub(super) program: Program,
    pub(super) tokens: Vec<Lexeme>,
    /// The values of the literals.
    numbers: Vec<Number>,
    pub(super) at: usize,
    /// By name.
    pub(super) uses: Vec<Use>,
    pub(super) values: Vec<NodeId>,
    pub(super) pending: Vec<Pending>,
    /// Whether the last thing read is an operand.
    pub(super) operand: bool,
    /// How many block arrays are open.
    pub(super) blocks: u32,
    /// The value that was last read in brackets alone, `[x]` inside a block array.
    pub(super) alone: Option<NodeId>,
    /// Whether the sizes of a declaration are read.
    pub(super) sizes: bool,
}

impl Parser {
    pub(super) fn peek(&self) -> Lexeme {
        self.tokens[self.at]
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Lexeme {
        self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    pub(super) fn use_of(&self, name: NameId) -> Use {
        self.uses[name.0 as usize]
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

    /// The last values as a list of children.
    pub(super) fn list_of_last(&mut self, count: usize) -> List {
        let (start, len) = (self.program.children.len() as u32, count as u32);
        let first = self.values.len() - count;
        self.program.children.extend(self.values.drain(first..));
        List { start, len }
    }

    pub(super) fn unexpected<T>(&self, expected: &'static str) -> Result<T, ParseError> {
        let Lexeme { token, span, .. } = self.peek();
        let text = match token {
            Token::End => "the end".to_string(),
            Token::Separator if self.program.source[span.start as usize..].starts_with(';') => {
                "`;`".to_string()
            }
            Token::Separator => "the end of the line".to_string(),
            Token::Name(n) => format!("`{}`", self.program.written(n)),
            Token::Number(n) => format!("`{}`", self.numbers[n as usize]),
            other => format!("`{}`", describe(other)),
        };
        let help = match token {
            Token::Assign => {
                Some("equality is claimed with `==`; a definition is `name = …`".to_string())
            }
            Token::Colon => Some("a range such as `1:k` stands in an entry, `x[1:k]`".to_string()),
            Token::Slash | Token::Times if expected == "an expression" => {
                Some("an operand is missing before it".to_string())
            }
            _ => None,
        };
        Err(ParseError::Expected { expected, found: text, span, help })
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
            Some(
                Pending::Entry { span, .. }
                | Pending::Block { span, .. }
                | Pending::Range { span, .. },
            ) => Err(ParseError::Unclosed { bracket: '[', open: *span, span: self.peek().span }),
            Some(
                Pending::Group(span) | Pending::Call { span, .. } | Pending::IndexSum { span, .. },
            ) => Err(ParseError::Unclosed { bracket: '(', open: *span, span: self.peek().span }),
            _ => Ok(self.values.pop().expect("an expression leaves its value")),
        }
    }

    /// An operand, or what opens one.
    fn primary(&mut self, base: usize) -> Result<bool, ParseError> {
        let Lexeme { token, span, .. } = self.peek();
        match token {
            Token::Number(n) => {
                self.at += 1;
                let value = std::mem::replace(&mut self.numbers[n as usize], Number::ZERO);
                let id = self.node(Expr::Number(value), span);
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
                self.at += 1;
                self.blocks += 1;
                self.pending.push(Pending::Block { count: 0, rows: 0, bracketed: 0, span });
            }
            Token::Colon if matches!(self.pending.last(), Some(Pending::Entry { .. })) => {
                self.range(None, span);
            }
            Token::Comma | Token::CloseBracket if self.in_range() => self.end_range(None),
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

    pub(super) fn innermost(&self, base: usize) -> Option<&Pending> {
        self.pending[base..].iter().rev().find(|p| p.is_bracket())
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
        if bracket && self.program.name(name) == "sum" && !self.use_of(name).variable {
            return self.index_sum(span);
        }
        let mut primes = 0;
        while self.peek_at(1 + primes).token == Token::Prime && !self.peek_at(1 + primes).spaced {
            primes += 1;
        }
        let open = self.peek_at(1 + primes);
        if open.token == Token::Open && !open.spaced && self.is_function(name) {
            let span = span.to(open.span);
            let primes = self.primes(primes)?;
            self.at += usize::from(primes) + 2;
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

    /// So many primes behind the next token, if that is not too many.
    fn primes(&self, count: usize) -> Result<u8, ParseError> {
        let few = u8::try_from(count).ok().filter(|count| *count <= MAX_PRIMES);
        few.ok_or_else(|| {
            let span = self.peek_at(1).span.to(self.peek_at(count).span);
            ParseError::TooManyPrimes { limit: MAX_PRIMES, span }
        })
    }

    fn in_call(&self) -> bool {
        matches!(self.pending.last(), Some(Pending::Call { .. }))
    }

    /// Whether `name(` is a call.
    fn is_function(&self, name: NameId) -> bool {
        let Use { variable, function, .. } = self.use_of(name);
        if variable {
            return false;
        }
        let text = self.program.name(name);
        if function || functions::find(text).is_some() {
            return true;
        }
        let mut letters = text.chars();
        let single = letters.next().filter(|_| letters.next().is_none()).or_else(|| greek(text));
        let capital = single.is_some_and(char::is_uppercase);
        !capital && text != "pi"
    }

    /// `axis=` inside a call.
    fn keyword(&mut self, name: NameId, span: Span) -> Result<(), ParseError> {
        if self.program.name(name) != "axis" {
            let found = format!("`{}`", self.program.written(name));
            return Err(ParseError::Expected {
                expected: "`axis` before `=` in a call",
                found,
                span,
                help: None,
            });
        }
        if let Some(Pending::Call { axis, reading_axis, .. }) = self.pending.last_mut() {
            if axis.is_some() || *reading_axis {
                return Err(ParseError::SecondAxis(span));
            }
            *reading_axis = true;
        }
        self.at += 2;
        Ok(())
    }

    /// `sum[i,j](`
    fn index_sum(&mut self, span: Span) -> Result<(), ParseError> {
        self.at += 2;
        let mut nodes = Vec::new();
        loop {
            let Lexeme { token: Token::Name(name), span, .. } = self.peek() else {
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
}

pub(super) fn open_error(open: &Pending, span: Span) -> ParseError {
    match open {
        Pending::Entry { span: open, .. }
        | Pending::Block { span: open, .. }
        | Pending::Range { span: open, .. } => {
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

fn describe(token: Token) -> String {
    match token {
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
        Token::Infix(_) => "⊗",
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
        Token::Number(_) | Token::Name(_) | Token::Separator | Token::End => "",
    }
    .to_string()
}
