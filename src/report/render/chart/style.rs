//! Colours, marks, dashes and their style sheet. Marks also differ by shape, lines by dashes, parts by patterns. The

/// Style sheet of a chart: light, dark where the reader's screen is, light on paper. Colours follow Okabe and Ito.
pub(crate) const STYLE: &str = "text{font:12px Helvetica,Arial,sans-serif;fill:#1f2937}text.title{font-size:16px;font-weight:600}\
text.small{font-weight:600}text.faint{fill:#5b6472}text.mid{text-anchor:middle}text.end{text-anchor:end}.paper{fill:#fff}\
.axis,.rule,.guide,.line,.whisker{fill:none}.axis{stroke:#5b6472}.rule{stroke:#d1d5db}.guide{stroke:#5b6472;stroke-width:1.5}\
.dashed{stroke-dasharray:6 4}.dotted{stroke-dasharray:1.5 3.5}.line{stroke:currentColor;stroke-width:2}\
.whisker{stroke:currentColor;stroke-opacity:.75}.band{fill:currentColor;fill-opacity:.16}\
.mark{fill:currentColor;stroke:#fff;stroke-width:.8}.hollow .mark{fill:#fff;stroke:currentColor;stroke-width:1.5}.pale{opacity:.4}\
.s0{color:#0072b2}.s1{color:#c2500a}.s2{color:#00835f}.s3{color:#a84f85}.s4{color:#1391ad}.s5{color:#8a6100}\
.s1 .line{stroke-dasharray:8 3}.s2 .line{stroke-dasharray:2 3}.s3 .line{stroke-dasharray:9 3 2 3}.s4 .line{stroke-dasharray:14 4}\
.s5 .line{stroke-dasharray:4 4}\
.p0{fill:#0072b2}.p1{fill:#3fae8f}.p2{fill:#7cc4ee}.p3{fill:#d3d7de}.p4{fill:#b7a5de}.p5{fill:#dfc06a}.p6{fill:#a7aeb9}\
.p7{fill:#c3b9ad}.p8{fill:#a9d8d0}.p9{fill:#efdcc0}.p10{fill:#6b7280}.p11{fill:#eef0f3}.p12{fill:#e1e4e9}.p13{fill:#e07b2f}\
.p14{fill:#d99ac0}\
.hatch{stroke:#14181f;stroke-opacity:.55;fill:none}.outline{stroke:#1f2937;stroke-width:.6}\
.step{stroke:#fff;stroke-width:.6}.step:hover{opacity:.7}.barrier{stroke:#1f2937;stroke-width:.7;stroke-opacity:.45}\
@media screen and (prefers-color-scheme:dark){text{fill:#e5e7eb}text.faint{fill:#a3acb9}.paper{fill:#14181f}\
.axis,.guide{stroke:#a3acb9}.rule{stroke:#3b4453}.mark{stroke:#14181f}.hollow .mark{fill:#14181f;stroke:currentColor}\
.s0{color:#5aa9e6}.s1{color:#ff9a5a}.s2{color:#3fd0a4}.s3{color:#eba6cd}.s4{color:#7ee0f2}.s5{color:#f2c84b}\
.p0{fill:#2f8fd0}.p3{fill:#5b6472}.p6{fill:#8b95a3}.p7{fill:#7d7468}.p11{fill:#29303b}.p12{fill:#3b4453}.outline,.step{stroke:#14181f}\
.barrier{stroke:#e5e7eb}}\
@media print{[class^=p]{print-color-adjust:exact}}";

/// Number of shapes, dashes and colours.
const SHAPES: usize = 6;
/// Number of distinguishable styles: filled marks, and as many hollow ones.
pub(crate) const STYLES: usize = 2 * SHAPES;

/// Look of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Look {
    /// The line of a style.
    Style(usize),
    /// Grey and dashed.
    Dashed,
    /// Grey and dotted.
    Dotted,
}

impl Look {
    /// Class of a line.
    pub(super) fn line(self) -> &'static str {
        match self {
            Look::Style(_) => "line",
            Look::Dashed => "guide dashed",
            Look::Dotted => "guide dotted",
        }
    }

    /// Class of a group of lines and marks.
    pub(super) fn group(self) -> String {
        let Look::Style(style) = self else { return String::new() };
        let hollow = if style / SHAPES % 2 == 1 { " hollow" } else { "" };
        format!("s{}{hollow}", style % SHAPES)
    }
}

/// Mark of a style at a place, without the end of its tag.
pub(super) fn mark(style: usize, x: f64, y: f64) -> String {
    let outline = match style % SHAPES {
        0 => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        1 => "M-3.7 -3.7h7.4v7.4h-7.4z",
        2 => "M0 -4.8L4.6 3.6H-4.6z",
        3 => "M0 -5.2L4.6 0L0 5.2L-4.6 0z",
        4 => "M0 4.8L4.6 -3.6H-4.6z",
        _ => "M-1.5 -4.6h3v3.1h3.1v3h-3.1v3.1h-3v-3.1h-3.1v-3h3.1z",
    };
    format!("<path class=\"mark\" transform=\"translate({x:.1} {y:.1})\" d=\"{outline}\"")
}

/// Sample of a line, a mark or both at a place, 34 pixels wide.
pub(super) fn sample(look: Look, is_line: bool, is_marked: bool, x: f64, y: f64) -> String {
    let line = format!("<path class=\"{}\" d=\"M{x:.1} {y:.1}h34\"/>", look.line());
    let mark = match look {
        Look::Style(style) if is_marked => format!("{}/>", mark(style, x + 17.0, y)),
        _ => String::new(),
    };
    format!("<g class=\"{}\">{}{mark}</g>", look.group(), if is_line { &line } else { "" })
}

/// Sample of a line for a key beside pictures.
pub(crate) fn key(look: Look) -> String {
    let sample = sample(look, true, true, 0.0, 6.0);
    format!("<svg class=\"key\" viewBox=\"0 0 34 12\" width=\"34\" height=\"12\" aria-hidden=\"true\">{sample}</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_is_its_own() {
        let keys: std::collections::BTreeSet<String> = (0..STYLES).map(|style| key(Look::Style(style))).collect();
        assert_eq!(keys.len(), STYLES);
    }
}
