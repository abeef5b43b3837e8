//! Tests of table formats. Damaged Parquet files give errors, never panics.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::*;
use crate::engine::Time;

fn file(bytes: impl Into<Vec<u8>>) -> SourceFile {
    SourceFile { path: "table".to_owned(), bytes: bytes.into() }
}

fn texts(table: &DataTable, column: usize) -> Vec<String> {
    table.column(column).iter().map(|cell| cell.text().unwrap_or_default()).collect()
}

fn read_all(bytes: impl Into<Vec<u8>>) -> (Vec<String>, DataTable, ImportContext) {
    let mut reading = ImportContext::default();
    let file = file(bytes);
    let names = names(&file, &mut reading).unwrap_or_default();
    let table = read(&file, &names, &mut reading);
    (names, table, reading)
}

#[test]
fn csv_by_commas_semicolons_and_tabs() {
    for separator in [",", ";", "\t"] {
        let text = "\u{feff}id,start,who\na,1.5,\"x\"\nb,2\nc,3,\n".replace(',', separator);
        let (names, table, reading) = read_all(text.clone());
        assert_eq!(names, ["id", "start", "who"], "{text}");
        assert_eq!(
            (texts(&table, 0), texts(&table, 2)),
            (vec!["a".into(), "c".into()], vec!["x".into(), String::new()])
        );
        assert_eq!(table.positions, [2, 4]);
        assert_eq!(reading.problems.list().len(), 1);
        assert_eq!(reading.problems.list()[0].line, 3);
    }
}

#[test]
fn json_by_lines_lists_and_documents() {
    let lines = "{\"a\":1,\"usage\":{\"in\":5}}\n\n{\"a\":\"x\",\"b\":[1]}\n";
    let list = "[{\"a\":1,\"usage\":{\"in\":5}},\n{\"a\":\"x\",\"b\":[1]}]";
    let pretty = "{\"a\":1,\n\"usage\":{\"in\":5}}\n{\"a\":\n\"x\",\"b\":[1]}\n";
    for text in [lines, list, pretty] {
        let (names, table, reading) = read_all(text);
        assert!(reading.problems.is_empty(), "{}", reading.problems);
        assert_eq!(names, ["a", "usage.in", "b"]);
        assert_eq!(texts(&table, 0), ["1", "x"]);
        assert_eq!(table.column(1), [CellValue::Int(5), CellValue::Nothing]);
        assert!(table.cell(1, 2).is_nothing() && table.cell(9, 9).is_nothing());
    }
    let (_, table, reading) = read_all("{\"a\":1}\n{\"a\":\n7\n{\"a\":2}\n");
    assert_eq!((texts(&table, 0), reading.problems.list().len()), (vec!["1".to_owned(), "2".to_owned()], 2));
    let (_, table, reading) = read_all("[{\"a\":1},{\"a\":");
    assert_eq!((table.rows(), reading.problems.list().len()), (1, 1));
}

/// Options of a written Parquet file.
#[derive(Clone, Copy, Debug)]
struct Encodings {
    version: WriterVersion,
    packed: Compression,
    dictionary: bool,
    delta: bool,
}

const ROWS: usize = 300;
/// Damaged variants of each file.
const ROUNDS: usize = 50;

fn all_encodings() -> Vec<Encodings> {
    let mut all = Vec::new();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for packed in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(parquet::basic::GzipLevel::default()),
            Compression::ZSTD(parquet::basic::ZstdLevel::default()),
            Compression::LZ4_RAW,
        ] {
            for (dictionary, delta) in [(true, false), (false, false), (false, true)] {
                all.push(Encodings { version, packed, dictionary, delta });
            }
        }
    }
    all
}

