//! Timeline of a run as SVG: a row an agent, a bar a step, coloured by the use of time.

use std::fmt::Write as _;

use crate::engine::Time;
use crate::problem::plural;
use crate::record::{Ending, Entry, Facts, Log, Service, Step, StepKind, Wait, WaitCause};
use crate::report::render::chart::axis::{AxisRange, AxisScale, ChartAxis};
use crate::report::render::chart::style::STYLE;
use crate::report::render::chart::svg::{self, Svg, cut};
use crate::report::render::xml::escaped;
use crate::report::time_uses::{COORDINATION, COUNT, LOST, REWORK, SERVICE, UNKNOWN, USES, WORK, of_cause, use_label};
use crate::team::AgentId;

/// Width of the drawing, beside the names.
const WIDTH: f64 = 820.0;
const MARGIN: f64 = 16.0;
/// Top of the rows below a legend of one line.
const TOP: f64 = 78.0;
/// Distance of two lines of the legend.
const LEGEND_PITCH: f64 = 20.0;
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
    let width = left + WIDTH + MARGIN + 14.0;
    let legend = legend(log, makespan, width - MARGIN);
    let top = TOP + legend.last().map_or(0.0, |entry| entry.y);
    let range = AxisRange { low: 0.0, high: makespan.as_secs().max(1e-6), is_log: false };
    let picture = Picture {
        pitch,
        x: AxisScale { range, from: left, to: left + WIDTH },
        top,
        bottom: top + names.len() as f64 * pitch,
        has_titles: log.steps().count() <= MAX_TITLES,
    };
    let how = match ending {
        Ending::Completed => "done in",
        Ending::Stalled => "stalled after",
        Ending::OutOfTime => "out of time after",
    };
    let heading = format!("{title}, {}: {how} {makespan}", plural(names.len(), "agent"));
    let about = "A row an agent, a bar a step, coloured by the use of the agent's time";
    let mut svg = Svg::new(width, picture.bottom + 46.0, &heading, about, Some(STYLE));
    svg.text("title", MARGIN, 28.0, &heading);
    for entry in &legend {
        entry.draw(&mut svg);
    }
    svg.push("\n");
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
    top: f64,
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
            svg.path("rule", &format!("M{x:.1} {:.0}V{:.0}", self.top, self.bottom + 4.0));
            svg.text("mid faint", x, self.bottom + 18.0, &axis.label(tick));
        }
        svg.text("mid faint", f64::midpoint(self.x.from, self.x.to), self.bottom + 36.0, &axis.title);
        svg.push("\n");
    }

    fn row(&self, svg: &mut Svg, facts: &Facts, log: &Log, agent: AgentId, name: &str) {
        let y = self.top + f64::from(agent.get()) * self.pitch;
        let height = self.pitch - if self.pitch > 20.0 { 6.0 } else { 2.0 };
        svg.text("end", self.x.from - 8.0, y + height / 2.0 + 4.0, name);
        svg.path(&class(UNKNOWN), &bar(self.x.from, self.x.to, y, height));
        svg.push("\n");
        let held = held(log, agent);
        let waits = held.iter().filter(|held| held.of != SERVICE);
        waits.for_each(|wait| self.bars(svg, &[(wait.of, wait.from, wait.to)], (y, height), &wait.about(facts)));
        for step in log.steps().filter(|step| step.agent == agent && step.end > step.start) {
            let about = about(facts, step, &held);
            self.bars(svg, &busy(step, &held), (y, height), &about);
        }
        // Service that holds nobody up runs beside the other work of its agent.
        let beside = services(log, agent).filter(|service| !service.is_held);
        for service in beside.map(|service| HeldTime::of_service(&service)) {
            let thin = (height / 4.0).max(2.0);
            self.bars(svg, &[(SERVICE, service.from, service.to)], (y + height - thin, thin), &service.about(facts));
        }
    }

    /// Draws bars of one description, each with its use of time.
    fn bars(&self, svg: &mut Svg, parts: &[(usize, Time, Time)], (y, height): (f64, f64), about: &str) {
        let mut bars = Vec::new();
        for &(of, from, to) in parts {
            let (from, to) = (self.x(from), self.x(to).min(self.x.to));
            if to - from >= MIN_BAR {
                bars.push(format!("<path class=\"{} step\" d=\"{}\"", class(of), bar(from, to, y, height)));
            }
        }
        let title = escaped(about);
        match bars.as_slice() {
            [] => {}
            bars if !self.has_titles => bars.iter().for_each(|bar| svg.push(&format!("{bar}/>\n"))),
            [bar] => svg.push(&format!("{bar}><title>{title}</title></path>\n")),
            bars => svg.push(&format!("<g><title>{title}</title>{}/></g>\n", bars.join("/>"))),
        }
    }

    fn barriers(&self, svg: &mut Svg, log: &Log) {
        let mut lines = String::new();
        for entry in &log.entries {
            if let Entry::Round(round) = entry {
                let _ = write!(lines, "M{:.1} {:.0}V{:.0}", self.x(round.end), self.top - 4.0, self.bottom);
            }
        }
        if !lines.is_empty() {
            svg.path("barrier", &lines);
        }
    }
}

