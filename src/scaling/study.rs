//! Everything that measurements of a scaling curve say: laws, tests between them, intervals, and the verdict.

use crate::scaling::bootstrap::{self, PeakInterval};
use crate::scaling::confidence::{Confidence, confidence};
use crate::scaling::verdict::{judge_means, needs_usl, superlinear};
use crate::scaling::{FTest, Fit, FitError, Law, MeasurementKind, Sample, Verdict, fit, karp_flatt};

/// A fitted law with the intervals of its parameters.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The law and its parameters.
    pub fit: Fit,
    /// The 95 % interval of each parameter, in the order of [`Fit::estimates`].
    pub intervals: Vec<Option<Confidence>>,
}

/// What the measurements say.
#[derive(Clone, Debug)]
pub struct Study {
    /// What was measured.
    pub sample: Sample,
    /// The laws that could be fitted.
    pub laws: Vec<Fitted>,
    /// Laws that could not be, and why.
    pub left_out: Vec<FitError>,
    /// Whether the USL explains more than Amdahl's law.
    pub f_test: Option<FTest>,
    /// What the curve is.
    pub verdict: Verdict,
    /// The interval of the peak, if the law that it follows has one.
    pub peak: Option<PeakInterval>,
    /// Throughput of one: as measured, or else on the curve of [`Study::best`].
    pub one: f64,
}

/// How a study is made.
#[derive(Clone, Debug)]
pub struct StudyOptions {
    /// The laws to fit.
    pub laws: Vec<&'static Law>,
    /// Whether every one of them can be what the curve follows; else Gustafson's law only where the work may grow.
    pub judge_all: bool,
    /// The seed of the bootstrap.
    pub seed: u64,
    /// How many resamples it draws.
    pub resamples: u32,
}

impl Study {
    /// Fits the laws of `plan`.
    ///
    /// # Errors
    ///
    /// If none of them can be fitted: why the first can't.
    pub fn of(sample: Sample, plan: &StudyOptions) -> Result<Study, FitError> {
        let (mut laws, mut left_out) = (Vec::new(), Vec::new());
        for law in &plan.laws {
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
            plan.judge_all || fitted.fit.law.name != "gustafson" || sample.kind == MeasurementKind::Throughput
        };
        let judged: Vec<Fit> = laws.iter().filter(applies).map(|fitted| fitted.fit.clone()).collect();
        let verdict = judge_means(&sample.points, sample.pure, &judged);
        let find = |name: &str| laws.iter().find(|fitted| fitted.fit.law.name == name).map(|fitted| &fitted.fit);
        let f_test = find("amdahl").zip(find("usl")).and_then(|(amdahl, usl)| needs_usl(amdahl, usl));
        let mut study = Study { sample, laws, left_out, f_test, verdict, peak: None, one: 0.0 };
        let best = study.best().map(|fitted| fitted.fit.clone());
        study.one = study.sample.one().or(best.as_ref().map(Fit::lambda)).unwrap_or_default();
        study.peak = best
            .filter(|fit| study.follows().is_some() && fit.peak().is_some())
            .and_then(|fit| bootstrap::peak(&fit, &study.sample, plan.seed, plan.resamples));
        Ok(study)
    }

    /// The law of that name.
    pub fn law(&self, name: &str) -> Option<&Fitted> {
        self.laws.iter().find(|fitted| fitted.fit.law.name == name)
    }

    /// The law that the curve follows; none if there is no scaling regime.
    pub fn follows(&self) -> Option<&Fitted> {
        if let Verdict::Regime { law } = self.verdict { self.law(law) } else { None }
    }

    /// The law that the curve follows, or else the one that misses it least for its number of parameters.
    pub fn best(&self) -> Option<&Fitted> {
        let criterion = |fitted: &Fitted| fitted.fit.aicc.unwrap_or(f64::INFINITY);
        self.follows().or_else(|| self.laws.iter().min_by(|a, b| criterion(a).total_cmp(&criterion(b))))
    }

    /// The law with the least `AICc`; none where too few points leave it undefined.
    pub fn least_aicc(&self) -> Option<&Fitted> {
        let known = self.laws.iter().filter(|fitted| fitted.fit.aicc.is_some());
        known.min_by(|a, b| a.fit.aicc.unwrap_or(f64::NAN).total_cmp(&b.fit.aicc.unwrap_or(f64::NAN)))
    }

    /// Karp and Flatt's serial fraction at each team size above one: (n, e).
    pub fn karp_flatt(&self) -> Vec<(f64, f64)> {
        let points = self.sample.points.iter().filter(|point| point.n > 1.0 && point.x > 0.0);
        points.map(|point| (point.n, karp_flatt::serial_fraction(point.x / self.one, point.n))).collect()
    }

    /// The team sizes that outdo linear scaling from the smallest.
    pub fn superlinear(&self) -> Vec<f64> {
        superlinear(&self.sample.points).map(|point| point.n).collect()
    }
}
