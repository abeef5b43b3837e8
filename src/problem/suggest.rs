//! Spelling suggestions ("did you mean"), by edit distance.

/// Returns `; did you mean "x"?` for the nearest candidate, or an empty text if none is near.
pub fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"))
}

/// Returns the nearest candidate within a distance of a third of the letters, at least 1 and at most 3.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance takes time by the square of the length.
    let letters: Vec<char> = name.chars().take(41).collect();
    if letters.len() > 40 {
        return None;
    }
    let within = (letters.len() / 3).clamp(1, 3);
    let near = candidates.into_iter().map(|candidate| (distance(&letters, candidate), candidate));
    near.min_by_key(|&(distance, _)| distance).filter(|&(distance, _)| distance <= within).map(|(_, near)| near)
}

/// Returns the optimal string alignment distance (Damerau-Levenshtein without repeated edits), ignoring case.
fn distance(from: &[char], to: &str) -> usize {
    let from: Vec<char> = from.iter().map(char::to_ascii_lowercase).collect();
    let to: Vec<char> = to.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=to.len()).collect();
    for i in 1..=from.len() {
        for j in 1..=to.len() {
            let changed = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::suggestion;

    #[test]
    fn the_nearest_name_if_it_is_near() {
        let names = ["agents", "architecture", "seed"];
        assert_eq!(suggestion("agnets", names), "; did you mean \"agents\"?");
        assert_eq!(suggestion("Agents", names), "; did you mean \"agents\"?");
        assert_eq!(suggestion("archtecure", names), "; did you mean \"architecture\"?");
        assert_eq!(suggestion("seeds", names), "; did you mean \"seed\"?");
        assert_eq!(suggestion("banana", names), "");
        assert_eq!(suggestion(&"x".repeat(1_000_000), names), "");
    }
}