/// Class of the style sheet of a use of time.
fn class(of: usize) -> String {
    format!("p{of}")
}

/// Entry of the legend: a use of time, or the barrier if none.
struct LegendEntry {
    of: Option<usize>,
    x: f64,
    /// Distance from the first line.
    y: f64,
}

impl LegendEntry {
    fn name(&self) -> String {
        self.of.map_or_else(|| "barrier".to_owned(), use_label)
    }

    fn draw(&self, svg: &mut Svg) {
        let LegendEntry { x, y, .. } = *self;
        match self.of {
            Some(of) => svg.path(&class(of), &bar(x, x + 12.0, 43.0 + y, 12.0)),
            None => svg.path("barrier", &format!("M{:.0} {:.0}v14", x + 4.0, 42.0 + y)),
        }
        svg.text("", x + 17.0, 53.0 + y, &self.name());
    }
}

/// Returns the meaning of the colours that occur, in lines that end before `right`.
fn legend(log: &Log, makespan: Time, right: f64) -> Vec<LegendEntry> {
    let uses = uses(log, makespan).into_iter().map(Some);
    let has_barriers = log.entries.iter().any(|entry| matches!(entry, Entry::Round(_)));
    let (mut x, mut y) = (MARGIN, 0.0);
    let mut entries = Vec::new();
    for of in uses.chain(has_barriers.then_some(None)) {
        let mut entry = LegendEntry { of, x, y };
        let width = 17.0 + svg::width(&entry.name());
        if x > MARGIN && x + width > right {
            y += LEGEND_PITCH;
            (entry.x, entry.y) = (MARGIN, y);
        }
        x = entry.x + width + 20.0;
        entries.push(entry);
    }
    entries
}

/// Returns the uses of time that occur.
fn uses(log: &Log, makespan: Time) -> Vec<usize> {
    let (mut known, mut shown) = ([Time::ZERO; COUNT], [false; COUNT]);
    for step in log.steps() {
        for (of, time) in step_parts(step) {
            known[of] += time;
        }
    }
    for agent in AgentId::all(log.agents()) {
        for held in held(log, agent) {
            known[held.of] += held.to - held.from;
        }
        shown[SERVICE] |= services(log, agent).any(|service| !service.is_held);
    }
    let whole = Time::from_us(makespan.as_us().saturating_mul(log.agents() as u64));
    known[UNKNOWN] = whole - known.iter().copied().sum();
    (0..COUNT).filter(|of| shown[*of] || known[*of] > Time::ZERO).collect()
}

/// Time in which an agent does not work: a wait, or a service that holds it up.
struct HeldTime {
    of: usize,
    resource: Option<u32>,
    from: Time,
    to: Time,
}

