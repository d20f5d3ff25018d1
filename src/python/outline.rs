//! The functions of a file, found by indentation; their statements are read when they are needed,
//! so that what does not concern the value and its gradient may be any Python.

use super::error::CodeError;
use super::parser::expression;
use super::token::{Kind, Line, Token, Tokens, tokens};
use super::tree::{ExprId, Operator, Tree};
use crate::diagnostic::Span;

/// A parameter of a function.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) annotation: Option<Span>,
    pub(super) default: Option<std::ops::Range<usize>>,
}

/// A function, or a method of a class.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) class: Option<String>,
    pub(super) parameters: Vec<Parameter>,
    /// Where its name stands.
    pub(super) span: Span,
    /// From `def` to the end of its last line.
    pub(super) extent: Span,
    /// The lines of its body, with the tokens of each.
    pub(super) body: Vec<Line>,
    /// Whether its only line is its value.
    pub(super) lambda: bool,
}

impl Function {
    /// Its name, after that of its class.
    pub(super) fn full_name(&self) -> String {
        match &self.class {
            Some(class) => format!("{class}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// What a statement does.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Action {
    /// `a = b = value`
    Assign(Vec<ExprId>, ExprId),
    /// `a += value`
    Augment(Operator, ExprId, ExprId),
    Return(Option<ExprId>),
    Evaluate(ExprId),
    /// The variable of a loop and its value in this round.
    Count(String, i64),
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) action: Action,
}

/// A file.
#[derive(Clone, Debug)]
pub(super) struct File<'a> {
    pub(super) source: &'a str,
    pub(super) found: Tokens,
    pub(super) functions: Vec<Function>,
    /// `NAME = …` outside of functions, each with its line.
    pub(super) constants: Vec<(String, Line)>,
}

/// A function has at most so many statements, loops written out.
const LONGEST: usize = 1000;
/// Loops nest at most so deep.
const DEEPEST_LOOP: usize = 8;

/// Words that begin statements which are not translated.
const COMPOUND: &[&str] = &[
    "if", "for", "while", "with", "try", "def", "class", "raise", "del", "global", "nonlocal",
    "match", "async", "elif", "else", "except", "finally", "break", "continue", "yield",
];

impl<'a> File<'a> {
    /// Finds the functions of a text.
    ///
    /// # Errors
    /// What cannot be split into tokens, and signatures that cannot be read.
    pub(super) fn new(source: &'a str) -> Result<File<'a>, CodeError> {
        let found = tokens(source)?;
        let mut file = File { source, found, functions: Vec::new(), constants: Vec::new() };
        file.outline()?;
        Ok(file)
    }

    pub(super) fn text(&self, token: usize) -> &'a str {
        self.found.list.get(token).map_or("", |t| self.slice(t.span))
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    pub(super) fn tokens(&self, range: std::ops::Range<usize>) -> &[Token] {
        &self.found.list[range]
    }

    fn outline(&mut self) -> Result<(), CodeError> {
        let lines = self.found.lines.clone();
        let mut class: Option<(String, usize)> = None;
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let first = line.tokens.start;
            if class.as_ref().is_some_and(|c| line.indent <= c.1) {
                class = None;
            }
            let inside = usize::from(class.is_some());
            let word = self.text(first);
            at += 1;
            if word == "class" && line.indent == 0 {
                class = Some((self.text(first + 1).to_string(), line.indent));
                continue;
            }
            if word == "def" && (line.indent == 0 || inside == 1) {
                let mut function = self.signature(line)?;
                function.class = class.as_ref().map(|c| c.0.clone());
                let length = lines[at..].iter().take_while(|l| l.indent > line.indent).count();
                function.body.extend(lines[at..at + length].iter().cloned());
                at += length;
                let last = function.body.last().map_or(line.tokens.end, |l| l.tokens.end) - 1;
                function.extent.end = self.found.list[last].span.end;
                self.functions.push(function);
                continue;
            }
            let assigned = self.found.list[first].kind == Kind::Name && self.text(first + 1) == "=";
            if line.indent > 0 || !assigned {
                continue;
            }
            if self.text(first + 2) == "lambda" {
                let function = self.lambda(line)?;
                self.functions.push(function);
            } else {
                self.constants.push((word.to_string(), line.clone()));
            }
        }
        Ok(())
    }

