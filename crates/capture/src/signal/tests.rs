//! Properties every signal must have.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn render(signal: Signal, channels: u32, rate: u32, frames: usize) -> Vec<Vec<f32>> {
    let mut interleaved = vec![0.0; frames * channels as usize];
    Generator::new(signal, channels, rate)
        .unwrap()
        .fill(&mut interleaved);
    let count = channels as usize;
    (0..count)
        .map(|c| interleaved.iter().skip(c).step_by(count).copied().collect())
        .collect()
}

/// Magnitude of one frequency in a signal: 1.0 for a full-scale sine (Goertzel's sum, Hann window).
fn level(samples: &[f32], hz: f64, rate: f64) -> f64 {
    let n = samples.len() as f64;
    let (mut re, mut im, mut sum) = (0.0, 0.0, 0.0);
    for (i, sample) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / n).cos();
        let angle = std::f64::consts::TAU * hz / rate * i as f64;
        re += window * f64::from(*sample) * angle.cos();
        im += window * f64::from(*sample) * angle.sin();
        sum += window;
    }
    2.0 * re.hypot(im) / sum
}

#[test]
fn names_round_trip() {
    for signal in Signal::ALL {
        assert_eq!(signal.to_string().parse::<Signal>().unwrap(), signal);
    }
    assert_eq!("sine:261.6".parse::<Signal>().unwrap(), Signal::Sine(261.6));
    for bad in [
        "", "sin", "sine:", "sine:x", "sine:0", "sine:-3", "sine:inf", "sine:NaN", "Demo",
        "chirp:3",
    ] {
        let error = bad.parse::<Signal>().unwrap_err().to_string();
        assert!(
            error.contains("sweep-pair") && !error.contains('\n'),
            "{error}"
        );
    }
}

#[test]
fn limits_are_errors() {
    assert!(Generator::new(Signal::Demo, 0, 48_000).is_err());
    assert!(Generator::new(Signal::Demo, 257, 48_000).is_err());
    assert!(Generator::new(Signal::Demo, 2, 0).is_err());
    assert!(Generator::new(Signal::Demo, 2, u32::MAX).is_err());
    assert!(Generator::new(Signal::Sine(24_000.0), 2, 48_000).is_err());
}

#[test]
fn channels_differ_and_stay_in_range() {
    for signal in Signal::ALL {
        let planes = render(signal, 5, 48_000, 96_000);
        for (c, plane) in planes.iter().enumerate() {
            assert!(
                plane.iter().all(|s| s.is_finite() && s.abs() < 1.0),
                "{signal} channel {c}"
            );
            let silent = plane.iter().all(|s| *s == 0.0);
            assert_eq!(silent, signal == Signal::Silence, "{signal} channel {c}");
            for (d, other) in planes.iter().enumerate().skip(c + 1) {
                assert!(
                    signal == Signal::Silence || plane != other,
                    "{signal}: channels {c} and {d} are alike"
                );
            }
        }
    }
}

#[test]
fn every_rate_and_count_renders() {
    for signal in Signal::ALL {
        let signal = if matches!(signal, Signal::Sine(_)) {
            Signal::Sine(100.0)
        } else {
            signal
        };
        for (channels, rate) in [
            (1, 1_000),
            (3, 8_000),
            (64, 44_100),
            (256, 22_050),
            (2, 768_000),
        ] {
            for plane in render(signal, channels, rate, 3_000) {
                assert!(
                    plane.iter().all(|s| s.is_finite() && s.abs() < 1.0),
                    "{signal} {channels} {rate}"
                );
            }
        }
    }
}

