//! Part files: finished points of an unfinished sweep, exact, compressed and with a checksum.
//!
//! Only the version that wrote a part reads it. Format: eight magic bytes, then one zstd frame with checksum that
//! contains the hash of the plan and the points.

use std::io::Read;

use crate::experiment::PointResult;
use crate::experiment::sweep::Finished;
use crate::record::Metrics;

/// First bytes of every part.
const MAGIC: &[u8; 8] = b"brooks\x00\x01";

/// Point in a part.
type Stored = (usize, PointResult, Vec<Metrics>);

/// Encodes points.
///
/// # Errors
///
/// The error of the compressor or the encoder.
pub(super) fn encode(plan: &str, points: Vec<Finished>) -> Result<Vec<u8>, String> {
    let points: Vec<Stored> = points.into_iter().map(|point| (point.number, point.row, point.runs)).collect();
    let plain = postcard::to_allocvec(&(plan, points)).map_err(|error| error.to_string())?;
    let mut bytes = MAGIC.to_vec();
    let compress = || -> std::io::Result<Vec<u8>> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1)?;
        encoder.include_checksum(true)?;
        std::io::Write::write_all(&mut encoder, &plain)?;
        encoder.finish()
    };
    bytes.extend(compress().map_err(|error| error.to_string())?);
    Ok(bytes)
}

/// Decodes the points of a part of this plan.
///
/// # Errors
///
/// A damaged part, or one of another plan.
pub(super) fn decode(plan: &str, bytes: &[u8]) -> Result<Vec<Finished>, String> {
    let packed = bytes.strip_prefix(MAGIC).ok_or("not a part of a sweep")?;
    let mut plain = Vec::new();
    let mut decoder = zstd::Decoder::new(packed).map_err(|error| error.to_string())?;
    decoder.read_to_end(&mut plain).map_err(|error| error.to_string())?;
    let (owner, points): (String, Vec<Stored>) = postcard::from_bytes(&plain).map_err(|error| error.to_string())?;
    if owner != plan {
        return Err(format!("it belongs to plan {owner}"));
    }
    Ok(points.into_iter().map(|(number, row, runs)| Finished { number, row, runs }).collect())
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::experiment::Sweep;
    use crate::experiment::sweep::{Control, Finished};
    use crate::scenario::ScenarioFile;
    use crate::scenario::library;

    fn points() -> Vec<Finished> {
        let file = ScenarioFile::open("hello", &library::no_files()).expect("built in");
        let mut points = Vec::new();
        let control = Control { keep_runs: true, ..Control::default() };
        Sweep::new(&file, 1).stream(&mut [0, 5].into_iter(), &control, &mut |more| points.extend(more)).expect("valid");
        points
    }

    #[test]
    fn what_is_stored_is_exact() {
        let before = points();
        // One run has no interval: an infinity that text would lose.
        assert!(before[0].row.metrics[0].is_some_and(|makespan| makespan.half_width == f64::INFINITY));
        let bytes = encode("plan", before.clone()).expect("it fits");
        assert_eq!(bytes, encode("plan", before.clone()).expect("it fits"));
        let after = decode("plan", &bytes).expect("its own bytes");
        for (before, after) in before.iter().zip(&after) {
            assert_eq!((before.number, &before.row, &before.runs), (after.number, &after.row, &after.runs));
        }
    }

    #[test]
    fn damage_is_noticed() {
        let bytes = encode("plan", points()).expect("it fits");
        assert!(decode("another", &bytes).is_err_and(|why| why == "it belongs to plan plan"));
        for index in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[index] ^= 0x10;
            // Some bits of the zstd header have no effect on the contents.
            if let Ok(points) = decode("plan", &damaged) {
                assert_eq!(encode("plan", points).expect("it fits"), bytes, "byte {index}");
            }
            assert!(decode("plan", &bytes[..index]).is_err(), "cut at {index}");
        }
    }
}
