//! Laws fitted to the speedups of a curve.

use crate::experiment::result::Curve;
use crate::scaling::{Fit, Point, Verdict, fit, law, verdict};

/// Laws for work of fixed size, and for work that grows with the team.
const FIXED: &[&str] = &["amdahl", "usl"];
const SCALED: &[&str] = &["gustafson"];

/// Fits of a curve and their verdict. All points have equal weights; `fit` weights by replications.
pub struct Fits {
    /// Fit of each law that could be fitted.
    pub fits: Vec<Fit>,
    /// Verdict.
    pub verdict: Verdict,
}

impl Fits {
    /// Fits the speedups of a curve; `scaled` if the work grows with the team.
    pub fn new(curve: &Curve<'_>, scaled: bool) -> Fits {
        let speedups = curve.rows.iter().filter_map(|row| Some((row.agents, row.speedup?)));
        let (points, half_widths): (Vec<Point>, Vec<f64>) =
            speedups.map(|(n, speedup)| (Point::new(f64::from(n), speedup.estimate), speedup.half_width)).unzip();
        let fits: Vec<Fit> =
            if scaled { SCALED } else { FIXED }.iter().filter_map(|name| fit::fit(law(name)?, &points).ok()).collect();
        let verdict = verdict::judge_known(&points, &half_widths, &fits);
        Fits { fits, verdict }
    }
}
