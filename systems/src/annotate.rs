//! Ticks of the axes: round values, never too many, with their labels.

use soundfall_dsp::scale::{FrequencyAxis, Scale};

/// A tick: where (0…1 along the axis) and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Place along the axis.
    pub at: f64,
    /// Its label, unit included where the axis mixes units.
    pub label: String,
    /// Worth a stronger line.
    pub major: bool,
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `least`.
fn round_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * decade)
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(10.0 * decade)
}

/// The smallest step of time that clocks have and that is at least `least` seconds.
fn time_step(least: f64) -> f64 {
    const CLOCK: [f64; 15] = [
        10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0,
        21_600.0, 43_200.0, 86_400.0,
    ];
    if least <= 5.0 {
        return round_step(least);
    }
    let step = CLOCK.into_iter().find(|step| *step >= least * 0.999_999);
    step.unwrap_or_else(|| 86_400.0 * round_step(least / 86_400.0))
}

/// A frequency as people say it.
#[must_use]
pub fn hertz(hz: f64) -> String {
    if hz >= 1000.0 {
        let khz = hz / 1000.0;
        if (khz - khz.round()).abs() < 1e-6 {
            format!("{khz:.0}k")
        } else {
            format!("{khz:.1}k")
        }
    } else {
        format!("{hz:.0}")
    }
}

/// Ticks of the frequency axis, at most about `most`.
#[must_use]
pub fn frequency_ticks(axis: &FrequencyAxis, most: usize) -> Vec<Tick> {
    let most = most.max(2);
    if axis.scale() == Scale::Linear {
        let step = round_step((axis.max_hz() - axis.min_hz()) / most as f64);
        let first = (axis.min_hz() / step).ceil() as i64;
        return (first..)
            .map(|i| i as f64 * step)
            .take_while(|hz| *hz <= axis.max_hz() * 1.000_001)
            .map(|hz| Tick {
                at: axis.position(hz),
                label: hertz(hz),
                major: true,
            })
            .collect();
    }
    let ladders: [&[f64]; 4] = [
        &[1.0, 2.0, 3.0, 5.0, 7.0],
        &[1.0, 2.0, 5.0],
        &[1.0, 3.0],
        &[1.0],
    ];
    let ladder = |steps: &[f64]| -> Vec<Tick> {
        (0..6)
            .flat_map(|decade| steps.iter().map(move |m| m * 10_f64.powi(decade)))
            .filter(|hz| *hz >= axis.min_hz() * 0.999 && *hz <= axis.max_hz() * 1.001)
            .map(|hz| Tick {
                at: axis.position(hz),
                label: hertz(hz),
                major: (hz.log10() - hz.log10().round()).abs() < 1e-9,
            })
            .collect()
    };
    ladders
        .into_iter()
        .map(ladder)
        .find(|ticks| ticks.len() <= most)
        .unwrap_or_else(|| ladder(&[1.0]))
}

/// Ticks of the time axis: 0 at the front edge, 1 at the back. Of live sound the front edge is *now*
/// and the others count back from it; otherwise `edge_secs` is the stream's time there, in seconds,
/// and the ticks stand at round times of the stream.
#[must_use]
pub fn time_ticks(span_secs: f64, edge_secs: Option<f64>, most: usize) -> Vec<Tick> {
    let step = time_step(span_secs / most.max(1) as f64);
    let count = (span_secs / step + 1e-6).floor() as u32;
    if let Some(edge_secs) = edge_secs {
        let last = (edge_secs / step + 1e-9).floor();
        return (0..=count)
            .map(|i| (last - f64::from(i)) * step)
            .filter(|secs| *secs > -step * 1e-6 && edge_secs - secs <= span_secs * 1.000_001)
            .map(|secs| Tick {
                at: (edge_secs - secs) / span_secs,
                label: clock(secs.max(0.0), step, edge_secs),
                major: false,
            })
            .collect();
    }
    (0..=count)
        .map(|i| {
            let secs = f64::from(i) * step;
            Tick {
                at: secs / span_secs,
                label: if i == 0 {
                    "now".to_owned()
                } else {
                    format!("\u{2212}{}", duration(secs, step, span_secs))
                },
                major: i == 0,
            }
        })
        .collect()
}

/// Digits after the point that multiples of a step need.
fn digits(step: f64) -> usize {
    (-step.log10() - 1e-9).ceil().clamp(0.0, 9.0) as usize
}

/// A length of time with as many digits as the step between ticks needs, in the unit that suits the longest of them.
fn duration(secs: f64, step: f64, longest_secs: f64) -> String {
    if longest_secs < 1e-3 {
        format!("{:.*} \u{b5}s", digits(step * 1e6), secs * 1e6)
    } else if longest_secs < 1.0 {
        format!("{:.*} ms", digits(step * 1e3), secs * 1e3)
    } else if longest_secs <= 120.0 {
        format!("{secs:.*} s", digits(step))
    } else {
        clock(secs, step, longest_secs)
    }
}

