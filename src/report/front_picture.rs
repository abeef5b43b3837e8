//! The front of time and cost as a picture: a dot a team, a colour an architecture, the front a line through it.

use kuva::backend::svg::SvgBackend;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

use crate::experiment::optimal::{Objective, OptimalResult, TeamStanding};
use crate::report::curve::{BOUND, PALETTE, entry, theme, with_own_id};

/// A team in the picture.
struct Dot<'a> {
    architecture: &'a str,
    time: f64,
    cost: f64,
    on_front: bool,
    is_best: bool,
}

/// An SVG; the same answer gives the same bytes. None if no team completes.
pub fn to_svg(scenario: &str, answer: &OptimalResult) -> Option<String> {
    let dots: Vec<Dot<'_>> = dots(answer);
    let widest = dots.iter().map(|dot| dot.cost).reduce(f64::max)?;
    let longest = dots.iter().map(|dot| dot.time).reduce(f64::max)?;
    let mut front: Vec<(f64, f64)> = dots.iter().filter(|dot| dot.on_front).map(|dot| (dot.cost, dot.time)).collect();
    front.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut plots =
        vec![Plot::Line(LinePlot::new().with_data(front).with_color(BOUND).with_stroke_width(1.4).with_dashed())];
    let mut legend = vec![entry("front".to_owned(), BOUND, Some("8 4"))];
    let mut architectures: Vec<&str> = Vec::new();
    for dot in &dots {
        if !architectures.contains(&dot.architecture) {
            architectures.push(dot.architecture);
        }
    }
    for (place, architecture) in architectures.iter().enumerate() {
        let color = PALETTE[place % PALETTE.len()];
        for (on_front, size) in [(false, 3.0), (true, 5.0)] {
            let own = dots.iter().filter(|dot| dot.architecture == *architecture && dot.on_front == on_front);
            let own: Vec<(f64, f64)> = own.map(|dot| (dot.cost, dot.time)).collect();
            plots.push(Plot::Scatter(ScatterPlot::new().with_data(own).with_color(color).with_size(size)));
        }
        legend.push(entry((*architecture).to_owned(), color, None));
    }
    let best: Vec<(f64, f64)> = dots.iter().filter(|dot| dot.is_best).map(|dot| (dot.cost, dot.time)).collect();
    plots.push(Plot::Scatter(ScatterPlot::new().with_data(best).with_color("#111827").with_size(2.0)));
    let unit = if answer.has_prices { "cost of a run, $" } else { "tokens of a run" };
    let layout = Layout::auto_from_plots(&plots)
        .with_width(860.0)
        .with_height(480.0)
        .with_title(format!("{scenario}: time and cost of a team"))
        .with_subtitle("means; large dots: on the front of time, cost and quality; dark middle: the best".to_owned())
        .with_x_label(unit)
        .with_y_label("makespan, s")
        .with_x_axis_min(0.0)
        .with_x_axis_max(widest * 1.08)
        .with_y_axis_min(0.0)
        .with_y_axis_max(longest * 1.08)
        .with_legend_position(kuva::plot::LegendPosition::OutsideRightTop)
        .with_legend_entries(legend)
        .with_legend_box(false)
        .with_theme(theme())
        .with_font_family("Helvetica, Arial, sans-serif");
    Some(with_own_id(&SvgBackend::new().render_scene(&render_multiple(plots, layout))))
}

fn dots(answer: &OptimalResult) -> Vec<Dot<'_>> {
    let sound = answer.teams.iter().filter(|t| !matches!(t.standing, TeamStanding::Twin(_) | TeamStanding::Incomplete));
    let dot = |team| {
        let team: &crate::experiment::optimal::CandidateTeam = team;
        let mean = |objective| team.runs.summary(objective).map(|summary| summary.mean);
        Some(Dot {
            architecture: &team.architecture,
            time: mean(Objective::Time)?,
            cost: mean(Objective::Cost)?,
            on_front: team.on_front,
            is_best: team.standing == TeamStanding::Best,
        })
    };
    sound.filter_map(dot).collect()
}
