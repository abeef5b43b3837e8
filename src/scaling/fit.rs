//! Fitting a law to measurements: estimates with honest intervals, and what the fitted curve says.

use thiserror::Error;

use crate::engine::math;
use crate::scaling::least_squares::minimise;
use crate::scaling::tails::t_quantile;
use crate::scaling::usl::best_neighbour;
use crate::scaling::{Interval, Law, Shape};

/// A measurement: `n` agents reached the throughput `x`. A speedup is a throughput, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Team size, at least 1.
    pub n: f64,
    /// Throughput in any unit, not negative.
    pub x: f64,
    /// What the point counts for, above 0; the inverse of its variance, up to a factor common to all points.
    pub weight: f64,
}

impl Point {
    /// A measurement that counts like any other.
    pub fn new(n: f64, x: f64) -> Point {
        Point { n, x, weight: 1.0 }
    }

    /// The mean of `runs` measurements with standard deviation `sd`, above 0: its weight is runs / sd^2.
    pub fn of_mean(n: f64, mean: f64, sd: f64, runs: usize) -> Point {
        Point { n, x: mean, weight: runs as f64 / (sd * sd) }
    }
}

/// A law fitted to points.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The law.
    pub law: &'static Law,
    /// How many points there were.
    pub points: usize,
    /// Weighted sum of squared residuals.
    pub rss: f64,
    /// Degrees of freedom: points less parameters that are not at a bound.
    pub df: usize,
    /// Akaike's criterion with the correction for small samples; less is better. See [`aicc`].
    pub aicc: Option<f64>,
    /// lambda, then the parameters of the law's shape; one at a bound is still in its place.
    estimates: [Estimate; 3],
}

/// A parameter as fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// The best value would lie beyond the bound, so it was set to the bound and dropped from the fit.
    pub at_bound: bool,
    /// Standard error. None at a bound, where the estimate is not even roughly normal, and without degrees of freedom.
    pub se: Option<f64>,
    /// Half-width of the 95 % interval: t(0.975, df) standard errors. None as for `se`.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// The 95 % interval. It is Wald's and may reach beyond what the parameter can be.
    pub fn interval(&self) -> Option<Interval> {
        self.half_width.map(|half_width| Interval { estimate: self.value, half_width })
    }
}

/// The top of a fitted curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The real number at which the curve is greatest.
    pub n: f64,
    /// The best whole team: the floor or ceiling of `n`, whichever is faster.
    pub agents: u64,
    /// Its throughput.
    pub throughput: f64,
}

/// Why a law cannot be fitted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FitError {
    /// More parameters than team sizes: infinitely many curves pass through the points.
    #[error("{law} has {parameters} parameters and needs as many different team sizes; there are {sizes}")]
    TooFewSizes {
        /// The law's name.
        law: &'static str,
        /// How many parameters it has.
        parameters: usize,
        /// How many different team sizes there are.
        sizes: usize,
    },
    /// A number that no measurement can be, or whose square is beyond what can be added up.
    #[error(
        "points[{place}] is n = {}, x = {}, weight = {}; expected n from 1 to 1e9, \
         x from 1e-50 to 1e50 or 0, weight from 1e-50 to 1e50",
        point.n, point.x, point.weight
    )]
    BadPoint {
        /// Its place among the points.
        place: usize,
        /// The point.
        point: Point,
    },
    /// Nothing was ever done, so there is no rate.
    #[error("every throughput is 0")]
    AllZero,
}