fn parquet_file(how: Encodings) -> Vec<u8> {
    let schema = "message table {
        required int64 id;
        optional binary agent (UTF8);
        required int64 ts (TIMESTAMP(MICROS, true));
        optional double seconds;
        optional int32 tokens;
        required boolean ok;
        optional group usage { optional int64 out; }
        optional group calls (LIST) { repeated group list { optional int32 element; } }
    }";
    let properties = WriterProperties::builder()
        .set_writer_version(how.version)
        .set_compression(how.packed)
        .set_dictionary_enabled(how.dictionary)
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(50);
    let plain = |column: &str| parquet::schema::types::ColumnPath::from(vec![column.to_owned()]);
    let numbers = if how.delta { Encoding::DELTA_BINARY_PACKED } else { Encoding::PLAIN };
    let (text, split) = if how.delta {
        (Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::BYTE_STREAM_SPLIT)
    } else {
        (Encoding::PLAIN, Encoding::PLAIN)
    };
    let properties = properties.set_column_encoding(plain("agent"), text).set_column_encoding(plain("seconds"), split);
    let properties = ["id", "ts", "tokens"]
        .iter()
        .fold(properties, |properties, column| properties.set_column_encoding(plain(column), numbers));
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).expect("memory");
    for group in 0..2_i64 {
        let mut rows = writer.next_row_group().expect("memory");
        let defined: Vec<i16> = (0..ROWS).map(|row| i16::from(row % 3 != 0)).collect();
        let there = || (0..ROWS as i64).filter(|row| row % 3 != 0);
        let mut columns = Vec::new();
        while let Some(mut column) = rows.next_column().expect("memory") {
            let index = columns.len();
            columns.push(index);
            let levels = Some(&defined[..]);
            let done = match index {
                0 => {
                    let ids: Vec<i64> = (0..ROWS as i64).map(|row| group * 1000 + row).collect();
                    column.typed::<Int64Type>().write_batch(&ids, None, None)
                }
                1 => {
                    let names: Vec<ByteArray> =
                        there().map(|row| ByteArray::from(format!("agent-{}", row % 7).as_str())).collect();
                    column.typed::<ByteArrayType>().write_batch(&names, levels, None)
                }
                2 => {
                    let times: Vec<i64> = (0..ROWS as i64).map(|row| 1_700_000_000_000_000 + row * 17).collect();
                    column.typed::<Int64Type>().write_batch(&times, None, None)
                }
                3 => {
                    let seconds: Vec<f64> = there().map(|row| row as f64 / 8.0).collect();
                    column.typed::<DoubleType>().write_batch(&seconds, levels, None)
                }
                4 => {
                    let tokens: Vec<i32> = there().map(|row| row as i32 * 11).collect();
                    column.typed::<Int32Type>().write_batch(&tokens, levels, None)
                }
                5 => {
                    let flags: Vec<bool> = (0..ROWS).map(|row| row % 5 == 0).collect();
                    column.typed::<BoolType>().write_batch(&flags, None, None)
                }
                6 => {
                    let levels: Vec<i16> = defined.iter().map(|defined| defined * 2).collect();
                    let out: Vec<i64> = there().collect();
                    column.typed::<Int64Type>().write_batch(&out, Some(&levels), None)
                }
                _ => {
                    let levels = vec![3_i16; ROWS];
                    let repeats = vec![0_i16; ROWS];
                    let values = vec![1_i32; ROWS];
                    column.typed::<Int32Type>().write_batch(&values, Some(&levels), Some(&repeats))
                }
            };
            done.expect("memory");
            column.close().expect("memory");
        }
        rows.close().expect("memory");
    }
    writer.into_inner().expect("memory")
}

