//! Thousands of hostile tries against the whole program: damaged files and rings, nonsense for numbers and
//! paths, rings that change while they are shown. Whatever is tried: a clear end, and nothing that was
//! there is changed.
//!
//! The same tries in every run. `SOUNDFALL_HOSTILE_TRIES` says how many (2000), `SOUNDFALL_HOSTILE_FROM`
//! where to begin: a failure names its number.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "../../fuzz/src/mutate.rs"]
mod mutate;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use mutate::{Random, mutated};
use soundfall_capture::signal::Signal;
use soundfall_tests::place::Place;
use soundfall_tests::program::Program;
use soundfall_tests::signal_ring::signal_ring;

fn of<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    choices[random.below(choices.len())]
}

/// What an option may be given.
const VALUES: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "99",
    "1e30",
    "-1e30",
    "nan",
    "inf",
    "-inf",
    "",
    " ",
    "0x10",
    "1,2",
    "1-",
    "-",
    "1-99999999999",
    "4294967296",
    "18446744073709551616",
    "1e-300",
    "0.5",
    "48000",
    "hann",
    "kaiser:-1",
    "gaussian:0",
    "\u{661}",
    "\u{1b}[2J",
    "a\nb",
    "--",
    "auto",
    "64x64",
    "0x0",
    "99999x99999",
    "-5x5",
    "all",
    "none",
    "1000000000",
];

/// Options of the commands that read a sound.
const DATA_OPTIONS: &[&str] = &[
    "--from",
    "--to",
    "--channel",
    "--window-size",
    "--hop",
    "--window",
    "--fft-size",
    "--points",
    "--threshold",
    "--min-secs",
    "--reference",
    "--pair",
    "--a4",
    "--no-such-option",
];

/// Options of the commands that show one.
const VIEW_OPTIONS: &[&str] = &[
    "--span",
    "--db-min",
    "--db-max",
    "--colormap",
    "--gamma",
    "--height-scale",
    "--channel",
    "--show",
    "--pair",
    "--reference",
    "--window-size",
    "--hop",
    "--scale",
    "--min-hz",
    "--max-hz",
    "--size",
    "--change",
    "--history",
    "--rate",
    "--channels",
    "--speed",
    "--average",
];

/// What the tries start from.
struct Seeds {
    sounds: Vec<(String, Vec<u8>)>,
    ring: Vec<u8>,
}

impl Seeds {
    fn gather() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/audio");
        let mut sounds: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, fs::read(path).unwrap())
            })
            .collect();
        sounds.sort();
        let place = Place::new();
        let ring = signal_ring(&place, Signal::Chord, 2, 8000, 2, Some(0.5..0.7));
        Self {
            sounds,
            ring: fs::read(ring).unwrap(),
        }
    }

    /// A file, a ring or something else that a sound is asked of.
    fn input(&self, place: &Place, random: &mut Random) -> PathBuf {
        let (name, bytes) = &self.sounds[random.below(self.sounds.len())];
        match random.below(14) {
            0..=3 => place.write(name, mutated(bytes, random, 1 << 16)),
            4 => place.write(name, bytes),
            5..=8 => place.write("ring", mutated(&self.ring, random, self.ring.len())),
            9 => {
                // A header that lies, before whole samples.
                let mut ring = self.ring.clone();
                let header = mutated(&ring[..4096], random, 4096);
                ring[..header.len()].copy_from_slice(&header);
                place.write("ring", ring)
            }
            10 => place.write("ring", &self.ring),
            11 => {
                let mut name = b"esc\x1b[31m\xff\n".to_vec();
                name.extend_from_slice(if random.below(2) == 0 { b".wav" } else { b"" });
                let path = place.folder().join(OsString::from_vec(name));
                fs::write(&path, bytes).unwrap();
                path
            }
            12 => self.special(place, random),
            _ => place.write("empty.wav", []),
        }
    }

    fn special(&self, place: &Place, random: &mut Random) -> PathBuf {
        match random.below(7) {
            0 => place.path("missing.wav"),
            1 => place.folder().to_owned(),
            2 => "/dev/null".into(),
            3 => "/dev/full".into(),
            4 => "".into(),
            5 => {
                let path = place.path("loop.wav");
                std::os::unix::fs::symlink(&path, &path).unwrap();
                path
            }
            _ => {
                let sparse = place.path("sparse");
                let file = fs::File::create(&sparse).unwrap();
                let mut header = self.ring[..4096].to_vec();
                header[32..40].copy_from_slice(&(1_u64 << 40).to_le_bytes());
                file.write_all_at(&header, 0).unwrap();
                // Where the file system has no room for it: a ring that is cut off.
                let _ = file.set_len(4096 + (2 << 43));
                sparse
            }
        }
    }
}

