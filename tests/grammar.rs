//! The grammar: its productions are the parser's functions, its sentences are accepted, and a
//! corpus of snippets is accepted or refused as it says.

use derive::diagnostic::Diagnostic;
use derive::syntax::ast::{Expr, Program, Statement};
use derive::syntax::parser::parse;
use derive::syntax::print::print;
use std::collections::BTreeMap;

/// The tree of a program without places: its canonical text with every operation in brackets.
fn tree(program: &Program) -> String {
    let mut texts: Vec<String> = Vec::new();
    for (at, node) in program.nodes.iter().enumerate() {
        let _ = at;
        let child = |id: &derive::syntax::ast::NodeId| texts[id.0 as usize].clone();
        let list = |l: &derive::syntax::ast::List| {
            program.list(*l).iter().map(child).collect::<Vec<_>>().join(" ")
        };
        texts.push(match node {
            Expr::Number(n) => n.to_string(),
            Expr::Name(n) => program.name(*n).to_string(),
            Expr::Negate(a) => format!("(neg {})", child(a)),
            Expr::Sum(l) => format!("(sum {})", list(l)),
            Expr::Product(op, a, b) => format!("({op:?} {} {})", child(a), child(b)),
            Expr::Power(a, b) => format!("(pow {} {})", child(a), child(b)),
            Expr::ElementPower(a, b) => format!("(epow {} {})", child(a), child(b)),
            Expr::Transpose(a) => format!("(t {})", child(a)),
            Expr::Call { function, primes, arguments, axis } => format!(
                "({}{} {} {})",
                program.name(*function),
                "'".repeat(*primes as usize),
                list(arguments),
                axis.as_ref().map(child).unwrap_or_default()
            ),
            Expr::Entry(a, l) => format!("(at {} {})", child(a), list(l)),
            Expr::Range(a, b) => {
                let end = |e: &Option<derive::syntax::ast::NodeId>| {
                    e.as_ref().map(child).unwrap_or_default()
                };
                format!("(range {}:{})", end(a), end(b))
            }
            Expr::Block { down, list: l } => {
                format!("({} {})", if *down { "down" } else { "beside" }, list(l))
            }
            Expr::IndexSum(l, b) => format!("(over {} {})", list(l), child(b)),
            Expr::Compare(c, a, b) => format!("({c:?} {} {})", child(a), child(b)),
        });
    }
    let node = |id: &derive::syntax::ast::NodeId| texts[id.0 as usize].clone();
    let mut out = Vec::new();
    for statement in &program.statements {
        out.push(match statement {
            Statement::Variables(list) => list
                .iter()
                .map(|d| {
                    let dims: Vec<String> = program.list(d.dims).iter().map(node).collect();
                    format!("var {} {dims:?} {:?}", program.name(d.name), d.attributes)
                })
                .collect::<Vec<_>>()
                .join("; "),
            Statement::Functions { names, scalar } => {
                let names: Vec<&str> = names.iter().map(|n| program.name(n.0)).collect();
                format!("fn {names:?} {scalar}")
            }
            Statement::Definition { name, indices, body, .. } => {
                let indices: Vec<String> = program.list(*indices).iter().map(node).collect();
                format!("{} {indices:?} = {}", program.name(*name), node(body))
            }
            Statement::Expression(e) => node(e),
            Statement::Claim(sides) => sides.iter().map(node).collect::<Vec<_>>().join(" == "),
        });
    }
    out.join("\n")
}

fn snippets(folder: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(format!("grammar/corpus/{folder}"))
        .expect("the corpus is there")
        .map(|f| f.expect("a file").path())
        .collect();
    files.sort();
    let mut list = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("it is text");
        for snippet in text.split("\n---\n") {
            list.push((path.display().to_string(), snippet.trim_end_matches('\n').to_string()));
        }
    }
    list
}

/// The value of a `# key: …` line.
fn remark<'s>(snippet: &'s str, key: &str) -> Option<&'s str> {
    let mark = format!("# {key}: ");
    snippet.lines().find_map(|l| l.strip_prefix(mark.as_str()))
}