#[test]
fn sine_has_its_frequency_and_level() {
    let planes = render(Signal::Sine(440.0), 2, 48_000, 48_000);
    assert!((level(&planes[0], 440.0, 48_000.0) - 0.5).abs() < 1e-4);
    assert!(level(&planes[0], 445.0, 48_000.0) < 1e-4);
    assert!((level(&planes[1], 440.0 * (1.0f64 / 12.0).exp2(), 48_000.0) - 0.5).abs() < 1e-4);
    // Still exact after ten minutes, and near half the rate.
    let mut generator = Generator::new(Signal::Sine(440.0), 1, 8_000).unwrap();
    let mut frames = vec![0.0; 8_000];
    for _ in 0..600 {
        generator.fill(&mut frames);
    }
    for (i, sample) in frames.iter().enumerate() {
        let exact = 0.5 * (std::f64::consts::TAU * (440.0 * i as f64 / 8_000.0)).sin();
        assert!((f64::from(*sample) - exact).abs() < 1e-5, "{i}");
    }
    let high = render(Signal::Sine(23_000.0), 1, 48_000, 48_000);
    assert!((level(&high[0], 23_000.0, 48_000.0) - 0.5).abs() < 1e-4);
}

#[test]
fn clicks_are_single_samples_in_turn() {
    let planes = render(Signal::Clicks, 4, 48_000, 96_000);
    for (c, plane) in planes.iter().enumerate() {
        let found: Vec<usize> = (0..plane.len()).filter(|i| plane[*i] != 0.0).collect();
        let expected: Vec<usize> = (0..4)
            .map(|k| 12_000 + c * 6_000 + k * 24_000)
            .filter(|i| *i < 96_000)
            .collect();
        assert_eq!(found, expected);
        assert!(
            found
                .iter()
                .enumerate()
                .all(|(k, i)| plane[*i] == if k % 2 == 0 { 0.9 } else { -0.9 })
        );
    }
}

#[test]
fn pink_falls_three_decibels_an_octave() {
    let plane = &render(Signal::Pink, 1, 48_000, 480_000)[0];
    let band = |hz: f64| -> f64 {
        let mut power = 0.0;
        for k in 0..40 {
            power += level(&plane[k * 12_000..(k + 1) * 12_000], hz, 48_000.0).powi(2);
        }
        10.0 * power.log10()
    };
    let mean = |center: f64| {
        (0..8)
            .map(|i| band(center * (1.0 + 0.02 * f64::from(i))))
            .sum::<f64>()
            / 8.0
    };
    let fall = mean(250.0) - mean(4_000.0);
    assert!((fall - 12.0).abs() < 3.0, "four octaves: {fall} dB");
}

