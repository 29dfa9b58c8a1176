//! Bad input of every kind: one clear line, exit code 1 or 2, nothing overwritten, no panic.
//!
//! Files and options are the matter here; bad rings have their own file.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_capture::signal::Signal;
use soundfall_tests::place::{Place, SmallDisk};
use soundfall_tests::program::Program;
use soundfall_tests::pulse::{NullSink, PulseServer};
use soundfall_tests::recording;
use soundfall_tests::signal_ring::signal_ring;
use soundfall_tests::skip::skip;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// Every command that reads a file or ring, writing to `out`.
fn readers(input: &Path, out: &Path) -> Vec<Program> {
    let png = out.with_extension("png");
    let writing = |words: &[&str]| Program::new(words).args(["--overwrite", "-o"]);
    vec![
        writing(&["stft"]).arg(out).arg(input),
        writing(&["envelope", "--points", "100"])
            .arg(out)
            .arg(input),
        writing(&["peaks"]).arg(out).arg(input),
        Program::new(["peaks", "--columns", "--json"]).arg(input),
        Program::new(["measure"]).arg(input),
        writing(&["measure", "--reference", "1", "--json"])
            .arg(out)
            .arg(input),
        writing(&["render"]).arg(png).arg(input),
        Program::new(["live", "--headless", "--seconds", "1", "--file"]).arg(input),
        Program::new(["capture", "--seconds", "1", "--file"]).arg(input),
    ]
}

/// Each command refuses `input`, names it, and leaves what lies at the output alone.
#[track_caller]
fn expect_refused(input: &Path, word: &str) {
    let place = Place::new();
    let out = place.write("out.npy", "precious");
    let png = place.write("out.png", "precious");
    for program in readers(input, &out) {
        let outcome = program.run().expect_refusal(&[word]);
        assert!(
            outcome
                .home
                .names()
                .iter()
                .all(|name| !name.ends_with(".npy")),
            "{:?}",
            outcome.home.names()
        );
    }
    for path in [out, png] {
        assert_eq!(
            fs::read(&path).expect("still there"),
            b"precious",
            "{} was overwritten",
            path.display()
        );
    }
    assert_eq!(place.names(), ["out.npy", "out.png"]);
}

#[test]
fn a_missing_file() {
    expect_refused(Path::new("/nowhere/missing.wav"), "missing.wav");
}

#[test]
fn a_folder_instead_of_a_file() {
    let place = Place::new();
    fs::create_dir(place.path("folder.wav")).expect("a folder");
    expect_refused(&place.path("folder.wav"), "folder.wav");
}

