//! Analysis of a measured scaling curve: fitted laws, tests between them, intervals, and the verdict.

use crate::scaling::bootstrap::{self, PeakInterval};
use crate::scaling::confidence::{Confidence, confidence};
use crate::scaling::verdict::{judge_means, needs, superlinear};
use crate::scaling::{FTest, Fit, FitError, Law, MeasurementKind, Sample, Verdict, fit, karp_flatt};

/// A fitted law with the intervals of its parameters.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// Fitted law.
    pub fit: Fit,
    /// 95 % interval of each parameter, in the order of [`Fit::estimates`].
    pub intervals: Vec<Option<Confidence>>,
}

/// Results of the analysis.
#[derive(Clone, Debug)]
pub struct Study {
    /// Measurements.
    pub sample: Sample,
    /// The laws that could be fitted.
    pub laws: Vec<Fitted>,
    /// Laws that could not be fitted, with the reason.
    pub left_out: Vec<FitError>,
    /// F test of the USL against Amdahl's law.
    pub f_test: Option<FTest>,
    /// Verdict on the curve.
    pub verdict: Verdict,
    /// Interval of the peak, if the law of the curve has one.
    pub peak: Option<PeakInterval>,
    /// Throughput of one agent: as measured, else on the curve of [`Study::best`].
    pub one: f64,
}

/// Options of a study.
#[derive(Clone, Debug)]
pub struct StudyOptions {
    /// Laws to fit.
    pub laws: Vec<&'static Law>,
    /// Judges every law; otherwise Gustafson's law only where the work may grow.
    pub judge_all: bool,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Number of bootstrap resamples.
    pub resamples: u32,
}

impl Study {
    /// Fits the laws of `options`.
    ///
    /// # Errors
    ///
    /// Returns the reason of the first law if none can be fitted.
    pub fn new(sample: Sample, options: &StudyOptions) -> Result<Study, FitError> {
        let (mut laws, mut left_out) = (Vec::new(), Vec::new());
        for law in &options.laws {
            match fit::fit_means(law, &sample.points, sample.pure) {
                Ok(fit) => laws.push(Fitted { intervals: confidence(&fit, &sample.points), fit }),
                Err(error) => left_out.push(error),
            }
        }
        if laws.is_empty()
            && let Some(error) = left_out.first()
        {
            return Err(error.clone());
        }
        let applies = |fitted: &&Fitted| {
            options.judge_all || fitted.fit.law.name != "gustafson" || sample.kind == MeasurementKind::Throughput
        };
        let judged: Vec<Fit> = laws.iter().filter(applies).map(|fitted| fitted.fit.clone()).collect();
        let verdict = judge_means(&sample.points, sample.pure, &judged);
        let find = |name: &str| laws.iter().find(|fitted| fitted.fit.law.name == name).map(|fitted| &fitted.fit);
        let f_test = find("amdahl").zip(find("usl")).and_then(|(amdahl, usl)| needs(amdahl, usl));
        let mut study = Study { sample, laws, left_out, f_test, verdict, peak: None, one: 0.0 };
        let best = study.best().map(|fitted| fitted.fit.clone());
        study.one = study.sample.one().or(best.as_ref().map(Fit::lambda)).unwrap_or_default();
        study.peak = best
            .filter(|fit| study.follows().is_some() && fit.peak().is_some())
            .and_then(|fit| bootstrap::peak(&fit, &study.sample, options.seed, options.resamples));
        Ok(study)
    }

    /// Returns the fit of the law of that name.
    pub fn law(&self, name: &str) -> Option<&Fitted> {
        self.laws.iter().find(|fitted| fitted.fit.law.name == name)
    }

    /// Law that the curve follows; none if there is no scaling regime.
    pub fn follows(&self) -> Option<&Fitted> {
        if let Verdict::Regime { law } = self.verdict { self.law(law) } else { None }
    }

    /// Law that the curve follows, or else the one with the least `AICc`.
    pub fn best(&self) -> Option<&Fitted> {
        let criterion = |fitted: &Fitted| fitted.fit.aicc.unwrap_or(f64::INFINITY);
        self.follows().or_else(|| self.laws.iter().min_by(|a, b| criterion(a).total_cmp(&criterion(b))))
    }

    /// Law with the least `AICc`; none where too few points leave it undefined.
    pub fn least_aicc(&self) -> Option<&Fitted> {
        let known = self.laws.iter().filter(|fitted| fitted.fit.aicc.is_some());
        known.min_by(|a, b| a.fit.aicc.unwrap_or(f64::NAN).total_cmp(&b.fit.aicc.unwrap_or(f64::NAN)))
    }

    /// Karp-Flatt serial fraction at each team size above one: (n, e).
    pub fn karp_flatt(&self) -> Vec<(f64, f64)> {
        let points = self.sample.points.iter().filter(|point| point.n > 1.0 && point.x > 0.0);
        points.map(|point| (point.n, karp_flatt::serial_fraction(point.x / self.one, point.n))).collect()
    }

    /// Team sizes with more than linear scaling from the smallest.
    pub fn superlinear(&self) -> Vec<f64> {
        superlinear(&self.sample.points).map(|point| point.n).collect()
    }
}
