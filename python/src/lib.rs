//! The native half of the Python package `brooks`: scenarios, runs, sweeps and fits over the library of the same name.
//!
//! What people call is in `brooks/__init__.py`; this half holds no defaults and makes no choices. Everything long runs
//! without the GIL, and Ctrl-C ends a sweep between two pieces of it.

mod errors;
mod fit;
mod scenario;
mod shelf;
mod sweep;
mod table;
mod work;

use pyo3::prelude::*;

/// The native half of the package; see `brooks`.
#[pymodule]
mod _brooks {
    #[pymodule_export]
    use crate::fit::fit;
    #[pymodule_export]
    use crate::scenario::Scenario;
    #[pymodule_export]
    use crate::sweep::Sweep;
    #[pymodule_export]
    use crate::table::{DataTable, merge};

    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", brooks::report::VERSION)?;
        let names: Vec<&str> = brooks::scenario::library::SCENARIOS.iter().map(|built_in| built_in.name).collect();
        module.add("SCENARIOS", names)
    }
}
