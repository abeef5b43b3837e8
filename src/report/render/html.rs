//! Frame of all pages: a self-contained file for light and dark screens, paper and phones.

use std::fmt::Write as _;

use crate::report::render::chart::style::STYLE as CHART;
use crate::report::render::table::{Align, Column, Table};
use crate::report::render::xml::escaped;

/// Style sheet of all pages: colours by their purpose, text and tables.
const STYLE: &str = ":root{color-scheme:light dark;--ink:#1f2937;--paper:#fff;--faint:#5b6472;--line:#d1d5db;--note:#fff4e0;--edge:#b45309}\
@media (prefers-color-scheme:dark){:root{--ink:#e5e7eb;--paper:#14181f;--faint:#a3acb9;--line:#3b4453;--note:#352a17;--edge:#f59e0b}}\
@media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--faint:#444;--line:#bbb;--note:#fff;--edge:#000}}\
body{font:15px/1.5 Helvetica,Arial,sans-serif;color:var(--ink);background:var(--paper);max-width:72em;margin:2em auto;padding:0 1em;\
overflow-wrap:anywhere}h1{font-size:1.4em;line-height:1.25}h2{font-size:1.15em;margin-top:2em}h3{font-size:1em;margin:1.5em 0 .3em}\
table{border-collapse:collapse;font-size:.85em;overflow-wrap:normal}caption{text-align:left;padding:.3em 0;color:var(--faint)}\
th,td{padding:.2em .6em;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}th{vertical-align:bottom}.n{text-align:right}\
svg{max-width:100%;height:auto}.v{font-size:1.1em;margin:.3em 0}figure{margin:0}\
ul.key{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2em 1.2em}svg.key{vertical-align:-.1em}\
.wide{overflow-x:auto}code{font-family:monospace;overflow-wrap:anywhere}.faint{color:var(--faint)}\
@media print{body{margin:0;max-width:none;font-size:10pt}h2,h3,caption{break-after:avoid}figure,tr{break-inside:avoid}\
.wide{overflow:visible}table{font-size:6.5pt}th,td{padding:.1em .3em;white-space:normal}td:not(.n){overflow-wrap:anywhere}.sheet{page:sheet}}\
@page sheet{size:landscape;margin:12mm}";

/// Returns a page of this title. `style` is its own style sheet, after that of all pages and charts.
pub(crate) fn page(title: &str, style: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\
         <title>{title}</title><style>{STYLE}{CHART}{style}</style></head>\n<body>\n{body}</body>\n</html>\n"
    )
}

/// Returns a table that scrolls if the page is narrower.
pub(crate) fn table(table: &Table, caption: &str) -> String {
    let class = |column: &Column| if column.align == Align::Right { " class=\"n\"" } else { "" };
    let caption = escaped(caption);
    let mut text = format!("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\"><table>");
    if !caption.is_empty() {
        let _ = write!(text, "<caption>{caption}</caption>");
    }
    text.push_str("<thead><tr>");
    for column in table.columns() {
        let _ = write!(text, "<th scope=\"col\"{}>{}</th>", class(column), escaped(&column.title));
    }
    text.push_str("</tr></thead><tbody>\n");
    for row in table.rows() {
        text.push_str("<tr>");
        for (column, cell) in table.columns().iter().zip(row) {
            let _ = write!(text, "<td{}>{}</td>", class(column), escaped(&cell.shown));
        }
        text.push_str("</tr>\n");
    }
    text + "</tbody></table></div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render::table::Cell;
    use crate::report::tests::assert_well_formed;

    #[test]
    fn a_page_is_sound_whatever_is_on_it() {
        let mut cells = Table::new(vec![Column::text("a", "<a> & \"b\""), Column::number("n", "n")]);
        cells.push(vec![Cell::text("</td><script>"), Cell::count(1)]);
        let page = page("a </title> & b", "", &table(&cells, "a \"caption\""));
        assert_well_formed(&page);
        assert!(!page.contains("<script") && page.contains("&lt;/td&gt;&lt;script&gt;"));
    }
}
