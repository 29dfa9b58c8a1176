//! Decoding of audio files: every format comes out right, whatever else is no panic but one clear line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use soundfall_capture::file::{AudioFile, FileError, decode_all};
use soundfall_test_support::program::program;
use soundfall_test_support::skip::skip;

const RATE: u32 = 44_100;

/// A second of stereo: 440 Hz and 660 Hz at half scale.
fn tone(frames: usize) -> Vec<f32> {
    (0..frames)
        .flat_map(|i| {
            [440.0f64, 660.0].map(|hz| {
                (0.5 * (std::f64::consts::TAU * hz * i as f64 / f64::from(RATE)).sin()) as f32
            })
        })
        .collect()
}

fn write_wav(path: &Path, frames: usize, bits: u16, float: bool) -> Vec<f32> {
    let format = if float {
        hound::SampleFormat::Float
    } else {
        hound::SampleFormat::Int
    };
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: bits,
        sample_format: format,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let samples = tone(frames);
    for sample in &samples {
        if float {
            writer.write_sample(*sample).unwrap();
        } else {
            let full = f64::from(1u32 << (bits - 1));
            writer
                .write_sample((f64::from(*sample) * full).round() as i32)
                .unwrap();
        }
    }
    writer.finalize().unwrap();
    samples
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn wav_of_every_depth() {
    let dir = tempfile::tempdir().unwrap();
    for (bits, float, tolerance) in [
        (8, false, 0.01),
        (16, false, 2e-5),
        (24, false, 1e-6),
        (32, false, 1e-6),
        (32, true, 0.0),
    ] {
        let path = dir.path().join(format!("{bits}{float}.wav"));
        let samples = write_wav(&path, 10_000, bits, float);
        let file = AudioFile::open(&path).unwrap();
        assert_eq!(
            (file.rate(), file.channels(), file.total_frames()),
            (RATE, 2, Some(10_000))
        );
        let decoded = decode_all(&path, 1 << 30).unwrap();
        assert!(
            worst(&decoded.interleaved, &samples) <= tolerance,
            "{bits} {float}"
        );
    }
}

#[test]
fn flac_and_rewind() {
    let mut program = match program("flac", "flac") {
        Ok(program) => program,
        Err(reason) => return skip("flac_and_rewind", &reason),
    };
    let dir = tempfile::tempdir().unwrap();
    let (wav, flac) = (dir.path().join("a.wav"), dir.path().join("a.flac"));
    let samples = write_wav(&wav, 50_000, 16, false);
    succeed(program.args(["-s", "-o"]).args([&flac, &wav]));
    let mut file = AudioFile::open(&flac).unwrap();
    assert_eq!(
        (file.rate(), file.channels(), file.total_frames()),
        (RATE, 2, Some(50_000))
    );
    for _ in 0..2 {
        let mut all = Vec::new();
        while file.read(&mut all).unwrap() > 0 {}
        assert!(worst(&all, &samples) <= 2e-5);
        assert_eq!(file.read(&mut all).unwrap(), 0, "the end stays the end");
        file.rewind().unwrap();
    }
}

#[test]
fn vorbis() {
    let mut program = match program("oggenc", "vorbis-tools") {
        Ok(program) => program,
        Err(reason) => return skip("vorbis", &reason),
    };
    let dir = tempfile::tempdir().unwrap();
    let (wav, ogg) = (dir.path().join("a.wav"), dir.path().join("a.ogg"));
    let samples = write_wav(&wav, 50_000, 16, false);
    succeed(program.args(["-Q", "-q", "8", "-o"]).args([&ogg, &wav]));
    let decoded = decode_all(&ogg, 1 << 30).unwrap();
    assert_eq!((decoded.rate, decoded.channels), (RATE, 2));
    assert!(worst(&decoded.interleaved[..90_000], &samples[..90_000]) < 0.05);
}

/// Frames of silence, written by hand: MPEG-1 layer III at 128 kbit/s, and AAC-LC in ADTS.
#[test]
fn mp3_and_aac() {
    let dir = tempfile::tempdir().unwrap();
    let mut mp3 = Vec::new();
    for _ in 0..40 {
        let mut frame = vec![0u8; 417];
        frame[..4].copy_from_slice(&[0xFF, 0xFB, 0x90, 0x00]);
        mp3.extend(frame);
    }
    let mut aac = Vec::new();
    for _ in 0..40 {
        let payload = [0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80];
        let length = 7 + payload.len() as u32;
        // Sync, MPEG-4 without CRC; AAC-LC, 44.1 kHz, stereo; frame length; buffer fullness "variable".
        let (high, low) = (((length >> 3) & 0xFF) as u8, ((length & 7) << 5) as u8);
        aac.extend([0xFF, 0xF1, 0x50, 0x80, high, low | 0x1F, 0xFC]);
        aac.extend(payload);
    }
    for (name, bytes) in [("a.mp3", mp3), ("a.aac", aac)] {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let decoded = decode_all(&path, 1 << 30).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((decoded.rate, decoded.channels), (RATE, 2), "{name}");
        assert!(
            decoded.interleaved.len() > 2 * 30 * 1_024,
            "{name}: {}",
            decoded.interleaved.len()
        );
        assert!(
            decoded.interleaved.iter().all(|sample| *sample == 0.0),
            "{name}"
        );
    }
}

#[test]
fn what_is_no_audio_file_is_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let text = |path: &Path| {
        let error = AudioFile::open(path).unwrap_err();
        let text = error.to_string();
        assert!(
            !text.contains('\n') && text.contains(path.to_str().unwrap()),
            "{text}"
        );
        error
    };
    assert!(matches!(
        text(&dir.path().join("none.wav")),
        FileError::Open { .. }
    ));
    assert!(matches!(text(dir.path()), FileError::NotAFile { .. }));
    assert!(matches!(
        text(&file("empty.wav", b"")),
        FileError::Empty { .. }
    ));
    assert!(matches!(
        text(&file("text.flac", b"This is no sound at all.\n")),
        FileError::Unrecognised { .. }
    ));
    text(&file("riff.wav", b"RIFF\xff\xff\xff\xffWAVE"));
    text(&file(
        "huge.wav",
        b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff\x01\x00\xff\xff\xff\xff\xff\xff",
    ));
    let zero = dir.path().join("zero.wav");
    write_wav(&zero, 0, 16, false);
    text(&zero);
}

