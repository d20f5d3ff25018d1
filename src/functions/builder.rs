//! The words that table entries are written in: an entry states only what it has to say, and the
//! rest follows from its kind.

use super::{
    ArrayKernel, Code, ElementKernel, Facts, Function, Kernel, Kind, Lowering, Notation, Range,
    SeriesKernel, Signature, Special, Ties,
};

impl Function {
    const fn entry(
        name: &'static str,
        parameters: &'static [&'static str],
        doc: &'static str,
        signature: Signature,
    ) -> Function {
        Function {
            name,
            aliases: &[],
            parameters,
            signature,
            lowering: Lowering::Unsupported,
            kernel: Kernel::Special,
            series: None,
            binary: None,
            facts: Facts::NONE,
            unicode: Notation::Operator(name),
            latex: Notation::Operator(""),
            quotient: false,
            total: None,
            letter: None,
            numpy: Code::plain(""),
            jax: None,
            torch: None,
            doc,
            source: "",
        }
    }

    pub(super) const fn elementwise(
        name: &'static str,
        parameters: &'static [&'static str],
        doc: &'static str,
    ) -> Function {
        Function::entry(name, parameters, doc, Signature::Elementwise)
    }

    /// All parameters are arrays of one shape.
    pub(super) const fn reduction(
        name: &'static str,
        parameters: &'static [&'static str],
        axis: bool,
        doc: &'static str,
    ) -> Function {
        let signature = Signature::Reduction { arrays: parameters.len(), axis };
        Function::entry(name, parameters, doc, signature)
    }

    pub(super) const fn axiswise(
        name: &'static str,
        parameters: &'static [&'static str],
        doc: &'static str,
    ) -> Function {
        Function::entry(name, parameters, doc, Signature::Axiswise)
    }

    pub(super) const fn shaped(
        name: &'static str,
        parameters: &'static [&'static str],
        shapes: &'static [&'static str],
        doc: &'static str,
    ) -> Function {
        Function::entry(name, parameters, doc, Signature::Shapes(shapes))
    }

    pub(super) const fn special(
        name: &'static str,
        parameters: &'static [&'static str],
        special: Special,
        doc: &'static str,
    ) -> Function {
        let mut f = Function::entry(name, parameters, doc, Signature::Special(special));
        f.lowering = Lowering::Special;
        f
    }

    pub(super) const fn aliases(mut self, aliases: &'static [&'static str]) -> Function {
        self.aliases = aliases;
        self
    }

    pub(super) const fn lowering(mut self, lowering: Lowering) -> Function {
        self.lowering = lowering;
        self
    }

    pub(super) const fn derivative(self, texts: &'static [&'static str]) -> Function {
        self.lowering(Lowering::Primitive(texts))
    }

    pub(super) const fn definition(self, text: &'static str) -> Function {
        self.lowering(Lowering::Definition(text))
    }

    pub(super) const fn named(
        self,
        definition: &'static str,
        vjp: &'static [&'static str],
    ) -> Function {
        self.lowering(Lowering::Named { definition, vjp })
    }

    /// The sum of its value along the axes that it works along.
    pub(super) const fn total(mut self, total: i64) -> Function {
        self.total = Some(total);
        self
    }

    /// A named function whose definition is a quotient of its parts.
    pub(super) const fn quotient(mut self) -> Function {
        self.quotient = true;
        self
    }

    pub(super) const fn einsum(self, texts: &'static [&'static str]) -> Function {
        self.lowering(Lowering::Einsum(texts))
    }

    pub(super) const fn node(self, kind: Kind) -> Function {
        self.lowering(Lowering::Node(kind))
    }

    pub(super) const fn value(mut self, kernel: ElementKernel) -> Function {
        self.kernel = Kernel::Elementwise(kernel);
        self
    }

    pub(super) const fn array(mut self, kernel: ArrayKernel) -> Function {
        self.kernel = Kernel::Array(kernel);
        self
    }

    /// With two arguments it is elementwise; all else says what it is with one.
    pub(super) const fn binary(
        mut self,
        parameters: &'static [&'static str],
        derivatives: &'static [&'static str],
        kernel: ElementKernel,
    ) -> Function {
        self.parameters = parameters;
        self.binary = Some((Lowering::Primitive(derivatives), Kernel::Elementwise(kernel)));
        self
    }

    pub(super) const fn range(mut self, range: Range) -> Function {
        self.facts.range = range;
        self
    }

    pub(super) const fn domain(mut self, domain: Range) -> Function {
        self.facts.domain = domain;
        self
    }

    pub(super) const fn kinks(mut self, kinks: &'static [f64]) -> Function {
        self.facts.kinks = kinks;
        self
    }

    pub(super) const fn ties(mut self, ties: Ties) -> Function {
        self.facts.ties = ties;
        self
    }

    pub(super) const fn exponential(mut self) -> Function {
        self.facts.exponential = true;
        self
    }

    pub(super) const fn series(mut self, rule: SeriesKernel) -> Function {
        self.series = Some(rule);
        self
    }

    pub(super) const fn unicode(mut self, notation: Notation) -> Function {
        self.unicode = notation;
        self
    }

    /// A LaTeX operator such as `\sigma`.
    pub(super) const fn latex(mut self, operator: &'static str) -> Function {
        self.latex = Notation::Operator(operator);
        self
    }

    /// What its value is called where an answer names it.
    pub(super) const fn letter(mut self, letter: &'static str) -> Function {
        self.letter = Some(letter);
        self
    }

    pub(super) const fn latex_notation(mut self, notation: Notation) -> Function {
        self.latex = notation;
        self
    }

    pub(super) const fn numpy(mut self, call: &'static str) -> Function {
        self.numpy.call = call;
        self
    }

    pub(super) const fn numpy_pair(mut self, call: &'static str) -> Function {
        self.numpy.pair = call;
        self
    }

    /// Where all arguments are scalars.
    pub(super) const fn numpy_scalar(mut self, call: &'static str) -> Function {
        self.numpy.scalar = call;
        self
    }

    pub(super) const fn jax(mut self, code: Code) -> Function {
        self.jax = Some(code);
        self
    }

    pub(super) const fn torch(mut self, code: Code) -> Function {
        self.torch = Some(code);
        self
    }

    pub(super) const fn helper(mut self, text: &'static str) -> Function {
        self.numpy.helper = text;
        self
    }

    pub(super) const fn import(mut self, line: &'static str) -> Function {
        self.numpy.import = line;
        self
    }

    pub(super) const fn source(mut self, source: &'static str) -> Function {
        self.source = source;
        self
    }
}