#[test]
fn files_that_are_no_sound() {
    let place = Place::new();
    expect_refused(
        &place.write("text.wav", "This is not sound.\n".repeat(500)),
        "text.wav",
    );
    expect_refused(&place.write("empty.flac", ""), "empty.flac");
    let noise: Vec<u8> = (0..20_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    expect_refused(&place.write("noise.mp3", noise), "noise.mp3");
}

#[test]
fn a_codec_that_is_not_supported() {
    let place = Place::new();
    // A WAV header whose format tag is GSM 6.10.
    let mut bytes = recording::wav(1, &[0; 6500]);
    bytes[20..22].copy_from_slice(&0x31u16.to_le_bytes());
    expect_refused(&place.write("gsm.wav", bytes), "gsm.wav");
}

#[test]
fn a_wav_without_channels_or_rate() {
    let place = Place::new();
    let mut channels = recording::wav(1, &[0; 4000]);
    channels[22..24].copy_from_slice(&0u16.to_le_bytes());
    expect_refused(&place.write("channels.wav", channels), "channels.wav");
    let mut rate = recording::wav(1, &[0; 4000]);
    rate[24..28].copy_from_slice(&0u32.to_le_bytes());
    expect_refused(&place.write("rate.wav", rate), "rate.wav");
}

/// Asks for a device that is not there, with the sound system of `env`.
#[track_caller]
fn expect_no_device(env: &[(&str, OsString)], word: &str) {
    let place = Place::new();
    for command in [&["live", "--headless"][..], &["capture"][..]] {
        let program =
            Program::new(command).args(["--seconds", "1", "--device", "no such device", "--ring"]);
        let program = env
            .iter()
            .fold(program.arg(place.path("ring")), |program, (name, value)| {
                program.env(name, value)
            });
        program.run().expect_refusal(&[word]);
    }
    assert!(place.names().is_empty(), "left {:?}", place.names());
}

#[test]
fn a_device_where_there_is_none() {
    expect_no_device(&[("PULSE_SERVER", "unix:/none".into())], "device");
}

#[test]
fn a_device_that_is_not_among_those_there() {
    match PulseServer::start(&[NullSink::new("loop", 2, recording::RATE)]) {
        Ok(server) => expect_no_device(&server.env(), "no such device"),
        Err(reason) => skip("a_device_that_is_not_among_those_there", &reason),
    }
}

#[test]
fn numbers_out_of_range() {
    let place = Place::new();
    for (option, value) in [
        ("--channels", "0"),
        ("--channels", "4000000000"),
        ("--channels", "-1"),
        ("--channels", "two"),
        ("--rate", "0"),
        ("--rate", "4294967295"),
        ("--rate", "99999999999999999999"),
        ("--history", "0"),
        ("--history", "-3"),
        ("--history", "nan"),
        ("--history", "1e300"),
        ("--seconds", "-1"),
        ("--seconds", "nan"),
    ] {
        let program =
            Program::new(["capture", "--signal", "sine", "--ring"]).arg(place.path("ring"));
        let with_end = if option == "--seconds" {
            program
        } else {
            program.args(["--seconds", "1"])
        };
        with_end
            .arg(format!("{option}={value}"))
            .run()
            .expect_refusal(&[option.trim_start_matches('-')]);
        assert!(
            !place.path("ring").exists(),
            "{option}={value} left {:?}",
            place.names()
        );
    }
}

#[test]
fn analysis_numbers_out_of_range() {
    let place = Place::new();
    let wav = place.write("second.wav", recording::wav(1, &[0; 96_000]));
    let npy = place.path("out.npy");
    for option in [
        "--window-size=0",
        "--window-size=63",
        "--window-size=99999999999",
        "--hop=0",
        "--hop=-5",
        "--window=square-ish",
        "--window=kaiser:nan",
        "--window=kaiser:",
        "--window=gaussian:0",
        "--fft-size=0",
        "--fft-size=2047",
        "--fft-size=262145",
        "--fft-size=-1",
        "--channel=7",
        "--channel=0",
        "--channel=1-",
        "--from=-1",
        "--from=50",
        "--from=nan",
        "--from=0.5 --to=0.5",
        "--from=0.5 --to=0.500001",
        "--to=0.01",
    ] {
        for command in ["stft", "peaks"] {
            Program::new([command])
                .args(option.split(' '))
                .arg("-o")
                .arg(&npy)
                .arg(&wav)
                .run()
                .expect_refusal(&[]);
            assert!(!npy.exists(), "{command} {option} left a file");
        }
    }
    for (option, word) in [
        ("--threshold=-200", "dbfs"),
        ("--threshold=loud", "threshold"),
        ("--prominence=-1", "prominence"),
        ("--max=0", "1 to 1000"),
        ("--a4=0", "380 to 500"),
        ("--a4=nan", "a4"),
        ("--min-secs=-0.1", "min-secs"),
        ("--columns --unsteady", "columns"),
    ] {
        let program = Program::new(["peaks"]).args(option.split(' ')).arg(&wav);
        program.run().expect_refusal(&[word]);
    }
    for (option, word) in [
        ("--pair=1", "like 1,2"),
        ("--pair=1,1", "two channels"),
        ("--pair=0,1", "from 1 on"),
        ("--pair=1,2", "--pair 2: second.wav has only channel 1"),
        (
            "--reference=2",
            "--reference 2: second.wav has only channel 1",
        ),
        ("--reference=0", "from 1 on"),
        ("--reference=1 --min-hz=500 --max-hz=400", "--min-hz 500"),
        ("--reference=1 --window-size=63", "63"),
        ("--reference=1 --channel=1", "channel"),
        ("--reference=1 --from=0.99", "window"),
        ("--channel=2", "only channel 1"),
        ("-o=out.npy", "reference"),
    ] {
        let program = Program::new(["measure"]).args(option.split(' ')).arg(&wav);
        let outcome = program.run().expect_refusal(&[word]);
        assert!(outcome.home.names().is_empty(), "{option} left a file");
    }
    for option in ["--points=0", "--points=999999999999999999"] {
        Program::new(["envelope", option, "-o"])
            .arg(&npy)
            .arg(&wav)
            .run()
            .expect_refusal(&["points"]);
        assert!(!npy.exists(), "{option} left a file");
    }
    for size in ["0x0", "12", "999999x999999", "-1x5"] {
        let png = place.path("out.png");
        let program = Program::new([
            "render".to_owned(),
            format!("--size={size}"),
            "-o".to_owned(),
        ]);
        program.arg(&png).arg(&wav).run().expect_refusal(&["size"]);
        assert!(!png.exists(), "{size} left a file");
    }
}

#[test]
fn an_unknown_signal_is_answered_with_the_known_ones() {
    let program = Program::new(["live", "--headless", "--seconds", "1", "--signal", "sinus"]);
    program
        .run()
        .expect_refusal(&["sinus", "sine", "chord", "demo"]);
    for signal in ["sine:-5", "sine:nan", "sine:", "sine:1e30"] {
        Program::new(["capture", "--seconds", "1", "--signal", signal])
            .run()
            .expect_refusal(&["sine"]);
    }
}

#[test]
fn an_output_that_cannot_be_written() {
    let place = Place::new();
    let wav = place.write("second.wav", recording::wav(1, &[0; 96_000]));
    let program = Program::new(["stft", "-o", "/nowhere/out.npy"]).arg(&wav);
    program.run().expect_refusal(&["/nowhere/out.npy"]);
    let program = Program::new(["stft", "-o"]).arg(place.folder()).arg(&wav);
    program.run().expect_refusal(&[]);
    let options = [&["--json"][..], &["--json", "--columns"]];
    for option in options {
        let program = Program::new(["peaks"]).args(option).arg(&wav);
        program
            .args(["-o", "/nowhere/out.npy"])
            .run()
            .expect_refusal(&["/nowhere/out.npy"]);
    }
    let program = Program::new(["envelope", "-o", "-"]).arg(&wav);
    let outcome = program.run().expect_refusal(&["-o -", "--json"]);
    assert!(outcome.home.names().is_empty(), "a file called -");
    // Without a file and without --json nothing could come of it.
    for command in ["stft", "envelope"] {
        Program::new([command])
            .arg(&wav)
            .run()
            .expect_refusal(&["--output"]);
    }
}

#[test]
fn a_full_disk() {
    let disk = match SmallDisk::mount(64) {
        Ok(disk) => disk,
        Err(reason) => return skip("a_full_disk", &reason),
    };
    let place = Place::new();
    let ring = disk.place().path("ring");
    for command in [&["live", "--headless"][..], &["capture"][..]] {
        let program = Program::new(command).args(["--signal", "sine", "--seconds", "1", "--ring"]);
        program.arg(&ring).run().expect_refusal(&["ring"]);
        let left: Vec<_> = disk
            .place()
            .names()
            .into_iter()
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        assert!(left.is_empty(), "left {left:?}");
    }
    // A second of a voice has more numbers than the disk has room; what was there stays.
    let wav = place.write("second.wav", recording::wav(1, &[7; 96_000]));
    let npy = disk.place().write("out.npy", "precious");
    Program::new(["stft", "--overwrite", "-o"])
        .arg(&npy)
        .arg(&wav)
        .run()
        .expect_refusal(&["out.npy"]);
    assert_eq!(fs::read(&npy).expect("still there"), b"precious");
}

#[test]
fn what_is_refused_is_refused_before_a_ring_is_written() {
    let place = Place::new();
    let ring = place.path("ring");
    for option in ["--channel=9", "--db-min=0", "--max-hz=0.5"] {
        let program = Program::new(["live", "--headless", "--seconds", "1", "--signal", "chord"]);
        let program = program.args([option, "--db-max=0", "--min-hz=0", "--ring"]);
        program.arg(&ring).run().expect_refusal(&[]);
    }
    assert!(place.names().is_empty(), "left {:?}", place.names());
}

#[test]
fn words_that_are_no_command() {
    let place = Place::new();
    let wav = place.write("second.wav", recording::wav(1, &[0; 96_000]));
    let outcome = Program::new([&wav]).run();
    outcome.expect_refusal(&["second.wav is a file", "--file", "render"]);
    let outcome = Program::new(["meazure"]).run();
    outcome.expect_refusal(&["meazure", "'measure'"]);
    Program::new(["ring"]).run().expect_refusal(&["missing"]);
    let outcome = Program::new(["stft", "--hup", "5"]).run();
    outcome.expect_refusal(&["--hup", "--hop"]);
}

/// An MP3 file of silence: a first frame that states `stated` frames, and `frames` others.
fn mp3(stated: u32, frames: usize) -> Vec<u8> {
    // MPEG 1 layer III, 128 kbit/s at 44.1 kHz, stereo: 417 bytes a frame; all zero it is silence.
    let mut frame = vec![0; 417];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
    let mut first = frame.clone();
    first[36..40].copy_from_slice(b"Xing");
    first[43] = 1;
    first[44..48].copy_from_slice(&stated.to_be_bytes());
    [first, frame.repeat(frames)].concat()
}

#[test]
fn a_file_that_is_cut_off_gives_what_it_has_and_says_what_is_missing() {
    let place = Place::new();
    let noise: Vec<u8> = (0..192_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let whole = recording::wav(1, &noise);
    let cut = &whole[..whole.len() / 2];
    let mut files = vec![
        place.write("cut.wav", cut),
        place.write("cut.mp3", mp3(100, 50)),
    ];
    let wav = place.write("whole.wav", &whole);
    let mut wholes = vec![wav.clone(), place.write("whole.mp3", mp3(50, 50))];
    match recording::as_flac(&wav) {
        Ok(flac) => {
            let bytes = fs::read(&flac).unwrap();
            files.push(place.write("cut.flac", &bytes[..bytes.len() / 2]));
            wholes.push(flac);
        }
        Err(reason) => skip("a_file_that_is_cut_off (FLAC)", &reason),
    }
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let outcome = Program::new(["measure", "--json"]).arg(file).run();
        assert_eq!(outcome.status.code(), Some(1), "{name}: {}", outcome.stderr);
        let json = outcome.json();
        assert!(json["missing"].is_string(), "{json:#}");
        assert!(json["levels"][0]["rms_dbfs"].is_number() || json["levels"].is_array());
        for words in [name, "cut off", "states"] {
            assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        }
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        let out = place.path("out.npy");
        for command in [&["stft"][..], &["envelope"], &["peaks"]] {
            let program = Program::new(command).args(["--overwrite", "-o"]).arg(&out);
            let outcome = program.arg(file).run();
            assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
            assert!(outcome.stderr.contains("cut off"), "{}", outcome.stderr);
            assert!(out.is_file(), "what can be had is written");
            fs::remove_file(&out).unwrap();
        }
        for command in [&["capture"][..], &["live", "--headless"]] {
            let program = Program::new(command).args(["--seconds", "8", "--speed", "100"]);
            let program = program.arg("--ring").arg(place.path("ring"));
            let outcome = program.arg("--file").arg(file).run().expect_no_panic();
            assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
            for words in ["it is cut off: it states", "not whole"] {
                assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
            }
        }
        // A part that is there is whole.
        let part = Program::new(["measure", "--to", "0.2"]).arg(file);
        assert_eq!(part.run().expect_success().stderr, "");
    }
    for file in wholes {
        let outcome = Program::new(["measure"]).arg(&file).run().expect_success();
        assert_eq!(outcome.stderr, "", "{}", file.display());
    }
    // A program that writes into a pipe cannot go back to the header.
    let mut endless = whole.clone();
    endless[4..8].copy_from_slice(&0x7fff_f024_u32.to_le_bytes());
    endless[40..44].copy_from_slice(&0x7fff_f000_u32.to_le_bytes());
    let endless = place.write("endless.wav", endless);
    let outcome = Program::new(["measure"]).arg(&endless).run();
    assert_eq!(outcome.expect_success().stderr, "");
}

#[test]
fn a_file_that_is_damaged_says_so() {
    let place = Place::new();
    let flac =
        recording::joined(&place, "voices.wav", 1, 96_000).and_then(|wav| recording::as_flac(&wav));
    let flac = match flac {
        Ok(flac) => flac,
        Err(reason) => return skip("a_file_that_is_damaged_says_so", &reason),
    };
    let mut bytes = fs::read(flac).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 2000].fill(0x55);
    let damaged = place.write("damaged.flac", bytes);
    let outcome = Program::new(["measure", "--json"]).arg(&damaged).run();
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("damaged"), "{}", outcome.stderr);
    assert!(outcome.json()["missing"].is_string());
}