#[test]
fn accepted_snippets_mean_what_they_say() {
    let list = snippets("accept");
    assert!(list.len() >= 60, "{}", list.len());
    for (file, snippet) in list {
        let program = parse(&snippet).unwrap_or_else(|e| panic!("{file}: {e}\n{snippet}"));
        if let Some(meaning) = remark(&snippet, "means") {
            let body: String = snippet.lines().filter(|l| !l.starts_with('#')).collect();
            let meant = parse(meaning).unwrap_or_else(|e| panic!("{file}: {e}\n{meaning}"));
            let same = parse(&body).expect("it was read before");
            assert_eq!(tree(&same), tree(&meant), "{file}\n{snippet}");
        }
        let again = parse(&print(&program)).unwrap_or_else(|e| panic!("{e}\n{}", print(&program)));
        assert_eq!(tree(&again), tree(&program), "{snippet}\nprinted {}", print(&program));
    }
}

#[test]
fn refused_snippets_are_refused_in_these_words() {
    let list = snippets("reject");
    assert!(list.len() >= 60, "{}", list.len());
    let mut wrong = Vec::new();
    for (file, snippet) in list {
        let message = remark(&snippet, "error").expect("a refused snippet says its message");
        match parse(&snippet) {
            Ok(_) => wrong.push(format!("{file}: accepted\n{snippet}")),
            Err(e) => {
                let at = e.span().map(|s| {
                    snippet.get(s.start as usize..s.end as usize).unwrap_or("?").to_string()
                });
                let expected = remark(&snippet, "at").map(str::to_string);
                if e.to_string() != message || expected.is_some() && at != expected {
                    wrong.push(format!("{file}: {e} at {at:?}\n{snippet}"));
                }
                let diagnostic: Diagnostic = e.into();
                assert!(diagnostic.render(&snippet, None, false).starts_with("error: "));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A small reader of EBNF.
#[derive(Clone, Debug)]
enum Rule {
    Terminal(String),
    Reference(String),
    Sequence(Vec<Rule>),
    Choice(Vec<Rule>),
    Repeated(Box<Rule>),
    Optional(Box<Rule>),
}

fn tokens(text: &str) -> Vec<String> {
    let mut list = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("(*") {
            rest = &rest[rest.find("*)").expect("a comment ends") + 2..];
        } else if c == '"' {
            let end = rest[1..].find('"').expect("a terminal ends") + 2;
            list.push(rest[..end].to_string());
            rest = &rest[end..];
        } else if c.is_alphabetic() {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            list.push(rest[..end].to_string());
            rest = &rest[end..];
        } else {
            if !c.is_whitespace() {
                list.push(c.to_string());
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    list
}

fn choice(t: &[String], at: &mut usize) -> Rule {
    let mut options = vec![sequence(t, at)];
    while t.get(*at).is_some_and(|x| x == "|") {
        *at += 1;
        options.push(sequence(t, at));
    }
    if options.len() == 1 { options.remove(0) } else { Rule::Choice(options) }
}

fn sequence(t: &[String], at: &mut usize) -> Rule {
    let mut list = Vec::new();
    while let Some(x) = t.get(*at) {
        *at += 1;
        list.push(match x.as_str() {
            "(" | "[" | "{" => {
                let inner = Box::new(choice(t, at));
                *at += 1;
                match x.as_str() {
                    "(" => *inner,
                    "[" => Rule::Optional(inner),
                    _ => Rule::Repeated(inner),
                }
            }
            "|" | ")" | "]" | "}" | ";" => {
                *at -= 1;
                break;
            }
            x if x.starts_with('"') => Rule::Terminal(x.trim_matches('"').to_string()),
            x => Rule::Reference(x.to_string()),
        });
    }
    Rule::Sequence(list)
}

fn grammar() -> BTreeMap<String, Rule> {
    let t = tokens(&std::fs::read_to_string("grammar/derive.ebnf").expect("the grammar is there"));
    let mut rules = BTreeMap::new();
    let mut at = 0;
    while at < t.len() {
        let name = t[at].clone();
        assert_eq!(t[at + 1], "=", "after {name}");
        at += 2;
        let rule = choice(&t, &mut at);
        assert_eq!(t[at], ";", "after {name}");
        at += 1;
        rules.insert(name, rule);
    }
    rules
}

#[test]
fn productions_are_the_parsers_functions() {
    let source = ["parser", "continuation", "statement", "block"]
        .map(|f| std::fs::read_to_string(format!("src/syntax/{f}.rs")).expect("it is there"))
        .concat();
    for name in grammar().keys() {
        assert!(source.contains(&format!("fn {name}(")), "no function `{name}` in the parser");
    }
}

struct Generator {
    rules: BTreeMap<String, Rule>,
    state: u64,
    fresh: usize,
}

impl Generator {
    fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.state >> 33) % n
    }

    fn write(&mut self, rule: &Rule, depth: u32, out: &mut String) {
        match rule {
            Rule::Terminal(t) => {
                out.push(' ');
                out.push_str(t);
            }
            Rule::Sequence(list) => list.iter().for_each(|r| self.write(r, depth, out)),
            Rule::Choice(list) => {
                let n = list.len() as u64;
                // deep down the first alternatives, which are the short ones
                let at = if depth > 24 { 0 } else { self.below(n) };
                self.write(&list[at as usize], depth, out);
            }
            Rule::Optional(inner) | Rule::Repeated(inner) => {
                while depth < 24 && self.below(3) == 0 {
                    self.write(inner, depth + 1, out);
                    if matches!(rule, Rule::Optional(_)) {
                        break;
                    }
                }
            }
            Rule::Reference(name) => self.reference(name, depth, out),
        }
    }

    fn reference(&mut self, name: &str, depth: u32, out: &mut String) {
        let pick = |g: &mut Generator, list: &[&str]| {
            let at = g.below(list.len() as u64) as usize;
            list[at].to_string()
        };
        out.push(' ');
        let text = match name {
            "NAME" => pick(self, &["x", "W1", "λ", "alpha_2", "n", "i", "β"]),
            "NEW_NAME" => {
                self.fresh += 1;
                format!("new{}", self.fresh)
            }
            "NUMBER" => pick(self, &["1", "2", "0.5", "3e-2", "10"]),
            "CALL" => pick(self, &["sigmoid(", "f(", "g''(", "where(", "softmax("]),
            "SUM" => "sum[".to_string(),
            "SEP" => pick(self, &["\n", ";", "  # remark\n"]) + LINE,
            _ => {
                let rule = self.rules[name].clone();
                self.write(&rule, depth + 1, out);
                return;
            }
        };
        out.push_str(&text);
    }
}

/// Stands where a line begins, until it is settled.
const LINE: &str = "\u{1}";

/// A line that begins with a sign would be meant to go on with the one above.
fn settled(text: &str) -> String {
    let mut lines = text.split(LINE);
    let mut out = lines.next().unwrap_or_default().to_string();
    for line in lines {
        let signed = line.trim_start().starts_with(['-', '−']);
        out.push_str(if signed { " 1" } else { "" });
        out.push_str(line);
    }
    out
}

#[test]
fn generated_sentences_are_accepted_and_print_back() {
    let mut g = Generator { rules: grammar(), state: 7, fresh: 0 };
    for number in 0..3000 {
        let mut text = String::new();
        g.reference("program", 0, &mut text);
        let text = settled(&text);
        let program = parse(&text).unwrap_or_else(|e| panic!("sentence {number}: {e}\n{text}"));
        let printed = print(&program);
        let again = parse(&printed).unwrap_or_else(|e| panic!("{e}\n{text}\nprinted {printed}"));
        assert_eq!(tree(&again), tree(&program), "{text}\nprinted {printed}");
    }
}

#[test]
fn nothing_makes_the_parser_panic() {
    let pieces = [
        "(", ")", "[", "]", "x", "W", " ", "'", "^", ".", "*", "/", "+", "-", "=", "==", "\n", ";",
        "sum[", "1", "0.5", "var ", "fn ", ",", "<", "λ", "ᵀ", "#", "\u{0}", "é", "axis=", "f(",
        ":", ":",
    ];
    let mut state = 3u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..(state >> 60) + 2 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        if let Ok(program) = parse(&text) {
            let _ = derive::shape::infer::infer(program);
        }
    }
}
