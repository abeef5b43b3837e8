//! One run as a picture: a row an agent, a bar a step, coloured by what became of the agent's time.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::engine::Time;
use crate::record::{Ending, Entry, Facts, Log, Step, StepKind};
use crate::team::AgentId;

/// Okabe and Ito's colours where something happens, greys where nothing does: told apart by the colour-blind.
const STYLE: &str = "text{font:12px Helvetica,Arial,sans-serif;fill:#1f2937}.t{font-size:16px;font-weight:600}\
.f{fill:#6b7280}.e{text-anchor:end}.m{text-anchor:middle}.i{fill:#e9ecef}.w{fill:#0072b2}.c{fill:#56b4e9}\
.l{fill:#d55e00}.r{fill:#cc79a7}.q{fill:#adb5bd}.s path{stroke:#fff;stroke-width:.6}\
.b{stroke:#343a40;stroke-width:.7;stroke-opacity:.45}.g{stroke:#ced4da}.s path:hover{opacity:.7}";
/// What the classes of the style mean, as the legend says it.
const LEGEND: [(&str, &str); 6] =
    [("w", "work"), ("c", "coordination"), ("l", "lost"), ("r", "rework"), ("q", "in a queue"), ("i", "waiting")];
/// The drawing is this wide, beside the names.
const WIDTH: f64 = 820.0;
const MARGIN: f64 = 16.0;
const TOP: f64 = 78.0;
/// Names are cut beyond this many columns.
const MAX_NAME: usize = 22;
/// Bars thinner than this are left out: nobody would see them.
const MIN_BAR: f64 = 0.1;
/// With more steps than this none has a text of its own to show, which keeps the file small.
const MAX_TITLES: usize = 3_000;

/// An SVG of the run, under a title such as `paper-p09, self_claim`. The same log gives the same bytes.
pub fn to_svg(title: &str, facts: &Facts, log: &Log) -> String {
    let end =
        log.entries.iter().find_map(|entry| if let Entry::End(how, at) = entry { Some((*how, *at)) } else { None });
    let last_step = log.steps().map(|step| step.end).max().unwrap_or(Time::ZERO);
    let (ending, makespan) = end.unwrap_or((Ending::Completed, last_step));
    let names: Vec<String> = facts.agents.iter().map(|agent| cut(&agent.name)).collect();
    let longest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let picture = Picture {
        left: MARGIN + longest as f64 * 6.6 + 10.0,
        pitch: if names.len() <= 24 { 24.0 } else { 12.0 },
        scale: WIDTH / makespan.as_secs().max(1e-6),
        bottom: 0.0,
        has_titles: log.steps().count() <= MAX_TITLES,
    };
    let picture = Picture { bottom: TOP + names.len() as f64 * picture.pitch, ..picture };
    let (width, height) = (picture.left + WIDTH + MARGIN + 14.0, picture.bottom + 46.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        escaped(title)
    );
    let how = match ending {
        Ending::Completed => "done in",
        Ending::Stalled => "stalled after",
        Ending::OutOfTime => "out of time after",
    };
    let team = if names.len() == 1 { "1 agent".to_owned() } else { format!("{} agents", names.len()) };
    let heading = format!("{}, {team}: {how} {makespan}", escaped(title));
    let _ = writeln!(svg, "<text class=\"t\" x=\"{MARGIN}\" y=\"28\">{heading}</text>");
    legend(&mut svg, log);
    picture.axis(&mut svg, makespan);
    for (agent, name) in names.iter().enumerate() {
        picture.row(&mut svg, facts, log, AgentId::at(agent), name, makespan);
    }
    picture.barriers(&mut svg, log);
    svg.push_str("</svg>\n");
    svg
}

/// Where things are drawn.
struct Picture {
    left: f64,
    /// From one row to the next.
    pitch: f64,
    /// Pixels a second.
    scale: f64,
    bottom: f64,
    has_titles: bool,
}

impl Picture {
    fn x(&self, at: Time) -> f64 {
        self.left + at.as_secs() * self.scale
    }

    fn axis(&self, svg: &mut String, makespan: Time) {
        let seconds = makespan.as_secs();
        let step = tick(seconds);
        let unit = if step.is_multiple_of(60_000_000) { "minutes" } else { "seconds" };
        let divisor = if unit == "minutes" { 60e6 } else { 1e6 };
        let ticks = (0..=makespan.as_us() / step).map(|tick| Time::from_us(tick * step));
        for at in ticks {
            let x = self.x(at);
            let _ = write!(svg, "<path class=\"g\" d=\"M{x:.1} {TOP:.0}V{:.0}\"/>", self.bottom + 4.0);
            let _ = write!(svg, "<text class=\"m f\" x=\"{x:.1}\" y=\"{:.0}\">", self.bottom + 18.0);
            let _ = write!(svg, "{}</text>", at.as_us() as f64 / divisor);
        }
        let (x, y) = (self.left + WIDTH / 2.0, self.bottom + 36.0);
        let _ = writeln!(svg, "<text class=\"m f\" x=\"{x:.0}\" y=\"{y:.0}\">{unit} since the start</text>");
    }

