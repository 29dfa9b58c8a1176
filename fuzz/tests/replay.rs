//! The stored corpus and random mutations of it, without a fuzzer: bounded, and the same in every
//! run. `SOUNDFALL_FUZZ_ROUNDS` makes it longer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use soundfall_fuzz::mutate::{Random, mutated};
use soundfall_fuzz::{audio, header, message};

/// The corpus of one target, in the order of names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() > 5, "the corpus is not there");
    files
}

fn rounds(usual: usize) -> usize {
    std::env::var("SOUNDFALL_FUZZ_ROUNDS").map_or(usual, |text| text.parse().expect("a number"))
}

/// Runs the check; names and keeps the input that breaks it.
fn checked<T>(name: &str, round: usize, bytes: &[u8], check: impl FnOnce(&[u8]) -> T) -> T {
    match catch_unwind(AssertUnwindSafe(|| check(bytes))) {
        Ok(outcome) => outcome,
        Err(reason) => {
            let kept = std::env::temp_dir().join(format!("soundfall-fuzz-{name}-{round}"));
            std::fs::write(&kept, bytes).unwrap();
            let text = (reason.downcast_ref::<String>().map(String::as_str))
                .or(reason.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without words");
            panic!(
                "{name}, mutation {round}, kept in {}: {text}",
                kept.display()
            );
        }
    }
}

#[test]
fn headers() {
    let mut random = Random(4);
    for (name, bytes) in corpus("header") {
        checked(&name, 0, &bytes, header::check);
        for round in 1..=rounds(400) {
            checked(
                &name,
                round,
                &mutated(&bytes, &mut random, 1 << 16),
                header::check,
            );
        }
    }
}

/// Writes the corpus of messages anew, for when their types have changed.
fn write_messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/message");
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in message::seeds() {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

/// With `SOUNDFALL_BLESS=1` it writes the corpus first.
#[test]
fn messages() {
    if std::env::var_os("SOUNDFALL_BLESS").is_some_and(|value| value == "1") {
        write_messages();
    }
    let mut random = Random(6);
    let (mut known, mut refused) = (0, 0);
    for (name, bytes) in corpus("message") {
        for round in 0..=rounds(300) {
            let input = if round == 0 {
                bytes.clone()
            } else {
                mutated(&bytes, &mut random, 1 << 16)
            };
            if checked(&name, round, &input, message::check) {
                known += 1;
            } else {
                assert!(round > 0, "{name} is neither request nor response");
                refused += 1;
            }
        }
    }
    println!("{known} requests and responses, {refused} refused");
    assert!(known > 0 && refused > 0, "the corpus tested nothing");
}

#[test]
fn audio_files() {
    // Decoders of others may panic on damaged data; the code under test catches that.
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or("", |place| place.file());
        if !place.contains("symphonia") {
            loud(panic);
        }
    }));
    let mut random = Random(5);
    let (mut read, mut refused) = (0, 0);
    for (name, bytes) in corpus("audio") {
        for round in 0..=rounds(100) {
            let input = if round == 0 {
                bytes.clone()
            } else {
                mutated(&bytes, &mut random, 1 << 16)
            };
            if checked(&name, round, &input, audio::check) {
                read += 1;
            } else {
                refused += 1;
            }
        }
    }
    println!("{read} files read to the end, {refused} refused");
    assert!(read > 0 && refused > 0, "the corpus tested nothing");
}
