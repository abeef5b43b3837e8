//! Linear scaling: every agent adds as much throughput as the first.

use crate::scaling::{Parameter, ScalingLaw, Shape};

/// X(n) = lambda n.
pub struct Linear;

impl ScalingLaw for Linear {
    fn shape(&self) -> &'static [Parameter] {
        &[]
    }

    fn speedup(&self, n: f64, _shape: Shape) -> f64 {
        n
    }

    fn slope(&self, _n: f64, _shape: Shape) -> Shape {
        [0.0, 0.0]
    }

    fn starts(&self, _largest: f64) -> [Shape; 4] {
        [[0.0, 0.0]; 4]
    }

    fn limit(&self, _shape: Shape) -> Option<f64> {
        None
    }
}
