//! Hostile headers: the stored corpus of the fuzz target, and random mutations of it, without a
//! fuzzer. Bounded, and the same in every run; `SOUNDFALL_FUZZ_ROUNDS` makes it longer.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;

use mutate::{Random, mutated};

// The check itself is written once, for the fuzz target and for this test.
#[path = "../../../fuzz/src/header.rs"]
mod header;
#[path = "../../../fuzz/src/mutate.rs"]
mod mutate;

#[test]
fn no_header_of_the_corpus_or_near_it_breaks_a_reader() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/header");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 5, "the corpus is not there");
    let rounds = std::env::var("SOUNDFALL_FUZZ_ROUNDS")
        .map_or(400, |text| text.parse().expect("a number of mutations"));
    let mut random = Random(3);
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        for round in 0..=rounds {
            let input = if round == 0 {
                bytes.clone()
            } else {
                mutated(&bytes, &mut random, 1 << 16)
            };
            let outcome = std::panic::catch_unwind(|| header::check(&input));
            assert!(outcome.is_ok(), "{}, mutation {round}", path.display());
        }
    }
}
