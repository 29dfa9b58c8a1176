//! What is written: never over what the same run reads or writes, over other files only with
//! `--overwrite`, only as a whole, and refused before anything happens.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_capture::signal::Signal;
use soundfall_tests::place::{Place, SmallDisk};
use soundfall_tests::program::Program;
use soundfall_tests::recording::float_wav;
use soundfall_tests::signal_ring::signal_ring;
use soundfall_tests::skip::skip;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A second and a half of two channels; the names of files say nothing of what is in them.
fn sound() -> Vec<u8> {
    let channel = |hz: f32| {
        (0..72_000)
            .map(|i| (i as f32 * hz / 48_000.0 * std::f32::consts::TAU).sin() * 0.5)
            .collect()
    };
    float_wav(48_000, &[channel(440.0), channel(660.0)])
}

/// The commands that read `input` and would write to `out`, by what they write.
fn writers(input: &Path, out: &Path) -> Vec<Program> {
    let run = |words: &[&str]| {
        let (command, options) = words.split_first().unwrap();
        Program::new([*command, "--overwrite"]).args(options)
    };
    let live: &[&str] = &["live", "--headless", "--seconds", "0.5"];
    let ending = out.extension().unwrap().to_str().unwrap();
    match ending {
        "npy" => vec![
            run(&["stft", "-o"]).arg(out).arg(input),
            run(&["envelope", "-o"]).arg(out).arg(input),
            run(&["peaks", "-o"]).arg(out).arg(input),
            run(&["measure", "--reference", "1", "-o"])
                .arg(out)
                .arg(input),
        ],
        "png" => vec![
            run(&["render", "-o"]).arg(out).arg(input),
            run(live)
                .arg("--file")
                .arg(input)
                .arg("--snapshot")
                .arg(out),
        ],
        "json" => vec![
            run(live).arg("--file").arg(input).arg("--stats").arg(out),
            run(&["capture", "--seconds", "0.5", "--file"])
                .arg(input)
                .arg("--stats")
                .arg(out),
        ],
        _ => vec![
            run(&["capture", "--seconds", "0.5", "--file"])
                .arg(input)
                .arg("--record")
                .arg(out),
            run(live).arg("--file").arg(input).arg("--record").arg(out),
        ],
    }
}

#[test]
fn what_is_read_is_never_written_over_whatever_it_is_called() {
    for ending in ["npy", "png", "json", "wav"] {
        let place = Place::new();
        let input = place.write(&format!("sound.{ending}"), sound());
        let hard = place.path(&format!("hard.{ending}"));
        let soft = place.path(&format!("soft.{ending}"));
        fs::hard_link(&input, &hard).unwrap();
        symlink(&input, &soft).unwrap();
        fs::create_dir(place.path("sub")).unwrap();
        let roundabout = place.path("sub").join(format!("../sound.{ending}"));
        let before = place.names();
        for out in [&input, &hard, &soft, &roundabout] {
            for program in writers(&input, out) {
                program.run().expect_refusal(&["name another file"]);
                assert_eq!(fs::read(&input).unwrap(), sound(), "{}", out.display());
                assert!(fs::symlink_metadata(&soft).unwrap().is_symlink());
            }
            // The other way round: the link is read.
            for program in writers(out, &input) {
                program.run().expect_refusal(&["name another file"]);
            }
        }
        assert_eq!(place.names(), before);
    }
}

#[test]
fn an_open_file_is_the_same_file() {
    // A shell gives what is read and what is written as numbers of open files.
    let place = Place::new();
    let input = place.write("sound.npy", sound());
    symlink("/proc/self/fd/0", place.path("stdin.npy")).unwrap();
    let program = Program::new(["stft", "--overwrite", "-o"])
        .arg(&input)
        .arg(place.path("stdin.npy"));
    program
        .stdin(&input)
        .run()
        .expect_refusal(&["name another file"]);
    assert_eq!(fs::read(&input).unwrap(), sound());
}

#[test]
fn a_ring_that_is_read_or_written_is_no_place_for_a_file() {
    let place = Place::new();
    let ring = signal_ring(&place, Signal::Chord, 2, 48_000, 2, None);
    let before = fs::read(&ring).unwrap();
    for ending in ["wav", "png", "json"] {
        let named = place.path(&format!("ring.{ending}"));
        fs::hard_link(&ring, &named).unwrap();
        let view = || {
            Program::new(["view", "--headless", "--seconds", "0.5", "--overwrite"])
                .arg("--ring")
                .arg(&ring)
        };
        let program = match ending {
            "wav" => Program::new(["ring", "save", "--overwrite", "--ring"])
                .arg(&ring)
                .arg(&named),
            "png" => view().arg("--snapshot").arg(&named),
            _ => view().arg("--stats").arg(&named),
        };
        program.run().expect_refusal(&["name another file"]);
        assert_eq!(fs::read(&ring).unwrap(), before, "{ending}");
    }
    // A ring that is not there yet, and one of an earlier run.
    let ring = place.path("new.wav");
    let capture = || {
        Program::new(["capture", "--signal", "sine", "--seconds", "0.5", "--ring"])
            .arg(&ring)
            .args(["--overwrite", "--record"])
            .arg(&ring)
    };
    capture().run().expect_refusal(&["name another file"]);
    assert!(!ring.exists());
    let own = Program::new(["capture", "--signal", "sine", "--seconds", "0.5", "--ring"]);
    own.arg(&ring).run().expect_success();
    let before = fs::read(&ring).unwrap();
    capture().run().expect_refusal(&["name another file"]);
    assert_eq!(fs::read(&ring).unwrap(), before);
    // Its place can come from the environment, too.
    let named = place.path("named.wav");
    Program::new(["capture", "--signal", "sine", "--seconds", "0.5"])
        .env("SOUNDFALL_RING", &named)
        .args(["--overwrite", "--record"])
        .arg(&named)
        .run()
        .expect_refusal(&["name another file"]);
}

