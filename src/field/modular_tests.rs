//! Tests of [`super`]: axioms of a field, functions that keep what is true of them and nothing
//! more, kernels of matrices.

#![expect(clippy::cast_possible_wrap, reason = "the numbers are small")]

use super::*;
use crate::array::Array;
use crate::functions::find;

fn random<P: Prime>(seed: u64) -> Modular<P> {
    Modular::variable(mix(mix(7, seed), 13))
}

fn is_prime(p: u64) -> bool {
    // these bases decide every number of 64 bits (Sinclair 2011)
    let product = |a: u64, b: u64| (u128::from(a) * u128::from(b) % u128::from(p)) as u64;
    let power = |base: u64, mut k: u64| {
        let (mut square, mut result) = (base % p, 1);
        while k > 0 {
            if k & 1 == 1 {
                result = product(result, square);
            }
            square = product(square, square);
            k >>= 1;
        }
        result
    };
    let twos = (p - 1).trailing_zeros();
    [2, 325, 9375, 28178, 450_775, 9_780_504, 1_795_265_022].iter().all(|&base| {
        let mut x = power(base, (p - 1) >> twos);
        if x == 1 {
            return true;
        }
        for _ in 0..twos {
            if x == p - 1 {
                return true;
            }
            x = product(x, x);
        }
        false
    })
}

fn axioms<P: Prime>() {
    assert!(is_prime(P::P));
    let (zero, one) = (Modular::<P>::ZERO, Modular::<P>::ONE);
    for k in 0..200 {
        let (a, b, c) = (random::<P>(3 * k), random::<P>(3 * k + 1), random::<P>(3 * k + 2));
        assert_eq!(a.add(b), b.add(a));
        assert_eq!(a.mul(b), b.mul(a));
        assert_eq!(a.add(b).add(c), a.add(b.add(c)));
        assert_eq!(a.mul(b).mul(c), a.mul(b.mul(c)));
        assert_eq!(a.mul(b.add(c)), a.mul(b).add(a.mul(c)));
        assert_eq!(a.sub(b).add(b), a);
        assert_eq!(a.add(zero), a);
        assert_eq!(a.mul(one), a);
        assert_eq!(a.div(b).map(|q| q.mul(b)), Ok(a));
        let wide = u128::from(a.residue()) * u128::from(b.residue()) % u128::from(P::P);
        assert_eq!(u128::from(a.mul(b).residue()), wide);
        assert_eq!(a.power(Modular::integer(5)), Ok(a.mul(a).mul(a).mul(a).mul(a)));
        assert_eq!(a.power(Modular::integer(-2)), one.div(a.mul(a)));
    }
    assert_eq!(reduce::<P>(u128::from(P::P) * u128::from(P::P)), 0);
    assert_eq!(reduce::<P>(u128::from(u64::MAX)), u64::MAX % P::P);
    let largest = Modular::<P>::integer(-1);
    assert_eq!(largest.mul(largest), one);
    assert_eq!(one.div(zero), Err(KernelError::Undefined));
}

#[test]
fn both_primes_make_fields() {
    axioms::<Mersenne>();
    axioms::<Companion>();
}

#[test]
fn numbers_are_exact() {
    let of = |text: &str| {
        let number = Number::from_decimal(text).expect("a decimal");
        Modular::<Mersenne>::from_number(&number).expect("no denominator is the prime")
    };
    assert_eq!(of("0.1").mul(Modular::integer(10)), Modular::ONE);
    assert_ne!(of("1e-20"), Modular::ZERO);
    assert_eq!(of("1e-40").mul(of("1e40")), Modular::ONE);
    // a double is a dyadic fraction
    let x = Modular::<Companion>::from_double(-0.375).expect("finite");
    assert_eq!(x.mul(Modular::integer(8)), Modular::integer(-3));
    let x = Modular::<Mersenne>::from_double(1e300).expect("finite");
    let tiny = Modular::<Mersenne>::from_double(5e-324).expect("finite");
    assert_eq!(x, Modular::from_number(&exact(1e300)).expect("an integer"));
    assert_eq!(
        tiny.mul(Modular::from_number(&exact(2f64.powi(1000))).expect("an integer")),
        Modular::from_number(&Number::ratio(1, 2).expect("2 is not 0").pow(74).expect("small"))
            .expect("2 is not 0")
    );
    assert!(Modular::<Mersenne>::from_double(f64::NAN).is_err());
}

