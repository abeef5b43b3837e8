//! Meaning of commas in the numbers of a column: decimal separators (12,5) or thousands separators.

use crate::table::cells::CellValue;

/// Meaning of a comma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commas {
    /// No commas.
    Absent,
    /// Decimal separator; points are thousands separators.
    Decimal,
    /// Thousands separator.
    Thousands,
    /// Either: `1,234` without another number that decides.
    Unclear,
}

impl Commas {
    /// Infers the meaning from the cells of a column, with or without a unit at the end.
    pub(super) fn infer(cells: &[CellValue]) -> Commas {
        let mut column = Commas::Absent;
        for cell in cells {
            let CellValue::Text(text) = cell else { continue };
            let Some(comma) = text.rfind(',') else { continue };
            let after = &text[comma + 1..];
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let own = match text.rfind('.') {
                Some(point) if point > comma => Commas::Thousands,
                Some(_) => Commas::Decimal,
                None if text.matches(',').count() > 1 => Commas::Thousands,
                None if digits != 3 || text.starts_with("0,") || comma > 3 => Commas::Decimal,
                None => Commas::Unclear,
            };
            column = match (column, own) {
                (Commas::Decimal, Commas::Thousands) | (Commas::Thousands, Commas::Decimal) => return Commas::Unclear,
                (Commas::Decimal | Commas::Thousands, Commas::Unclear) => column,
                _ => own,
            };
        }
        column
    }

    /// Returns the cell with its numbers in Rust notation.
    pub(super) fn plain(self, cell: &CellValue) -> CellValue {
        match (self, cell) {
            (Commas::Decimal, CellValue::Text(text)) => CellValue::from_text(&text.replace('.', "").replace(',', ".")),
            (Commas::Thousands, CellValue::Text(text)) => CellValue::from_text(&text.replace(',', "")),
            _ => cell.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_determines_the_meaning_of_a_comma() {
        let of =
            |texts: &[&str]| Commas::infer(&texts.iter().map(|text| CellValue::from_text(text)).collect::<Vec<_>>());
        assert_eq!(of(&["12.5", "7", "fast"]), Commas::Absent);
        assert_eq!(of(&["12,5", "1,234"]), Commas::Decimal);
        assert_eq!(of(&["1,234", "0,955"]), Commas::Decimal);
        assert_eq!(of(&["1.234,5", "12"]), Commas::Decimal);
        assert_eq!(of(&["1,234.5", "1,234"]), Commas::Thousands);
        assert_eq!(of(&["1,234,567"]), Commas::Thousands);
        assert_eq!(of(&["1,234", "5,678"]), Commas::Unclear);
        assert_eq!(of(&["1,5", "1,234.5"]), Commas::Unclear);
        assert_eq!(of(&["4,5s", "2,25s"]), Commas::Decimal);
        let plain = |commas: Commas, text: &str| commas.plain(&CellValue::from_text(text)).text().unwrap_or_default();
        assert_eq!(plain(Commas::Decimal, "1.234,5"), "1234.5");
        assert_eq!(plain(Commas::Thousands, "1,234.5"), "1234.5");
        assert_eq!(plain(Commas::Absent, "12.5"), "12.5");
    }
}
