//! Statements: declarations, definitions, claims and expressions.

use super::ast::{Attribute, Attributes, Declaration, Expr, NameId, NodeId, Statement};
use super::error::ParseError;
use super::lexer::{Lexeme, Token};
use super::parser::Parser;
use crate::diagnostic::Span;
use crate::functions::{self, edit_distance};
use smallvec::SmallVec;

const ATTRIBUTES: &[(&str, Attribute)] = &[
    ("symmetric", Attribute::Symmetric),
    ("positive", Attribute::Positive),
    ("posdef", Attribute::PosDef),
    ("diagonal", Attribute::Diagonal),
    ("orthogonal", Attribute::Orthogonal),
    ("simplex", Attribute::Simplex),
];

/// The word that an attribute is written by.
pub(crate) fn attribute_text(attribute: Attribute) -> &'static str {
    ATTRIBUTES.iter().find(|(_, a)| *a == attribute).map_or("", |(t, _)| t)
}

impl Parser {
    fn is_word(&self, at: usize, word: &str) -> bool {
        matches!(self.tokens.get(at + 1).map(|l| l.token), Some(Token::Name(_)))
            && matches!(self.tokens[at].token, Token::Name(n) if self.program.name(n) == word)
    }

    /// Collects what is declared and defined: reading `name(` depends on it.
    pub(super) fn scan(&mut self) {
        let (mut at, mut start, mut depth) = (0, true, 0i32);
        let mut mode = 0;
        // where it stands by itself, and where brackets follow
        let mut roles = vec![(false, false); self.uses.len()];
        while at < self.tokens.len() {
            let token = self.tokens[at].token;
            if start {
                mode = if self.is_word(at, "var") {
                    1
                } else if self.is_word(at, "fn") {
                    2
                } else {
                    0
                };
                if mode > 0 {
                    at += 1;
                    start = false;
                    self.declare(at, mode);
                    continue;
                }
                if let (Token::Name(name), Some(_)) = (token, self.defines(at)) {
                    self.uses[name.0 as usize].variable = true;
                }
            }
            start = token == Token::Separator;
            match token {
                Token::Name(name) => {
                    let mut after = self.tokens[at + 1..]
                        .iter()
                        .skip_while(|l| l.token == Token::Prime && !l.spaced);
                    let call = after.next().is_some_and(|l| l.token == Token::Open && !l.spaced);
                    let role = &mut roles[name.0 as usize];
                    *(if call { &mut role.1 } else { &mut role.0 }) = true;
                }
                Token::Open | Token::OpenBracket => depth += 1,
                Token::Close | Token::CloseBracket => depth -= 1,
                Token::Separator => depth = 0,
                Token::Comma if depth == 0 && mode > 0 => self.declare(at + 1, mode),
                _ => {}
            }
            at += 1;
        }
        // what is used as a value is known as a variable, before and after
        for (k, role) in roles.into_iter().enumerate() {
            let known = || functions::find(self.program.name(NameId(k as u32))).is_some();
            if role == (true, true) && !self.uses[k].function && !known() {
                self.uses[k].variable = true;
            }
        }
    }

    fn declare(&mut self, at: usize, mode: u8) {
        if let Some(Lexeme { token: Token::Name(name), .. }) = self.tokens.get(at) {
            let of = &mut self.uses[name.0 as usize];
            if mode == 1 {
                of.variable = true;
            } else {
                of.function = true;
            }
        }
    }

    /// The position of `=` where a definition begins at `at`.
    fn defines(&self, at: usize) -> Option<usize> {
        let mut next = at + 1;
        // a statement may be empty at the end of the text, where nothing follows
        if self.tokens.get(next)?.token == Token::OpenBracket {
            while !matches!(
                self.tokens[next].token,
                Token::CloseBracket | Token::Separator | Token::End
            ) {
                next += 1;
            }
            next += 1;
        }
        (self.tokens.get(next)?.token == Token::Assign).then_some(next)
    }