#[test]
fn two_files_of_one_run_are_two() {
    let place = Place::new();
    let out = place.path("out.png");
    Program::new(["live", "--headless", "--signal", "sine", "--seconds", "0.5"])
        .args(["--overwrite", "--snapshot"])
        .arg(&out)
        .arg("--stats")
        .arg(&out)
        .run()
        .expect_refusal(&["--stats", "another file of this run"]);
    assert!(place.names().is_empty());
}

#[test]
fn what_is_there_is_replaced_only_where_that_was_asked_for() {
    let place = Place::new();
    let input = place.write("input.wav", sound());
    let ring = signal_ring(&place, Signal::Chord, 2, 48_000, 2, None);
    let mut runs: Vec<(PathBuf, Vec<String>)> = Vec::new();
    let mut add = |out: &str, words: &[&str]| {
        let out = place.path(out);
        let words = words.iter().map(|word| match *word {
            "INPUT" => input.display().to_string(),
            "RING" => ring.display().to_string(),
            "OUT" => out.display().to_string(),
            other => other.to_owned(),
        });
        runs.push((out.clone(), words.collect()));
    };
    add("a.npy", &["stft", "INPUT", "-o", "OUT"]);
    add("b.npy", &["envelope", "INPUT", "-o", "OUT"]);
    add("c.npy", &["peaks", "INPUT", "-o", "OUT"]);
    add(
        "d.npy",
        &["measure", "INPUT", "--reference", "1", "-o", "OUT"],
    );
    add("e.wav", &["ring", "save", "--ring", "RING", "OUT"]);
    let capture = ["capture", "--signal", "sine", "--seconds", "0.5"];
    add("f.json", &[&capture[..], &["--stats", "OUT"]].concat());
    let view = [
        "view",
        "--ring",
        "RING",
        "--headless",
        "--seconds",
        "0.5",
        "--size",
        "64x64",
    ];
    add("g.json", &[&view[..], &["--stats", "OUT"]].concat());
    add("h.png", &[&view[..], &["--snapshot", "OUT"]].concat());
    add(
        "i.png",
        &["render", "INPUT", "--size", "64x64", "-o", "OUT"],
    );
    for (out, words) in runs {
        fs::write(&out, "precious").unwrap();
        let outcome = Program::new(&words).run();
        let name = out.file_name().unwrap().to_str().unwrap();
        outcome.expect_refusal(&[name, "exists already", "--overwrite"]);
        assert_eq!(fs::read(&out).unwrap(), b"precious", "{words:?}");
        let before = place.names();
        Program::new(&words)
            .software_renderer()
            .arg("--overwrite")
            .run()
            .expect_success();
        assert_ne!(fs::read(&out).unwrap(), b"precious", "{words:?}");
        assert_eq!(place.names(), before, "{words:?}");
    }
}

#[test]
fn numbered_pictures_replace_nothing_either() {
    let place = Place::new();
    let seventh = place.write("out-0007.png", "precious");
    let program = Program::new(["live", "--headless", "--signal", "sine", "--seconds", "0.5"])
        .args(["--snapshot-every", "0.2", "--snapshot"])
        .arg(place.path("out.png"));
    program
        .run()
        .expect_refusal(&["out-0007.png", "exists already"]);
    assert_eq!(fs::read(seventh).unwrap(), b"precious");
    assert_eq!(place.names(), ["out-0007.png"]);
}

#[test]
fn the_picture_that_nobody_named_gets_a_name_that_is_free() {
    let program = || Program::new(["live", "--signal", "sine", "--seconds", "0.5"]);
    let first = program().args(["--size", "64x64"]).run().expect_success();
    assert!(first.stderr.contains("soundfall.png"), "{}", first.stderr);
    let precious = Place::new();
    let path = precious.write("soundfall.png", "precious");
    let second = program()
        .args(["--size", "64x64"])
        .folder(precious.folder())
        .run()
        .expect_success();
    assert!(
        second.stderr.contains("soundfall-2.png"),
        "{}",
        second.stderr
    );
    assert_eq!(fs::read(path).unwrap(), b"precious");
}

