//! Expressions from tokens: operator precedence with a stack of open brackets instead of
//! recursion, so that no depth of nesting can overflow.

use super::error::CodeError;
use super::token::{Kind, Token};
use super::tree::{Argument, Expr, ExprId, Operator, Prefix, Relation, Tree};
use crate::diagnostic::Span;

/// What waits for its right operand.
#[derive(Clone, Copy, Debug)]
enum Pending {
    Binary(Operator),
    Compare(Relation),
    Prefix(Prefix, Span),
}

impl Pending {
    /// How tightly it binds.
    fn strength(self) -> u8 {
        match self {
            Pending::Compare(_) => 1,
            Pending::Binary(Operator::Or) => 2,
            Pending::Binary(Operator::And) => 3,
            Pending::Binary(Operator::Add | Operator::Subtract) => 4,
            Pending::Binary(Operator::Power) => 7,
            Pending::Binary(_) => 5,
            Pending::Prefix(..) => 6,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bracket {
    /// None: the expression as a whole.
    Base,
    Round,
    Square,
    Curly,
    Call(ExprId),
    Subscript(ExprId),
}

/// An open bracket with what was read inside it.
#[derive(Debug)]
struct Frame {
    bracket: Bracket,
    start: u32,
    pending: Vec<Pending>,
    values: Vec<ExprId>,
    items: Vec<Argument>,
    keys: Vec<ExprId>,
    keyword: Option<String>,
    /// The bounds of a slice so far; one more than there are colons.
    bounds: Vec<Option<ExprId>>,
    comma: bool,
}

impl Frame {
    fn new(bracket: Bracket, start: u32) -> Frame {
        Frame {
            bracket,
            start,
            pending: Vec::new(),
            values: Vec::new(),
            items: Vec::new(),
            keys: Vec::new(),
            keyword: None,
            bounds: Vec::new(),
            comma: false,
        }
    }
}

struct Parser<'a> {
    source: &'a str,
    tree: &'a mut Tree,
    frames: Vec<Frame>,
    /// Whether an operand comes next.
    operand: bool,
}

/// Words that begin what is not translated, with what they are called.
const WORDS: &[(&str, &str)] = &[
    ("if", "a conditional expression"),
    ("else", "a conditional expression"),
    ("for", "a comprehension"),
    ("lambda", "a lambda inside an expression"),
    ("and", "`and`"),
    ("or", "`or`"),
    ("not", "`not`"),
    ("in", "`in`"),
    ("is", "`is`"),
    ("await", "`await`"),
    ("yield", "`yield`"),
];

/// Reads the tokens as one expression.
///
/// # Errors
/// What is no expression, and what is one that is not translated.
pub(super) fn expression(
    source: &str,
    tokens: &[Token],
    whole: Span,
    tree: &mut Tree,
) -> Result<ExprId, CodeError> {
    let mut parser = Parser { source, tree, frames: Vec::new(), operand: true };
    parser.frames.push(Frame::new(Bracket::Base, whole.start));
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let following = tokens.get(at + 1);
        at += parser.token(*token, following)?;
    }
    let end = tokens.last().map_or(whole.end, |t| t.span.end);
    parser.close(Bracket::Base, end, Span { start: end, end })?;
    match parser.frames.pop().and_then(|f| f.values.last().copied()) {
        Some(value) => Ok(value),
        None => Err(CodeError::syntax("expected an expression", whole)),
    }
}

impl Parser<'_> {
    fn text(&self, token: Token) -> &str {
        &self.source[token.span.start as usize..token.span.end as usize]
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the base frame is never closed")
    }

    fn value(&mut self, expr: Expr, span: Span) {
        let id = self.tree.push(expr, span);
        self.frame().values.push(id);
        self.operand = false;
    }