impl HeldTime {
    fn of_service(service: &Service) -> HeldTime {
        HeldTime { of: SERVICE, resource: Some(service.resource), from: service.start, to: service.end }
    }

    fn of_wait(wait: &Wait) -> HeldTime {
        let resource = if let WaitCause::Queue(resource) = wait.cause { Some(resource) } else { None };
        HeldTime { of: of_cause(wait.cause), resource, from: wait.start, to: wait.end }
    }

    fn about(&self, facts: &Facts) -> String {
        let resource = self.resource.and_then(|resource| facts.resource(resource));
        let resource = resource.map_or(String::new(), |resource| format!(" {resource}"));
        format!("{}{resource}: {} to {}", use_label(self.of), self.from, self.to)
    }
}

fn services(log: &Log, agent: AgentId) -> impl Iterator<Item = Service> {
    let services =
        log.entries.iter().filter_map(|entry| if let Entry::Service(service) = entry { Some(*service) } else { None });
    services.filter(move |service| service.agent == agent && service.end > service.start)
}

/// Returns the waits of an agent and the services that hold it up, in order of time.
fn held(log: &Log, agent: AgentId) -> Vec<HeldTime> {
    let waits = log.entries.iter().filter_map(|entry| if let Entry::Wait(wait) = entry { Some(wait) } else { None });
    let mut held: Vec<HeldTime> = waits.filter(|wait| wait.agent == agent).map(HeldTime::of_wait).collect();
    held.extend(services(log, agent).filter(|service| service.is_held).map(|service| HeldTime::of_service(&service)));
    held.sort_by_key(|held| (held.from, held.to));
    held
}

/// Splits the busy time of a step by use.
fn step_parts(step: &Step) -> [(usize, Time); 4] {
    let spent = &step.spent;
    [(COORDINATION, spent.coordination), (WORK, spent.work), (REWORK, spent.rework), (LOST, spent.lost)]
}

/// Lays the busy time of a step into the time in which it is not held up, with the services in between.
fn busy(step: &Step, held: &[HeldTime]) -> Vec<(usize, Time, Time)> {
    let inside = |held: &&HeldTime| held.from >= step.start && held.to <= step.end;
    let mut inside = held.iter().filter(inside).peekable();
    let mut bars = Vec::new();
    let mut from = step.start;
    let mut pass = |from: &mut Time, bars: &mut Vec<_>| {
        while let Some(held) = inside.next_if(|held| held.from <= *from) {
            if held.of == SERVICE {
                bars.push((SERVICE, held.from, held.to));
            }
            *from = held.to.max(*from);
        }
        inside.peek().map(|held| held.from)
    };
    for (of, mut left) in step_parts(step) {
        while left > Time::ZERO {
            let next = pass(&mut from, &mut bars);
            let to = next.map_or(from + left, |next| next.min(from + left));
            bars.push((of, from, to));
            left = left - (to - from);
            from = to;
        }
    }
    pass(&mut from, &mut bars);
    bars
}

/// Describes a step, for pointers.
fn about(facts: &Facts, step: &Step, held: &[HeldTime]) -> String {
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
    let mut text = format!("{what}: {} to {}", step.start, step.end);
    for held in held.iter().filter(|held| held.from >= step.start && held.to <= step.end) {
        let resource = held.resource.and_then(|resource| facts.resource(resource));
        let resource = resource.map_or(String::new(), |resource| format!(" {resource}"));
        let _ = write!(text, ", {} {}{resource}", held.to - held.from, USES[held.of].short);
    }
    text
}

