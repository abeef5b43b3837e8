//! Timeline of a run as SVG: a row an agent, a bar a step, coloured by the use of time.

use std::fmt::Write as _;

use crate::engine::Time;
use crate::problem::plural;
use crate::record::{Ending, Entry, Facts, Log, Step, StepKind};
use crate::report::render::chart::axis::{AxisRange, AxisScale, ChartAxis};
use crate::report::render::chart::style::STYLE;
use crate::report::render::chart::svg::{self, Svg, cut};
use crate::report::render::xml::escaped;
use crate::team::AgentId;

/// Classes of the style sheet and their meaning, in the order of the legend.
const LEGEND: [(&str, &str); 6] =
    [("p0", "work"), ("p1", "coordination"), ("p5", "lost"), ("p6", "rework"), ("p3", "in a queue"), ("p4", "waiting")];
/// Width of the drawing, beside the names.
const WIDTH: f64 = 820.0;
const MARGIN: f64 = 16.0;
const TOP: f64 = 78.0;
/// Columns of the longest name.
const MAX_NAME: usize = 22;
/// Most steps of the axis.
const MOST_STEPS: f64 = 10.0;
/// Least width of a bar; thinner ones are invisible.
const MIN_BAR: f64 = 0.1;
/// Most steps that have a description each, which keeps the file small.
const MAX_TITLES: usize = 3_000;

/// Returns an SVG of the run, under a title such as `paper-p09, self_claim`.
pub fn to_svg(title: &str, facts: &Facts, log: &Log) -> String {
    let end =
        log.entries.iter().find_map(|entry| if let Entry::End(how, at) = entry { Some((*how, *at)) } else { None });
    let last_step = log.steps().map(|step| step.end).max().unwrap_or(Time::ZERO);
    let (ending, makespan) = end.unwrap_or((Ending::Completed, last_step));
    let names: Vec<String> = facts.agents.iter().map(|agent| cut(&agent.name, MAX_NAME)).collect();
    let left = MARGIN + 10.0 + names.iter().map(|name| svg::width(name)).fold(0.0, f64::max);
    let pitch = if names.len() <= 24 { 24.0 } else { 12.0 };
    let range = AxisRange { low: 0.0, high: makespan.as_secs().max(1e-6), is_log: false };
    let picture = Picture {
        pitch,
        x: AxisScale { range, from: left, to: left + WIDTH },
        bottom: TOP + names.len() as f64 * pitch,
        has_titles: log.steps().count() <= MAX_TITLES,
    };
    let how = match ending {
        Ending::Completed => "done in",
        Ending::Stalled => "stalled after",
        Ending::OutOfTime => "out of time after",
    };
    let heading = format!("{title}, {}: {how} {makespan}", plural(names.len(), "agent"));
    let about = "A row an agent, a bar a step, coloured by the use of the agent's time";
    let mut svg = Svg::new(left + WIDTH + MARGIN + 14.0, picture.bottom + 46.0, &heading, about, Some(STYLE));
    svg.text("title", MARGIN, 28.0, &heading);
    legend(&mut svg, log);
    picture.axis(&mut svg);
    for (agent, name) in names.iter().enumerate() {
        picture.row(&mut svg, facts, log, AgentId::at(agent), name);
    }
    picture.barriers(&mut svg, log);
    svg.finish()
}

/// Coordinates of the drawing.
struct Picture {
    x: AxisScale,
    /// Distance of two rows.
    pitch: f64,
    bottom: f64,
    has_titles: bool,
}

impl Picture {
    fn x(&self, at: Time) -> f64 {
        self.x.at(at.as_secs())
    }

    fn axis(&self, svg: &mut Svg) {
        let axis = ChartAxis::time("since the start");
        for tick in axis.steps(0.0, self.x.range.high, MOST_STEPS) {
            let x = self.x.at(tick);
            svg.path("rule", &format!("M{x:.1} {TOP:.0}V{:.0}", self.bottom + 4.0));
            svg.text("mid faint", x, self.bottom + 18.0, &axis.label(tick));
        }
        svg.text("mid faint", f64::midpoint(self.x.from, self.x.to), self.bottom + 36.0, &axis.title);
        svg.push("\n");
    }

