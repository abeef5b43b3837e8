#![doc = include_str!("../README.md")]
//!
//! # Layers
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | L0 | [`engine`], [`problem`] | time, event queue, keyed random streams, distributions; what is wrong with a file |
//! | L1 | [`scaling`], [`workload`] | what theory predicts; what must be done |
//! | L2 | [`team`] | who does it and all they share |
//! | L3 | [`architecture`], [`record`] | how they coordinate; what a run leaves behind |
//! | L4 | [`simulation`] | one run |
//! | L5 | [`trace`] | recorded runs in and out, replay |
//! | L6 | [`scenario`], [`corpus`] | scenario files and profiles; many recorded runs |
//! | L7 | [`experiment`] | many runs |
//! | L8 | [`prediction`] | predictions from recorded runs, and their errors |
//! | L9 | [`report`] | results as text or picture |
//! | L10 | `cli` | the only files, environment, clock, terminal |

// Tests may hold results against the standard library's own functions.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod architecture;
#[cfg(feature = "cli")]
#[expect(missing_docs, reason = "the help texts document the arguments")]
#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "this layer touches the world")]
#[expect(clippy::doc_markdown, reason = "help texts are for the terminal, not for Markdown")]
#[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "every command has the same form")]
pub mod cli;
pub mod corpus;
pub mod engine;
pub mod experiment;
pub mod prediction;
pub mod problem;
pub mod record;
pub mod report;
pub mod scaling;
pub mod scenario;
pub mod simulation;
pub mod table;
pub mod team;
pub mod trace;
pub mod workload;
