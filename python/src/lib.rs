//! Native module of the Python package `brooks`: scenarios, runs, sweeps and fits with the Rust library.
//!
//! The public API is in `brooks/__init__.py`; this module has no defaults. Long calls release the GIL, and Ctrl-C ends
//! a sweep between two blocks.

mod errors;
mod fit;
mod scenario;
mod shelf;
mod sweep;
mod table;
mod work;

use pyo3::prelude::*;

/// Native module of the package `brooks`.
#[pymodule]
mod _brooks {
    #[pymodule_export]
    use crate::fit::fit;
    #[pymodule_export]
    use crate::scenario::Scenario;
    #[pymodule_export]
    use crate::sweep::Sweep;
    #[pymodule_export]
    use crate::table::{Table, merge};

    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", brooks::report::VERSION)?;
        let names: Vec<&str> = brooks::scenario::library::SCENARIOS.iter().map(|built_in| built_in.name).collect();
        module.add("SCENARIOS", names)
    }
}
