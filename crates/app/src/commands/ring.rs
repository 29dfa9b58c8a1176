//! `soundfall ring info`: what a ring says about itself, in words a stranger understands.

use std::path::PathBuf;

use anyhow::{Context, Result};
use soundfall_ring_file::{Access, RingInfo, find_ring, inspect};

use super::print;

pub fn run(path: Option<PathBuf>, json: bool) -> Result<()> {
    let path = match path {
        Some(path) => path,
        None => find_ring().context(
            "no ring found; start `soundfall capture`, or name one: soundfall ring info PATH",
        )?,
    };
    let info = inspect(&path)?;
    if json {
        return print(&serde_json::to_string_pretty(&info)?);
    }
    print(&describe(&info))
}

fn describe(info: &RingInfo) -> String {
    let mut rows = vec![
        ("ring", info.path.display().to_string()),
        ("size", format!("{:.2} MB", info.file_bytes as f64 / 1e6)),
        (
            "format",
            if info.extended {
                "AUDITAB 1 with the soundfall extension".to_owned()
            } else {
                "AUDITAB 1, base".to_owned()
            },
        ),
    ];
    if let Some(label) = &info.label {
        rows.push(("source", label.clone()));
    }
    rows.push((
        "sound",
        format!("{} channels at {} Hz", info.channels, info.sample_rate),
    ));
    rows.push((
        "history",
        format!(
            "{:.2} s of {:.2} s readable ({:.0} %), blocks of {} frames",
            info.readable_secs,
            info.capacity_secs,
            info.fill * 100.0,
            info.block_frames
        ),
    ));
    rows.push((
        "frames",
        format!(
            "{} written, oldest readable {}",
            info.written_frames, info.oldest_frame
        ),
    ));
    if let Some(age) = info.age_secs {
        rows.push(("age", format!("{age:.1} s since frame 0")));
    }
    let pid = info.writer_pid.map(|pid| format!(", process {pid}"));
    rows.push((
        "writer",
        format!("{}{}", info.writer, pid.unwrap_or_default()),
    ));
    if let Some(age) = info.heartbeat_age_secs {
        rows.push(("heartbeat", format!("{age:.1} s ago")));
    }
    rows.push((
        "access",
        match info.access {
            Access::Mapped => "mapped".to_owned(),
            _ => "read with pread (another user's, or writable by others)".to_owned(),
        },
    ));
    rows.push(("gaps", info.gap_total.to_string()));
    let mut lines: Vec<String> = rows
        .into_iter()
        .map(|(name, value)| format!("{name:10} {value}"))
        .collect();
    lines.extend(info.gaps.iter().map(|gap| {
        format!(
            "{:10} {:.3} s lost at {:.3} s (frame {}): {}",
            "", gap.length_secs, gap.start_secs, gap.start_frame, gap.reason
        )
    }));
    lines.join("\n")
}