    /// `def name(a, b=1):`, with what follows the colon as its first line.
    fn signature(&self, line: &Line) -> Result<Function, CodeError> {
        let start = line.tokens.start;
        let name = self.found.list.get(start + 1).copied();
        let Some(name) = name.filter(|t| t.kind == Kind::Name && self.text(start + 2) == "(")
        else {
            let span = self.found.list[start].span;
            return Err(CodeError::syntax("expected `def name(…):`", span));
        };
        let (parameters, end) = self.parameters(start + 3, line.tokens.end, ")")?;
        let colon = (end..line.tokens.end).find(|t| self.text(*t) == ":");
        let after = colon.map_or(line.tokens.end, |c| c + 1);
        let rest = after..line.tokens.end;
        let body = if rest.is_empty() {
            Vec::new()
        } else {
            vec![Line { indent: line.indent + 1, tokens: rest }]
        };
        let extent = self.found.list[start].span.to(self.found.list[line.tokens.end - 1].span);
        Ok(Function {
            name: self.slice(name.span).to_string(),
            class: None,
            parameters,
            span: name.span,
            extent,
            body,
            lambda: false,
        })
    }

    /// `name = lambda a, b: value`
    fn lambda(&self, line: &Line) -> Result<Function, CodeError> {
        let start = line.tokens.start;
        let (parameters, end) = self.parameters(start + 3, line.tokens.end, ":")?;
        let span = self.found.list[start].span;
        let body = vec![Line { indent: line.indent + 1, tokens: end + 1..line.tokens.end }];
        let extent = span.to(self.found.list[line.tokens.end - 1].span);
        let name = self.slice(span).to_string();
        Ok(Function { name, class: None, parameters, span, extent, body, lambda: true })
    }

    /// The parameters from a token to the one that ends them, and where that is.
    fn parameters(
        &self,
        from: usize,
        to: usize,
        end: &str,
    ) -> Result<(Vec<Parameter>, usize), CodeError> {
        let mut list: Vec<Parameter> = Vec::new();
        let (mut at, mut depth, mut begin) = (from, 0usize, from);
        while at < to {
            let text = self.text(at);
            let closes = depth == 0 && text == end;
            if closes || depth == 0 && text == "," {
                if begin < at && !matches!(self.text(begin), "*" | "/") {
                    list.push(self.parameter(begin, at)?);
                }
                if closes {
                    return Ok((list, at));
                }
                begin = at + 1;
            }
            match text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            at += 1;
        }
        Err(CodeError::syntax("the parameters have no end", self.found.list[from - 1].span))
    }

    fn parameter(&self, from: usize, to: usize) -> Result<Parameter, CodeError> {
        let token = self.found.list[from];
        if token.kind != Kind::Name {
            return Err(CodeError::unsupported("this parameter cannot be read", token.span));
        }
        let mut depth = 0usize;
        let mut equals = None;
        for at in from..to {
            match self.text(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "=" if depth == 0 && equals.is_none() => equals = Some(at),
                _ => {}
            }
        }
        let annotated = self.text(from + 1) == ":" && from + 2 < equals.unwrap_or(to);
        let annotation = annotated.then(|| {
            let last = equals.unwrap_or(to) - 1;
            self.found.list[from + 2].span.to(self.found.list[last].span)
        });
        let name = self.slice(token.span).to_string();
        Ok(Parameter { name, span: token.span, annotation, default: equals.map(|e| e + 1..to) })
    }

    /// The statements of a function.
    ///
    /// # Errors
    /// What is not straight-line code, with its place.
    pub(super) fn statements(
        &self,
        function: &Function,
        tree: &mut Tree,
    ) -> Result<Vec<Statement>, CodeError> {
        let mut list = Vec::new();
        self.block(&function.body, 0, tree, &mut list)?;
        Ok(list)
    }

    /// Lines of one indentation, loops among them written out round by round.
    fn block(
        &self,
        lines: &[Line],
        depth: usize,
        tree: &mut Tree,
        list: &mut Vec<Statement>,
    ) -> Result<(), CodeError> {
        let indent = lines.first().map_or(0, |l| l.indent);
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let place = self.found.list[line.tokens.start].span;
            at += 1;
            if line.indent != indent {
                return Err(CodeError::syntax("unexpected indentation", place));
            }
            if list.len() > LONGEST {
                let message =
                    format!("a function with more than {LONGEST} statements cannot be read");
                return Err(CodeError::unsupported(message, place));
            }
            if let Some((name, rounds, after)) = self.counted_loop(line)? {
                let inner = lines[at..].iter().take_while(|l| l.indent > indent).count();
                let rest = after..line.tokens.end;
                let own = Line { indent: indent + 1, tokens: rest.clone() };
                let body = if rest.is_empty() { &lines[at..at + inner] } else { &[own][..] };
                if depth >= DEEPEST_LOOP || body.is_empty() {
                    return Err(CodeError::unsupported("this loop cannot be read", place));
                }
                for n in rounds {
                    list.push(Statement { action: Action::Count(name.clone(), n) });
                    self.block(body, depth + 1, tree, list)?;
                }
                at += if rest.is_empty() { inner } else { 0 };
                continue;
            }
            let mut from = line.tokens.start;
            for at in line.tokens.clone().chain([line.tokens.end]) {
                if at == line.tokens.end || self.text(at) == ";" {
                    if from < at {
                        list.extend(self.statement(from..at, tree)?);
                    }
                    from = at + 1;
                }
            }
        }
        Ok(())
    }