#[test]
fn what_a_file_says_of_itself_is_not_blamed_on_an_option() {
    let place = Place::new();
    let mut wav = recording::wav(1, &[0; 96_000]);
    wav[24..28].copy_from_slice(&1_000_000_000u32.to_le_bytes());
    let wav = place.write("fast.wav", wav);
    for command in [&["live", "--headless"][..], &["capture"]] {
        let program = Program::new(command).args(["--seconds", "1", "--file"]);
        let outcome = program.arg(&wav).run();
        let outcome = outcome.expect_refusal(&["fast.wav", "1000000000 Hz", "768000"]);
        assert!(!outcome.stderr.contains("--rate"), "{}", outcome.stderr);
        assert_eq!(outcome.status.code(), Some(1));
    }
}

#[test]
fn a_pipe_is_not_waited_for() {
    let place = Place::new();
    expect_refused(&place.pipe("pipe.wav"), "pipe.wav");
}

#[test]
fn seconds_without_end_are_refused_with_what_can_be_given() {
    let place = Place::new();
    let wav = place.write("second.wav", recording::wav(1, &[0; 96_000]));
    for command in ["capture", "live"] {
        Program::new([command, "--signal", "sine", "--seconds", "1e30"])
            .run()
            .expect_refusal(&["--seconds", "1000000000"]);
    }
    for option in ["--from", "--to"] {
        Program::new(["measure", option, "1e30"])
            .arg(&wav)
            .run()
            .expect_refusal(&[option, "1000000000"]);
    }
    Program::new(["measure", "--from", "77"])
        .arg(&wav)
        .run()
        .expect_refusal(&["nothing from 77 s on"]);
}

