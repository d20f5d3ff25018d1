//! Tests of [`super`] and its elementary functions: exact arithmetic against rationals, functions
//! against series in big integers written here, and balls against the points inside them.

#![expect(clippy::cast_possible_wrap, reason = "the numbers are small")]

use super::*;
use crate::functions::{Elementary, find};
use num_rational::BigRational;
use num_traits::One;

fn decimal(text: &str) -> Ball {
    Ball::from_number(&signed(text)).expect("no denominator is 0")
}

fn at(name: &str, x: Ball) -> Ball {
    Ball::map(find(name).expect("a function"), &[x]).expect("inside the domain")
}

fn signed(text: &str) -> Number {
    let number = |t: &str| Number::from_decimal(t).expect("a decimal");
    text.strip_prefix('-').map_or_else(|| number(text), |t| number(t).neg())
}

/// A number between 0 and 1 with all its bits, by position in a fixed sequence.
fn unit(seed: u64) -> Ball {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678;
    let mut x = Ball::ZERO;
    for _ in 0..5 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        x = x.add(Ball::integer((state >> 11) as i64)).scale(-53);
    }
    Ball::exact(x.mid())
}

/// From −size to size.
fn random(seed: u64, size: i64) -> Ball {
    Ball::exact(unit(seed).scale(1).sub(Ball::ONE).mul(Ball::integer(size)).mid())
}

fn rational(x: Wide) -> BigRational {
    let (n, e) = x.to_big();
    let two = BigInt::one() << e.unsigned_abs();
    if e < 0 { BigRational::new(n, two) } else { BigRational::from_integer(n * two) }
}

/// Whether the ball contains the number, up to an error of the number itself.
fn contains(ball: Ball, value: &BigRational, slack: &BigRational) -> bool {
    let radius =
        Wide::from_double(ball.radius().m()).expect("a bound").scale(ball.radius().exponent());
    (rational(ball.mid()) - value).abs() <= rational(radius) + slack
}

const TABLE: &[(&str, &str, &str)] = &[
    (
        "exp",
        "1",
        "2.71828182845904523536028747135266249775724709369995957496696762772407663035354759457138218",
    ),
    (
        "exp",
        "-800",
        "3.66787458417768721345549565426079821546963422661264070506915131090354244831018362252566319e-348",
    ),
    (
        "exp",
        "0.125",
        "1.13314845306682631682900722781179387256550313174518162591282003607882357788004838651393999",
    ),
    (
        "expm1",
        "0.000000000931322574615478515625",
        "9.31322575049159384753834034792046984499344770193334020939678585530910852749878117882061825e-10",
    ),
    (
        "log",
        "2",
        "0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863327",
    ),
    (
        "log",
        "0.0009765625",
        "-6.93147180559945309417232121458176568075500134360255254120680009493393621969694715605863327",
    ),
    (
        "log",
        "10",
        "2.30258509299404568401799145468436420760110148862877297603332790096757260967735248023599721",
    ),
    (
        "sqrt",
        "2",
        "1.41421356237309504880168872420969807856967187537694807317667973799073247846210703885038753",
    ),
    (
        "sin",
        "1",
        "0.841470984807896506652502321630298999622563060798371065672751709991910404391239668948639744",
    ),
    (
        "cos",
        "1",
        "0.540302305868139717400936607442976603732310420617922227670097255381100394774471764517951856",
    ),
    (
        "tan",
        "1",
        "1.55740772465490223050697480745836017308725077238152003838394660569886139715172728955509997",
    ),
    (
        "sin",
        "100",
        "-0.506365641109758793656557610459785432065032721290657323443392473594357913419476696499236665",
    ),
    (
        "atan",
        "0.25",
        "0.244978663126864154172082481211275810914144098381184067127375914667355119587642096574534158",
    ),
    (
        "atan",
        "3",
        "1.24904577239825442582991707728109012307782940412989671905466923679715196573729395495760899",
    ),
    (
        "asin",
        "0.5",
        "0.523598775598298873077107230546583814032861566562517636829157432051302734381034833104672471",
    ),
    (
        "acos",
        "0.25",
        "1.31811607165281796574566425464604046984639096659071471685354851741333314266208327690226867",
    ),
    (
        "sinh",
        "1",
        "1.17520119364380145688238185059560081515571798133409587022956541301330756730432389560711745",
    ),
    (
        "cosh",
        "1",
        "1.54308063481524377847790562075706168260152911236586370473740221471076906304922369896426473",
    ),
    (
        "tanh",
        "0.25",
        "0.244918662403709129277801131491016957506558730617820326118874325317089991280049359005167389",
    ),
    (
        "asinh",
        "2",
        "1.44363547517881034249327674027310526940555300315698155898305450652049160282466532323602829",
    ),
    (
        "acosh",
        "2",
        "1.31695789692481670862504634730796844402698197146751647976847225692046018541644397607421901",
    ),
    (
        "atanh",
        "0.5",
        "0.549306144334054845697622618461262852323745278911374725867347166818747146609304483436807877",
    ),
    (
        "erf",
        "0.125",
        "0.14031620480133381739302944652162339818697958314984547311417302642763646873661225663608179",
    ),
    (
        "erf",
        "1",
        "0.842700792949714869341220635082609259296066997966302908459937897834717254096010841261983325",
    ),
    (
        "erf",
        "3",
        "0.999977909503001414558627223870417679620152292912600750342761045157057543316379867732183745",
    ),
];

