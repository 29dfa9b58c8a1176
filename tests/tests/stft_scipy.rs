//! `soundfall stft` on real recordings equals scipy's STFT to 0.01 dB above −100 dBFS.
//!
//! Nothing is resampled and nothing is left out: every bin of every column is compared.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use serde_json::Value;
use soundfall_tests::outcome::number;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::skip::{Reason, skip};
use soundfall_tests::{python, recording};
use std::path::Path;

/// Compares one analysis with scipy's; `Err` is the reason to leave the test out.
fn compare(
    wav: &Path,
    window: &str,
    size: usize,
    hop: usize,
    options: &[&str],
) -> Result<Value, &'static Reason> {
    compare_padded(wav, window, [size, hop, size], options)
}

/// The same with the length of the transform, beside window and hop.
fn compare_padded(
    wav: &Path,
    window: &str,
    [size, hop, fft_size]: [usize; 3],
    options: &[&str],
) -> Result<Value, &'static Reason> {
    let place = Place::new();
    let npy = place.path("spectrum.npy");
    let outcome = Program::new(["stft", "--json"])
        .arg(wav)
        .arg("-o")
        .arg(&npy)
        .args(options)
        .run()
        .expect_success();
    let said = outcome.json();
    let sizes = [size, hop, fft_size].map(|frames| frames.to_string());
    let mut script = python::script("compare_stft.py")?;
    let text = python::output(script.args([wav, &npy]).arg(window).args(&sizes));
    let result: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(result["dtype"], "float32");
    assert_eq!(
        result["shape"], result["expected_shape"],
        "{window} {size}/{hop}: channels, columns, bins"
    );
    assert_eq!(result["finite"], true);
    assert!(
        number(&result, "compared") > 10_000.0,
        "something to compare: {result}"
    );
    assert!(
        number(&result, "worst_db") <= 0.01,
        "{window} {size}/{hop}: {result}"
    );
    assert!(
        number(&result, "worst_below_dbfs") <= -99.9,
        "{window} {size}/{hop}: {result}"
    );
    // What the program says of the array is what scipy says of its own.
    assert_eq!(said["shape"], result["shape"]);
    for axis in ["bin_hz", "hop_secs", "first_secs"] {
        let difference = number(&said, axis) - number(&result, axis);
        assert!(difference.abs() < 1e-6, "{axis}: {said:#} {result:#}");
    }
    for (maximum, loudest) in said["maxima"].as_array().into_iter().flatten().zip(
        result["loudest_of_channels_dbfs"]
            .as_array()
            .into_iter()
            .flatten(),
    ) {
        let loudest = loudest.as_f64().unwrap();
        assert!(
            (number(maximum, "level_dbfs") - loudest).abs() < 0.001,
            "{said:#}"
        );
    }
    Ok(result)
}

#[test]
fn a_voice_with_the_defaults() {
    let wav = match recording::voice() {
        Ok(wav) => wav,
        Err(reason) => return skip("a_voice_with_the_defaults", &reason),
    };
    if let Err(reason) = compare(&wav, "hann", 2048, 512, &[]) {
        skip("a_voice_with_the_defaults", reason);
    }
}

#[test]
fn a_voice_with_every_window_and_odd_hops() {
    let wav = match recording::voice() {
        Ok(wav) => wav,
        Err(reason) => return skip("a_voice_with_every_window_and_odd_hops", &reason),
    };
    for (window, size, hop) in [
        ("hamming", 1024, 256),
        ("blackman", 2048, 2048),
        ("blackman-harris", 4096, 1000),
        ("nuttall", 512, 77),
        ("flat-top", 8192, 512),
        ("kaiser:8.6", 1024, 333),
        ("gaussian:128", 1024, 256),
        ("rect", 256, 64),
    ] {
        let (size_text, hop_text) = (size.to_string(), hop.to_string());
        let options = [
            "--window",
            window,
            "--window-size",
            &size_text,
            "--hop",
            &hop_text,
        ];
        if let Err(reason) = compare(&wav, window, size, hop, &options) {
            return skip("a_voice_with_every_window_and_odd_hops", reason);
        }
    }
}

#[test]
fn three_channels_keep_their_order() {
    let place = Place::new();
    let wav = match recording::joined(&place, "three.wav", 3, 60_000) {
        Ok(wav) => wav,
        Err(reason) => return skip("three_channels_keep_their_order", &reason),
    };
    match compare(&wav, "hann", 2048, 512, &[]) {
        Ok(result) => assert_eq!(
            result["shape"],
            serde_json::json!([3, (60_000 - 2048) / 512 + 1, 1025])
        ),
        Err(reason) => skip("three_channels_keep_their_order", reason),
    }
}

#[test]
fn windows_filled_up_with_zeros() {
    let wav = match recording::voice() {
        Ok(wav) => wav,
        Err(reason) => return skip("windows_filled_up_with_zeros", &reason),
    };
    // Twice the window, a length that is no power of two, an odd one.
    for (size, fft_size) in [(2048, 4096), (1000, 3000), (512, 1001)] {
        let texts = [size, fft_size].map(|frames| frames.to_string());
        let options = ["--window-size", &texts[0], "--fft-size", &texts[1]];
        match compare_padded(&wav, "hann", [size, 512, fft_size], &options) {
            Ok(result) => assert_eq!(result["shape"][2], fft_size / 2 + 1),
            Err(reason) => return skip("windows_filled_up_with_zeros", reason),
        }
    }
}
