//! The identities of the program's table as pairs of trees with variables to be filled in.

use crate::expression::{E, Index, K, M, N, Op, SCALAR, Size, node};
use derive::identities::identities;
use derive::shape::infer::infer;
use derive::shape::typed::{Meaning, Typed};
use derive::syntax::ast::{Attribute, Comparison, Expr, NodeId, ProductOp, Statement};
use derive::syntax::parser::parse;

/// A variable of an identity.
#[derive(Clone, Debug)]
pub(crate) struct Hole {
    /// Its axes as positions in the list of dimension names.
    pub(crate) axes: Vec<usize>,
    pub(crate) attributes: Vec<Attribute>,
    /// Whether a derivative is taken by it.
    pub(crate) varied: bool,
}

/// One equality of the table.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) conditional: bool,
    pub(crate) dims: Vec<String>,
    pub(crate) holes: Vec<Hole>,
    typed: std::rc::Rc<Typed>,
    sides: [NodeId; 2],
}

/// All equalities whose operations the trees of this test have.
pub(crate) fn rules() -> Vec<Rule> {
    let mut out = Vec::new();
    for identity in identities() {
        let program = parse(identity.program).expect(identity.program);
        let typed = std::rc::Rc::new(infer(program).expect(identity.program));
        if !typed.definitions.is_empty() || !typed.unknowns.is_empty() {
            continue;
        }
        let mut dims: Vec<String> = Vec::new();
        let mut holes = Vec::new();
        let mut plain = true;
        for v in &typed.variables {
            let mut axes = Vec::new();
            for d in &v.shape.axes {
                let Some(name) = typed.dims.as_name(*d) else {
                    plain = false;
                    continue;
                };
                let at = dims.iter().position(|n| n == name).unwrap_or_else(|| {
                    dims.push(name.to_string());
                    dims.len() - 1
                });
                axes.push(at);
            }
            let varied = varied(&typed, typed.program.name(v.name));
            holes.push(Hole { axes, attributes: v.attributes.to_vec(), varied });
        }
        if !plain || dims.len() > 3 {
            continue;
        }
        for statement in &typed.program.statements {
            let Statement::Claim(sides) = statement else { continue };
            for pair in sides.windows(2) {
                let rule = Rule {
                    name: identity.name,
                    conditional: !identity.condition.is_empty(),
                    dims: dims.clone(),
                    holes: holes.clone(),
                    typed: typed.clone(),
                    sides: [pair[0], pair[1]],
                };
                let sizes = [M, N, K];
                let fill = rule.holes.iter().map(|h| placeholder(h, &sizes)).collect();
                if rule.instance(&sizes, fill).is_some() {
                    out.push(rule);
                }
            }
        }
    }
    out
}

fn varied(typed: &Typed, name: &str) -> bool {
    (0..typed.program.nodes.len()).any(|k| {
        let id = NodeId(k as u32);
        let Expr::Call { arguments, .. } = typed.program.node(id) else { return false };
        matches!(typed.meaning(id), Meaning::Derivative(_))
            && typed.program.list(*arguments)[1..2].iter().any(
                |a| matches!(typed.program.node(*a), Expr::Name(n) if typed.program.name(*n) == name),
            )
    })
}

/// Any expression of a variable's shape.
fn placeholder(hole: &Hole, sizes: &[Size]) -> E {
    use crate::expression::{VARIABLES, make, variable};
    let shape = Rule::shape(hole, sizes);
    let free = VARIABLES.iter().find(|v| v.1 == shape);
    free.map_or_else(|| make(Op::Ones(shape.0, shape.1), &[]), |v| variable(v.0))
}

impl Rule {
    /// The shape that a variable has with these sizes.
    pub(crate) fn shape(hole: &Hole, sizes: &[Size]) -> (Size, Size) {
        match hole.axes[..] {
            [] => SCALAR,
            [a] => (sizes[a], 1),
            [a, b] => (sizes[a], sizes[b]),
            _ => (0, 0),
        }
    }

    /// Both sides with these sizes and expressions for the variables.
    pub(crate) fn instance(&self, sizes: &[Size], fill: Vec<E>) -> Option<(E, E)> {
        let reader = Reader { rule: self, sizes, fill };
        Some((reader.read(self.sides[0])?, reader.read(self.sides[1])?))
    }
}

struct Reader<'a> {
    rule: &'a Rule,
    sizes: &'a [Size],
    fill: Vec<E>,
}

