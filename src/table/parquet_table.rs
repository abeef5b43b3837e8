//! Parquet tables.
//!
//! The crate `parquet` (version 60) only locates and decompresses pages. On damaged files its other parts can panic, recurse
//! or allocate without bound (docs/DESIGN.md). The footer is parsed in this file, page headers in
//! [`parquet_guard`](super::parquet_guard), and page contents in [`parquet_pages`](super::parquet_pages).
//!
//! Supported are columns of numbers, text, booleans and times, also inside of structures. Lists and other types are not.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Type as Physical};
use parquet::column::page::PageReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::{ColumnDescriptor, ColumnPath, Type};

use super::cells::{CellValue, DataTable, MAX_CELLS, MAX_COLUMNS, PARQUET};
use super::parquet_guard::Body;
use super::parquet_pages::Pages;
use super::thrift::{Thrift, kind};
use crate::engine::Time;

/// Largest footer, bytes.
const MAX_FOOTER: usize = 16 << 20;
/// Deepest nesting of columns in structures.
const MAX_NESTING: usize = 16;
const DAMAGED: &str = "the footer is damaged";

/// Relevant parts of the footer.
struct Footer {
    leaves: Vec<Leaf>,
    groups: Vec<RowGroup>,
}

/// Leaf column of the schema.
struct Leaf {
    name: String,
    element: Element,
    /// Number of optional levels: the column and its enclosing structures.
    optional: i16,
    /// True inside of a list.
    repeated: bool,
}

/// Element of the schema.
#[derive(Clone, Default)]
struct Element {
    name: String,
    physical: Option<Physical>,
    repetition: i64,
    children: usize,
    /// Microseconds a unit of a time column, as a fraction; none for other columns.
    time: Option<(i64, i64)>,
    /// True if the logical type changes the meaning of the values, such as decimals.
    is_odd: bool,
}

/// Row group.
#[derive(Default)]
struct RowGroup {
    rows: i64,
    chunks: Vec<Chunk>,
}

/// Location of the values of a column in a row group.
#[derive(Clone, Default)]
struct Chunk {
    is_elsewhere: bool,
    codec: i64,
    values: i64,
    packed: i64,
    data_at: i64,
    dictionary_at: Option<i64>,
}

/// Returns the names of the columns.
pub(super) fn names(bytes: &[u8]) -> Result<Vec<String>, String> {
    let footer = footer(bytes)?;
    Ok(footer.leaves.into_iter().map(|leaf| leaf.name).collect())
}

/// Returns the names of the columns if the last bytes of the file contain the whole footer.
pub(super) fn names_of_tail(end: &[u8]) -> Option<Vec<String>> {
    names(end).ok()
}

/// Reads columns by name. Missing columns and unsupported types give [`CellValue::Nothing`].
pub(super) fn read(bytes: &[u8], wanted: &[String]) -> Result<DataTable, String> {
    let footer = footer(bytes)?;
    let body = Arc::new(Body::new(Bytes::copy_from_slice(bytes)));
    let mut table = DataTable::new(wanted.len());
    let mut done = 0_usize;
    for group in &footer.groups {
        let rows = usize::try_from(group.rows).map_err(|_| DAMAGED)?;
        if rows > MAX_CELLS / wanted.len().max(1) - done {
            return Err(format!("more than {} rows of {} columns, which is the limit", MAX_CELLS, wanted.len()));
        }
        done += rows;
        for (column, name) in wanted.iter().enumerate() {
            let leaf = footer.leaves.iter().position(|leaf| leaf.name == *name);
            let leaf = leaf.and_then(|index| Some((footer.leaves.get(index)?, group.chunks.get(index)?)));
            match leaf.filter(|(leaf, _)| leaf.is_read()) {
                Some((leaf, chunk)) => {
                    let end = table.column(column).len() + rows;
                    read_chunk(&body, leaf, chunk, rows, |cell| table.push(column, cell))
                        .map_err(|error| format!("column {name:?}: {error}"))?;
                    let len = table.column(column).len();
                    if len != end {
                        return Err(format!("column {name:?} has {len} values instead of {end}"));
                    }
                }
                None => (0..rows).try_for_each(|_| table.push(column, CellValue::Nothing))?,
            }
        }
    }
    table.positions = (1..=done as u32).collect();
    Ok(table)
}

impl Leaf {
    fn is_read(&self) -> bool {
        !self.repeated
            && !self.element.is_odd
            && !matches!(self.element.physical, None | Some(Physical::FIXED_LEN_BYTE_ARRAY))
    }
}

