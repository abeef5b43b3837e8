//! Scaling laws fitted to every curve of a table of measurements.

use crate::problem::{Problem, Problems};
use crate::scaling::study::StudyOptions;
use crate::scaling::{LAWS, Law, Study, law};
use crate::table::SourceFile;
use crate::table::measurements::{Columns, Measurements};
use crate::trace::import::decompress;

/// Largest size of a table of measurements in bytes, packed or not.
pub const MAX_BYTES: usize = 256 << 20;

/// The fitted curves of a table.
pub struct MeasuredCurves {
    /// Column of team sizes.
    pub x: String,
    /// Column of measurements.
    pub y: String,
    /// Curves by label; the label of a single curve is empty.
    pub curves: Vec<(String, Study)>,
    /// Notes on the columns as they were read, and on the curves left out.
    pub notes: Vec<String>,
}

/// Decompresses the table in a file's bytes, if it is packed.
///
/// # Errors
///
/// Returns a problem if the table is empty, larger than [`MAX_BYTES`] or damaged.
pub fn unpacked(name: String, bytes: Vec<u8>) -> Result<SourceFile, Problems> {
    let bad = |message: String| {
        let problems = vec![(String::new(), message, "a table of measurements: CSV, JSON or Parquet".to_owned())];
        table_problems(&name, problems)
    };
    if bytes.len() > MAX_BYTES {
        return Err(bad("it is larger than 256 MiB".to_owned()));
    }
    let bytes = decompress::decompress(&name, bytes, MAX_BYTES).map_err(bad)?;
    if bytes.trim_ascii().is_empty() {
        return Err(bad("there is nothing in it".to_owned()));
    }
    Ok(SourceFile { path: name, bytes })
}

/// Fits every curve of a table; curves that cannot be fitted are left out with a note.
///
/// # Errors
///
/// Returns all problems of the table, or the reason of every curve if none can be fitted.
pub fn fit(file: &SourceFile, columns: &Columns, plan: &StudyOptions) -> Result<MeasuredCurves, Problems> {
    let Measurements { x, y, curves: samples, mut notes, .. } = Measurements::read(file, columns)?;
    let several = samples.len() > 1;
    let (mut problems, mut curves) = (Vec::new(), Vec::new());
    for (label, sample) in samples {
        match enough(&sample.points.iter().map(|point| point.n).collect::<Vec<f64>>(), &x) {
            Err((message, expected)) => problems.push((label, message, expected)),
            Ok(()) => match Study::new(sample, plan) {
                // The only curve left keeps its label if others were left out.
                Ok(study) => curves.push((if several { label } else { String::new() }, study)),
                Err(error) => problems.push((label, error.to_string(), String::new())),
            },
        }
    }
    if curves.is_empty() {
        return Err(table_problems(&file.path, problems));
    }
    notes.extend(problems.into_iter().map(|(label, message, _)| format!("{label} is left out: {message}")));
    Ok(MeasuredCurves { x, y, curves, notes })
}

/// Checks for three team sizes; the error is a message and what was expected.
fn enough(sizes: &[f64], x: &str) -> Result<(), (String, String)> {
    let mut different = sizes.to_vec();
    different.dedup();
    if different.len() >= 3 {
        return Ok(());
    }
    let shown: Vec<String> = different.iter().map(ToString::to_string).collect();
    let message = match shown.len() {
        1 => format!("every measurement is at {x} = {}", shown.concat()),
        _ => format!("there are only {} different {x}: {}", shown.len(), shown.join(" and ")),
    };
    let expected = "at least 3 team sizes, better 6: such as 1, 2, 4, 8, 16, 32. From two times alone: brooks infer-p";
    Err((message, expected.to_owned()))
}

fn table_problems(file: &str, problems: Vec<(String, String, String)>) -> Problems {
    let mut all = Problems::default();
    for (label, message, expected) in problems {
        let problem = Problem { code: "table", file: file.to_owned(), line: 0, path: label, message, expected };
        all.push(problem);
    }
    all
}

/// Returns the laws of these names, `all` for every one, in the order of the registry, each once.
///
/// # Errors
///
/// Returns a message with the unknown name and the known ones.
pub fn laws(names: &[String]) -> Result<Vec<&'static Law>, String> {
    if names.iter().any(|name| name.trim() == "all") {
        return Ok(LAWS.iter().collect());
    }
    let find = |name: &String| {
        law(name.trim()).ok_or_else(|| {
            let known: Vec<&str> = LAWS.iter().map(|law| law.name).collect();
            format!("{name}: there is no such law; there are all, {}", known.join(", "))
        })
    };
    let named = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    Ok(LAWS.iter().filter(|row| named.iter().any(|law| std::ptr::eq(*law, *row))).collect())
}