    /// `for k in range(3):` with its rounds and the token behind the colon; `None` where the line is
    /// no loop.
    fn counted_loop(&self, line: &Line) -> Result<Option<(String, Vec<i64>, usize)>, CodeError> {
        let (start, end) = (line.tokens.start, line.tokens.end);
        if self.text(start) != "for" {
            return Ok(None);
        }
        let no = || {
            let span = self.found.list[start].span.to(self.found.list[end - 1].span);
            CodeError::unsupported("this loop cannot be read", span)
                .or_write("`for k in range(3):` with numbers, or no loop")
        };
        let colon = (start..end).find(|t| self.text(*t) == ":").ok_or_else(no)?;
        let words: Vec<&str> = (start..colon).map(|t| self.text(t)).collect();
        let ["for", name, "in", "range", "(", list @ .., ")"] = &words[..] else {
            return Err(no());
        };
        let joined = list.concat();
        let bounds: Option<Vec<i64>> = joined.split(',').map(|t| t.parse().ok()).collect();
        let (from, to, by) = match bounds.as_deref() {
            Some([to]) => (0, *to, 1),
            Some([from, to]) => (*from, *to, 1),
            Some([from, to, by]) if *by != 0 => (*from, *to, *by),
            _ => return Err(no()),
        };
        let mut rounds = Vec::new();
        let mut n = from;
        while if by > 0 { n < to } else { n > to } {
            if rounds.len() >= LONGEST {
                return Err(no());
            }
            rounds.push(n);
            let Some(next) = n.checked_add(by) else { break };
            n = next;
        }
        Ok(Some((name.to_string(), rounds, colon + 1)))
    }

    /// One statement; `None` for what does nothing.
    pub(super) fn statement(
        &self,
        range: std::ops::Range<usize>,
        tree: &mut Tree,
    ) -> Result<Option<Statement>, CodeError> {
        let all = self.tokens(range.clone());
        let (start, end) = (all[0].span, all[all.len() - 1].span);
        let word = self.text(range.start);
        if all[0].kind == Kind::Name {
            if COMPOUND.contains(&word) {
                let message = format!("`{word}` cannot be read");
                return Err(CodeError::unsupported(message, start)
                    .or_write("straight-line code: assignments, calls and one `return`"));
            }
            // imports bind what is known by its usual name, assertions and messages change nothing
            if matches!(word, "pass" | "import" | "from" | "assert")
                || word == "print" && self.text(range.start + 1) == "("
            {
                return Ok(None);
            }
        }
        if all.len() == 1 && all[0].kind == Kind::Text {
            return Ok(None);
        }
        let mut read = |from: usize, to: usize| {
            let place = if from < to { self.found.list[from].span.to(end) } else { end };
            expression(self.source, self.tokens(from..to), place, tree)
        };
        if word == "return" {
            let value = if all.len() > 1 { Some(read(range.start + 1, range.end)?) } else { None };
            return Ok(Some(Statement { action: Action::Return(value) }));
        }
        let mut equals = Vec::new();
        let (mut depth, mut colon, mut augment) = (0usize, None, None);
        for at in range.clone() {
            match self.text(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "=" if depth == 0 => equals.push(at),
                ":" if depth == 0 && colon.is_none() && equals.is_empty() => colon = Some(at),
                "==" | "<=" | ">=" | "!=" => {}
                op if depth == 0 && op.len() > 1 && op.ends_with('=') && augment.is_none() => {
                    augment = Some((at, op));
                }
                _ => {}
            }
        }
        let action = if let Some((at, op)) = augment {
            let operator = match op {
                "+=" => Operator::Add,
                "-=" => Operator::Subtract,
                "*=" => Operator::Multiply,
                "/=" => Operator::Divide,
                "**=" => Operator::Power,
                "@=" => Operator::MatrixMultiply,
                _ => {
                    let place = self.found.list[at].span;
                    return Err(CodeError::unsupported(format!("`{op}` cannot be read"), place));
                }
            };
            let target = read(range.start, at)?;
            Action::Augment(operator, target, read(at + 1, range.end)?)
        } else if let Some(&last) = equals.last() {
            let mut targets = Vec::new();
            let mut from = range.start;
            for (k, &at) in equals.iter().enumerate() {
                // `x: T = value`
                let to = if k == 0 { colon.unwrap_or(at) } else { at };
                targets.push(read(from, to)?);
                from = at + 1;
            }
            Action::Assign(targets, read(last + 1, range.end)?)
        } else if colon.is_some() {
            return Ok(None);
        } else {
            Action::Evaluate(read(range.start, range.end)?)
        };
        Ok(Some(Statement { action }))
    }
}