    /// All statements.
    pub(super) fn program(&mut self) -> Result<(), ParseError> {
        if self.program.program_start > 0 {
            self.shapes()?;
        }
        while self.peek().token != Token::End {
            if self.peek().token == Token::Separator {
                self.at += 1;
                continue;
            }
            self.signed_line()?;
            self.statement()?;
            if !matches!(self.peek().token, Token::Separator | Token::End) {
                return self.stray();
            }
        }
        if self.program.statements.is_empty() {
            return Err(ParseError::Empty);
        }
        Ok(())
    }

    /// A line that begins with a sign was meant to go on with the one above: with `+` always, with `-`
    /// where it is no claim and not what the program ends in.
    fn signed_line(&self) -> Result<(), ParseError> {
        let Lexeme { token, span, .. } = self.peek();
        let minus = match token {
            Token::Plus => false,
            Token::Minus => true,
            _ => return Ok(()),
        };
        let value =
            |s: &Statement| matches!(s, Statement::Definition { .. } | Statement::Expression(_));
        if !self.program.statements.last().is_some_and(value) {
            return Ok(());
        }
        let rest = &self.tokens[self.at..];
        let mut depth = 0i32;
        let end = rest.iter().position(|l| {
            match l.token {
                Token::Open | Token::OpenBracket => depth += 1,
                Token::Close | Token::CloseBracket => depth -= 1,
                _ => {}
            }
            l.token == Token::Separator && depth <= 0
        });
        let end = end.unwrap_or(rest.len());
        let claim = rest[..end].iter().any(|l| l.token == Token::Equal);
        let last = rest[end..].iter().all(|l| matches!(l.token, Token::Separator | Token::End));
        if minus && (last || claim) { Ok(()) } else { Err(ParseError::SignedLine { minus, span }) }
    }

    /// The declarations of `--shape`, which stand in one list before the program.
    fn shapes(&mut self) -> Result<(), ParseError> {
        let statement = self.variables()?;
        let Lexeme { token, span, .. } = self.peek();
        if token == Token::Separator && span.end == self.program.program_start {
            self.program.statements.push(statement);
            self.program.statement_spans.push(Span { start: 0, end: span.start });
            return Ok(());
        }
        self.unexpected("`,` between declarations")
    }

    fn stray(&self) -> Result<(), ParseError> {
        let span = self.peek().span;
        match self.peek().token {
            Token::CloseBracket => Err(ParseError::Unopened { bracket: ']', span }),
            Token::Comma => self.unexpected("an operator or the end of the statement"),
            _ => self.unexpected("the end of the statement"),
        }
    }

    fn statement(&mut self) -> Result<(), ParseError> {
        let start = self.peek().span;
        if let Token::Name(name) = self.peek().token
            && matches!(self.program.name(name), "var" | "fn")
            && matches!(self.peek_at(1).token, Token::Separator | Token::End)
            && !self.use_of(name).variable
        {
            self.at += 1;
            self.unexpected::<()>("the name of what is declared")?;
        }
        let statement = if self.is_word(self.at, "var") {
            Some(self.variables()?)
        } else if self.is_word(self.at, "fn") {
            Some(self.functions()?)
        } else if let (Token::Name(name), Some(_)) = (self.peek().token, self.defines(self.at)) {
            self.definition(name)?
        } else {
            Some(self.claim()?)
        };
        if let Some(statement) = statement {
            self.program.statements.push(statement);
            let end = self.tokens[self.at.max(1) - 1].span;
            self.program.statement_spans.push(start.to(end));
        }
        Ok(())
    }

    /// `var W[m,n], c positive`
    fn variables(&mut self) -> Result<Statement, ParseError> {
        self.at += 1;
        let mut list = Vec::with_capacity(8);
        loop {
            list.push(self.declaration()?);
            if self.peek().token != Token::Comma {
                list.shrink_to_fit();
                return Ok(Statement::Variables(list));
            }
            self.at += 1;
        }
    }