/// Emits the values of a column in a row group.
fn read_chunk(
    body: &Arc<Body>,
    leaf: &Leaf,
    chunk: &Chunk,
    rows: usize,
    mut emit: impl FnMut(CellValue) -> Result<(), String>,
) -> Result<(), String> {
    let wrong = |error: ParquetError| error.to_string();
    let physical = leaf.element.physical.ok_or(DAMAGED)?;
    let compression = match chunk.codec {
        0 => Compression::UNCOMPRESSED,
        1 => Compression::SNAPPY,
        2 => Compression::GZIP(parquet::basic::GzipLevel::default()),
        6 => Compression::ZSTD(parquet::basic::ZstdLevel::default()),
        7 => Compression::LZ4_RAW,
        other => {
            let name = ["", "", "", "LZO", "Brotli", "the old LZ4"].get(other as usize).unwrap_or(&"an unknown codec");
            return Err(format!("compressed with {name}, which is not supported; use zstd or snappy"));
        }
    };
    let start = chunk.dictionary_at.filter(|at| *at > 0).unwrap_or(chunk.data_at);
    let is_inside = start >= 0
        && chunk.packed >= 0
        && start.checked_add(chunk.packed).is_some_and(|end| end as u64 <= body.length() as u64);
    if chunk.is_elsewhere || !is_inside || chunk.values < 0 {
        return Err(DAMAGED.to_owned());
    }
    let primitive = Type::primitive_type_builder("value", physical).build().map_err(wrong)?;
    let path = ColumnPath::new(vec!["value".to_owned()]);
    let column = Arc::new(ColumnDescriptor::new(Arc::new(primitive), leaf.optional, 0, path));
    let meta = ColumnChunkMetaData::builder(column)
        .set_compression(compression)
        .set_num_values(chunk.values)
        .set_total_compressed_size(chunk.packed)
        .set_data_page_offset(chunk.data_at)
        .set_dictionary_page_offset(chunk.dictionary_at.filter(|at| *at > 0))
        .build()
        .map_err(wrong)?;
    let is_gzip = matches!(compression, Compression::GZIP(_));
    let of_column = Arc::new(body.for_chunk(start as u64, chunk.packed as u64, is_gzip));
    let mut packed = SerializedPageReader::new(of_column, &meta, rows, None).map_err(wrong)?;
    let mut pages = Pages::new(physical, leaf.optional);
    let mut left = rows;
    while left > 0 {
        let Some(page) = packed.get_next_page().map_err(wrong)? else { break };
        pages.read(&page, &mut left, |value| emit(leaf.element.cell(value)))?;
    }
    Ok(())
}

impl Element {
    /// Converts a value by the logical type of the column.
    fn cell(&self, value: CellValue) -> CellValue {
        match (self.time, value) {
            (Some((times, over)), CellValue::Int(value)) => u64::try_from(value.saturating_mul(times) / over)
                .map_or(CellValue::Nothing, |us| CellValue::Time(Time::from_us(us))),
            (_, value) => value,
        }
    }
}

/// Parses the footer: the last part of the file, before its length and the magic number.
fn footer(bytes: &[u8]) -> Result<Footer, String> {
    let rest =
        bytes.strip_suffix(PARQUET).ok_or("the magic number at the end is missing; the file may be truncated")?;
    let (rest, length) = rest.split_last_chunk::<4>().ok_or(DAMAGED)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > MAX_FOOTER {
        return Err(format!("a footer of {length} bytes; the limit is 16 MiB"));
    }
    let start = rest.len().checked_sub(length).ok_or("the footer is longer than the file")?;
    let mut elements: Vec<Element> = Vec::new();
    let mut groups: Vec<RowGroup> = Vec::new();
    let mut thrift = Thrift::new(rest.get(start..).unwrap_or_default());
    let read = thrift.structure(|thrift, id, kind| match id {
        2 => read_schema(thrift, kind, &mut elements),
        4 => read_groups(thrift, kind, &mut groups),
        _ => thrift.skip(kind),
    });
    read.ok_or(DAMAGED)?;
    let leaves = leaves(&elements)?;
    if groups.iter().any(|group| group.chunks.len() != leaves.len() || group.rows < 0) {
        return Err(DAMAGED.to_owned());
    }
    Ok(Footer { leaves, groups })
}

fn read_schema(thrift: &mut Thrift<'_>, kind: u8, into: &mut Vec<Element>) -> Option<()> {
    thrift.structures(kind, |thrift, index, id, kind| {
        if into.len() <= index {
            into.resize(index + 1, Element::default());
        }
        let element = into.get_mut(index)?;
        match id {
            1 => element.physical = physical(thrift.int_field(kind)?),
            3 => element.repetition = thrift.int_field(kind)?,
            4 if kind == kind::BINARY => element.name = String::from_utf8_lossy(thrift.binary()?).into_owned(),
            5 => element.children = usize::try_from(thrift.int_field(kind)?).ok()?,
            6 => match thrift.int_field(kind)? {
                5 => element.is_odd = true,
                9 => element.time = Some((1000, 1)),
                10 => element.time = Some((1, 1)),
                _ => {}
            },
            10 if kind == kind::STRUCT => thrift.structure(|thrift, id, kind| match id {
                5 => {
                    element.is_odd = true;
                    thrift.skip(kind)
                }
                8 if kind == kind::STRUCT => read_timestamp(thrift, element),
                _ => thrift.skip(kind),
            })?,
            _ => thrift.skip(kind)?,
        }
        Some(())
    })?;
    Some(())
}

