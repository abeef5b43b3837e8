//! What commas in the numbers of a column mean: half of the world writes 12,5 and spreadsheets export it so.

use crate::table::cells::CellValue;

/// What a comma is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commas {
    /// There are none.
    Absent,
    /// The decimal point; points between digits are between thousands.
    Decimal,
    /// Between thousands.
    Thousands,
    /// `1,234` may be either, and no other number settles it.
    Unclear,
}

impl Commas {
    /// Of the cells of a column, whole text or with a unit behind.
    pub(super) fn of(cells: &[CellValue]) -> Commas {
        let mut found = Commas::Absent;
        for cell in cells {
            let CellValue::Text(text) = cell else { continue };
            let Some(comma) = text.rfind(',') else { continue };
            let after = &text[comma + 1..];
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let says = match text.rfind('.') {
                Some(point) if point > comma => Commas::Thousands,
                Some(_) => Commas::Decimal,
                None if text.matches(',').count() > 1 => Commas::Thousands,
                None if digits != 3 || text.starts_with("0,") || comma > 3 => Commas::Decimal,
                None => Commas::Unclear,
            };
            found = match (found, says) {
                (Commas::Decimal, Commas::Thousands) | (Commas::Thousands, Commas::Decimal) => return Commas::Unclear,
                (Commas::Decimal | Commas::Thousands, Commas::Unclear) => found,
                _ => says,
            };
        }
        found
    }

    /// The cell as the rest of the program reads numbers.
    pub(super) fn plain(self, cell: &CellValue) -> CellValue {
        match (self, cell) {
            (Commas::Decimal, CellValue::Text(text)) => CellValue::of_text(&text.replace('.', "").replace(',', ".")),
            (Commas::Thousands, CellValue::Text(text)) => CellValue::of_text(&text.replace(',', "")),
            _ => cell.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_settles_what_a_comma_is() {
        let of = |texts: &[&str]| Commas::of(&texts.iter().map(|text| CellValue::of_text(text)).collect::<Vec<_>>());
        assert_eq!(of(&["12.5", "7", "fast"]), Commas::Absent);
        assert_eq!(of(&["12,5", "1,234"]), Commas::Decimal);
        assert_eq!(of(&["1,234", "0,955"]), Commas::Decimal);
        assert_eq!(of(&["1.234,5", "12"]), Commas::Decimal);
        assert_eq!(of(&["1,234.5", "1,234"]), Commas::Thousands);
        assert_eq!(of(&["1,234,567"]), Commas::Thousands);
        assert_eq!(of(&["1,234", "5,678"]), Commas::Unclear);
        assert_eq!(of(&["1,5", "1,234.5"]), Commas::Unclear);
        assert_eq!(of(&["4,5s", "2,25s"]), Commas::Decimal);
        let plain = |commas: Commas, text: &str| commas.plain(&CellValue::of_text(text)).text().unwrap_or_default();
        assert_eq!(plain(Commas::Decimal, "1.234,5"), "1234.5");
        assert_eq!(plain(Commas::Thousands, "1,234.5"), "1234.5");
        assert_eq!(plain(Commas::Absent, "12.5"), "12.5");
    }
}