fn exact(x: f64) -> Number {
    Number::from_decimal(&format!("{x:.0}")).expect("digits")
}

#[test]
fn a_coefficient_that_one_prime_divides_is_seen_by_the_other() {
    let p = Number::integer(Mersenne::P as i64);
    assert_eq!(Modular::<Mersenne>::from_number(&p), Ok(Modular::ZERO));
    assert_ne!(Modular::<Companion>::from_number(&p), Ok(Modular::ZERO));
    // nor is Fermat's theorem an identity: an exponent beyond the prime is another one here, but
    // not the same other one modulo both
    let exponent = Number::integer(Mersenne::P as i64 - 1);
    let x = random::<Mersenne>(1);
    let power = x.power(Modular::from_number(&exponent).expect("an integer"));
    assert_eq!(power, Modular::ONE.div(x));
    let x = random::<Companion>(1);
    let power = x.power(Modular::from_number(&exponent).expect("an integer"));
    assert_eq!(power, x.power(Modular::integer(29)));
}

fn at(name: &str, arguments: &[Modular]) -> Modular {
    Modular::map(find(name).expect("a function"), arguments).expect("every function is opaque")
}

#[test]
fn functions_keep_what_is_true_of_them() {
    let (x, y) = (random::<Mersenne>(1), random::<Mersenne>(2));
    let one = Modular::ONE;
    let minus = |x: Modular| Modular::ZERO.sub(x);
    let of = |name: &str, x: Modular| at(name, &[x]);
    assert_eq!(of("exp", x).mul(of("exp", minus(x))), one);
    let (s, c) = (of("sin", x), of("cos", x));
    assert_eq!(s.mul(s).add(c.mul(c)), one);
    assert_eq!(of("sin", minus(x)), minus(s));
    assert_eq!(of("cos", minus(x)), c);
    assert_eq!(of("tan", x).mul(c), s);
    assert_eq!(of("tanh", x).mul(of("cosh", x)), of("sinh", x));
    assert_eq!(of("sigmoid", x).add(of("sigmoid", minus(x))), one);
    assert_eq!(of("softplus", x), of("log", one.add(of("exp", x))));
    assert_eq!(of("exp", x.sub(x)), one);
    assert_eq!(at("max", &[x, y]), at("max", &[y, x]));
    assert_eq!(at("max", &[x, y]).add(at("min", &[x, y])), x.add(y));
    assert_eq!(of("relu", x).sub(of("relu", minus(x))), x);
    for f in crate::functions::all() {
        if let Kernel::Elementwise(_) = f.kernel {
            let v = Modular::<Mersenne>::map(f, &[x, y, x][..f.parameters.len()]);
            assert!(v.is_ok_and(Modular::is_opaque) || f.name == "where", "{}", f.name);
        }
    }
}

#[test]
fn no_false_identity_holds() {
    let (x, y) = (random::<Mersenne>(1), random::<Mersenne>(2));
    let of = |name: &str, x: Modular| at(name, &[x]);
    let minus = |x: Modular| Modular::ZERO.sub(x);
    // false at 0, or for negative numbers
    assert_ne!(of("step", x).add(of("step", minus(x))), Modular::ONE);
    assert_ne!(of("abs", x), x);
    assert_ne!(of("sqrt", x.mul(x)), x);
    assert_ne!(of("relu", x), x);
    assert_ne!(of("exp", x), of("exp", minus(x)));
    assert_ne!(of("sin", x), of("sin", minus(x)));
    assert_ne!(at("max", &[x, y]), x);
    let mut values = vec![x, y];
    for f in crate::functions::all() {
        let distinct = !["where", "max", "min", "pow", "atan2"].contains(&f.name);
        if let (Kernel::Elementwise(_), true, 1) = (f.kernel, distinct, f.parameters.len()) {
            let v = of(f.name, x);
            assert!(!values.contains(&v), "{}", f.name);
            values.push(v);
        }
    }
    assert!(x.is_zero().is_err() && x.less(y).is_err());
}

