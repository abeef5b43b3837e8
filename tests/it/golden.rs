//! Files of expected text in tests/golden; `BROOKS_BLESS=1` rewrites them.

use std::path::Path;

/// Compares `text` with the golden file of that name, and names the first line that differs.
pub(crate) fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BROOKS_BLESS").is_some_and(|value| value != "0") {
        std::fs::write(&path, text).expect("the golden file can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let same = expected.lines().zip(text.lines()).take_while(|(a, b)| a == b).count();
    assert!(
        expected == text,
        "tests/golden/{name}, line {}:\nexpected {:?}\n     got {:?}\nBROOKS_BLESS=1 rewrites it, if that is meant",
        same + 1,
        expected.lines().nth(same),
        text.lines().nth(same)
    );
}