/// A rectangle as a path, which is the shorter text.
fn bar(from: f64, to: f64, y: f64, height: f64) -> String {
    let width = to - from;
    format!("M{from:.1} {y:.0}h{width:.1}v{height:.0}h-{width:.1}z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{TimeSplit, fixture};

    #[test]
    fn every_entry_of_the_legend_is_inside_the_picture() {
        let right = 420.0;
        let entries = legend(&fixture::log(), Time::from_secs(20.0), right);
        assert!(entries.last().is_some_and(|entry| entry.y > 0.0), "this legend takes more than one line");
        for pair in entries.windows(2) {
            let end = pair[0].x + 17.0 + svg::width(&pair[0].name());
            assert!(end <= right && (pair[1].y > pair[0].y || pair[1].x > end), "{}", pair[0].name());
        }
    }

    #[test]
    fn the_picture_is_sound_and_small() {
        let (facts, log) = (fixture::facts(), fixture::log());
        let svg = to_svg("a < b & \"c\"", &facts, &log);
        assert!(svg.contains(">a &lt; b &amp; &quot;c&quot;, 2 agents: stalled after 20.0 s</text>"));
        assert!(svg.contains(">bo &amp; &lt;co&gt;</text>"));
        assert!(svg.contains("<title>読む &quot;docs&quot;: 12.4 s to 15.0 s</title>"));
        assert!(svg.contains("<title>lint: 12.4 s to 16.0 s, 600 ms queue</title>"));
        // Six steps: work twice, lost twice, rework with its queue, an idle call; and three waits at the barrier.
        for (class, bars) in [("p0", 2), ("p13", 2), ("p14", 1), ("p6", 1), ("p2", 1), ("p7", 3)] {
            assert_eq!(svg.matches(&format!("<path class=\"{class} step\"")).count(), bars, "{class}");
        }
        assert!(svg.contains("<title>waiting: queue: 15.4 s to 16.0 s</title>"));
        assert!(!svg.contains("cause not recorded"), "all of the time has its cause");
        assert_eq!(svg.matches("V126").count(), 3, "barriers");
        crate::report::tests::assert_well_formed(&svg);
        assert!(svg.len() - STYLE.len() < 4_500, "{}", svg.len());
        assert_eq!(svg, to_svg("a < b & \"c\"", &facts, &log));
    }

    #[test]
    fn service_has_its_own_colour_between_the_parts_of_a_step_or_beside_them() {
        let facts = Facts { resources: vec!["tests".to_owned()], ..fixture::facts() };
        let us = Time::from_us;
        let (ann, bo) = (AgentId::new(0), AgentId::new(1));
        let spent = TimeSplit { work: us(50), ..TimeSplit::default() };
        let step = Step { start: us(0), end: us(100), waited: us(20), service: us(30), spent, ..first_step() };
        let mut log = fixture::log();
        log.entries = vec![
            Entry::Wait(Wait { agent: ann, cause: WaitCause::Queue(0), start: us(40), end: us(60) }),
            Entry::Service(Service { agent: ann, resource: 0, start: us(60), end: us(90), is_held: true }),
            Entry::Service(Service { agent: bo, resource: 0, start: us(10), end: us(70), is_held: false }),
            Entry::Step(step),
            Entry::End(Ending::Completed, us(100)),
        ];
        let bars = busy(&step, &held(&log, ann));
        assert_eq!(bars, [(WORK, us(0), us(40)), (SERVICE, us(60), us(90)), (WORK, us(90), us(100))]);
        let svg = to_svg("t", &facts, &log);
        assert!(svg.contains("<title>work: 0 s to 100 µs, 20 µs queue tests, 30 µs service tests</title>"), "{svg}");
        assert!(svg.contains("<title>service tests: 10 µs to 70 µs</title>"), "{svg}");
        let height = |markup: &str| markup.split('v').nth(1).and_then(|rest| rest.split('h').next().map(str::to_owned));
        let thin = svg.lines().find(|line| line.contains("service tests: 10")).and_then(height);
        assert_eq!(thin.as_deref(), Some("4"), "a thin bar at the bottom of a row of 18");
        // Agent 2 does nothing for which a cause is known.
        assert!(svg.contains("cause not recorded"));
        crate::report::tests::assert_well_formed(&svg);
    }

    /// First step of the fixture without a task.
    fn first_step() -> Step {
        let step = fixture::log().steps().next().copied();
        Step { task: None, ..step.expect("a step") }
    }
}