    /// Reads a token (and the one after it where they belong together): how many were read.
    fn token(&mut self, token: Token, following: Option<&Token>) -> Result<usize, CodeError> {
        let text = self.text(token).to_string();
        let span = token.span;
        if token.kind == Kind::Name
            && let Some((_, what)) = WORDS.iter().find(|w| w.0 == text)
        {
            let error = CodeError::unsupported(format!("{what} cannot be read"), span);
            return Err(error.or_write("straight-line code, `np.where` for a choice"));
        }
        if !self.operand {
            return self.operator(&text, token, following);
        }
        match token.kind {
            Kind::Name => {
                let keyword = following.is_some_and(|t| self.text(*t) == "=");
                if keyword && matches!(self.frame().bracket, Bracket::Call(_)) {
                    self.frame().keyword = Some(text);
                    return Ok(2);
                }
                self.value(Expr::Name(text), span);
            }
            Kind::Number => self.value(Expr::Number, span),
            Kind::Text => self.value(Expr::Text, span),
            Kind::Operator => match text.as_str() {
                "-" => self.frame().pending.push(Pending::Prefix(Prefix::Minus, span)),
                "+" => self.frame().pending.push(Pending::Prefix(Prefix::Plus, span)),
                "~" => self.frame().pending.push(Pending::Prefix(Prefix::Not, span)),
                "..." => self.value(Expr::Ellipsis, span),
                "(" => self.frames.push(Frame::new(Bracket::Round, span.start)),
                "[" => self.frames.push(Frame::new(Bracket::Square, span.start)),
                "{" => self.frames.push(Frame::new(Bracket::Curly, span.start)),
                ")" | "]" | "}" => self.closing(&text, span)?,
                ":" if matches!(self.frame().bracket, Bracket::Subscript(_)) => self.colon(span)?,
                "," if self.sliced() => self.comma(span)?,
                "*" | "**" => {
                    return Err(CodeError::unsupported(
                        "`*` before an argument cannot be read",
                        span,
                    ));
                }
                _ => {
                    let message = format!("expected an expression, found `{text}`");
                    return Err(CodeError::syntax(message, span));
                }
            },
        }
        Ok(1)
    }

    fn sliced(&mut self) -> bool {
        !self.frame().bounds.is_empty()
    }

    /// A token after an operand.
    fn operator(
        &mut self,
        text: &str,
        token: Token,
        following: Option<&Token>,
    ) -> Result<usize, CodeError> {
        let span = token.span;
        let binary = |op| Some(Pending::Binary(op));
        let pending = match text {
            "+" => binary(Operator::Add),
            "-" => binary(Operator::Subtract),
            "*" => binary(Operator::Multiply),
            "/" => binary(Operator::Divide),
            "**" => binary(Operator::Power),
            "@" => binary(Operator::MatrixMultiply),
            "&" => binary(Operator::And),
            "|" => binary(Operator::Or),
            "<" => Some(Pending::Compare(Relation::Less)),
            "<=" => Some(Pending::Compare(Relation::LessEqual)),
            ">" => Some(Pending::Compare(Relation::Greater)),
            ">=" => Some(Pending::Compare(Relation::GreaterEqual)),
            _ => None,
        };
        if let Some(pending) = pending {
            self.reduce(pending.strength(), text == "**", span)?;
            if matches!(pending, Pending::Compare(_))
                && matches!(self.frame().pending.last(), Some(Pending::Compare(_)))
            {
                return Err(CodeError::unsupported("a chain of comparisons cannot be read", span));
            }
            self.frame().pending.push(pending);
            self.operand = true;
            return Ok(1);
        }
        match text {
            "." => {
                let Some(name) = following.filter(|t| t.kind == Kind::Name) else {
                    return Err(CodeError::syntax("expected a name after `.`", span));
                };
                let attribute = self.text(*name).to_string();
                let end = name.span.end;
                let base = self.pop(span)?;
                let start = self.tree.outer(base).start;
                self.value(Expr::Attribute(base, attribute), Span { start, end });
                return Ok(2);
            }
            "(" | "[" => {
                let base = self.pop(span)?;
                let start = self.tree.outer(base).start;
                let bracket =
                    if text == "(" { Bracket::Call(base) } else { Bracket::Subscript(base) };
                self.frames.push(Frame::new(bracket, start));
                self.operand = true;
            }
            ")" | "]" | "}" => self.closing(text, span)?,
            "," => self.comma(span)?,
            ":" => self.colon(span)?,
            "==" | "!=" | "//" | "%" | "<<" | ">>" | "^" | ":=" => {
                return Err(CodeError::unsupported(format!("`{text}` cannot be read"), span));
            }
            _ => {
                let message = format!("expected an operator, found `{text}`");
                return Err(CodeError::syntax(message, span));
            }
        }
        Ok(1)
    }

    fn pop(&mut self, span: Span) -> Result<ExprId, CodeError> {
        let value = self.frame().values.pop();
        value.ok_or_else(|| CodeError::syntax("expected an expression", span))
    }