#[test]
fn a_truncated_file_plays_as_far_as_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wav");
    let samples = write_wav(&path, 20_000, 16, false);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let decoded = decode_all(&path, 1 << 30).unwrap();
    let got = decoded.interleaved.len();
    assert!((19_000..=20_000).contains(&got), "{got}");
    assert!(worst(&decoded.interleaved, &samples[..got]) <= 2e-5);
}

#[test]
fn the_limit_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wav");
    write_wav(&path, 20_000, 16, false);
    assert!(matches!(
        decode_all(&path, 50_000),
        Err(FileError::TooLong { .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    /// Random bytes, also behind the magic of every format.
    #[test]
    fn random_bytes_never_panic(
        magic in prop::sample::select(vec![&b""[..], b"RIFF\x24\x00\x01\x00WAVEfmt ", b"fLaC\x00\x00\x00\x22", b"OggS\x00\x02",
            b"\xff\xfb\x90\x00", b"\xff\xf1\x50\x80", b"ID3\x04\x00", b"\x00\x00\x00\x20ftypM4A ", b"\x1a\x45\xdf\xa3"]),
        noise in prop::collection::vec(any::<u8>(), 0..3_000),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("noise");
        std::fs::write(&path, [magic, &noise].concat()).unwrap();
        let _ = decode_all(&path, 1 << 24);
    }

    /// A real file with a few bytes changed.
    #[test]
    fn damaged_files_never_panic(changes in prop::collection::vec((0usize..4_000, any::<u8>()), 1..20), cut in 0usize..4_000) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wav");
        write_wav(&path, 1_000, 16, false);
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(bytes.len().saturating_sub(cut / 2));
        std::fs::write(&path, bytes).unwrap();
        let whole = decode_all(&path, 1 << 24);
        if let (Ok(whole), Ok(mut file)) = (whole, AudioFile::open(&path)) {
            let frames = whole.interleaved.len() as u64 / u64::from(whole.channels);
            prop_assert_eq!(file.count_frames().unwrap(), frames);
            let middle = frames / 2;
            file.seek(middle).unwrap();
            let mut rest = Vec::new();
            while file.read(&mut rest).unwrap() > 0 {}
            let samples = middle as usize * whole.channels as usize;
            let same = rest.iter().map(|s| s.to_bits()).eq(whole.interleaved[samples..].iter().map(|s| s.to_bits()));
            prop_assert!(same);
        }
    }
}

/// Any frame can be gone to, forwards and backwards, and what comes is bit for bit what reading everything gives.
#[test]
fn every_format_is_searched_to_the_sample() {
    const TEST: &str = "every_format_is_searched_to_the_sample";
    let ffmpeg = || program("ffmpeg", "ffmpeg");
    let dir = tempfile::tempdir().unwrap();
    let wav = dir.path().join("s.wav");
    let noise = "anoisesrc=d=12:c=pink:r=44100:a=0.3:s=1,aformat=channel_layouts=stereo";
    match ffmpeg() {
        Ok(mut ffmpeg) => {
            let input = ffmpeg.args(["-v", "error", "-f", "lavfi", "-i", noise]);
            succeed(input.arg(&wav));
        }
        Err(reason) => return skip(TEST, &reason),
    }
    // Without noise that the AAC decoder makes up anew each time.
    for (name, coder) in [
        ("s.wav", &[][..]),
        ("f.wav", &["-c:a", "pcm_f32le"]),
        ("a.wav", &["-c:a", "adpcm_ms"]),
        ("a.flac", &[]),
        ("c.mp3", &["-b:a", "128k"]),
        ("v.mp3", &["-q:a", "5"]),
        ("n.mp3", &["-b:a", "96k", "-write_xing", "0"]),
        ("a.m4a", &["-aac_pns", "0"]),
        ("a.aac", &["-aac_pns", "0"]),
        ("a.ogg", &["-c:a", "libvorbis"]),
    ] {
        let path = dir.path().join(name);
        if !path.exists() {
            let mut ffmpeg = ffmpeg().unwrap();
            let input = ffmpeg.args(["-v", "error", "-i"]).arg(&wav);
            succeed(input.args(coder).arg(&path));
        }
        let mut file = AudioFile::open(&path).unwrap();
        let counted = file.count_frames().unwrap();
        let mut all = Vec::new();
        while file.read(&mut all).unwrap() > 0 {}
        let frames = all.len() / 2;
        assert!(frames >= 12 * 44_100, "{name}");
        assert_eq!(counted, frames as u64, "{name}");
        for k in 0..60 {
            let frame = match k {
                0 => 0,
                1 => frames - 1,
                _ => (k * 245_489) % frames,
            };
            file.seek(frame as u64).unwrap();
            let mut part = Vec::new();
            while part.len() < 8_000 && file.read(&mut part).unwrap() > 0 {}
            let count = part.len().min(8_000).min(all.len() - 2 * frame);
            assert!(count > 0, "{name}: nothing at {frame}");
            assert!(
                part[..count] == all[2 * frame..][..count],
                "{name}: other sound at frame {frame}"
            );
        }
        for beyond in [frames as u64, frames as u64 + 1_000_000, u64::MAX] {
            file.seek(beyond).unwrap();
            assert_eq!(file.read(&mut Vec::new()).unwrap(), 0, "{name}: {beyond}");
        }
        file.seek(7).unwrap();
        let mut part = Vec::new();
        assert!(
            file.read(&mut part).unwrap() > 0,
            "{name}: back from the end"
        );
        assert_eq!(part[..2], all[14..16], "{name}");
    }
}
