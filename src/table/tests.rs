//! Tables in, columns out; damaged Parquet files are told and never more than that.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::{WriterProperties, WriterVersion};
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
        assert_eq!(table.places, [2, 4]);
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

/// How a file of Parquet is written.
#[derive(Clone, Copy, Debug)]
struct Way {
    version: WriterVersion,
    packed: Compression,
    dictionary: bool,
    delta: bool,
}

const ROWS: usize = 300;
/// How often each file is damaged.
const ROUNDS: usize = 50;

fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for packed in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(parquet::basic::GzipLevel::default()),
            Compression::ZSTD(parquet::basic::ZstdLevel::default()),
            Compression::LZ4_RAW,
        ] {
            for (dictionary, delta) in [(true, false), (false, false), (false, true)] {
                ways.push(Way { version, packed, dictionary, delta });
            }
        }
    }
    ways
}

fn parquet_file(way: Way) -> Vec<u8> {
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
        .set_writer_version(way.version)
        .set_compression(way.packed)
        .set_dictionary_enabled(way.dictionary)
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(50);
    let plain = |column: &str| parquet::schema::types::ColumnPath::from(vec![column.to_owned()]);
    let numbers = if way.delta { Encoding::DELTA_BINARY_PACKED } else { Encoding::PLAIN };
    let (text, split) = if way.delta {
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
            let place = columns.len();
            columns.push(place);
            let levels = Some(&defined[..]);
            let done = match place {
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
    for way in ways() {
        let (names, table, reading) = read_all(parquet_file(way));
        assert!(reading.problems.is_empty(), "{way:?}: {}", reading.problems);
        let expected = ["id", "agent", "ts", "seconds", "tokens", "ok", "usage.out", "calls.list.element"];
        assert_eq!(names, expected);
        assert_eq!(table.rows(), 2 * ROWS);
        assert_eq!(table.cell(ROWS + 4, 0), &CellValue::Int(1004), "{way:?}");
        assert_eq!(table.cell(4, 1), &CellValue::Text("agent-4".into()));
        assert!(table.cell(3, 1).is_nothing());
        assert_eq!(table.cell(4, 2), &CellValue::Time(Time::from_us(1_700_000_000_000_068)));
        assert_eq!((table.cell(4, 3), table.cell(4, 4)), (&CellValue::Number(0.5), &CellValue::Int(44)));
        assert_eq!((table.cell(5, 5), table.cell(4, 5)), (&CellValue::Int(1), &CellValue::Int(0)));
        assert_eq!((table.cell(299, 6), table.cell(3, 6)), (&CellValue::Int(299), &CellValue::Nothing));
        assert!(table.column(7).iter().all(CellValue::is_nothing), "lists are not read");
    }
}

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

#[test]
fn damaged_parquet_is_told_and_nothing_worse() {
    let mut dice = Dice(1);
    for way in ways() {
        let whole = parquet_file(way);
        for length in [0, 4, 8, 12, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
            let (_, _, reading) = read_all(&whole[..length]);
            assert!(!reading.problems.is_empty(), "{length} bytes");
        }
        let footer = u32::from_le_bytes(whole[whole.len() - 8..whole.len() - 4].try_into().expect("four")) as usize;
        for _ in 0..ROUNDS {
            let mut damaged = whole.clone();
            for _ in 0..=dice.below(4) {
                // Headers and footers are where it hurts.
                let place = match dice.below(3) {
                    0 => damaged.len() - 8 - footer + dice.below(footer + 8),
                    1 => 4 + dice.below(64),
                    _ => dice.below(damaged.len()),
                };
                damaged[place] = match dice.below(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => damaged[place] ^ (1 << dice.below(8)),
                    _ => dice.below(256) as u8,
                };
            }
            let (_, table, _) = read_all(damaged);
            assert!(table.rows() <= MAX_CELLS);
        }
    }
}