#[test]
fn channels_in_changes_are_judged_as_soon_as_they_are_known() {
    let place = Place::new();
    let ring = place.path("ring");
    for (change, word) in [
        ("0.1:channel=99", "no channel 99"),
        ("0.1:pair=1,99", "channels 1 to 2"),
        ("0.1:reference=99", "reference=99"),
    ] {
        Program::new(["live", "--headless", "--signal", "chord", "--seconds", "1"])
            .args(["--change", change, "--ring"])
            .arg(&ring)
            .run()
            .expect_refusal(&["--change", word]);
        assert!(!ring.exists(), "{change} made a ring");
    }
    let ring = signal_ring(&place, Signal::Chord, 2, recording::RATE, 1, None);
    Program::new(["view", "--headless", "--seconds", "1", "--ring"])
        .arg(&ring)
        .args(["--change", "0.1:channel=3"])
        .run()
        .expect_refusal(&["--change", "no channel 3"]);
}

#[test]
fn a_ring_without_sound_is_called_empty() {
    let place = Place::new();
    let ring = signal_ring(&place, Signal::Chord, 2, recording::RATE, 0, None);
    for command in ["measure", "peaks"] {
        let program = Program::new([command]).arg(&ring);
        program.run().expect_refusal(&["ring", "empty"]);
    }
}