impl Reader<'_> {
    fn size(&self, dim: derive::shape::dim::DimId) -> Option<Size> {
        let name = self.rule.typed.dims.as_name(dim)?;
        let at = self.rule.dims.iter().position(|n| n == name)?;
        self.sizes.get(at).copied()
    }

    fn index(&self, id: NodeId) -> Option<Index> {
        let Meaning::Index(i) = self.rule.typed.meaning(id) else { return None };
        let size = self.size(self.rule.typed.indices[i.0 as usize].dim)?;
        Some(Index { id: i.0 as u8, size })
    }

    fn read(&self, id: NodeId) -> Option<E> {
        let typed = &self.rule.typed;
        let program = &typed.program;
        let read = |ids: &[NodeId]| ids.iter().map(|a| self.read(*a)).collect::<Option<Vec<E>>>();
        match typed.meaning(id) {
            Meaning::Variable(v) => return self.fill.get(v.0 as usize).cloned(),
            Meaning::Pi => return node(Op::Pi, vec![]),
            Meaning::Size(d) => return node(Op::Size(self.size(d)?), vec![]),
            Meaning::Identity => {
                let axes = typed.shape(id).axes;
                return node(Op::Eye(self.size(*axes.first()?)?), vec![]);
            }
            Meaning::Fill(_) => {
                let Expr::Call { function, .. } = program.node(id) else { return None };
                let of: Vec<Size> =
                    typed.shape(id).axes.iter().map(|d| self.size(*d)).collect::<Option<_>>()?;
                let (r, c) = (*of.first()?, of.get(1).copied().unwrap_or(1));
                return match program.name(*function) {
                    "ones" => node(Op::Ones(r, c), vec![]),
                    "zeros" => node(Op::Zeros(r, c), vec![]),
                    _ => None,
                };
            }
            Meaning::Definition(_) | Meaning::Unknown(_) => return None,
            _ => {}
        }
        match program.node(id) {
            Expr::Number(n) => {
                let (n, d) = n.small()?;
                node(Op::Number(n, d), vec![])
            }
            Expr::Negate(a) => node(Op::Negate, read(&[*a])?),
            Expr::Sum(l) => {
                let mut terms = read(program.list(*l))?.into_iter();
                let first = terms.next()?;
                terms.try_fold(first, |s, t| node(Op::Add, vec![s, t]))
            }
            Expr::Product(op, a, b) => {
                let op = match op {
                    ProductOp::Product => Op::Times,
                    ProductOp::Hadamard => Op::Hadamard,
                    ProductOp::Quotient => Op::Quotient,
                    ProductOp::ElementQuotient => Op::ElementQuotient,
                };
                node(op, read(&[*a, *b])?)
            }
            Expr::Power(a, b) => node(Op::Power, read(&[*a, *b])?),
            Expr::ElementPower(a, b) => node(Op::ElementPower, read(&[*a, *b])?),
            Expr::Transpose(a) => node(Op::Transpose, read(&[*a])?),
            Expr::Compare(Comparison::Less, a, b) => node(Op::Less, read(&[*a, *b])?),
            Expr::Compare(Comparison::Greater, a, b) => node(Op::Less, read(&[*b, *a])?),
            Expr::Entry(base, l) => {
                let list: Vec<Index> =
                    program.list(*l).iter().map(|i| self.index(*i)).collect::<Option<_>>()?;
                match (typed.meaning(id), typed.meaning(*base), &list[..]) {
                    (Meaning::Delta, _, &[i, j]) | (_, Meaning::Delta, &[i, j]) => {
                        node(Op::Delta(i, j), vec![])
                    }
                    _ => node(Op::Entry(list), read(&[*base])?),
                }
            }
            Expr::IndexSum(l, a) => {
                let mut out = self.read(*a)?;
                for i in program.list(*l).iter().rev() {
                    out = node(Op::IndexSum(self.index(*i)?), vec![out])?;
                }
                Some(out)
            }
            Expr::Call { function, primes, arguments, axis } => {
                let args = read(program.list(*arguments))?;
                let name: &'static str = program.name(*function).to_string().leak();
                if let Meaning::Derivative(_) = typed.meaning(id) {
                    return node(Op::Derivative(name), args);
                }
                let Some(axis) = axis else { return node(Op::Call(name, *primes), args) };
                let Expr::Number(n) = program.node(*axis) else { return None };
                node(Op::Axis(name, u8::from(!n.is_zero())), args)
            }
            _ => None,
        }
    }
}