#[test]
fn parquet_as_everybody_writes_it() {
    for how in all_encodings() {
        let (names, table, reading) = read_all(parquet_file(how));
        assert!(reading.problems.is_empty(), "{how:?}: {}", reading.problems);
        let expected = ["id", "agent", "ts", "seconds", "tokens", "ok", "usage.out", "calls.list.element"];
        assert_eq!(names, expected);
        assert_eq!(table.rows(), 2 * ROWS);
        assert_eq!(table.cell(ROWS + 4, 0), &CellValue::Int(1004), "{how:?}");
        assert_eq!(table.cell(4, 1), &CellValue::Text("agent-4".into()));
        assert!(table.cell(3, 1).is_nothing());
        assert_eq!(table.cell(4, 2), &CellValue::Time(Time::from_us(1_700_000_000_000_068)));
        assert_eq!((table.cell(4, 3), table.cell(4, 4)), (&CellValue::Number(0.5), &CellValue::Int(44)));
        assert_eq!((table.cell(5, 5), table.cell(4, 5)), (&CellValue::Int(1), &CellValue::Int(0)));
        assert_eq!((table.cell(299, 6), table.cell(3, 6)), (&CellValue::Int(299), &CellValue::Nothing));
        assert!(table.column(7).iter().all(CellValue::is_nothing), "lists are not read");
    }
}

/// Deterministic pseudo-random numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

#[test]
fn damaged_parquet_never_panics() {
    let mut dice = Dice(1);
    for how in all_encodings() {
        let whole = parquet_file(how);
        for length in [0, 4, 8, 12, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
            let (_, _, reading) = read_all(&whole[..length]);
            assert!(!reading.problems.is_empty(), "{length} bytes");
        }
        let footer = u32::from_le_bytes(whole[whole.len() - 8..whole.len() - 4].try_into().expect("four")) as usize;
        for _ in 0..ROUNDS {
            let mut damaged = whole.clone();
            for _ in 0..=dice.below(4) {
                // Headers and footers are damaged most often.
                let index = match dice.below(3) {
                    0 => damaged.len() - 8 - footer + dice.below(footer + 8),
                    1 => 4 + dice.below(64),
                    _ => dice.below(damaged.len()),
                };
                damaged[index] = match dice.below(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => damaged[index] ^ (1 << dice.below(8)),
                    _ => dice.below(256) as u8,
                };
            }
            let (_, table, _) = read_all(damaged);
            assert!(table.rows() <= MAX_CELLS);
        }
    }
}

/// Bytes of a Parquet file with one column `a` of 32-bit integers and one row, the value 0 (docs/DESIGN.md).
const SMALLEST: &str = "504152311500150815082c15021500150615060000000000001502192c48016d1502001502250018 \
    0161001602191c191c26001c1502192500061918016115001602162a162a2608491c150015001502 \
    000000162a16022608162a1400002800191c1c0000004d00000050415231";

fn smallest() -> Vec<u8> {
    let digits: Vec<u32> = SMALLEST.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// Number of rows as the crate's own reader counts them.
fn rows_by_crate(bytes: Vec<u8>) -> Result<usize, ParquetError> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes))?;
    let rows: Result<Vec<_>, _> = reader.get_row_iter(None)?.collect();
    rows.map(|rows| rows.len())
}

#[test]
fn one_changed_byte_panics_the_crate_and_is_an_error_here() {
    assert_eq!(rows_by_crate(smallest()).ok(), Some(1));
    let (_, table, reading) = read_all(smallest());
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    assert_eq!(table.column(0), [CellValue::Int(0)]);
    // Encoding of the data page: PLAIN becomes PLAIN_DICTIONARY. Then the compressed size of the column: 21 becomes -1.
    for (index, value, panic, error) in [
        (14, 0x04, "Decoder for dict should have been set", "the dictionary is missing"),
        (69, 0x01, "column start and length should not be negative", "the footer is damaged"),
    ] {
        let mut damaged = smallest();
        damaged[index] = value;
        let copy = damaged.clone();
        let payload = std::panic::catch_unwind(|| rows_by_crate(copy)).expect_err("the crate panics");
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or_default();
        assert!(text.contains(panic), "{text}");
        let (_, _, reading) = read_all(damaged);
        assert!(reading.problems.to_string().contains(error), "{}", reading.problems);
    }
}
