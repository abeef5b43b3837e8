//! L8: predictions from recorded runs, and their errors.
//!
//! | to | look in |
//! |---|---|
//! | learn a profile from recordings | [`calibration`] |
//! | score a profile on recorded teams | [`validation`] |
//! | score a profile on the runs that it was learned from | [`cross_validation`] |
//! | give the work of a recorded run to another team | [`what_if`] |

pub mod calibration;
pub mod cross_validation;
pub mod validation;
pub mod what_if;