/// Fits `law` to `points` by weighted least squares within the law's bounds.
///
/// Repeated measurements at one team size may be given each as a point or as their mean with a weight.
///
/// # Errors
///
/// A point that is no measurement (also one whose weight is infinite, as that of a mean without any spread is),
/// throughputs that are all zero, or fewer team sizes than parameters.
pub fn fit(law: &'static Law, points: &[Point]) -> Result<Fit, FitError> {
    let parameters = law.curve.shape();
    check(law.name, points, 1 + parameters.len())?;
    let minimum = minimise(law.curve, points);
    let kept = minimum.dropped.iter().filter(|&&dropped| !dropped).count();
    let df = points.len() - kept;
    let known = (df > 0).then(|| (t_quantile(0.975, df as f64), minimum.rss / df as f64));
    let names = [Some("lambda"), parameters.first().map(|shape| shape.name), parameters.get(1).map(|shape| shape.name)];
    let estimates = std::array::from_fn(|place| {
        let at_bound = minimum.dropped[place];
        let known = known.filter(|_| !at_bound);
        let se = known.map(|(_, residual_variance)| (residual_variance * minimum.unscaled_variance[place]).sqrt());
        Estimate {
            name: names[place].unwrap_or_default(),
            value: minimum.theta[place],
            at_bound,
            se,
            half_width: se.zip(known).map(|(se, (t, _))| t * se),
        }
    });
    let aicc = aicc(points, minimum.rss, 1 + parameters.len());
    Ok(Fit { law, points: points.len(), rss: minimum.rss, df, aicc, estimates })
}

impl Fit {
    /// lambda, then the parameters of the law's shape.
    pub fn estimates(&self) -> &[Estimate] {
        &self.estimates[..=self.law.curve.shape().len()]
    }

    /// The parameter of that name.
    pub fn estimate(&self, name: &str) -> Option<&Estimate> {
        self.estimates().iter().find(|estimate| estimate.name == name)
    }

    /// Throughput of one agent on the fitted curve.
    pub fn lambda(&self) -> f64 {
        self.estimates[0].value
    }

    /// The shape of the fitted curve.
    pub fn shape(&self) -> Shape {
        [self.estimates[1].value, self.estimates[2].value]
    }

    /// Throughput of `n` agents on the fitted curve.
    pub fn throughput(&self, n: f64) -> f64 {
        self.lambda() * self.speedup(n)
    }

    /// Speedup of `n` agents on the fitted curve, over one agent on the same curve.
    pub fn speedup(&self, n: f64) -> f64 {
        self.law.curve.speedup(n, self.shape())
    }

    /// The top of the curve; none if it never falls.
    pub fn peak(&self) -> Option<Peak> {
        let n = self.law.curve.peak(self.shape())?;
        let agents = best_neighbour(n, |n| self.speedup(n));
        Some(Peak { n, agents: agents as u64, throughput: self.throughput(agents) })
    }

    /// The throughput that larger and larger teams approach; none if the curve falls again or grows for ever.
    pub fn limit(&self) -> Option<f64> {
        self.law.curve.limit(self.shape()).map(|speedup| self.lambda() * speedup)
    }
}

/// Akaike's information criterion, corrected: N ln(RSS/N) + 2K + 2K(K + 1)/(N - K - 1), where K counts the law's
/// parameters, those at a bound too, and the residual variance. None unless N is above K + 1.
///
/// Constants that depend on the points alone are left out, so only differences over the same points mean anything. A
/// curve that meets the points to one part in 10^9 meets them: below that, residuals are rounding, and of two exact
/// laws the one with fewer parameters should win. N. Sugiura, Communications in Statistics A 7(1), 1978.
pub fn aicc(points: &[Point], rss: f64, parameters: usize) -> Option<f64> {
    let (n, k) = (points.len() as f64, (parameters + 1) as f64);
    let rss = rss.max(rounding(points));
    (n > k + 1.0).then(|| n * math::ln(rss / n) + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0))
}

/// The sum of squares that is left when a curve meets the points to one part in 10^9.
pub(crate) fn rounding(points: &[Point]) -> f64 {
    1e-18 * points.iter().map(|point| point.weight * point.x * point.x).sum::<f64>()
}

/// What can be squared, multiplied and summed without leaving the range of numbers.
const MAGNITUDES: std::ops::RangeInclusive<f64> = 1e-50..=1e50;