    fn row(&self, svg: &mut String, facts: &Facts, log: &Log, agent: AgentId, name: &str, makespan: Time) {
        let y = TOP + f64::from(agent.get()) * self.pitch;
        let height = self.pitch - if self.pitch > 20.0 { 6.0 } else { 2.0 };
        let baseline = y + height / 2.0 + 4.0;
        let _ = writeln!(
            svg,
            "<text class=\"e\" x=\"{:.0}\" y=\"{baseline:.1}\">{}</text>",
            self.left - 8.0,
            escaped(name)
        );
        let (x, end) = (self.x(Time::ZERO), self.x(makespan));
        let _ = writeln!(svg, "<path class=\"i\" d=\"{}\"/>", bar(x, end, y, height));
        svg.push_str("<g class=\"s\">\n");
        for step in log.steps().filter(|step| step.agent == agent && step.end > step.start) {
            let mut from = step.start;
            let mut bars = Vec::new();
            for (class, time) in parts(step) {
                let to = from + time;
                if self.x(to) - self.x(from) >= MIN_BAR {
                    let shape = bar(self.x(from), self.x(to), y, height);
                    bars.push(format!("<path class=\"{class}\" d=\"{shape}\""));
                }
                from = to;
            }
            if !self.has_titles {
                svg.extend(bars.iter().map(|bar| format!("{bar}/>\n")));
                continue;
            }
            let title = escaped(&about(facts, step));
            match bars.as_slice() {
                [bar] => svg.extend([bar, "><title>", &title, "</title></path>\n"]),
                bars => {
                    let _ = writeln!(svg, "<g><title>{title}</title>{}/></g>", bars.join("/>"));
                }
            }
        }
        svg.push_str("</g>\n");
    }

    fn barriers(&self, svg: &mut String, log: &Log) {
        let mut lines = String::new();
        for entry in &log.entries {
            if let Entry::Round(round) = entry {
                let _ = write!(lines, "M{:.1} {:.0}V{:.0}", self.x(round.end), TOP - 4.0, self.bottom);
            }
        }
        if !lines.is_empty() {
            let _ = writeln!(svg, "<path class=\"b\" d=\"{lines}\"/>");
        }
    }
}

/// What the colours mean: only those that occur.
fn legend(svg: &mut String, log: &Log) {
    let occurs = |class: &str| {
        class == "i" || log.steps().any(|step| parts(step).iter().any(|(c, t)| *c == class && *t > Time::ZERO))
    };
    let mut x = MARGIN;
    let used = LEGEND.iter().filter(|(class, _)| occurs(class));
    for (class, what) in used {
        let _ = write!(svg, "<rect class=\"{class}\" x=\"{x:.0}\" y=\"43\" width=\"12\" height=\"12\" rx=\"2\"/>");
        let _ = write!(svg, "<text x=\"{:.0}\" y=\"53\">{what}</text>", x + 17.0);
        x += 17.0 + what.len() as f64 * 6.4 + 20.0;
    }
    if log.entries.iter().any(|entry| matches!(entry, Entry::Round(_))) {
        let _ = write!(svg, "<path class=\"b\" d=\"M{0:.0} 42v14\"/>", x + 4.0);
        let _ = write!(svg, "<text x=\"{:.0}\" y=\"53\">barrier</text>", x + 12.0);
    }
    svg.push('\n');
}

/// A step's time by class. A reply is there before it queues for the tests, so the queue comes last.
fn parts(step: &Step) -> [(&'static str, Time); 5] {
    let spent = &step.spent;
    [("c", spent.coordination), ("w", spent.work), ("r", spent.rework), ("l", spent.lost), ("q", step.waited)]
}

/// What a step was, for who rests the pointer on it.
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

/// Microseconds between two ticks: the least round length of time that gives no more than ten.
fn tick(seconds: f64) -> u64 {
    const ROUND: [u64; 6] = [1, 2, 5, 10, 20, 30];
    let whole = (seconds * 1e6) as u64;
    let decimal = [1_000, 10_000, 100_000].into_iter().flat_map(|unit| [1, 2, 5].map(|times| times * unit));
    let clock = [1_000_000, 60_000_000, 3_600_000_000].into_iter().flat_map(|unit| ROUND.map(|times| times * unit));
    decimal.chain(clock).find(|step| whole / step <= 10).unwrap_or(whole / 10 + 1)
}

fn cut(name: &str) -> String {
    if name.width() <= MAX_NAME {
        return name.to_owned();
    }
    let mut short = String::new();
    for c in name.chars() {
        if short.width() + 2 > MAX_NAME {
            break;
        }
        short.push(c);
    }
    short + "…"
}

/// Text that may stand in XML: markup characters escaped, and those left out that XML has no place for.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
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
        for (class, bars) in [("w", 2), ("l", 2), ("r", 1), ("q", 1), ("c", 1), ("i", 2)] {
            assert_eq!(svg.matches(&format!("<path class=\"{class}\"")).count(), bars, "{class}");
        }
        assert_eq!(svg.matches("V126").count(), 3, "barriers");
        crate::report::tests::assert_well_formed(&svg);
        assert!(svg.len() < 3_500, "{}", svg.len());
        assert_eq!(svg, to_svg("a < b & \"c\"", &facts, &log));
    }

    #[test]
    fn axes_have_round_ticks() {
        for (seconds, step) in [(0.005, 1_000), (8.0, 1_000_000), (118.0, 20_000_000), (1_412.0, 300_000_000)] {
            assert_eq!(tick(seconds), step, "{seconds}");
        }
        assert_eq!(cut("a name that is too long for its place"), "a name that is too lo…");
    }
}
