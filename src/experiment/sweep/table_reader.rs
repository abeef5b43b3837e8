//! Reader of a sweep's CSV file: the table that [`rows`](crate::report::rows) writes, by column names.
//!
//! The least and the greatest value of a summary are not in the file and are read as NaN. Everything else is read
//! exactly, except for the last digit of a half-width.

use std::io::Read;

use csv::StringRecord;

use crate::engine::Digest;
use crate::engine::VERSION;
use crate::experiment::result::is_agents;
use crate::experiment::time_shares::TimeShares;
use crate::experiment::{Laws, PointResult, SweepResult};
use crate::problem::{Problem, Problems};
use crate::record::{METRICS, TimeBudget};
use crate::scaling::{Interval, Summary};

/// Counts of runs, in the order of the file.
const COUNTS: [&str; 4] = ["runs", "completed", "stalled", "timed_out"];

/// Reads the rows of a file of the sweep whose axes `head` has.
///
/// # Errors
///
/// Reports missing columns, cells of the wrong type, and more than `most` rows.
pub fn read(head: &SweepResult, file: &str, from: impl Read, most: usize) -> Result<Vec<PointResult>, Problems> {
    let mut reader = csv::Reader::from_reader(from);
    let columns = reader.headers().map_err(|error| Problems::one(unreadable(file, &error)))?.clone();
    let columns = ColumnIndex::new(head, file, &columns)?;
    let (mut rows, mut problems) = (Vec::new(), Problems::default());
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) if rows.len() >= most => {
                let message = format!("more than {most} rows");
                problems.push(problem(file, 0, "", "too-large", message, &format!("up to {most}")));
                break;
            }
            Ok(true) => {
                let line = record.position().map_or(0, |position| position.line() as u32);
                match columns.row(file, line, &record) {
                    Ok(row) => rows.push(row),
                    Err(wrong) => problems.append(Problems::one(wrong)),
                }
            }
            Err(error) => {
                problems.push(unreadable(file, &error));
                break;
            }
        }
        if problems.is_full() {
            break;
        }
    }
    problems.or(rows)
}

fn problem(file: &str, line: u32, path: &str, code: &'static str, message: String, expected: &str) -> Problem {
    Problem { code, file: file.to_owned(), line, path: path.to_owned(), message, expected: expected.to_owned() }
}

fn unreadable(file: &str, error: &csv::Error) -> Problem {
    let line = error.position().map_or(0, |position| position.line() as u32);
    let (code, what) = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => ("not-utf8", "text that is not UTF-8".to_owned()),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            ("table", format!("{len} cells under {expected_len} columns"))
        }
        _ => ("table", error.to_string()),
    };
    problem(file, line, "", code, what, "the rows of a sweep as brooks writes them")
}

/// Column indices.
struct ColumnIndex {
    /// Column of every axis; none for a team size.
    axes: Vec<Option<usize>>,
    architecture: usize,
    agents: usize,
    counts: [usize; 4],
    /// Columns by metric: mean, sd, ends of the interval, quantiles.
    metrics: Vec<[usize; 7]>,
    speedup: [usize; 3],
    token_multiplier: usize,
    amdahl_share: usize,
    laws: [usize; 4],
    /// Columns of the parts of the time budget, of the causes of waiting, and of the named queues.
    parts: [usize; 6],
    causes: [usize; 10],
    queues: Vec<(String, usize)>,
    digest: usize,
    names: StringRecord,
}

impl ColumnIndex {
    fn new(head: &SweepResult, file: &str, names: &StringRecord) -> Result<ColumnIndex, Problems> {
        let mut missing = Problems::default();
        let mut index = |name: &str| {
            names.iter().position(|own| own == name).unwrap_or_else(|| {
                let expected = format!("the columns of a sweep as brooks {VERSION} writes them");
                missing.push(problem(file, 1, name, "table", "there is no such column".to_owned(), &expected));
                0
            })
        };
        let columns = ColumnIndex {
            axes: head.axes.iter().map(|path| (!is_agents(path)).then(|| index(path))).collect(),
            architecture: index("architecture"),
            agents: index("agents"),
            counts: COUNTS.map(&mut index),
            metrics: METRICS
                .iter()
                .map(|metric| {
                    let parts = ["mean", "sd", "ci95_low", "ci95_high", "p10", "p50", "p90"];
                    parts.map(|part| index(&format!("{}.{part}", metric.name)))
                })
                .collect(),
            speedup: ["speedup.mean", "speedup.ci95_low", "speedup.ci95_high"].map(&mut index),
            token_multiplier: index("token_multiplier"),
            amdahl_share: index("amdahl_share"),
            laws: ["amdahl_bound", "gustafson", "work_span_bound", "greedy_bound"].map(&mut index),
            parts: TimeBudget::default().parts().map(|(part, _)| index(&format!("share.{part}"))),
            causes: TimeBudget::default()
                .waiting_by_cause
                .parts()
                .map(|(cause, _)| index(&format!("share.waiting_{cause}"))),
            queues: queues(names),
            digest: index("digest"),
            names: names.clone(),
        };
        missing.or(columns)
    }