/// Where the result is to go.
fn output(place: &Place, input: &Path, random: &mut Random) -> PathBuf {
    match random.below(9) {
        0..=2 => place.path(of(
            random,
            &["out.npy", "out.png", "out.wav", "out.flac", "out"],
        )),
        3 => input.to_owned(),
        4 => {
            let link = place.path("hard.npy");
            let _ = fs::hard_link(input, &link);
            link
        }
        5 => place.path("mine.txt"),
        6 => "/dev/full".into(),
        7 => place.path("no/such/folder.wav"),
        _ => place.folder().to_owned(),
    }
}

/// Arguments of a try, and whether a ring of it is to be changed on the way.
fn arguments(place: &Place, input: &Path, random: &mut Random) -> (Vec<OsString>, Option<PathBuf>) {
    let out = output(place, input, random).into_os_string();
    let path = input.as_os_str().to_owned();
    let word = |words: &[&str]| -> Vec<OsString> { words.iter().map(Into::into).collect() };
    let kind = random.below(100);
    let (mut args, options) = match kind {
        0..=17 => (word(&["ring", "info"]), &[][..]),
        18..=35 => (word(&["measure"]), DATA_OPTIONS),
        36..=47 => (word(&["peaks"]), DATA_OPTIONS),
        48..=63 => (word(&["stft"]), DATA_OPTIONS),
        64..=75 => (word(&["envelope"]), DATA_OPTIONS),
        76..=85 => (word(&["ring", "save", "--ring"]), &DATA_OPTIONS[..2]),
        86..=91 => (
            word(&["capture", "--seconds", "0.2", "--file"]),
            VIEW_OPTIONS,
        ),
        92..=93 => (word(&["render"]), VIEW_OPTIONS),
        94..=96 => (
            word(&["view", "--headless", "--seconds", "0.3", "--ring"]),
            VIEW_OPTIONS,
        ),
        _ => (
            word(&["live", "--headless", "--seconds", "0.3", "--file"]),
            VIEW_OPTIONS,
        ),
    };
    args.push(path);
    match kind {
        48..=75 | 92..=93 => args.extend(["-o".into(), out.clone()]),
        76..=85 => args.push(out.clone()),
        86..=91 => args.extend(["--record".into(), out.clone()]),
        94..=99 => args.extend([of(random, &["--stats", "--snapshot"]).into(), out.clone()]),
        _ => {}
    }
    if kind < 76 && random.below(3) == 0 {
        args.push("--json".into());
    }
    for _ in 0..random.below(4) {
        if !options.is_empty() {
            args.push(of(random, options).into());
            args.push(of(random, VALUES).into());
        }
    }
    // Nothing may come to harm by it: no output is an input.
    if random.below(4) == 0 && out != place.path("mine.txt").as_os_str() {
        args.push("--overwrite".into());
    }
    let changes = (94..=96).contains(&kind).then(|| input.to_owned());
    (args, changes)
}

