//! Loudness, its range and true peaks beside ffmpeg's `ebur128`, over the recordings of Debian's
//! `sonic-pi-samples`: drums, bells, loops, drones of 0.02 to 10.7 s at 44.1 kHz, of one and two channels.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(clippy::print_stdout, reason = "prints what it compares")]

use soundfall_tests::program::Program;
use soundfall_tests::skip::{Reason, skip};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = "/usr/share/sonic-pi/samples";

/// The recordings; `Err` is the reason to leave the test out.
fn recordings() -> Result<Vec<PathBuf>, Reason> {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        return Err(Reason::Program {
            name: "ffmpeg",
            package: "ffmpeg",
        });
    }
    let lacks = Reason::File {
        path: FOLDER,
        package: "sonic-pi-samples",
    };
    let folder = fs::read_dir(FOLDER).map_err(|_| lacks.clone())?;
    let mut files: Vec<PathBuf> = folder.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "flac"));
    files.sort();
    if files.is_empty() {
        return Err(lacks);
    }
    Ok(files)
}

/// What ffmpeg's `ebur128` says of a recording.
struct Theirs {
    /// None in less than a block.
    integrated_lufs: Option<f64>,
    /// Of its short-term loudness every 0.1 s, by the formula of EBU Tech 3342; none in less than 3 s.
    range_lu: Option<f64>,
    true_peak_dbtp: f64,
}

fn ffmpeg(path: &Path) -> Theirs {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-nostdin", "-i"])
        .arg(path)
        .arg("-filter:a")
        .arg("ebur128=peak=true:metadata=1:framelog=verbose,ametadata=mode=print:file=-")
        .args(["-f", "null", "-"])
        .output()
        .expect("ffmpeg");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let said = String::from_utf8_lossy(&output.stdout);
    let values = |name: &str| -> Vec<f64> {
        let lines = said.lines().filter_map(|line| line.strip_prefix(name));
        lines
            .map(|value| value.parse().expect("a number"))
            .collect()
    };
    let (_, summary) = words.rsplit_once("Summary:").expect("a summary");
    let (_, peak) = summary.rsplit_once("Peak:").expect("its true peak");
    let peak = peak.split_whitespace().next().map(str::parse);
    // A value every 0.1 s; −120.691 while the first block is not full.
    let short_term = values("lavfi.r128.S=");
    Theirs {
        integrated_lufs: values("lavfi.r128.I=")
            .get(3..)
            .and_then(|all| all.last().copied()),
        range_lu: short_term.get(29..).and_then(range),
        true_peak_dbtp: peak.expect("a word").expect("a number"),
    }
}

/// Loudness range of some short-term loudness, as the MATLAB code of Tech 3342 has it. What ffmpeg itself
/// says (LRA) takes its percentiles up to a block lower, and the gate for one where there are few blocks:
/// 20 LU for a steady tone of 4 s.
fn range(short_term: &[f64]) -> Option<f64> {
    let loud: Vec<f64> = short_term.iter().copied().filter(|x| *x >= -70.0).collect();
    let powers: f64 = loud.iter().map(|x| 10f64.powf(x / 10.0)).sum();
    let gate = 10.0 * (powers / loud.len() as f64).log10() - 20.0;
    let mut passed: Vec<f64> = loud.into_iter().filter(|x| *x >= gate).collect();
    passed.sort_by(f64::total_cmp);
    let last = passed.len().checked_sub(1)?;
    let rank = |share: f64| passed[(last as f64 * share).round() as usize];
    Some(rank(0.95) - rank(0.1))
}

/// Their loudest swings lie so near half the rate that two filters of four times the rate, as BS.1770
/// asks for, differ by up to 0.6 dB. Both read too little: the swings' band-limited peaks (by the
/// Fourier transform) are at -0.12, 1.34, 2.27 and 0.45 dBTP.
const NEAR_NYQUIST: [&str; 4] = [
    "ambi_lunar_land.flac",
    "glitch_robot2.flac",
    "tabla_na_o.flac",
    "tabla_tas1.flac",
];

#[test]
fn every_recording_is_as_loud_as_ffmpeg_says() {
    let files = match recordings() {
        Ok(files) => files,
        Err(reason) => return skip("every_recording_is_as_loud_as_ffmpeg_says", &reason),
    };
    let mut worst = [0.0_f64; 3];
    let mut compared = [0; 3];
    let mut wrong = String::new();
    for path in &files {
        let theirs = ffmpeg(path);
        let run = Program::new(["measure", "--json"]).arg(path);
        let ours = run.run().expect_success().json()["programme"].take();
        for (index, (name, theirs, tolerance)) in [
            ("integrated_lufs", theirs.integrated_lufs, 0.1),
            ("range_lu", theirs.range_lu, 0.1),
            ("true_peak_dbtp", Some(theirs.true_peak_dbtp), 0.2),
        ]
        .into_iter()
        .enumerate()
        {
            let difference = match (ours[name].as_f64(), theirs) {
                (None, None) => continue,
                (Some(ours), Some(theirs)) => (ours - theirs).abs(),
                _ => f64::INFINITY,
            };
            worst[index] = worst[index].max(difference);
            compared[index] += 1;
            let near_nyquist = NEAR_NYQUIST.iter().any(|one| path.ends_with(one));
            let tolerance = match name {
                "true_peak_dbtp" if near_nyquist => 0.6,
                _ => tolerance,
            };
            if difference > tolerance {
                wrong += &format!(
                    "{}: {name} {}, not {theirs:?}\n",
                    path.display(),
                    ours[name]
                );
            }
        }
    }
    println!(
        "{} recordings: compared {compared:?}, worst {worst:?}",
        files.len()
    );
    assert_eq!(wrong, "");
    assert!(compared.iter().all(|count| *count > 10), "{compared:?}");
}