#[test]
fn sweep_pair_turns_once_in_eight_seconds() {
    let planes = render(Signal::SweepPair, 2, 48_000, 8 * 48_000);
    let correlation = |second: usize| {
        let range = second * 48_000..second * 48_000 + 2_400;
        let dot =
            |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let (a, b) = (&planes[0][range.clone()], &planes[1][range]);
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    assert!(
        correlation(0) > 0.95 && correlation(4) < -0.95,
        "{} {}",
        correlation(0),
        correlation(4)
    );
    assert!(correlation(2).abs() < 0.2);
}

#[test]
fn demo_is_wide_dynamic_and_loops_quietly() {
    let planes = render(Signal::Demo, 2, 48_000, 61 * 48_000);
    let peak = planes.iter().flatten().fold(0.0f32, |m, s| m.max(s.abs()));
    assert!((0.5..0.97).contains(&peak), "peak {peak}");
    let rms = |from: f64, to: f64| {
        let part = &planes[0][(from * 48_000.0) as usize..(to * 48_000.0) as usize];
        10.0 * (part.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / part.len() as f64).log10()
    };
    let seconds: Vec<f64> = (0..60)
        .map(|s| rms(f64::from(s), f64::from(s) + 1.0))
        .collect();
    let loud = seconds.iter().copied().fold(f64::MIN, f64::max);
    let quiet = seconds.iter().copied().fold(f64::MAX, f64::min);
    assert!(
        loud > -22.0 && quiet < loud - 20.0,
        "dynamics {quiet}..{loud} dB"
    );
    // The second round starts like the first: the minute ends in silence.
    assert!(rms(59.8, 60.0) < -60.0, "{}", rms(59.8, 60.0));
    // Energy high up.
    let strongest = |hz: f64| {
        (0..120)
            .map(|k| level(&planes[0][k * 24_000..(k + 1) * 24_000], hz, 48_000.0))
            .fold(0.0, f64::max)
    };
    assert!(strongest(12_000.0) > 1e-4);
}

#[test]
fn seeds_change_noise_only() {
    let run = |signal, seed| {
        let mut frames = vec![0.0; 4_800];
        Generator::with_seed(signal, 1, 48_000, seed)
            .unwrap()
            .fill(&mut frames);
        frames
    };
    assert_ne!(run(Signal::White, 1), run(Signal::White, 2));
    assert_ne!(run(Signal::Pink, 1), run(Signal::Pink, 2));
    assert_eq!(run(Signal::Chord, 1), run(Signal::Chord, 2));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn cutting_the_output_never_changes_it(
        which in 0..Signal::ALL.len(),
        channels in 1u32..9,
        cuts in prop::collection::vec(0usize..700, 1..12),
    ) {
        let signal = Signal::ALL[which];
        let total: usize = cuts.iter().sum();
        let mut whole = vec![0.0f32; total * channels as usize];
        Generator::new(signal, channels, 48_000).unwrap().fill(&mut whole);
        let mut generator = Generator::new(signal, channels, 48_000).unwrap();
        let mut pieces = Vec::new();
        for cut in cuts {
            let mut piece = vec![0.0f32; cut * channels as usize];
            generator.fill(&mut piece);
            pieces.extend(piece);
        }
        prop_assert_eq!(whole, pieces);
        prop_assert_eq!(generator.position(), total as u64);
    }
}

#[test]
fn shepard_tones_are_octaves_apart_and_rise() {
    // After 2.5 s they are a quarter of an octave above 20, 40, 80 … Hz.
    let planes = render(Signal::Shepard, 1, 48_000, 3 * 48_000);
    let at = |secs: f64| &planes[0][(secs * 48e3) as usize - 2048..][..4096];
    for octave in [4, 5, 6] {
        let hz = |secs: f64| 20.0 * (f64::from(octave) + secs / 10.0).exp2();
        let expected = |secs: f64| {
            let share = (f64::from(octave) + secs / 10.0) / 10.0;
            0.08 * (1.0 - (std::f64::consts::TAU * share).cos())
        };
        for secs in [0.5, 1.5, 2.5] {
            let found = level(at(secs), hz(secs), 48e3);
            assert!(
                (found / expected(secs) - 1.0).abs() < 0.05,
                "octave {octave} at {secs} s: {found} for {}",
                expected(secs)
            );
            assert!(level(at(secs), hz(secs) * 1.4, 48e3) < 0.02 * expected(secs));
        }
    }
}

#[test]
fn an_octave_later_a_shepard_tone_sounds_the_same() {
    let planes = render(Signal::Shepard, 1, 8_000, 12 * 8_000);
    let spectrum = |from: usize| -> Vec<f64> {
        let hz = (4..80).map(|i| 20.0 * (f64::from(i) / 12.0).exp2());
        let samples = &planes[0][from..from + 4_000];
        hz.map(|hz| level(samples, hz, 8e3)).collect()
    };
    // Phases differ and hardly matter to levels of a Hann window: the tones are far apart.
    for (before, after) in spectrum(4_000).into_iter().zip(spectrum(84_000)) {
        assert!((before - after).abs() < 0.01, "{before} then {after}");
    }
    let steps = planes[0].windows(2).map(|two| (two[1] - two[0]).abs());
    let largest = steps.fold(0.0, f32::max);
    assert!(largest < 0.7, "a click of {largest}");
}