#[test]
fn a_place_that_takes_no_file_is_refused_before_anything_happens() {
    let place = Place::new();
    fs::create_dir(place.path("folder.png")).unwrap();
    symlink("nothing.png", place.path("dangling.png")).unwrap();
    let ring = place.path("ring");
    let lists: &[(&[&str], &str)] = &[
        (&["--snapshot", "/nowhere/a.png"], "no folder /nowhere"),
        (&["--stats", "/nowhere/a.json"], "no folder /nowhere"),
        (&["--snapshot", "a.jpg"], "pictures are .png"),
        (&["--snapshot", "a"], "pictures are .png"),
        (
            &["--snapshot-every", "1", "--snapshot", "a.jpg"],
            "pictures are .png",
        ),
        (
            &["--snapshot-every", "1", "--snapshot", "/nowhere/a.png"],
            "no folder",
        ),
        (&["--snapshot", "/proc/a.png"], "cannot write /proc/a.png"),
        (&["--record", "/nowhere/a.wav"], "no folder /nowhere"),
    ];
    for (options, word) in lists {
        Program::new(["live", "--headless", "--signal", "sine", "--seconds", "0.5"])
            .arg("--ring")
            .arg(&ring)
            .args(*options)
            .run()
            .expect_refusal(&[word]);
        assert!(!ring.exists(), "{options:?} made a ring");
    }
    for (name, word) in [
        ("folder.png", "it is a folder"),
        ("dangling.png", "leads nowhere"),
    ] {
        Program::new(["live", "--headless", "--signal", "sine", "--seconds", "0.5"])
            .args(["--overwrite", "--snapshot"])
            .arg(place.path(name))
            .arg("--ring")
            .arg(&ring)
            .run()
            .expect_refusal(&[word]);
        assert!(!ring.exists(), "{name} made a ring");
    }
    let wav = place.write("input.wav", sound());
    for name in ["out.csv", "out"] {
        let program = Program::new(["stft", "-o", name]).arg(&wav);
        program.run().expect_refusal(&["arrays are .npy"]);
    }
}

#[test]
fn figures_go_into_devices_and_pipes_too() {
    let run = |to: &str| {
        Program::new(["capture", "--signal", "sine", "--seconds", "0.2", "--stats"])
            .arg(to)
            .run()
    };
    run("/dev/null").expect_success();
    let outcome = run("/dev/stdout").expect_success();
    assert!(outcome.json()["frames_written"].is_u64());
    // A pipe that nobody reads is not waited for.
    let place = Place::new();
    let pipe = place.pipe("pipe");
    run(pipe.to_str().unwrap()).expect_refusal(&["cannot write", "pipe"]);
}

#[test]
fn whatever_ends_it_nothing_half_is_left() {
    let place = Place::new();
    let input = place.write("input.wav", sound());
    let out = place.write("out.npy", "precious");
    let before = place.names();
    for signal in ["INT", "TERM", "KILL"] {
        let interrupted = || {
            let mut program = Program::new(["stft", "--hop", "1", "--overwrite", "-o"])
                .arg(&out)
                .arg(&input)
                .start();
            // Its file is among those it has open, whatever it is called.
            let folder = format!("/proc/{}/fd", program.id());
            let shm = fs::canonicalize(place.folder()).unwrap();
            let begun = || {
                let open = fs::read_dir(&folder).into_iter().flatten().flatten();
                open.filter_map(|entry| fs::read_link(entry.path()).ok())
                    .any(|path| path.starts_with(&shm) && path != input)
            };
            while program.is_running() && !begun() {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            program.signal(signal);
            let done = program.wait().status.success();
            if done {
                // It was faster than the signal.
                fs::write(&out, "precious").unwrap();
            }
            !done
        };
        assert!((0..20).any(|_| interrupted()), "{signal}: never in time");
        assert_eq!(place.names(), before, "{signal}");
        assert_eq!(fs::read(&out).unwrap(), b"precious", "{signal}");
    }
}

#[test]
fn a_full_disk_keeps_what_was_there() {
    let disk = match SmallDisk::mount(64) {
        Ok(disk) => disk,
        Err(reason) => return skip("a_full_disk_keeps_what_was_there", &reason),
    };
    let place = Place::new();
    let ring = signal_ring(&place, Signal::Chord, 2, 48_000, 4, None);
    let input = place.write("input.wav", sound());
    let disk = disk.place();
    for name in ["out.npy", "out.wav", "out.png"] {
        let out = disk.write(name, "precious");
        let program = match name {
            "out.npy" => Program::new(["stft", "-o"]).arg(&out).arg(&input),
            "out.wav" => Program::new(["ring", "save", "--ring"])
                .arg(&ring)
                .arg(&out),
            _ => Program::new(["render", "-o"])
                .arg(&out)
                .arg(&input)
                .software_renderer(),
        };
        let outcome = program.arg("--overwrite").run();
        outcome.expect_refusal(&[name]);
        assert_eq!(fs::read(&out).unwrap(), b"precious", "{name}");
        assert_eq!(disk.names(), [name]);
        fs::remove_file(out).unwrap();
    }
}
