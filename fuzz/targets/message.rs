//! libFuzzer's way into the check of requests and responses. Decides nothing.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    soundfall_fuzz::message::check(bytes);
});