/// Changes words of a ring's header while somebody reads it, as a mad writer would.
fn disturb(ring: &Path, random: &mut Random) {
    let Ok(file) = fs::OpenOptions::new().write(true).open(ring) else {
        return;
    };
    if !file.metadata().is_ok_and(|facts| facts.is_file()) {
        return;
    }
    for _ in 0..12 {
        let place = of(
            random,
            &[16, 24, 32, 40, 48, 72, 80, 96, 112, 120, 512, 520, 544],
        );
        let value = match random.below(3) {
            0 => random.number(),
            1 => random.number() >> random.below(64),
            _ => random.number() % 500,
        };
        let _ = file.write_all_at(&value.to_le_bytes(), place);
        if random.below(9) == 0 {
            let _ = file.set_len(random.number() % 40_000);
        }
        thread::sleep(std::time::Duration::from_millis(30));
    }
}

/// Everything in a place, by name, and what is in it.
fn contents(place: &Place) -> Vec<(OsString, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(place.folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.metadata()
                .is_ok_and(|of| of.is_file() && of.len() < 1 << 24)
        })
        .map(|path| {
            (
                path.file_name().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    all.sort();
    all
}

/// One try: what is wrong with how it ended.
fn attempt(seeds: &Seeds, number: u64) -> Result<i32, String> {
    let random = &mut Random(number);
    let place = Place::new();
    place.write("mine.txt", "not yours\n");
    let input = seeds.input(&place, random);
    let (args, changed) = arguments(&place, &input, random);
    let before = contents(&place);
    let running = Program::new(&args).software_renderer().start();
    if let Some(ring) = &changed {
        disturb(ring, random);
    }
    let outcome = running.wait();
    let line = &outcome.line;
    let failed = |what: &str| {
        Err(format!(
            "try {number}: soundfall {line}: {what}\n{}\n{}",
            outcome.status, outcome.stderr
        ))
    };
    let Some(code @ 0..=2) = outcome.status.code() else {
        return failed("an end that is none");
    };
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    if said.contains("panicked at") {
        return failed("a panic");
    }
    if code != 0 && outcome.stderr.trim().is_empty() {
        return failed("not a word about why");
    }
    if said.contains('\u{1b}') {
        return failed("control characters on the terminal");
    }
    let after = contents(&place);
    for (name, bytes) in &before {
        let is_ring_of_ours = changed.as_ref().and_then(|path| path.file_name()) == Some(name);
        // A ring that this test itself changes, and its other name.
        if is_ring_of_ours || (changed.is_some() && name == "hard.npy") {
            continue;
        }
        if after
            .iter()
            .all(|now| now != &(name.clone(), bytes.clone()))
        {
            return failed(&format!("{} was changed", name.display()));
        }
    }
    if let Some((name, _)) = after
        .iter()
        .find(|(name, _)| Path::new(name).extension() == Some("part".as_ref()))
    {
        return failed(&format!("{} was left", name.display()));
    }
    Ok(code)
}

fn variable(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

#[test]
fn whatever_is_tried_ends_well() {
    let seeds = Seeds::gather();
    let from = variable("SOUNDFALL_HOSTILE_FROM", 0);
    let end = from + variable("SOUNDFALL_HOSTILE_TRIES", 2000);
    let next = AtomicU64::new(from);
    let results: Vec<Result<i32, String>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut results = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= end {
                            return results;
                        }
                        results.push(attempt(&seeds, number));
                    }
                })
            })
            .collect();
        let join = |thread: thread::ScopedJoinHandle<Vec<_>>| thread.join().expect("a thread");
        threads.into_iter().flat_map(join).collect()
    });
    let count = |code: i32| results.iter().filter(|of| **of == Ok(code)).count();
    let codes = [count(0), count(1), count(2)];
    println!(
        "{} done, {} failed, {} wrong usage",
        codes[0], codes[1], codes[2]
    );
    let faults: Vec<_> = results.iter().filter_map(|of| of.as_ref().err()).collect();
    let shown: Vec<_> = faults.iter().take(20).map(|words| words.as_str()).collect();
    assert!(
        faults.is_empty(),
        "{} of {}:\n{}",
        faults.len(),
        end - from,
        shown.join("\n\n")
    );
    // The tries reach beyond the parsing of arguments.
    let whole = (end - from) as usize;
    assert!(
        whole < 200 || codes.iter().all(|count| count * 20 > whole),
        "{codes:?}"
    );
}
