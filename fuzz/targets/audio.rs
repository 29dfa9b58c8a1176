//! libFuzzer's way into the check of audio files. Decides nothing.
//!
//! A decoder that panics on damaged data is caught by the code under test, as it should be; only
//! where a panic gets out is it a finding. Each place that panics is named once on stderr.
#![no_main]
#![allow(clippy::print_stderr, reason = "a report of the fuzzer")]

use std::collections::BTreeSet;
use std::sync::Mutex;

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

libfuzzer_sys::fuzz_target!(
    init: {
        std::panic::set_hook(Box::new(|panic| {
            if let (Some(place), Ok(mut seen)) = (panic.location(), SEEN.lock())
                && seen.insert(place.to_string())
            {
                eprintln!("panic: {panic}");
            }
        }));
    },
    |bytes: &[u8]| {
        soundfall_fuzz::audio::check(bytes);
    }
);
