//! The report as text for people. Never rounds what JSON says.

use std::fmt::Write as _;

use super::{Coherence, Pair, Programme, Report};
use crate::stdout::{Maybe, signed};

/// All of it.
pub fn of(report: &Report) -> String {
    let mut out = String::from(
        "CHANNEL  PEAK dBFS  TRUE PEAK dBTP  RMS dBFS  CREST dB         DC  CLIPPED\n",
    );
    for level in &report.levels {
        line(
            &mut out,
            format_args!(
                "{:>7} {:>10} {:>15} {:>9} {:>9} {:>10} {:>8}",
                level.channel,
                Maybe(level.peak_dbfs, 2),
                Maybe(level.true_peak_dbtp, 2),
                Maybe(level.rms_dbfs, 2),
                Maybe(level.crest_db, 2),
                signed(level.dc_full_scale, 6),
                level.clipped_samples,
            ),
        );
    }
    if let Some(programme) = &report.programme {
        put_programme(&mut out, programme);
    }
    if let Some(pair) = &report.pair {
        put_pair(&mut out, pair);
    }
    if let Some(coherence) = &report.coherence {
        put_coherence(&mut out, coherence);
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments) {
    // Writing into a text cannot fail.
    let _ = writeln!(out, "{text}");
}

fn put_programme(out: &mut String, programme: &Programme) {
    line(
        out,
        format_args!("\nLOUDNESS (EBU R128, {})", programme.layout),
    );
    for (name, value, decimals, unit) in [
        ("integrated", programme.integrated_lufs, 1, "LUFS"),
        ("range", programme.range_lu, 1, "LU"),
        ("max momentary", programme.max_momentary_lufs, 1, "LUFS"),
        ("max short-term", programme.max_short_term_lufs, 1, "LUFS"),
        ("true peak", programme.true_peak_dbtp, 1, "dBTP"),
    ] {
        line(
            out,
            format_args!("  {name:<14} {:>7} {unit}", Maybe(value, decimals)),
        );
    }
}

fn put_pair(out: &mut String, pair: &Pair) {
    let [first, second] = pair.channels;
    line(out, format_args!("\nPAIR {first}, {second}"));
    let plus = |value: Option<f64>, decimals| match value {
        Some(value) => signed(value, decimals),
        None => "-".to_owned(),
    };
    line(
        out,
        format_args!("  {:<14} {:>7}", "correlation", plus(pair.correlation, 2)),
    );
    let at = pair
        .lowest_at_secs
        .map_or(String::new(), |secs| format!(" at {secs:.2} s"));
    line(
        out,
        format_args!(
            "  {:<14} {:>7}{at}",
            "lowest",
            plus(pair.lowest_correlation, 2)
        ),
    );
    line(
        out,
        format_args!(
            "  {:<14} {:>7} dB, channel {second} over {first}",
            "balance",
            plus(pair.balance_db, 1)
        ),
    );
}

fn put_coherence(out: &mut String, coherence: &Coherence) {
    line(
        out,
        format_args!(
            "\nCOHERENCE to channel {}, mean of {:.0} to {:.0} Hz, {} windows",
            coherence.reference, coherence.from_hz, coherence.to_hz, coherence.segments
        ),
    );
    for mean in &coherence.means {
        line(
            out,
            format_args!("{:>7}          {:>7.3}", mean.channel, mean.coherence),
        );
    }
}