/// A moment of a stream with as many digits as the step between ticks needs: `12.5 s`, `1:02.5`, `1:00:02`; with
/// minutes and hours where the latest moment has some.
#[must_use]
pub fn clock(secs: f64, step: f64, latest_secs: f64) -> String {
    let digits = digits(step);
    if latest_secs < 60.0 {
        return format!("{secs:.digits$} s");
    }
    // Rounded once, so that no minute has 60 seconds.
    let per_sec = 10_u64.pow(digits as u32);
    let all = (secs.max(0.0) * per_sec as f64).round() as u64;
    let (whole, part) = (all / per_sec, all % per_sec);
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    let fraction = match digits {
        0 => String::new(),
        _ => format!(".{part:0digits$}"),
    };
    if latest_secs < 3600.0 {
        format!("{minutes}:{seconds:02}{fraction}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}{fraction}")
    }
}

/// Ticks of the level axis: 0 at the floor, 1 at the top of the range.
#[must_use]
pub fn level_ticks(db_min: f32, db_max: f32, most: usize) -> Vec<Tick> {
    let (low, high) = (f64::from(db_min), f64::from(db_max));
    let range = (high - low).max(1.0);
    let least = range / most.max(1) as f64;
    let step = [3.0, 6.0, 10.0, 20.0, 30.0, 60.0]
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or(60.0);
    let first = (low / step).ceil() as i64;
    (first..)
        .map(|i| i as f64 * step)
        .take_while(|db| *db <= high + 1e-6)
        .map(|db| Tick {
            at: (db - low) / range,
            label: format!("{db:.0}").replace('-', "\u{2212}"),
            major: db.abs() < 1e-9,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn log_ticks_are_round_and_few() {
        let axis = FrequencyAxis::new(Scale::Log, 30.0, 20_000.0, 512).unwrap();
        let labels: Vec<_> = frequency_ticks(&axis, 10)
            .into_iter()
            .map(|t| t.label)
            .collect();
        assert_eq!(
            labels,
            ["50", "100", "200", "500", "1k", "2k", "5k", "10k", "20k"]
        );
    }

    #[test]
    fn time_starts_now() {
        let ticks = time_ticks(10.0, None, 6);
        assert_eq!(ticks[0].label, "now");
        assert_eq!(ticks[1].label, "\u{2212}2 s");
        assert!((ticks[5].at - 1.0).abs() < 1e-9);
    }

    #[test]
    fn frozen_time_is_the_streams() {
        let ticks = time_ticks(10.0, Some(23.5), 5);
        let said: Vec<_> = ticks.iter().map(|tick| &*tick.label).collect();
        assert_eq!(said, ["22 s", "20 s", "18 s", "16 s", "14 s"]);
        assert!((ticks[0].at - 0.15).abs() < 1e-9);
        assert_eq!(time_ticks(10.0, Some(3.0), 5).last().unwrap().label, "0 s");
    }

    #[test]
    fn times_have_the_digits_that_their_steps_need() {
        let said = |span, edge, most| -> Vec<String> {
            let ticks = time_ticks(span, edge, most);
            ticks.into_iter().map(|tick| tick.label).collect()
        };
        let first = |span, edge| said(span, edge, 4).swap_remove(0);
        // A day, an hour, half a minute of an hour, ten samples of it.
        assert_eq!(first(86_400.0, Some(86_400.0)), "24:00:00");
        assert_eq!(first(3600.0, Some(3600.0)), "1:00:00");
        assert_eq!(first(30.0, Some(3599.0)), "59:50");
        assert_eq!(first(2.0, Some(61.25)), "1:01.0");
        assert_eq!(first(0.000_2, Some(3599.0)), "59:59.00000");
        assert_eq!(first(0.000_2, Some(1.0)), "1.00000 s");
        assert_eq!(clock(59.96, 0.1, 70.0), "1:00.0");
        let back = |span| said(span, None, 4).swap_remove(1);
        assert_eq!(back(0.000_2), "\u{2212}50 \u{b5}s");
        assert_eq!(back(0.03), "\u{2212}10 ms");
        assert_eq!(back(0.5), "\u{2212}200 ms");
        assert_eq!(back(1.5), "\u{2212}0.5 s");
        assert_eq!(back(30.0), "\u{2212}10 s");
        assert_eq!(back(1800.0), "\u{2212}10:00");
    }

    #[test]
    fn levels_are_inside_the_range() {
        let ticks = level_ticks(-90.0, -6.0, 5);
        assert!(ticks.iter().all(|t| (0.0..=1.0).contains(&t.at)));
        assert_eq!(ticks[0].label, "\u{2212}80");
    }
}