    fn row(&self, svg: &mut Svg, facts: &Facts, log: &Log, agent: AgentId, name: &str) {
        let y = TOP + f64::from(agent.get()) * self.pitch;
        let height = self.pitch - if self.pitch > 20.0 { 6.0 } else { 2.0 };
        svg.text("end", self.x.from - 8.0, y + height / 2.0 + 4.0, name);
        svg.path("p4", &bar(self.x.from, self.x.to, y, height));
        svg.push("\n");
        for step in log.steps().filter(|step| step.agent == agent && step.end > step.start) {
            let mut from = step.start;
            let mut bars = Vec::new();
            for (class, time) in parts(step) {
                let to = from + time;
                if self.x(to) - self.x(from) >= MIN_BAR {
                    let shape = bar(self.x(from), self.x(to), y, height);
                    bars.push(format!("<path class=\"{class} step\" d=\"{shape}\""));
                }
                from = to;
            }
            let title = escaped(&about(facts, step));
            match bars.as_slice() {
                bars if !self.has_titles => bars.iter().for_each(|bar| svg.push(&format!("{bar}/>\n"))),
                [bar] => svg.push(&format!("{bar}><title>{title}</title></path>\n")),
                bars => svg.push(&format!("<g><title>{title}</title>{}/></g>\n", bars.join("/>"))),
            }
        }
    }

    fn barriers(&self, svg: &mut Svg, log: &Log) {
        let mut lines = String::new();
        for entry in &log.entries {
            if let Entry::Round(round) = entry {
                let _ = write!(lines, "M{:.1} {:.0}V{:.0}", self.x(round.end), TOP - 4.0, self.bottom);
            }
        }
        if !lines.is_empty() {
            svg.path("barrier", &lines);
        }
    }
}

/// Draws the meaning of the colours that occur.
fn legend(svg: &mut Svg, log: &Log) {
    let occurs = |class: &str| {
        class == "p4" || log.steps().any(|step| parts(step).iter().any(|(c, t)| *c == class && *t > Time::ZERO))
    };
    let mut x = MARGIN;
    for (class, name) in LEGEND.iter().filter(|(class, _)| occurs(class)) {
        svg.path(class, &bar(x, x + 12.0, 43.0, 12.0));
        svg.text("", x + 17.0, 53.0, name);
        x += 37.0 + svg::width(name);
    }
    if log.entries.iter().any(|entry| matches!(entry, Entry::Round(_))) {
        svg.path("barrier", &format!("M{:.0} 42v14", x + 4.0));
        svg.text("", x + 12.0, 53.0, "barrier");
    }
    svg.push("\n");
}

/// Splits a step's time by class. A reply precedes its queue for tests, so the queue is last.
fn parts(step: &Step) -> [(&'static str, Time); 5] {
    let spent = &step.spent;
    [("p1", spent.coordination), ("p0", spent.work), ("p6", spent.rework), ("p5", spent.lost), ("p3", step.waited)]
}

/// Describes a step, for pointers.
fn about(facts: &Facts, step: &Step) -> String {
    let what = match (step.kind, step.task) {
        (StepKind::Work, Some(task)) if step.tasks > 1 => format!("{} and {} more", facts.task(task), step.tasks - 1),
        (StepKind::Work, Some(task)) => facts.task(task).to_owned(),
        (StepKind::Work, None) => "work".to_owned(),
        (StepKind::Tool, _) => "a tool".to_owned(),
        (StepKind::Wait, _) => "waits".to_owned(),
        (StepKind::Assign, _) => "hands out tasks".to_owned(),
        (StepKind::Monitor, _) => "looks at the board".to_owned(),
        (StepKind::Idle, _) => "nothing to do".to_owned(),
    };
    let queue = if step.waited > Time::ZERO { format!(", {} in a queue", step.waited) } else { String::new() };
    format!("{what}: {} to {}{queue}", step.start, step.end)
}

/// A rectangle as a path, which is the shorter text.
fn bar(from: f64, to: f64, y: f64, height: f64) -> String {
    let width = to - from;
    format!("M{from:.1} {y:.0}h{width:.1}v{height:.0}h-{width:.1}z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;

    #[test]
    fn the_picture_is_sound_and_small() {
        let (facts, log) = (fixture::facts(), fixture::log());
        let svg = to_svg("a < b & \"c\"", &facts, &log);
        assert!(svg.contains(">a &lt; b &amp; &quot;c&quot;, 2 agents: stalled after 20.0 s</text>"));
        assert!(svg.contains(">bo &amp; &lt;co&gt;</text>"));
        assert!(svg.contains("<title>読む &quot;docs&quot;: 12.4 s to 15.0 s</title>"));
        assert!(svg.contains("<title>lint: 12.4 s to 16.0 s, 600 ms in a queue</title>"));
        // Six steps: work twice, lost twice, rework with its queue, an idle call.
        for (class, bars) in [("p0", 2), ("p5", 2), ("p6", 1), ("p3", 1), ("p1", 1)] {
            assert_eq!(svg.matches(&format!("<path class=\"{class} step\"")).count(), bars, "{class}");
        }
        assert_eq!(svg.matches("V126").count(), 3, "barriers");
        crate::report::tests::assert_well_formed(&svg);
        assert!(svg.len() - STYLE.len() < 3_500, "{}", svg.len());
        assert_eq!(svg, to_svg("a < b & \"c\"", &facts, &log));
    }
}
