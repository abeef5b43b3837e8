//! Sweep as a self-contained page: verdict, pictures, all points, assumptions, command.

mod facets;
mod pictures;
mod points;
mod provenance;
mod words;

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::engine::Digest;
use crate::experiment::SweepResult;
use crate::report::VERSION;
use crate::report::render::chart::shares;
use crate::report::render::table::Table;
use crate::report::render::xml::escaped;
use crate::report::render::{html, number};
use crate::report::sweep_page::facets::Layout;
pub use crate::report::sweep_page::provenance::Provenance;

/// Style sheet of figures, keys and notes; that of all pages is in [`html`].
const STYLE: &str = ".defs{position:absolute}.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25em),1fr));gap:1em 1.5em}\
.grid figure{display:grid;grid-row:span 2;grid-template-rows:subgrid;row-gap:.3em;align-items:start}.note{background:var(--note);border-left:4px solid var(--edge);padding:.5em .8em}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1em}dd{margin:0}\
@media print{.grid{grid-template-columns:1fr 1fr}.note{border:1px solid var(--edge)}}";
/// Most facets with a verdict of their own.
const MOST_JUDGED: usize = 12;

/// Most rows of a table on a terminal.
const MOST_SHOWN: usize = 40;

/// A sweep and its origin.
pub struct SweepReport<'a> {
    /// Rows; of an unfinished sweep, the available ones.
    pub sweep: &'a SweepResult,
    /// Origin of the sweep.
    pub origin: Provenance,
}

