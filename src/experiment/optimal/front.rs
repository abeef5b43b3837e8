//! The Pareto front of time, cost and quality, under uncertainty.
//!
//! A team is dominated if another is significantly better in one of the three and significantly worse in none, by the
//! paired 95 % interval of the difference. By means alone every team that is better by chance in one of the three would
//! stay (V. Pareto, "Manuale di economia politica", 1906, is about known values).

use crate::experiment::optimal::runs::{OBJECTIVES, Runs};

/// Marks the teams on the front.
pub(super) fn front(teams: &[&Runs]) -> Vec<bool> {
    let mut on_front = vec![true; teams.len()];
    for (a, first) in teams.iter().enumerate() {
        for (b, second) in teams.iter().enumerate().take(a) {
            match shown(first, second) {
                (true, false) => on_front[b] = false,
                (false, true) => on_front[a] = false,
                _ => {}
            }
        }
    }
    if !on_front.contains(&true) {
        // Pairwise domination can be circular, as each pair is tested by itself. Then means decide.
        return (0..teams.len()).map(|a| !teams.iter().any(|other| is_better_by_means(other, teams[a]))).collect();
    }
    on_front
}

/// Returns whether the first is significantly better in an objective, and whether the second is.
fn shown(first: &Runs, second: &Runs) -> (bool, bool) {
    let mut better = (false, false);
    for objective in OBJECTIVES {
        let Some(difference) = first.beyond(second, objective) else { continue };
        let (low, high) = (objective.burden(difference.low()), objective.burden(difference.high()));
        better.0 |= low.max(high) < 0.0;
        better.1 |= low.min(high) > 0.0;
    }
    better
}

fn is_better_by_means(one: &Runs, other: &Runs) -> bool {
    let means = OBJECTIVES.map(|objective| {
        let mean =
            |runs: &Runs| runs.summary(objective).map_or(f64::INFINITY, |summary| objective.burden(summary.mean));
        (mean(one), mean(other))
    });
    means.iter().all(|(a, b)| a <= b) && means.iter().any(|(a, b)| a < b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::optimal::runs::tests::runs;

    /// A team with time, cost and quality around these values, and noise of its own in the time.
    fn team(time: f64, cost: f64, quality: f64, seed: u32) -> Runs {
        let noise = |run: u32| f64::from((run * 7 + seed * 3) % 11) - 5.0;
        runs(&(0..22).map(|run| (time + noise(run), cost, quality)).collect::<Vec<_>>())
    }

    #[test]
    fn who_is_shown_to_be_beaten_leaves() {
        let (fast, cheap) = (team(10.0, 5.0, 1.0, 0), team(20.0, 1.0, 1.0, 1));
        let (slow_and_dear, good) = (team(21.0, 6.0, 1.0, 2), team(30.0, 9.0, 1.5, 3));
        assert_eq!(front(&[&fast, &cheap, &slow_and_dear, &good]), [true, true, false, true]);
        // A difference that is not significant counts as none: as fast, but cheaper, dominates.
        let lucky = team(19.9, 1.1, 1.0, 4);
        assert_eq!(front(&[&cheap, &lucky]), [true, false]);
        // Two equal teams both stay.
        assert_eq!(front(&[&fast, &fast.clone()]), [true, true]);
        assert!(front(&[]).is_empty());
    }
}