fn check(law: &'static str, points: &[Point], parameters: usize) -> Result<(), FitError> {
    for (place, &point) in points.iter().enumerate() {
        let x_counts = point.x == 0.0 || MAGNITUDES.contains(&point.x);
        if !((1.0..=1e9).contains(&point.n) && x_counts && MAGNITUDES.contains(&point.weight)) {
            return Err(FitError::BadPoint { place, point });
        }
    }
    // Three team sizes are enough for every law, so no more than three are told apart.
    let mut seen = [0.0; 3];
    let mut sizes = 0;
    for point in points {
        if sizes < seen.len() && !seen[..sizes].contains(&point.n) {
            seen[sizes] = point.n;
            sizes += 1;
        }
    }
    if sizes < parameters {
        return Err(FitError::TooFewSizes { law, parameters, sizes });
    }
    if points.iter().all(|point| point.x == 0.0) { Err(FitError::AllZero) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::{LAWS, law};
    use proptest::prelude::*;

    // Public data: N and throughput, as in the R package usl (raytracer, specsdm91) and the USL literature (cisco).
    const RAYTRACER: [(f64, f64); 11] = [
        (1.0, 20.0),
        (4.0, 78.0),
        (8.0, 130.0),
        (12.0, 170.0),
        (16.0, 190.0),
        (20.0, 200.0),
        (24.0, 210.0),
        (28.0, 230.0),
        (32.0, 260.0),
        (48.0, 280.0),
        (64.0, 310.0),
    ];
    const SPECSDM91: [(f64, f64); 7] =
        [(1.0, 64.9), (18.0, 995.9), (36.0, 1652.4), (72.0, 1853.2), (108.0, 1828.9), (144.0, 1775.0), (216.0, 1702.2)];
    const CISCO: [f64; 32] = [
        955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61, 8278.71, 8646.7,
        9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52, 11151.43, 11518.63, 11806.0,
        12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4, 12074.39,
    ];

    fn points(data: &[(f64, f64)]) -> Vec<Point> {
        data.iter().map(|&(n, x)| Point::new(n, x)).collect()
    }

    fn cisco() -> Vec<Point> {
        CISCO.iter().zip(1_u32..).map(|(&x, n)| Point::new(f64::from(n), x)).collect()
    }

    fn fitted(name: &str, points: &[Point]) -> Fit {
        fit(law(name).expect("registered"), points).expect("enough points")
    }

    // The estimates below are the minimum as found in arithmetic of 50 digits. Published ones stop at the tolerance of
    // their optimiser: cisco sigma 0.02671591, kappa 7.690945e-4, lambda 995.6486, and specsdm91 lambda 89.9952330.

    /// Asserts that `value` prints as `golden` with as many decimals.
    #[track_caller]
    fn prints(value: f64, golden: &str) {
        let decimals = golden.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        assert_eq!(format!("{value:.decimals$}"), golden);
    }

    fn value(fit: &Fit, name: &str) -> f64 {
        fit.estimate(name).expect("a parameter").value
    }

    #[test]
    fn golden_specsdm91() {
        let usl = fitted("usl", &points(&SPECSDM91));
        prints(value(&usl, "sigma"), "0.0277285");
        prints(value(&usl, "kappa") * 1e4, "1.043655");
        prints(value(&usl, "lambda"), "89.9952331");
        let se = |name| usl.estimate(name).and_then(|estimate| estimate.se).expect("inside the bounds");
        prints(se("sigma"), "0.0091217");
        prints(se("kappa") * 1e5, "1.99");
        prints(se("lambda"), "14.2134894");
        let interval = |name| usl.estimate(name).and_then(Estimate::interval).expect("inside the bounds");
        prints(interval("sigma").low(), "0.00240");
        prints(interval("sigma").high(), "0.05305");
        prints(interval("kappa").low() * 1e5, "4.918");
        prints(interval("kappa").high() * 1e4, "1.5955");
        prints(usl.peak().expect("it falls").n, "96.51956");
        assert_eq!((usl.df, usl.limit()), (4, None));
        prints(usl.aicc.expect("enough points"), "85.92");
        prints(fitted("amdahl", &points(&SPECSDM91)).aicc.expect("enough points"), "82.87");
    }

    #[test]
    fn golden_raytracer() {
        let usl = fitted("usl", &points(&RAYTRACER));
        prints(value(&usl, "sigma"), "0.0577708");
        prints(value(&usl, "lambda"), "21.84884");
        prints(usl.rss, "697.2378");
        prints(usl.limit().expect("no peak"), "378.199");
        prints(usl.aicc.expect("enough points"), "60.31");
        let kappa = usl.estimate("kappa").expect("a parameter");
        let expected = Estimate { name: "kappa", value: 0.0, at_bound: true, se: None, half_width: None };
        assert_eq!((*kappa, usl.df, usl.peak()), (expected, 9, None));

        // With kappa dropped it is Amdahl's law, in every figure but the criterion.
        let amdahl = fitted("amdahl", &points(&RAYTRACER));
        prints(1.0 - value(&amdahl, "p"), "0.0577708");
        prints(amdahl.rss, "697.2378");
        prints(amdahl.limit().expect("bounded"), "378.199");
        prints(amdahl.aicc.expect("enough points"), "55.07");
        let se = |fit: &Fit, name| fit.estimate(name).and_then(|estimate| estimate.se).expect("inside the bounds");
        assert!((se(&usl, "sigma") / se(&amdahl, "p") - 1.0).abs() < 1e-6);

        let first_six = fitted("usl", &points(&RAYTRACER[..6]));
        prints(value(&first_six, "sigma"), "0.0244440");
        prints(value(&first_six, "kappa") * 1e3, "1.626809");
        prints(value(&first_six, "lambda"), "20.85605");
        prints(first_six.peak().expect("it falls").n, "24.48825");
    }

    #[test]
    fn golden_cisco() {
        let usl = fitted("usl", &cisco());
        prints(value(&usl, "sigma"), "0.02671595");
        prints(value(&usl, "kappa") * 1e4, "7.690939");
        prints(value(&usl, "lambda"), "995.6488");
        let peak = usl.peak().expect("it falls");
        prints(peak.n, "35.57");
        // The literature takes the floor of n*, 35. The ceiling is faster by half a unit in 12,342.
        prints(usl.throughput(35.0).floor(), "12341");
        assert_eq!(peak.agents, 36);
        assert!(peak.throughput > usl.throughput(35.0));
        prints(usl.aicc.expect("enough points"), "341.43");
        prints(fitted("amdahl", &cisco()).aicc.expect("enough points"), "374.74");
        prints(fitted("linear", &cisco()).aicc.expect("enough points"), "490.99");
    }

    #[test]
    fn scale_moves_only_the_rate() {
        let (small, large) = (fitted("usl", &cisco()), {
            let mut points = cisco();
            for point in &mut points {
                point.x *= 1e6;
                point.weight = 1e-9;
            }
            fitted("usl", &points)
        });
        for name in ["sigma", "kappa"] {
            let (a, b) = (small.estimate(name).expect("there"), large.estimate(name).expect("there"));
            assert!((a.value / b.value - 1.0).abs() < 1e-8);
            assert!((a.se.expect("inside") / b.se.expect("inside") - 1.0).abs() < 1e-8);
        }
        assert!((large.lambda() / small.lambda() / 1e6 - 1.0).abs() < 1e-8);
    }

    #[test]
    fn weights_count_points() {
        // A point of weight 2 is the same point twice.
        let data = [(1.0, 10.0), (2.0, 17.0), (4.0, 31.0), (8.0, 44.0), (16.0, 50.0)];
        let mut heavy = points(&data);
        heavy[1].weight = 2.0;
        let mut twice = points(&data);
        twice.push(twice[1]);
        let (heavy, twice) = (fitted("usl", &heavy), fitted("usl", &twice));
        for (a, b) in heavy.estimates().iter().zip(twice.estimates()) {
            assert!((a.value - b.value).abs() <= 1e-8 * b.value, "{a:?} {b:?}");
        }
        assert!((heavy.rss / twice.rss - 1.0).abs() < 1e-9);
    }

    #[test]
    fn falling_and_superlinear_curves_end_at_their_bounds() {
        let falling = fitted("amdahl", &points(&[(1.0, 10.0), (2.0, 8.0), (3.0, 7.0), (4.0, 5.0)]));
        assert!(falling.estimate("p").is_some_and(|p| p.at_bound && p.value == 0.0));
        assert_eq!((falling.lambda(), falling.df), (7.5, 3));
        let superlinear = fitted("usl", &points(&[(1.0, 1.0), (2.0, 2.2), (3.0, 3.5), (4.0, 4.9)]));
        assert!(superlinear.estimates()[1..].iter().all(|shape| shape.at_bound && shape.value == 0.0));
        assert_eq!(superlinear.df, 3);
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let usl = law("usl").expect("registered");
        let two = points(&[(1.0, 1.0), (2.0, 1.5), (2.0, 1.6)]);
        let error = FitError::TooFewSizes { law: "usl", parameters: 3, sizes: 2 };
        assert_eq!(fit(usl, &two).expect_err("too few"), error);
        assert_eq!(fit(usl, &points(&[(1.0, 0.0), (2.0, 0.0), (3.0, 0.0)])).expect_err("zero"), FitError::AllZero);
        for (n, x, weight) in [
            (0.0, 1.0, 1.0),
            (2.0, -1.0, 1.0),
            (2.0, f64::NAN, 1.0),
            (2.0, 1.0, 0.0),
            (2.0, 1.0, f64::INFINITY),
            (f64::INFINITY, 1.0, 1.0),
        ] {
            let mut some = points(&RAYTRACER);
            some[3] = Point { n, x, weight };
            assert!(matches!(fit(usl, &some), Err(FitError::BadPoint { place: 3, .. })), "{n} {x} {weight}");
        }
        // As many sizes as parameters: a curve, but nothing to judge it by.
        let exact = fitted("usl", &points(&[(1.0, 1.0), (2.0, 1.7), (3.0, 2.0)]));
        assert_eq!((exact.df, exact.aicc), (0, None));
        assert!(exact.estimates().iter().all(|estimate| estimate.se.is_none()));
    }

    #[test]
    fn extreme_measurements_stay_in_the_range_of_numbers() {
        for x in [1e-50, 1e50] {
            for weight in [1e-50, 1e50] {
                let points = [(1.0, x), (2.0, 0.0), (1e6, x), (1e9, 1e-50)].map(|(n, x)| Point { n, x, weight });
                for law in LAWS {
                    let fit = fit(law, &points).expect("valid points");
                    assert!(fit.lambda() > 0.0 && fit.rss.is_finite() && fit.throughput(1e9).is_finite(), "{fit:?}");
                }
            }
        }
    }

    /// What `shape` says at ten team sizes.
    fn generated(law: &'static Law, lambda: f64, shape: Shape) -> Vec<Point> {
        let sizes = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0];
        sizes.iter().map(|&n| Point::new(n, lambda * law.curve.speedup(n, shape))).collect()
    }

    proptest! {
        #[test]
        fn a_generated_curve_is_found_again(
            row in 0..LAWS.len(), rate in -3.0..6.0_f64, first in 0.0..0.98_f64, second in -5.0..-0.5_f64,
        ) {
            let law = &LAWS[row];
            let lambda = math::exp(rate);
            let mut shape = [first, math::exp(std::f64::consts::LN_10 * second)];
            shape[law.curve.shape().len()..].fill(0.0);
            let fit = fit(law, &generated(law, lambda, shape)).expect("enough points");
            prop_assert!((fit.lambda() / lambda - 1.0).abs() < 1e-6, "{fit:?}");
            for (found, truth) in fit.shape().iter().zip(shape) {
                prop_assert!((found - truth).abs() < 1e-6, "{shape:?}: {fit:?}");
            }
        }

        #[test]
        fn noise_never_breaks_a_fit(noise in proptest::collection::vec(0.0..100.0_f64, 3..12)) {
            let points: Vec<Point> = noise.iter().zip(1_u32..).map(|(&x, n)| Point::new(f64::from(n), x)).collect();
            let (amdahl, usl) = (fitted("amdahl", &points), fitted("usl", &points));
            prop_assert!(usl.rss <= amdahl.rss * (1.0 + 1e-9), "{amdahl:?} {usl:?}");
            for fit in [amdahl, usl] {
                for (parameter, value) in fit.law.curve.shape().iter().zip(fit.shape()) {
                    prop_assert!((parameter.low..=parameter.high).contains(&value), "{fit:?}");
                }
                prop_assert!(fit.lambda() > 0.0 && fit.rss.is_finite());
            }
        }
    }
}