#[test]
fn names_do_not_steer_the_terminal() {
    let place = Place::new();
    let evil = "a\u{1b}]0;title\u{7}\u{9b}31m\rb.wav";
    let steers = |text: &str| {
        let steering = |c: char| c.is_control() && c != '\n' && c != '\t';
        text.chars().any(steering)
    };
    let missing = place.path(evil);
    for program in [
        Program::new(["measure"]).arg(&missing),
        Program::new(["capture", "--seconds", "1", "--file"]).arg(&missing),
        Program::new(["view", "--headless", "--seconds", "1", "--ring"]).arg(&missing),
    ] {
        let outcome = program.run().expect_refusal(&["\\u001b"]);
        assert!(!steers(&outcome.stderr), "{:?}", outcome.stderr);
    }
    // The parser of the command line leaves such marks out by itself.
    for (program, said) in [
        (Program::new([&missing]), "subcommand"),
        (Program::new(["meazure\u{1b}[2J"]), "meazure"),
    ] {
        let outcome = program.run().expect_refusal(&[said]);
        assert!(!steers(&outcome.stderr), "{:?}", outcome.stderr);
    }
    let there = place.write(evil, recording::wav(1, &[7; 96_000]));
    let outcome = Program::new(["measure"]).arg(&there).run().expect_success();
    assert!(!steers(&outcome.stdout), "{:?}", outcome.stdout);
    let outcome = Program::new(["measure", "--json"]).arg(&there).run();
    let outcome = outcome.expect_success();
    assert!(!steers(&outcome.stdout), "{:?}", outcome.stdout);
    assert_eq!(outcome.json()["input"], evil);
    let outcome = Program::new(["capture", "--seconds", "0.2", "--file"])
        .arg(&there)
        .arg("--ring")
        .arg(place.path("ring"))
        .run()
        .expect_success();
    assert!(!steers(&outcome.stderr), "{:?}", outcome.stderr);
    let outcome = Program::new(["ring", "info"]).arg(place.path("ring")).run();
    let outcome = outcome.expect_success();
    assert!(!steers(&outcome.stdout), "{:?}", outcome.stdout);
    assert!(outcome.stdout.contains("title"), "{:?}", outcome.stdout);
}