    fn row(&self, file: &str, line: u32, record: &StringRecord) -> Result<PointResult, Problem> {
        let cells = Cells { file, line, record, names: &self.names };
        let [runs, completed, stalled, timed_out] = {
            let mut counts = [0; 4];
            for (count, index) in counts.iter_mut().zip(self.counts) {
                *count = cells.whole(index)?;
            }
            counts
        };
        if completed.saturating_add(stalled).saturating_add(timed_out) != runs {
            let message =
                format!("{runs}, of which {completed} completed, {stalled} stalled and {timed_out} timed out");
            let expected = "the sum of the three";
            return Err(problem(file, line, "runs", "out-of-range", message, expected));
        }
        let agents = cells.whole(self.agents)? as u32;
        let axes = self.axes.iter().map(|index| index.map_or_else(|| agents.to_string(), |p| cells.text(p).to_owned()));
        let mut metrics = Vec::with_capacity(self.metrics.len());
        for indices in &self.metrics {
            metrics.push(cells.summary(*indices, completed)?);
        }
        let speedup = match cells.real(self.speedup[0])? {
            Some(estimate) => {
                let half_width = cells.half_width(estimate, self.speedup[2])?;
                Some(Interval { estimate, half_width })
            }
            None => None,
        };
        let mut laws = [f64::NAN; 4];
        for (law, index) in laws.iter_mut().zip(self.laws) {
            *law = cells.real(index)?.unwrap_or(f64::NAN);
        }
        let [amdahl, gustafson, work_span, greedy] = laws;
        Ok(PointResult {
            axes: axes.collect(),
            agents,
            architecture: cells.text(self.architecture).to_owned(),
            runs,
            completed,
            stalled,
            timed_out,
            metrics,
            shares: self.shares(&cells)?,
            speedup,
            token_multiplier: cells.real(self.token_multiplier)?,
            // A speedup over one agent has a share of Amdahl's law; without a speedup the flag has no effect.
            over_one_agent: speedup.is_none() || cells.real(self.amdahl_share)?.is_some(),
            laws: Laws { amdahl, gustafson, work_span, greedy },
            digest: cells.digest(self.digest)?,
        })
    }

    fn shares(&self, cells: &Cells<'_>) -> Result<TimeShares, Problem> {
        let mut shares = TimeShares::default();
        for (share, index) in shares.parts.iter_mut().zip(self.parts) {
            *share = cells.real(index)?.unwrap_or(0.0);
        }
        for (share, index) in shares.causes.iter_mut().zip(self.causes) {
            *share = cells.real(index)?.unwrap_or(0.0);
        }
        for (name, index) in &self.queues {
            shares.queues.push((name.clone(), cells.real(*index)?.unwrap_or(0.0)));
        }
        Ok(shares)
    }
}

/// Names and columns of the queues.
fn queues(names: &StringRecord) -> Vec<(String, usize)> {
    let queue = |(index, name): (usize, &str)| Some((name.strip_prefix("share.waiting_queue.")?.to_owned(), index));
    names.iter().enumerate().filter_map(queue).collect()
}

/// A line of the file.
struct Cells<'a> {
    file: &'a str,
    line: u32,
    record: &'a StringRecord,
    names: &'a StringRecord,
}