    /// Builds what binds at least as tightly (`right`: more tightly) as an operator that comes.
    fn reduce(&mut self, strength: u8, right: bool, span: Span) -> Result<(), CodeError> {
        while let Some(&top) = self.frame().pending.last() {
            if top.strength() < strength + u8::from(right) {
                break;
            }
            // two comparisons in a row are found by who asked
            if matches!(top, Pending::Compare(_)) && strength == 1 {
                break;
            }
            self.frame().pending.pop();
            let b = self.pop(span)?;
            let id = match top {
                Pending::Prefix(op, place) => {
                    let span = place.to(self.tree.outer(b));
                    self.tree.push(Expr::Prefix(op, b), span)
                }
                Pending::Binary(_) | Pending::Compare(_) => {
                    let a = self.pop(span)?;
                    let span = self.tree.outer(a).to(self.tree.outer(b));
                    let expr = match top {
                        Pending::Binary(op) => Expr::Binary(op, a, b),
                        Pending::Compare(op) => Expr::Compare(op, a, b),
                        Pending::Prefix(..) => unreachable!("matched above"),
                    };
                    self.tree.push(expr, span)
                }
            };
            self.frame().values.push(id);
        }
        Ok(())
    }

    /// The value since the last comma or colon, if there is one.
    fn part(&mut self, span: Span) -> Result<Option<ExprId>, CodeError> {
        self.reduce(0, false, span)?;
        if self.operand && !self.frame().pending.is_empty() {
            return Err(CodeError::syntax("expected an expression", span));
        }
        Ok(self.frame().values.pop())
    }

    /// Ends an item of a bracket.
    fn item(&mut self, span: Span) -> Result<(), CodeError> {
        let value = self.part(span)?;
        let frame = self.frame();
        let keyword = frame.keyword.take();
        if !frame.bounds.is_empty() {
            let mut bounds = std::mem::take(&mut frame.bounds);
            bounds.push(value);
            if bounds.len() > 2 && bounds[2].is_some() {
                return Err(CodeError::unsupported("a slice with a step cannot be read", span));
            }
            let (low, high) = (bounds[0], bounds[1]);
            let id = self.tree.push(Expr::Slice(low, high), span);
            self.frame().items.push(Argument { name: None, value: id });
        } else if let Some(value) = value {
            frame.items.push(Argument { name: keyword, value });
        }
        Ok(())
    }

    fn comma(&mut self, span: Span) -> Result<(), CodeError> {
        self.item(span)?;
        self.frame().comma = true;
        self.operand = true;
        Ok(())
    }

    fn colon(&mut self, span: Span) -> Result<(), CodeError> {
        let value = self.part(span)?;
        self.operand = true;
        match (self.frame().bracket, value) {
            (Bracket::Subscript(_), value) => self.frame().bounds.push(value),
            (Bracket::Curly, Some(key)) => self.frame().keys.push(key),
            _ => return Err(CodeError::syntax("this `:` begins nothing", span)),
        }
        Ok(())
    }

    fn closing(&mut self, text: &str, span: Span) -> Result<(), CodeError> {
        let fits = match self.frame().bracket {
            Bracket::Base => false,
            Bracket::Round | Bracket::Call(_) => text == ")",
            Bracket::Square | Bracket::Subscript(_) => text == "]",
            Bracket::Curly => text == "}",
        };
        if !fits {
            return Err(CodeError::syntax(format!("`{text}` closes another bracket"), span));
        }
        self.close(self.frames.last().map_or(Bracket::Base, |f| f.bracket), span.end, span)
    }