#[test]
fn functions_have_their_known_values() {
    for (name, x, value) in TABLE {
        let y = at(name, decimal(x));
        let digits = y.agreement(decimal(value));
        assert!(digits > 70.0, "{name}({x}) = {:?}, {digits} digits", y.to_decimal(75));
    }
    let pi = Ball::pi().expect("there is one");
    assert!(pi.agreement(decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803483")) > 74.0);
    let tail = at("erf", Ball::integer(-5)).add(Ball::ONE);
    let exact = Ball::integer(5).erfc().expect("everywhere");
    let known = decimal(
        "1.53745979442803485018834348538337889011805031472337993068791405592039136455869146471814389e-12",
    );
    assert!(exact.agreement(known) > 70.0, "{}", exact.agreement(known));
    assert!(tail.agreement(known) > 60.0, "{}", tail.agreement(known));
}

#[test]
fn a_near_integer_is_told_from_the_integer() {
    let root = at("sqrt", Ball::integer(163));
    let y = at("exp", Ball::pi().expect("there is one").mul(root));
    let text = "262537412640768743.99999999999925007259719818568887935385633733699086270753741037821064791";
    assert!(y.agreement(decimal(text)) > 68.0);
    let integer =
        Ball::integer(640_320).pow(Ball::integer(3)).expect("a cube").add(Ball::integer(744));
    assert!(y.differs(integer) && y.agreement(integer) > 29.0);
    assert_eq!(y.less(integer), Ok(true));
    assert!(y.to_decimal(60).is_some_and(|t| text.starts_with(&t)));
}

#[test]
fn sums_products_and_quotients_contain_the_exact_ones() {
    let none = BigRational::zero();
    for k in 0..300 {
        let a = random(2 * k, 3).scale(-((k % 7) as i64) * 40);
        let b = random(2 * k + 1, 5).scale(-((k % 11) as i64) * 30);
        let (x, y) = (rational(a.mid()), rational(b.mid()));
        assert!(contains(a.add(b), &(&x + &y), &none));
        assert!(contains(a.sub(b), &(&x - &y), &none));
        assert!(contains(a.mul(b), &(&x * &y), &none));
        assert!(contains(a.div(b).expect("not 0"), &(&x / &y), &none));
        // the radius is a unit in the last place, no more
        assert!(a.mul(b).agreement(a.mul(b)) > 76.0);
        // with radii: corners of the balls
        let wide = |c: Ball| c.widen(Magnitude::above(c.mid()).shift(-20));
        let tip = |c: Ball| c.add(c.scale(-20));
        let (p, q) = (rational(tip(a).mid()), rational(tip(b).mid()));
        assert!(contains(wide(a).add(wide(b)), &(&p + &q), &none));
        assert!(contains(wide(a).sub(wide(b)), &(&p - &y), &none));
        assert!(contains(wide(a).mul(wide(b)), &(&p * &q), &none));
        assert!(contains(wide(a).div(wide(b)).expect("not 0"), &(&p / &y), &none));
        assert!(contains(wide(a).div(wide(b)).expect("not 0"), &(&x / &q), &none));
    }
}

#[test]
fn exact_numbers_stay_exact() {
    let (a, b) = (Ball::integer(7), Ball::integer(-12));
    assert_eq!(a.add(b), Ball::integer(-5));
    assert_eq!(a.mul(b), Ball::integer(-84));
    assert_eq!(b.div(Ball::integer(4)), Ok(Ball::integer(-3)));
    assert!(!a.div(b).expect("not 0").is_exact());
    assert_eq!(Ball::exact(Wide::from_double(0.375).expect("finite")), decimal("0.375"));
    assert_eq!(at("sqrt", Ball::integer(144)), Ball::integer(12));
    assert_eq!(at("sqrt", decimal("2.25")), decimal("1.5"));
    assert_eq!(Ball::integer(8).pow(decimal("-0.5")).map(Ball::is_exact), Ok(false));
    assert_eq!(Ball::integer(4).pow(decimal("1.5")), Ok(Ball::integer(8)));
    for (name, x, y) in [
        ("exp", 0, 1),
        ("log", 1, 0),
        ("sin", 0, 0),
        ("cos", 0, 1),
        ("tan", 0, 0),
        ("atan", 0, 0),
        ("asin", 0, 0),
        ("acos", 1, 0),
        ("sinh", 0, 0),
        ("cosh", 0, 1),
        ("tanh", 0, 0),
        ("asinh", 0, 0),
        ("acosh", 1, 0),
        ("atanh", 0, 0),
        ("erf", 0, 0),
        ("expm1", 0, 0),
        ("log1p", 0, 0),
        ("abs", -3, 3),
        ("relu", -3, 0),
        ("relu", 0, 0),
        ("step", 0, 0),
        ("sign", -2, -1),
        ("sqrt", 0, 0),
    ] {
        assert_eq!(at(name, Ball::integer(x)), Ball::integer(y), "{name}({x})");
    }
    assert_eq!(Ball::integer(2).less(Ball::integer(2)), Ok(false));
    let third = Ball::ONE.div(Ball::integer(3)).expect("not 0");
    assert_eq!(third.less(third), Err(KernelError::Unsupported));
    assert_eq!(third.less(Ball::ONE), Ok(true));
    assert_ne!(third, third);
    // integers beyond the mantissa are rounded, and say so
    let big = Number::integer(3).pow(400).expect("not too large");
    assert!(!Ball::from_number(&big).expect("an integer").is_exact());
}

#[test]
fn identities_hold_to_sixty_digits() {
    for k in 0..40 {
        let x = random(k, 4);
        let (s, c) = (at("sin", x), at("cos", x));
        assert!(s.mul(s).add(c.mul(c)).agreement(Ball::ONE) > 70.0);
        let e = at("exp", x);
        assert!(at("log", e).agreement(x) > 65.0);
        assert!(e.mul(at("exp", Ball::ZERO.sub(x))).agreement(Ball::ONE) > 70.0);
        assert!(at("asinh", at("sinh", x)).agreement(x) > 65.0);
        assert!(at("atan", at("tan", at("atan", x))).agreement(at("atan", x)) > 65.0);
        let twice = at("sigmoid", x.scale(1)).scale(1).sub(Ball::ONE);
        assert!(twice.agreement(at("tanh", x)) > 65.0);
        let positive = Ball::exact(x.mid().abs());
        let root = at("sqrt", positive);
        assert!(root.mul(root).agreement(positive) > 74.0);
        let power = |a: Ball, b| a.pow(b).expect("positive");
        let third = decimal("0.3");
        let product = power(positive, third).mul(power(positive, Ball::ONE.sub(third)));
        assert!(product.agreement(positive) > 65.0);
    }
}

/// Series in fixed point, with far more bits than a ball has.
mod reference {
    use super::*;

    pub(super) const BITS: u64 = 700;

    pub(super) fn fixed(x: &BigRational) -> BigInt {
        (x.numer() << BITS) / x.denom()
    }

    fn times(a: &BigInt, b: &BigInt) -> BigInt {
        (a * b) >> BITS
    }

    pub(super) fn value(x: &BigInt) -> BigRational {
        BigRational::new(x.clone(), BigInt::one() << BITS)
    }

    /// Σ of terms, each the last times `next(n)`.
    fn series(first: BigInt, mut next: impl FnMut(&BigInt, i64) -> BigInt) -> BigInt {
        let (mut term, mut sum, mut n) = (first.clone(), first, 1);
        while !term.is_zero() && term != BigInt::from(-1) {
            term = next(&term, n);
            sum += &term;
            n += 1;
        }
        sum
    }

    pub(super) fn exp(x: &BigInt) -> BigInt {
        series(BigInt::one() << BITS, |t, n| times(t, x) / n)
    }

    pub(super) fn sin(x: &BigInt) -> BigInt {
        let square = times(x, x);
        series(x.clone(), |t, n| -times(t, &square) / (2 * n * (2 * n + 1)))
    }

    pub(super) fn cos(x: &BigInt) -> BigInt {
        let square = times(x, x);
        series(BigInt::one() << BITS, |t, n| -times(t, &square) / (2 * n * (2 * n - 1)))
    }

    /// √π/2 erf x, by the series whose terms alternate.
    pub(super) fn scaled_erf(x: &BigInt) -> BigInt {
        let square = times(x, x);
        let (mut power, mut sum, mut n) = (x.clone(), x.clone(), 1i64);
        while !power.is_zero() && power != BigInt::from(-1) {
            power = -times(&power, &square) / n;
            sum += &power / (2 * n + 1);
            n += 1;
        }
        sum
    }
}

#[test]
fn radii_enclose_the_true_values() {
    let slack = BigRational::new(BigInt::one(), BigInt::one() << 600);
    let few = Ball::integer(1 << 11);
    for k in 0..60 {
        let size = [1, 2, 6, 30][k as usize % 4];
        let x = random(1000 + k, size).scale(-((k % 5) as i64) * 9);
        let fixed = reference::fixed(&rational(x.mid()));
        let check = |name: &str, y: Ball, value: BigInt| {
            let value = reference::value(&value);
            assert!(contains(y, &value, &slack), "{name} {k}");
            // and are no more than a thousand units or two
            let of = if ["sin", "cos"].contains(&name) { Ball::ONE } else { Ball::exact(y.mid()) };
            let unit = of.scale(-256).mul(few);
            assert!(y.radius().compare(unit.above()).is_le(), "{name} {k}: {:?}", y.radius());
        };
        check("exp", at("exp", x), reference::exp(&fixed));
        check("sin", at("sin", x), reference::sin(&fixed));
        check("cos", at("cos", x), reference::cos(&fixed));
        let one = BigInt::one() << reference::BITS;
        check("expm1", at("expm1", x), reference::exp(&fixed) - one);
        if size < 6 {
            // x = log(e^x): a ball about the logarithm of a number close to e^x
            let e = at("exp", x).mid();
            let log = at("log", Ball::exact(e));
            let low = rational(log.mid());
            let back = reference::value(&reference::exp(&reference::fixed(&low)));
            let slope = rational(e);
            let off = (&back - &slope).abs() / &slope;
            let radius = Ball::exact(Wide::from_double(log.radius().m()).expect("a bound"));
            let radius = radius.scale(log.radius().exponent()).scale(1);
            assert!(off <= rational(radius.mid()) + &slack, "log {k}");
            let root_pi = at("sqrt", Ball::pi().expect("there is one"));
            let scaled = at("erf", x).mul(root_pi).scale(-1);
            let value = reference::value(&reference::scaled_erf(&fixed));
            assert!(contains(scaled, &value, &slack), "erf {k}");
        }
    }
}

#[test]
fn a_ball_goes_to_a_ball_that_holds_the_values_of_its_points() {
    for f in crate::functions::all().filter(|f| f.parameters.len() == 1) {
        let Kernel::Elementwise(_) = f.kernel else { continue };
        for k in 0..24 {
            let mid = random(5000 + k, 6);
            let width = [-3, -30, -120, -250][k as usize % 4];
            let Ok(image) = Ball::map(f, &[mid.widen(Magnitude::power_of_two(width))]) else {
                continue;
            };
            for j in 0..6 {
                let point = Ball::exact(mid.add(random(100 * k + j, 1).scale(width)).mid());
                let Ok(y) = Ball::map(f, &[point]) else {
                    assert!(!image.is_bounded(), "{} {k}", f.name);
                    continue;
                };
                assert!(!image.differs(y), "{} {k} {width}: {image:?} {y:?}", f.name);
            }
        }
    }
}

#[test]
fn the_range_is_wide_and_its_ends_are_known() {
    let e = at("exp", Ball::integer(800));
    assert!(at("log", e).agreement(Ball::integer(800)) > 70.0);
    let deep = at("exp", at("exp", Ball::integer(20)));
    assert!(at("log", at("log", deep)).agreement(Ball::integer(20)) > 60.0);
    assert!(at("softplus", Ball::integer(-5000)).agreement(at("exp", Ball::integer(-5000))) > 70.0);
    let huge = Ball::ONE.scale(1 << 55);
    assert_eq!(huge.exp().err(), Some(KernelError::TooLarge));
    let tiny = Ball::ZERO.sub(huge).exp().expect("close to 0");
    assert!(!tiny.is_nonzero() && tiny.is_bounded());
    assert!(at("tanh", huge).agreement(Ball::ONE) > 1000.0);
    assert!(at("sin", huge).radius().to_double() >= 1.0);
    let mut x = Ball::integer(3);
    for _ in 0..80 {
        x = x.mul(x);
    }
    assert!(!x.is_bounded() && !x.is_undefined() && !x.sub(x).is_nonzero());
    assert!(Ball::UNBOUNDED.div(Ball::UNBOUNDED).is_ok_and(|q| !q.is_bounded()));
}

#[test]
fn outside_the_domain_there_is_no_value() {
    let minus = Ball::integer(-2);
    for name in ["log", "sqrt", "asin", "acos", "acosh", "atanh", "log1p"] {
        let value = Ball::map(find(name).expect("a function"), &[minus]);
        assert_eq!(value.err(), Some(KernelError::Undefined), "{name}");
    }
    assert_eq!(at("abs", minus), Ball::integer(2));
    assert_eq!(minus.pow(decimal("0.3")).err(), Some(KernelError::Undefined));
    assert_eq!(minus.pow(Ball::integer(100_001)).map(Ball::is_negative), Ok(true));
    assert_eq!(Ball::ZERO.pow(minus).err(), Some(KernelError::Undefined));
    assert_eq!(Ball::ZERO.pow(Ball::ZERO), Ok(Ball::ONE));
    // near an end of the domain nothing is known
    let about_zero = at("sin", Ball::pi().expect("there is one"));
    assert!(!about_zero.is_nonzero() && about_zero.is_bounded());
    assert!(about_zero.sqrt().is_ok_and(|y| !y.is_bounded()));
    assert!(Ball::ONE.div(about_zero).is_ok_and(|y| !y.is_bounded()));
    assert_eq!(about_zero.is_zero(), Err(KernelError::Unsupported));
    assert!(at("relu", about_zero).is_bounded());
    let cube = Ball::integer(2).pow(Ball::ONE.div(Ball::integer(3)).expect("not 0"));
    assert!(cube.is_ok_and(|c| c.agreement(decimal("1.25992104989487316476721060727822835057025146470150798008197511215529967651395948372939656")) > 70.0));
}

#[test]
fn numbers_are_written_in_decimal() {
    for (x, text) in [
        (decimal("0.375"), "0.375"),
        (Ball::integer(-1200), "-1200"),
        (Ball::ZERO, "0"),
        (decimal("0.000123"), "0.000123"),
        (Ball::integer(10).pow(Ball::integer(30)).expect("a power"), "1e30"),
        (
            decimal("1.5").mul(Ball::integer(10).pow(Ball::integer(-40)).expect("a power")),
            "1.4999999999999999999e-40",
        ),
    ] {
        assert_eq!(x.to_decimal(20).as_deref(), Some(text));
    }
    assert_eq!(Ball::UNBOUNDED.to_decimal(10), None);
    assert!((decimal("0.1").to_double() - 0.1).abs() < 1e-17);
    assert!(decimal("1e-310").to_double() > 0.0);
}
