//! The front of time, cost and quality: the teams to choose among, whatever the three are worth to somebody.
//!
//! A team leaves the front if another is shown to be better in one of the three and is not shown to be worse in any:
//! shown by the paired 95 % interval of the difference. By means alone every team that is a hair's breadth luckier in one
//! of the three would stay (V. Pareto, "Manuale di economia politica", 1906, is about values that are known).

use crate::experiment::optimal::runs::{OBJECTIVES, Runs};

/// Which of the teams are on the front, by place.
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
        // Three teams can be shown to be better in a circle, as each pair is judged by itself. Then means decide.
        return (0..teams.len()).map(|a| !teams.iter().any(|other| is_better_by_means(other, teams[a]))).collect();
    }
    on_front
}

/// Whether the first is shown to be better in something, and whether the second is.
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

    /// A team whose time, cost and quality lie around these; the noise of the first is its own.
    fn team(time: f64, cost: f64, quality: f64, seed: u32) -> Runs {
        let noise = |place: u32| f64::from((place * 7 + seed * 3) % 11) - 5.0;
        runs(&(0..22).map(|place| (time + noise(place), cost, quality)).collect::<Vec<_>>())
    }

    #[test]
    fn who_is_shown_to_be_beaten_leaves() {
        let (fast, cheap) = (team(10.0, 5.0, 1.0, 0), team(20.0, 1.0, 1.0, 1));
        let (slow_and_dear, good) = (team(21.0, 6.0, 1.0, 2), team(30.0, 9.0, 1.5, 3));
        assert_eq!(front(&[&fast, &cheap, &slow_and_dear, &good]), [true, true, false, true]);
        // A difference that is not shown is none: as fast, but cheaper, beats.
        let lucky = team(19.9, 1.1, 1.0, 4);
        assert_eq!(front(&[&cheap, &lucky]), [true, false]);
        // Two that are the same both stay.
        assert_eq!(front(&[&fast, &fast.clone()]), [true, true]);
        assert!(front(&[]).is_empty());
    }
}