/// Parses the unit of a time column.
fn read_timestamp(thrift: &mut Thrift<'_>, element: &mut Element) -> Option<()> {
    thrift.structure(|thrift, id, kind| match id {
        2 if kind == kind::STRUCT => thrift.structure(|thrift, unit, kind| {
            element.time = match unit {
                1 => Some((1000, 1)),
                2 => Some((1, 1)),
                _ => Some((1, 1000)),
            };
            thrift.skip(kind)
        }),
        _ => thrift.skip(kind),
    })
}

fn physical(code: i64) -> Option<Physical> {
    let all = [
        Physical::BOOLEAN,
        Physical::INT32,
        Physical::INT64,
        Physical::INT96,
        Physical::FLOAT,
        Physical::DOUBLE,
        Physical::BYTE_ARRAY,
        Physical::FIXED_LEN_BYTE_ARRAY,
    ];
    all.get(usize::try_from(code).ok()?).copied()
}

fn read_groups(thrift: &mut Thrift<'_>, kind: u8, into: &mut Vec<RowGroup>) -> Option<()> {
    thrift.structures(kind, |thrift, index, id, kind| {
        if into.len() <= index {
            into.resize_with(index + 1, RowGroup::default);
        }
        let group = into.get_mut(index)?;
        match id {
            1 => {
                let chunks = &mut group.chunks;
                let count = thrift.structures(kind, |thrift, index, id, kind| {
                    if chunks.len() <= index {
                        chunks.resize(index + 1, Chunk::default());
                    }
                    read_chunk_place(thrift, id, kind, chunks.get_mut(index)?)
                })?;
                chunks.resize(count, Chunk::default());
            }
            3 => group.rows = thrift.int_field(kind)?,
            _ => thrift.skip(kind)?,
        }
        Some(())
    })?;
    Some(())
}

fn read_chunk_place(thrift: &mut Thrift<'_>, id: i64, kind: u8, chunk: &mut Chunk) -> Option<()> {
    match id {
        1 => {
            chunk.is_elsewhere = true;
            thrift.skip(kind)
        }
        3 if kind == kind::STRUCT => thrift.structure(|thrift, id, kind| {
            match id {
                4 => chunk.codec = thrift.int_field(kind)?,
                5 => chunk.values = thrift.int_field(kind)?,
                7 => chunk.packed = thrift.int_field(kind)?,
                9 => chunk.data_at = thrift.int_field(kind)?,
                11 => chunk.dictionary_at = Some(thrift.int_field(kind)?),
                _ => thrift.skip(kind)?,
            }
            Some(())
        }),
        _ => thrift.skip(kind),
    }
}

/// Returns the leaf columns of a schema, a tree in depth-first order: each element has its number of children.
fn leaves(elements: &[Element]) -> Result<Vec<Leaf>, String> {
    // Open structures: remaining children, path, optional levels, and true inside of a list.
    let mut open: Vec<(usize, String, i16, bool)> = Vec::new();
    let mut leaves = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        while open.last().is_some_and(|(left, ..)| *left == 0) {
            open.pop();
        }
        let (mut name, mut optional, mut repeated) = (String::new(), 0_i16, false);
        match open.last_mut() {
            Some((left, path, may_miss, in_list)) => {
                *left -= 1;
                name = if path.is_empty() { element.name.clone() } else { format!("{path}.{}", element.name) };
                optional = *may_miss + i16::from(element.repetition != 0);
                repeated = *in_list || element.repetition == 2;
            }
            None if index > 0 => return Err(DAMAGED.to_owned()),
            None => {}
        }
        if name.len() > 1000 || leaves.len() >= MAX_COLUMNS || open.len() > MAX_NESTING {
            return Err("more than 10,000 columns, or names too long or nested too deep".to_owned());
        }
        if element.children > 0 || index == 0 {
            open.push((element.children, name, optional, repeated));
        } else {
            leaves.push(Leaf { name, element: element.clone(), optional, repeated });
        }
    }
    if open.iter().any(|(left, ..)| *left > 0) {
        return Err(DAMAGED.to_owned());
    }
    Ok(leaves)
}