impl SweepReport<'_> {
    /// Returns a summary: the best team of every facet, the endings of runs, and missing points.
    pub fn verdict(&self) -> Vec<String> {
        let layout = Layout::of(self.sweep);
        let mut lines = Vec::new();
        for (name, verdict) in self.judged(&layout) {
            lines.push(join(&name, &verdict.headline));
            // A single facet is shown with its reasons.
            lines.extend(verdict.reasons.into_iter().filter(|_| layout.facets.len() == 1));
        }
        lines.extend(unjudged(self.sweep, &layout));
        lines.push(words::endings(self.sweep, &layout));
        lines.extend(Some(words::missing(self.sweep, &self.origin)).filter(|line| !line.is_empty()));
        lines
    }

    /// Builds a table with the best team of every facet.
    pub fn table(&self) -> Table {
        points::facets(self.sweep, &Layout::of(self.sweep), usize::MAX)
    }

    /// Builds this table for a terminal; none with one row, nothing to compare, or too many rows.
    pub fn short_table(&self) -> Option<Table> {
        let table = self.table();
        let is_short = (2..=MOST_SHOWN).contains(&table.rows().len());
        (is_short && !Layout::of(self.sweep).is_scattered()).then_some(table)
    }

    /// Returns the document for programs.
    pub fn to_json(&self) -> Value {
        let counts = words::Counts::of(self.sweep.rows.iter());
        json!({
            "scenario": self.sweep.scenario,
            "verdict": self.verdict(),
            "points": self.sweep.rows.len(),
            "of_points": self.origin.points,
            "missing_shards": self.origin.missing_shards.as_ref().map(|(shards, _)| shards),
            "runs": counts.runs,
            "completed": counts.completed,
            "stalled": counts.stalled,
            "timed_out": counts.timed_out,
            "plan": self.origin.plan,
            "digest": self.digest().to_string(),
            "best": self.table().to_json(),
        })
    }

    /// Returns a digest of all runs of all points.
    fn digest(&self) -> Digest {
        let mut digest = Digest::default();
        self.sweep.rows.iter().for_each(|row| digest.add(row.digest.value()));
        digest
    }

    /// Returns the verdicts of the facets; empty if there are too many.
    fn judged<'s>(&'s self, layout: &Layout<'s>) -> Vec<(String, words::FacetVerdict)> {
        if layout.facets.len() > MOST_JUDGED {
            return Vec::new();
        }
        let judge = |facet| (layout.name(self.sweep, facet), words::verdict(self.sweep, layout, facet));
        layout.facets.iter().map(judge).collect()
    }

    /// Returns the page.
    pub fn to_html(&self) -> String {
        let sweep = self.sweep;
        let layout = Layout::of(sweep);
        let mut page = shares::patterns();
        let _ = writeln!(page, "<h1>{}</h1>", escaped(&sweep.scenario));
        if let Some(question) = &sweep.question {
            let _ = writeln!(page, "<p class=\"faint\">{}</p>", escaped(question));
        }
        let missing = words::missing(self.sweep, &self.origin);
        if !missing.is_empty() {
            let _ = writeln!(page, "<p class=\"note\" role=\"note\">{}</p>", escaped(&missing));
        }
        self.write_verdict(&mut page, &layout);
        self.write_pictures(&mut page, &layout);
        if layout.facets.len() > 1 && !layout.is_scattered() {
            let table = points::facets(sweep, &layout, points::MOST_FACETS);
            let [shown, all] = [table.rows().len(), layout.facets.len()].map(|n| number::count(n as u64));
            let caption = if shown == all {
                format!("The best team of {all} combinations")
            } else {
                format!("The first {shown} of {all} combinations")
            };
            let _ = writeln!(page, "<h2>Every combination</h2>\n{}", html::table(&table, &caption));
        }
        let (table, is_all) = points::points(sweep);
        let _ = writeln!(
            page,
            "<section class=\"sheet\">\n<h2>Points</h2>\n{}</section>",
            html::table(&table, &points::caption(sweep, is_all))
        );
        page.push_str("<h2>What was assumed</h2>\n");
        page.push_str(&list(&words::assumed(self.sweep, &self.origin)));
        self.write_repeat(&mut page);
        html::page(&format!("{}: brooks report", sweep.scenario), STYLE, &page)
    }

    fn write_verdict(&self, page: &mut String, layout: &Layout<'_>) {
        page.push_str("<section aria-label=\"Verdict\">\n");
        for (name, verdict) in self.judged(layout) {
            let _ = writeln!(page, "<p class=\"v\"><b>{}</b></p>", escaped(&join(&name, &verdict.headline)));
            if !verdict.reasons.is_empty() {
                page.push_str(&list(&verdict.reasons));
            }
        }
        for line in unjudged(self.sweep, layout).into_iter().chain([words::endings(self.sweep, layout)]) {
            let _ = writeln!(page, "<p>{}</p>", escaped(&line));
        }
        page.push_str("</section>\n");
    }

    fn write_pictures(&self, page: &mut String, layout: &Layout<'_>) {
        let sweep = self.sweep;
        if sweep.rows.iter().all(|row| row.completed == 0) {
            page.push_str("<p>No run completed, so there is nothing to draw.</p>\n");
            return;
        }
        page.push_str("<h2>Pictures</h2>\n");
        if layout.facets.len() > pictures::MOST_FACETS {
            page.push_str(&pictures::cloud(sweep, layout));
            return;
        }
        let _ = write!(page, "<p>Where the time goes:</p>\n{}", pictures::budget_key(sweep));
        for facet in &layout.facets {
            let name = layout.name(sweep, facet);
            if !name.is_empty() {
                let _ = writeln!(page, "<h3>{}</h3>", escaped(&name));
            }
            page.push_str(&pictures::of_facet(sweep, layout, facet));
        }
    }

    fn write_repeat(&self, page: &mut String) {
        let Provenance { plan, brooks, command, .. } = &self.origin;
        let typed = match command {
            Some(command) => format!("<code>{} -o DIR</code>", escaped(command)),
            None => "not kept in this folder: it was written by an earlier version".to_owned(),
        };
        let version = if brooks == VERSION {
            format!("brooks {}", escaped(VERSION))
        } else {
            format!("brooks {}; this page by brooks {}", escaped(brooks), escaped(VERSION))
        };
        let (seed, plan, digest) = (self.sweep.seed, escaped(plan), self.digest());
        let _ = writeln!(
            page,
            "<h2>How to repeat it</h2>\n<dl><dt>the sweep</dt><dd>{typed}</dd><dt>this page</dt><dd><code>brooks report \
             DIR</code></dd><dt>seed</dt><dd>{seed}</dd><dt>version</dt><dd>{version}</dd><dt>plan</dt><dd><code>{plan}</code> \
             (scenario, axes, runs, seed, files)</dd><dt>digest</dt><dd><code>{digest}</code> (of all runs of all points; the \
             same command gives the same)</dd></dl>"
        );
    }
}

fn list(lines: &[String]) -> String {
    let items: Vec<String> = lines.iter().map(|line| format!("<li>{}</li>\n", escaped(line))).collect();
    format!("<ul>\n{}</ul>\n", items.concat())
}

fn join(name: &str, text: &str) -> String {
    if name.is_empty() { text.to_owned() } else { format!("{name}: {text}") }
}

/// Summarizes facets that are too many to judge one by one: the best of all, and a reference to the table.
fn unjudged(sweep: &SweepResult, layout: &Layout<'_>) -> Vec<String> {
    if layout.facets.len() <= MOST_JUDGED {
        return Vec::new();
    }
    let mut lines = words::extremes(sweep);
    let many = number::count(layout.facets.len() as u64);
    lines.push(if layout.is_scattered() {
        format!("{many} points, each with values of its own on the axes besides team size and architecture")
    } else {
        format!("{many} combinations of the values on other axes than team size and architecture have a best team each: see the table")
    });
    lines
}

#[cfg(test)]
mod tests;