#[test]
fn powers_with_half_integers_are_roots() {
    let x = random::<Mersenne>(4);
    let half = |n: i64| Modular::integer(n).div(Modular::integer(2)).expect("2 is not 0");
    assert_eq!(x.power(half(1)), Ok(at("sqrt", &[x])));
    assert_eq!(x.power(half(-3)).map(|p| p.mul(x).mul(x)), Ok(at("sqrt", &[x])));
    assert_eq!(x.power(half(4)), Ok(x.mul(x)));
    // an exponent that varies is no integer, whatever its value here
    let two = Modular::from_double(2.0).expect("finite");
    assert_ne!(x.power(two), Ok(x.mul(x)));
}

#[test]
fn degrees_bound_the_chance_of_an_accident() {
    let (x, y) = (random::<Mersenne>(1), random::<Mersenne>(2));
    let cube = x.mul(x).mul(y).add(Modular::ONE);
    assert!((cube.degree() - 3.0).abs() < 1e-6);
    let quotient = cube.div(x).expect("not 0").add(y);
    assert!((quotient.degree() - 3.0).abs() < 1e-6);
    assert!(quotient.chance(cube, 2f64.powi(61)) < 2f64.powi(-57));
    assert!(!quotient.is_opaque() && at("exp", &[x]).mul(y).is_opaque());
}

fn matrix(n: usize, seed: u64) -> Array<Modular> {
    let mut k = seed * 1000;
    Array::from_fn(&[n, n], |_| {
        k += 1;
        random(k)
    })
    .expect("small")
}

fn call(name: &str, arguments: &[&Array<Modular>]) -> Array<Modular> {
    let Kernel::Array(kernel) = find(name).expect("a function").kernel else {
        panic!("{name} is a function of arrays")
    };
    (kernel.modular)(arguments, None).expect("shapes fit")
}

#[test]
fn identities_of_matrices_hold_exactly() {
    let (a, b) = (matrix(5, 1), matrix(5, 2));
    let product = a.matmul(&b).expect("square");
    let det = |x: &Array<Modular>| call("det", &[x]).data[0];
    assert_eq!(det(&product), det(&a).mul(det(&b)));
    let inverse = call("inv", &[&product]);
    let other = call("inv", &[&b]).matmul(&call("inv", &[&a])).expect("square");
    assert_eq!(inverse, other);
    let adjugate = call("adj", &[&a]).matmul(&a).expect("square");
    assert_eq!(adjugate.data[0], det(&a));
    assert_eq!(adjugate.data[1], Modular::ZERO);
    assert_eq!(call("logdet", &[&a]), call("logdet", &[&a.transpose()]));
    // an entry 0 where the pivot would be
    let swap = Array { shape: vec![2, 2], data: [0, 2, 3, 0].map(Modular::integer).to_vec() };
    assert_eq!(det(&swap), Modular::integer(-6));
    // a softmax sums to 1, and its logarithm is the difference
    let row = Array::vector(a.data[..5].to_vec());
    let sum = call("softmax", &[&row]).data.into_iter().fold(Modular::ZERO, Modular::add);
    assert_eq!(sum, Modular::ONE);
    let (log, total) = (call("logsoftmax", &[&row]), call("logsumexp", &[&row]).data[0]);
    assert_eq!(log.data[2], row.data[2].sub(total));
    assert_ne!(call("max", &[&row]).data[0], row.data[0]);
    let pooled = call("meanpool", &[&row_of(4), &Array::scalar(Modular::integer(2))]);
    assert_eq!(pooled.data.len(), 2);
}

fn row_of(n: u64) -> Array<Modular> {
    Array::vector((0..n).map(random).collect())
}