impl Cells<'_> {
    fn text(&self, index: usize) -> &str {
        self.record.get(index).unwrap_or_default()
    }

    fn wrong(&self, index: usize, expected: &str) -> Problem {
        let path = self.names.get(index).unwrap_or_default();
        let shown: String = self.text(index).chars().take(40).collect();
        problem(self.file, self.line, path, "wrong-type", format!("{shown:?}"), expected)
    }

    fn whole(&self, index: usize) -> Result<usize, Problem> {
        let value = self.text(index).parse::<u32>().map(|value| value as usize);
        value.map_err(|_| self.wrong(index, "a whole number"))
    }

    /// Reads a number; none for an empty cell.
    fn real(&self, index: usize) -> Result<Option<f64>, Problem> {
        let text = self.text(index);
        if text.is_empty() {
            return Ok(None);
        }
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        value.map(Some).ok_or_else(|| self.wrong(index, "a number or an empty cell"))
    }

    /// Half-width from a mean to the upper end of its interval; infinite without one.
    fn half_width(&self, mean: f64, high: usize) -> Result<f64, Problem> {
        Ok(self.real(high)?.map_or(f64::INFINITY, |high| (high - mean).max(0.0)))
    }

    fn summary(&self, indices: [usize; 7], n: usize) -> Result<Option<Summary>, Problem> {
        let [mean, sd, _, high, p10, p50, p90] = indices;
        let Some(mean) = self.real(mean)? else { return Ok(None) };
        let known = |index| Ok(self.real(index)?.unwrap_or(f64::NAN));
        Ok(Some(Summary {
            n,
            mean,
            sd: known(sd)?,
            half_width: self.half_width(mean, high)?,
            min: f64::NAN,
            p10: known(p10)?,
            p50: known(p50)?,
            p90: known(p90)?,
            max: f64::NAN,
        }))
    }

    fn digest(&self, index: usize) -> Result<Digest, Problem> {
        let value = u64::from_str_radix(self.text(index), 16).ok().filter(|_| self.text(index).len() == 16);
        value.map(Digest::from_value).ok_or_else(|| self.wrong(index, "sixteen hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::rows::to_csv;
    use crate::report::tests::sweep;

    fn again(csv: &str) -> Result<Vec<PointResult>, Problems> {
        read(&SweepResult { rows: Vec::new(), ..sweep() }, "sweep.csv", csv.as_bytes(), 6)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut before = sweep();
        // A single run has no interval; a speedup over another team has no share of Amdahl's law.
        if let Some(summary) = &mut before.rows[0].metrics[0] {
            summary.half_width = f64::INFINITY;
        }
        before.rows[1].over_one_agent = false;
        let csv = to_csv(&before);
        let rows = again(&csv).expect("its own bytes");
        assert_eq!(rows[0].metrics[0].map(|makespan| makespan.half_width), Some(f64::INFINITY));
        let flags: Vec<bool> = rows.iter().map(|row| row.over_one_agent).collect();
        assert_eq!(flags, [true, false, true, true, true, true]);
        assert_eq!(rows[2].laws, before.rows[2].laws);
        // The axis of team sizes is not in the file by its path, and comes back all the same.
        assert_eq!(rows[5].axes, before.rows[5].axes);
        // To the bit after the first time: only half-widths move, by their last digit.
        let twice = to_csv(&SweepResult { rows: again(&csv).expect("sound"), ..sweep() });
        let thrice = to_csv(&SweepResult { rows: again(&twice).expect("sound"), ..sweep() });
        assert_eq!(twice, thrice);
        let numbers = |csv: &str| -> Vec<f64> { csv.split([',', '\n']).filter_map(|cell| cell.parse().ok()).collect() };
        assert_eq!(numbers(&csv).len(), numbers(&twice).len());
        for (a, b) in numbers(&csv).into_iter().zip(numbers(&twice)) {
            assert!((a - b).abs() <= 1e-12 * a.abs(), "{a} {b}");
        }
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let csv = to_csv(&sweep());
        let told = |csv: &str| again(csv).expect_err("damaged").to_string();
        let without = told(&csv.replace("speedup.mean", "speedup").replace(",digest", ",finger"));
        assert!(without.contains("sweep.csv:1: speedup.mean: there is no such column"), "{without}");
        assert!(without.contains("sweep.csv:1: digest"), "{without}");
        let wrong = told(&csv.replacen(",50,50,0,0,", ",50,x,0,0,", 2));
        assert_eq!(wrong.lines().count(), 2, "{wrong}");
        assert!(wrong.starts_with("sweep.csv:2: completed: \"x\"; expected a whole number"), "{wrong}");
        assert!(told(&csv.replacen(",50,50,0,0,", ",50,49,0,0,", 1)).contains("50, of which 49 completed"));
        assert!(told(&format!("{csv}a,b\n")).contains("sweep.csv:8: 2 cells under"));
        assert!(told(&(csv.clone() + csv.lines().nth(1).expect("a row"))).contains("more than 6 rows"));
        assert!(told("").contains("no such column"));
        let damaged = read(&sweep(), "sweep.csv", &[csv.as_bytes(), b"\xff\xfe,\n"].concat()[..], 9);
        assert!(damaged.is_err_and(|error| error.to_string().contains("sweep.csv:8")));
    }
}
