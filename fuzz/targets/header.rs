//! libFuzzer's way into the check of the ring's header. Decides nothing.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| soundfall_fuzz::header::check(bytes));
