//! L7: many simulated runs: replications, sweeps, and estimates from them.
//!
//! | to | look in |
//! |---|---|
//! | run one scenario many times, on all cores | [`replication`] |
//! | run every point of a scenario's axes | [`sweep`] |
//! | compare architectures on common random numbers | [`compare`] |
//! | select the best team | [`optimal`] |
//! | leave out teams that the scenario refuses | [`refused`] |
//! | find where two curves cross | [`crossover`] |
//! | attribute the variance of a figure to its inputs | [`sensitivity`] |
//! | compare a scenario with a recorded baseline | [`baseline`] |
//! | run one agent alone on the work of a run | [`solo_baseline`] |
//! | bound the speedup of any team before a run | [`work_bounds`] |
//! | fit scaling laws to a table of measurements | [`measured_curves`] |

pub mod baseline;
pub mod compare;
pub mod crossover;
pub mod measured_curves;
pub mod optimal;
pub mod refused;
pub mod replication;
pub mod result;
pub mod sensitivity;
pub mod solo_baseline;
pub mod sweep;
pub mod time_shares;
pub mod work_bounds;

pub use replication::Replications;
pub use result::{Curve, Laws, PointResult, SweepResult};
pub use sweep::Sweep;
pub use time_shares::TimeShares;
pub use work_bounds::WorkBounds;
