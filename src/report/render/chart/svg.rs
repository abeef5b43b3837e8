//! The text of an SVG: frame, paths and labels.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::report::render::xml::escaped;

/// Width of a character of a label, on average, in pixels.
pub(crate) const CHARACTER: f64 = 6.6;

/// An SVG under construction.
pub(crate) struct Svg(String);

impl Svg {
    /// Opens a picture of this size. `style` is its style sheet: a file has one, a picture in a page has the page's.
    /// Screen readers get `title` and `description`.
    pub(crate) fn new(width: f64, height: f64, title: &str, description: &str, style: Option<&str>) -> Svg {
        let mut text = "<svg".to_owned();
        if style.is_some() {
            text.push_str(" xmlns=\"http://www.w3.org/2000/svg\"");
        }
        let _ = write!(
            text,
            " viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\
             <title>{}</title><desc>{}</desc>",
            escaped(title),
            escaped(description)
        );
        if let Some(style) = style {
            let _ = write!(text, "\n<style>{style}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
        }
        Svg(text)
    }

    /// Adds markup unchanged.
    pub(crate) fn push(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Adds a path.
    pub(crate) fn path(&mut self, class: &str, data: &str) {
        let _ = write!(self.0, "<path class=\"{class}\" d=\"{data}\"/>");
    }

    /// Adds a label. The class sets its anchor: `mid`, `end`, else the start.
    pub(crate) fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        let _ = write!(self.0, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
    }

    /// Adds a label that reads from below to above, around its middle.
    pub(crate) fn upright(&mut self, x: f64, y: f64, text: &str) {
        let text = escaped(text);
        let _ = write!(
            self.0,
            "<text class=\"mid faint\" transform=\"translate({x:.1} {y:.1}) rotate(-90)\" x=\"0\" y=\"0\">{text}</text>"
        );
    }

    /// Closes the picture.
    pub(crate) fn finish(self) -> String {
        self.0 + "</svg>\n"
    }
}

/// Estimates the width of a label in pixels.
pub(crate) fn width(text: &str) -> f64 {
    text.width() as f64 * CHARACTER
}

/// Shortens a text to so many columns.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        if short.width() + 2 > columns {
            break;
        }
        short.push(c);
    }
    short + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_labels_are_cut() {
        assert_eq!(cut("a name that is too long for its place", 22), "a name that is too lo…");
        assert_eq!(cut("読む読む", 5), "読む…");
    }
}
