//! Numbers, tables, charts and pages: the drawing that all reports share. Values in, text out.

pub(crate) mod chart;
pub(crate) mod html;
pub mod number;
pub mod table;
pub mod terminal_plot;
pub(crate) mod xml;
