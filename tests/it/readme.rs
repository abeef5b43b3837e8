//! The transcripts of the README and of the book are what the tool really prints.

use std::path::Path;

use crate::binary::brooks;

/// The console blocks of a page: a command after `$ brooks`, and the output below it up to the end of the block.
fn transcripts(page: &str) -> Vec<(String, String)> {
    let blocks = page.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    blocks
        .map(|block| {
            let (command, output) = block.split_once('\n').expect("a command and its output");
            (command.strip_prefix("$ brooks ").expect("a brooks command").to_owned(), output.to_owned())
        })
        .collect()
}

#[test]
fn the_readme_shows_real_output() {
    assert!(check(Path::new("README.md")) >= 3, "the README has transcripts");
}

#[test]
fn the_book_shows_real_output() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/book");
    let entries = std::fs::read_dir(folder).expect("the book").map(|entry| entry.expect("an entry").path());
    let chapters = entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    assert!(chapters.map(|chapter| check(&chapter)).sum::<usize>() >= 3, "the book has transcripts");
}

/// Holds the transcripts of a page to what the tool prints; says how many there are.
fn check(page: &Path) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let mut page = std::fs::read_to_string(&path).expect("the page");
    let shown = transcripts(&page);
    let number = shown.len();
    for (command, output) in shown {
        let real = brooks(&command).run().stdout;
        if std::env::var_os("BROOKS_BLESS").is_some() {
            page = page.replacen(&format!("$ brooks {command}\n{output}"), &format!("$ brooks {command}\n{real}"), 1);
        } else {
            assert_eq!(output, real, "brooks {command}");
        }
    }
    if std::env::var_os("BROOKS_BLESS").is_some() {
        std::fs::write(&path, page).expect("the page can be written");
    }
    number
}