    fn declaration(&mut self) -> Result<Declaration, ParseError> {
        let Lexeme { token: Token::Name(name), span, .. } = self.peek() else {
            return self.unexpected("the name of a variable");
        };
        self.at += 1;
        let mut dims: SmallVec<[NodeId; 4]> = SmallVec::new();
        if self.peek().token == Token::OpenBracket {
            let open = self.peek().span;
            self.at += 1;
            while self.peek().token != Token::CloseBracket {
                dims.push(self.size()?);
                match self.peek().token {
                    Token::Comma => self.at += 1,
                    Token::CloseBracket => {}
                    Token::Separator | Token::End => {
                        let span = self.peek().span;
                        return Err(ParseError::Unclosed { bracket: '[', open, span });
                    }
                    _ => return self.unexpected("`,` or `]`"),
                }
            }
            self.at += 1;
        }
        let mut attributes = Attributes::NONE;
        while let Lexeme { token: Token::Name(word), span, .. } = self.peek() {
            attributes.add(self.attribute(word, span)?);
            self.at += 1;
        }
        let dims = self.list(&dims);
        Ok(Declaration { name, span, dims, attributes })
    }

    /// `m`, `2n`, `m-p+1`: two names side by side are no product.
    fn size(&mut self) -> Result<NodeId, ParseError> {
        self.sizes = true;
        let size = self.expression()?;
        self.sizes = false;
        Ok(size)
    }

    fn attribute(&self, word: NameId, span: Span) -> Result<Attribute, ParseError> {
        let text = self.program.name(word);
        if let Some((_, attribute)) = ATTRIBUTES.iter().find(|(t, _)| *t == text) {
            return Ok(*attribute);
        }
        let suggestion = ATTRIBUTES.iter().map(|(t, _)| *t).min_by_key(|t| edit_distance(t, text));
        let suggestion = suggestion.filter(|t| edit_distance(t, text) <= 2);
        Err(ParseError::Attribute { found: text.to_string(), span, suggestion })
    }

    /// `fn f, g`, `fn J scalar`
    fn functions(&mut self) -> Result<Statement, ParseError> {
        self.at += 1;
        let (mut names, mut scalar) = (Vec::new(), false);
        loop {
            let Lexeme { token: Token::Name(name), span, .. } = self.peek() else {
                return self.unexpected("the name of a function");
            };
            self.at += 1;
            names.push((name, span));
            if let Token::Name(word) = self.peek().token {
                if self.program.name(word) != "scalar" {
                    return self.unexpected("`scalar` or `,`");
                }
                scalar = true;
                self.at += 1;
            }
            if self.peek().token != Token::Comma {
                return Ok(Statement::Functions { names, scalar });
            }
            if scalar {
                return self.unexpected("the end of the statement");
            }
            self.at += 1;
        }
    }

    /// `u = …`, `u[i] = …`. The same definition again (with the
    /// same tree on the right) is no statement.
    fn definition(&mut self, name: NameId) -> Result<Option<Statement>, ParseError> {
        let span = self.peek().span;
        self.at += 1;
        let mut indices: SmallVec<[NodeId; 4]> = SmallVec::new();
        if self.peek().token == Token::OpenBracket {
            self.at += 1;
            while let Lexeme { token: Token::Name(index), span, .. } = self.peek() {
                indices.push(self.node(Expr::Name(index), span));
                self.at += 1;
                if self.peek().token == Token::Comma {
                    self.at += 1;
                }
            }
            if self.peek().token != Token::CloseBracket {
                return self.unexpected("an index name");
            }
            self.at += 1;
        }
        self.at += 1;
        let body = self.expression()?;
        if let Some((first, earlier)) = self.use_of(name).definition {
            let text = |id| super::print::print_node(&self.program, id);
            if indices.is_empty() && text(earlier) == text(body) {
                return Ok(None);
            }
            let name = self.program.written(name).to_string();
            return Err(ParseError::Twice { name, span, first });
        }
        self.uses[name.0 as usize].definition = Some((span, body));
        let indices = self.list(&indices);
        Ok(Some(Statement::Definition { name, span, indices, body }))
    }

    /// An expression, or a chain of claims.
    fn claim(&mut self) -> Result<Statement, ParseError> {
        let first = self.expression()?;
        if self.peek().token != Token::Equal {
            return Ok(Statement::Expression(first));
        }
        let mut sides = vec![first];
        while self.peek().token == Token::Equal {
            self.at += 1;
            sides.push(self.expression()?);
        }
        Ok(Statement::Claim(sides))
    }
}