    /// Ends a bracket: what stands in it becomes a value of what is around it.
    fn close(&mut self, bracket: Bracket, end: u32, span: Span) -> Result<(), CodeError> {
        if bracket == Bracket::Base && self.frames.len() != 1 {
            return Err(CodeError::syntax("a bracket is never closed", span));
        }
        self.item(span)?;
        let frame = self.frames.pop().expect("it was looked at before");
        let whole = Span { start: frame.start, end };
        let values: Vec<ExprId> = frame.items.iter().map(|i| i.value).collect();
        let id = match bracket {
            Bracket::Base if !frame.comma && values.len() == 1 => values[0],
            Bracket::Round if !frame.comma && values.len() == 1 => {
                self.tree.enclose(values[0], whole);
                values[0]
            }
            Bracket::Base if values.is_empty() => {
                return Err(CodeError::syntax("expected an expression", span));
            }
            Bracket::Base | Bracket::Round | Bracket::Square => {
                self.tree.push(Expr::Tuple(values), whole)
            }
            Bracket::Curly => {
                if frame.keys.len() != values.len() {
                    return Err(CodeError::unsupported("a set cannot be read", whole));
                }
                let pairs = frame.keys.into_iter().zip(values).collect();
                self.tree.push(Expr::Dict(pairs), whole)
            }
            Bracket::Call(callee) => self.tree.push(Expr::Call(callee, frame.items), whole),
            Bracket::Subscript(base) => {
                let index = match (&values[..], frame.comma) {
                    ([], _) => return Err(CodeError::syntax("expected an index", span)),
                    ([one], false) => *one,
                    _ => self.tree.push(Expr::Tuple(values), whole),
                };
                self.tree.push(Expr::Subscript(base, index), whole)
            }
        };
        if bracket == Bracket::Base {
            self.frames.push(Frame::new(Bracket::Base, whole.start));
        }
        self.frame().values.push(id);
        self.operand = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::token::tokens;

    /// The tree with brackets around everything.
    fn shown(source: &str) -> Result<String, CodeError> {
        let found = tokens(source)?;
        let mut tree = Tree::default();
        let whole = Span::new(0, source.len());
        let root = expression(source, &found.list, whole, &mut tree)?;
        let mut texts: Vec<String> = Vec::new();
        for k in 0..=root.0 {
            let id = ExprId(k);
            let at = |id: &ExprId| texts[id.0 as usize].clone();
            let list = |l: &[ExprId]| l.iter().map(at).collect::<Vec<_>>().join(",");
            let span = tree.span(id);
            let own = || source[span.start as usize..span.end as usize].to_string();
            let text = match tree.node(id) {
                Expr::Number | Expr::Text | Expr::Name(_) | Expr::Ellipsis => own(),
                Expr::Tuple(l) => format!("({},)", list(l)),
                Expr::Dict(pairs) => format!("{{{}}}", pairs.len()),
                Expr::Prefix(op, a) => format!("({op:?} {})", at(a)),
                Expr::Binary(op, a, b) => format!("({} {op:?} {})", at(a), at(b)),
                Expr::Compare(op, a, b) => format!("({} {op:?} {})", at(a), at(b)),
                Expr::Attribute(a, name) => format!("{}.{name}", at(a)),
                Expr::Call(f, arguments) => {
                    let arguments: Vec<ExprId> = arguments.iter().map(|a| a.value).collect();
                    format!("{}({})", at(f), list(&arguments))
                }
                Expr::Subscript(a, i) => format!("{}[{}]", at(a), at(i)),
                Expr::Slice(..) => ":".to_string(),
            };
            texts.push(text);
        }
        Ok(texts.pop().unwrap_or_default())
    }

    #[test]
    fn precedence_is_pythons() {
        let cases = [
            ("-x**2", "(Minus (x Power 2))"),
            ("2**-x", "(2 Power (Minus x))"),
            ("a - b - c @ d", "((a Subtract b) Subtract (c MatrixMultiply d))"),
            ("a**b**c", "(a Power (b Power c))"),
            ("-x.T @ y", "((Minus x.T) MatrixMultiply y)"),
            ("x[:, None] * y", "(x[(:,None,)] Multiply y)"),
            ("f(a, axis=1)[0]", "f(a,1)[0]"),
            ("a, b", "(a,b,)"),
            ("(a,)", "(a,)"),
            ("x > 0", "(x Greater 0)"),
            ("(x > 0) & (y < 1)", "((x Greater 0) And (y Less 1))"),
            ("{'W': dW, 'b': db}", "{2}"),
            ("(a + b) * c", "((a Add b) Multiply c)"),
        ];
        for (source, tree) in cases {
            assert_eq!(shown(source).expect(source), tree, "{source}");
        }
    }

    #[test]
    fn what_is_not_read_is_an_error() {
        for wrong in ["a b", "a +", "(", "f(*a)", "a if b else c", "a == b", "a < b < c", "x[::2]"]
        {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn depth_is_no_matter() {
        let deep = format!("{}x{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(shown(&deep).expect("it is an expression"), "x");
    }
}
