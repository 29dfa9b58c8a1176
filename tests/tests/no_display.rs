//! Displays that are named and not there, libraries that complain, signals while a picture is drawn:
//! the run goes on or ends clearly, and says only what concerns the user.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use soundfall_tests::picture::Picture;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::recording;
use soundfall_tests::skip::{Reason, skip};
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::thread;

/// A short run that would open a window, small for the case that it draws instead.
fn shown(place: &Place) -> Program {
    Program::new(["live", "--signal", "chord", "--seconds", "1"])
        .args(["--size", "160x120", "--record"])
        .arg(place.path("take.wav"))
        .software_renderer()
}

/// It drew a picture in place of the window, and the recording is whole.
#[track_caller]
fn expect_picture(program: Program, place: &Place) {
    let outcome = program.run().expect_success();
    let said = &outcome.stderr;
    assert!(said.contains("no display: drawing off-screen"), "{said}");
    assert!(said.contains("recorded"), "{said}");
    assert!(
        !said.contains("winit") && !said.contains("event loop"),
        "{said}"
    );
    let picture = Picture::read(&outcome.home.path("soundfall.png"));
    assert!(picture.colours() > 20, "a landscape");
    let take = place.path("take.wav");
    let sound = soundfall_capture::file::decode_all(&take, 1 << 30).unwrap();
    assert!(
        sound.interleaved.len() > 48_000,
        "{}",
        sound.interleaved.len()
    );
}

#[test]
fn a_display_that_leads_nowhere_becomes_a_picture() {
    for (wayland, x) in [
        ("wayland-nowhere", None),
        ("/nowhere/wayland-0", None),
        ("wayland-nowhere", Some(":4242")),
        ("", Some(":4242")),
        ("", Some("nonsense")),
    ] {
        let place = Place::new();
        let program = shown(&place).env("WAYLAND_DISPLAY", wayland);
        expect_picture(program.env("DISPLAY", x.unwrap_or_default()), &place);
    }
    let place = Place::new();
    expect_picture(shown(&place).env("WAYLAND_SOCKET", "77"), &place);
}

#[test]
fn a_display_server_that_hangs_up_becomes_a_picture() {
    let place = Place::new();
    let socket = place.path("wayland-0");
    let server = UnixListener::bind(&socket).unwrap();
    // It answers whether it is there, and hangs up on everyone who wants more, until the test is over.
    thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut question = [0; 12];
            if stream.read_exact(&mut question).is_ok() && question[4..8] == [0, 0, 12, 0] {
                let _ = stream.write_all(&question);
            }
        }
    });
    expect_picture(shown(&place).env("WAYLAND_DISPLAY", &socket), &place);
}

#[test]
fn without_a_runtime_folder_nobody_complains() {
    let place = Place::new();
    let wav = place.write("second.wav", recording::wav(1, &[7; 96_000]));
    let outcome = Program::new(["render", "--size", "160x120", "-o"])
        .arg(place.path("picture.png"))
        .arg(&wav)
        .without("XDG_RUNTIME_DIR")
        .run()
        .expect_success();
    assert_eq!(outcome.stderr, "", "no words where nothing is wrong");
    let outcome = Program::new(["live", "--signal", "chord", "--headless", "--draw"])
        .args(["--seconds", "1", "--size", "160x120", "--ring"])
        .arg(place.path("ring"))
        .without("XDG_RUNTIME_DIR")
        .run()
        .expect_success();
    assert!(!outcome.stderr.contains("XDG"), "{}", outcome.stderr);
    for line in outcome.stderr.lines() {
        assert!(line.starts_with("soundfall: "), "{}", outcome.stderr);
    }
}

/// A system that tells a process nothing about itself: everything but figures of memory is there.
#[test]
fn a_picture_needs_no_proc() {
    let tone: Vec<u8> = (0..192_000_u64).map(|i| (i * i / 9000) as u8).collect();
    let place = Place::new();
    let wav = place.write("chord.wav", recording::wav(1, &tone));
    let png = place.path("picture.png");
    let render = Program::new(["render", "--size", "160x120", "-o"])
        .arg(&png)
        .arg(&wav)
        .software_renderer();
    match render.without_proc() {
        Ok(render) => {
            let outcome = render.run().expect_success();
            assert_eq!(outcome.stderr, "");
        }
        Err(said) => return skip("a_picture_needs_no_proc", &Reason::NoNamespaces(said)),
    }
    assert!(Picture::read(&png).colours() > 20, "a landscape");
    let live = Program::new(["live", "--signal", "chord", "--headless", "--draw"])
        .args(["--seconds", "1", "--size", "160x120", "--stats", "-"])
        .software_renderer();
    let live = live.without_proc().expect("as before");
    live.run().expect_success();
}

/// True once a process has begun to set up the display: its pools of threads are there.
fn has_pools(process: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    let mut names = tasks.into_iter().flatten().flatten().filter_map(|task| {
        let name = fs::read_to_string(Path::new(&task.path()).join("comm"));
        name.ok()
    });
    names.any(|name| name.starts_with("Async Compute"))
}

#[test]
fn a_large_picture_ends_when_it_is_told_to() {
    let place = Place::new();
    let wav = place.write("second.wav", recording::wav(1, &[7; 96_000]));
    let out = place.write("picture.png", "precious");
    for signal in ["TERM", "INT"] {
        let mut program = Program::new(["render", "--size", "6000x6000", "--overwrite", "-o"])
            .arg(&out)
            .arg(&wav)
            .software_renderer()
            .start();
        let process = program.id();
        program.wait_until("the display was set up", || has_pools(process));
        // Into the drawing, which takes many times as long here.
        thread::sleep(std::time::Duration::from_secs(2));
        program.signal(signal);
        let outcome = program.wait();
        let number = if signal == "TERM" { 15 } else { 2 };
        assert_eq!(outcome.status.signal(), Some(number), "{}", outcome.status);
        assert_eq!(fs::read(&out).unwrap(), b"precious");
        assert_eq!(place.names(), ["picture.png", "second.wav"]);
    }
}
