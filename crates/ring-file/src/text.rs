//! What there is to say about a ring file, as lines for a person who has never seen one. Never
//! more than was found out: see `info`.

use std::fmt::{Display, Formatter, Result};

use crate::info::RingInfo;
use crate::open::Access;
use crate::status::WriterStatus;

/// One line a fact, each with its name in front; the gaps are listed last, a line each. No line
/// ending after the last one.
impl Display for RingInfo {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let megabytes = self.file_bytes as f64 / 1e6;
        let path = self.path.display().to_string();
        write!(f, "ring      {} ({megabytes:.2} MB)", one_line(&path))?;
        line(f, "format", &self.format_text())?;
        if let Some(label) = self.label.as_deref().filter(|label| !label.is_empty()) {
            line(f, "source", label)?;
        }
        line(f, "writer", &self.writer_text())?;
        line(f, "sound", &self.sound_text())?;
        line(f, "history", &self.history_text())?;
        if let Some(age) = self.age_secs {
            let words = if age < 0.0 {
                format!(
                    "frame 0 is dated in the future, by {}: a clock was set",
                    duration(-age)
                )
            } else {
                format!("frame 0 was {} ago", duration(age))
            };
            line(f, "age", &words)?;
        }
        if self.hollow {
            let stored = self.stored_bytes.unwrap_or_default() as f64 / 1e6;
            let words = format!(
                "only {stored:.2} of {megabytes:.2} MB are stored, the rest are holes that read as silence: no working writer wrote it"
            );
            line(f, "file", &words)?;
        }
        let access = match self.access {
            Access::Mapped => "mapped into memory (fast)",
            Access::Pread if self.hollow => {
                "read piece by piece (safe), because most of it is not stored"
            }
            Access::Pread => {
                "read piece by piece (safe), because it belongs to another user or others may write to it"
            }
        };
        line(f, "access", access)?;
        line(f, "gaps", &self.gaps_text())?;
        for gap in &self.gaps {
            let end = gap.start_frame.saturating_add(gap.length_frames);
            let note = if end <= self.oldest_frame {
                "; overwritten since"
            } else if end > self.written_frames {
                "; reaches beyond what is written so far"
            } else {
                ""
            };
            write!(
                f,
                "\n          at {:.3} s (frame {}): {} lost, {}{}",
                gap.start_secs,
                gap.start_frame,
                duration(gap.length_secs),
                gap.reason,
                note,
            )?;
        }
        Ok(())
    }
}

fn line(f: &mut Formatter<'_>, name: &str, words: &str) -> Result {
    write!(f, "\n{name:9} {}", one_line(words))
}

/// The words without characters that would end the line or steer a terminal: names come from outside.
fn one_line(words: &str) -> String {
    let shown = words.chars().map(|letter| match letter.is_control() {
        true => letter.escape_unicode().to_string(),
        false => letter.to_string(),
    });
    shown.collect()
}

impl RingInfo {
    fn format_text(&self) -> String {
        if self.extended {
            "AUDITAB 1 with the soundfall extension".to_owned()
        } else {
            "AUDITAB 1, base: made by another program, says nothing of its source, its writer and of gaps".to_owned()
        }
    }

    fn sound_text(&self) -> String {
        let block_ms = f64::from(self.block_frames) * 1e3 / f64::from(self.sample_rate);
        format!(
            "{} {} at {} Hz, written in blocks of {} frames ({block_ms:.1} ms)",
            self.channels,
            if self.channels == 1 {
                "channel"
            } else {
                "channels"
            },
            self.sample_rate,
            self.block_frames,
        )
    }

    fn history_text(&self) -> String {
        if self.written_frames == 0 {
            return format!(
                "nothing written yet; room for {}",
                duration(self.capacity_secs)
            );
        }
        format!(
            "{} can be read, frames {} to {} ({:.0} % of {} filled)",
            duration(self.readable_secs),
            self.oldest_frame,
            self.written_frames - 1,
            self.fill * 100.0,
            duration(self.capacity_secs),
        )
    }

    fn writer_text(&self) -> String {
        let process = self
            .writer_pid
            .map_or("a process".to_owned(), |pid| format!("process {pid}"));
        let age = self.heartbeat_age_secs.unwrap_or_default();
        let last = match self.heartbeat_ahead_secs {
            Some(ahead) => format!(
                "its last sign of life is dated in the future, by {} (a clock was set)",
                duration(ahead)
            ),
            None => format!("its last sign of life was {} ago", duration(age)),
        };
        match self.writer {
            WriterStatus::Alive => format!("alive: {process}, {last}"),
            WriterStatus::Silent => {
                format!("silent: {process} is there, but {last}; it may be stopped or very busy")
            }
            WriterStatus::Dead => format!(
                "dead: {process} ended without closing the ring, {last}; what it wrote can still be read"
            ),
            WriterStatus::Closed => {
                "closed: it ended as it should; what it wrote can still be read".to_owned()
            }
            WriterStatus::Unknown => {
                "unknown: the ring does not say; ask again and see whether its frames grow"
                    .to_owned()
            }
        }
    }

    fn gaps_text(&self) -> String {
        let listed = self.gaps.len() as u64;
        let words = match self.gap_total {
            _ if !self.extended => return "not recorded in this format".to_owned(),
            0 => return "none, no sound was lost on its way into the ring".to_owned(),
            total if total == listed => {
                format!("{total}, where sound was lost on its way into the ring:")
            }
            total => format!(
                "{total}, where sound was lost on its way into the ring; the newest {listed}:"
            ),
        };
        if self.gaps_damaged {
            return format!("{words} their table is damaged: they are more than was ever written");
        }
        words
    }
}

/// Seconds as a person says them.
fn duration(secs: f64) -> String {
    let whole = secs as u64;
    match whole {
        0 => format!("{:.2} ms", secs * 1e3),
        1..120 => format!("{secs:.2} s"),
        120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        7200..172_800 => format!("{} h {} min", whole / 3600, whole / 60 % 60),
        _ => format!("{} days", whole / 86_400),
    }
}
