//! Chooses among the configurations that a device offers, and summarises them. Pure: opens no device.

use cpal::{SampleFormat, SupportedStreamConfigRange};

/// Order of preference of sample formats; `None` for those that cannot be converted.
pub(super) fn rank(format: SampleFormat) -> Option<u32> {
    const ORDER: [SampleFormat; 12] = [
        SampleFormat::F32,
        SampleFormat::I32,
        SampleFormat::I24,
        SampleFormat::F64,
        SampleFormat::I16,
        SampleFormat::U32,
        SampleFormat::U24,
        SampleFormat::U16,
        SampleFormat::I64,
        SampleFormat::U64,
        SampleFormat::I8,
        SampleFormat::U8,
    ];
    ORDER
        .iter()
        .position(|f| *f == format)
        .map(|place| place as u32)
}

/// The offer that fits channels and rate exactly, in the best format.
pub(super) fn best(
    offers: &[SupportedStreamConfigRange],
    (channels, rate): (u32, u32),
) -> Option<&SupportedStreamConfigRange> {
    offers
        .iter()
        .filter(|o| u32::from(o.channels()) == channels)
        .filter(|o| (o.min_sample_rate()..=o.max_sample_rate()).contains(&rate))
        .filter_map(|offer| Some((rank(offer.sample_format())?, offer)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, offer)| offer)
}

/// A summary of the offers: "1 to 8 channels at 44100 to 192000 Hz".
pub(super) fn summary(offers: &[SupportedStreamConfigRange]) -> String {
    let mut spans: Vec<(u32, u32, u32, u32)> = Vec::new();
    let mut flat: Vec<_> = offers
        .iter()
        .map(|o| {
            (
                u32::from(o.channels()),
                o.min_sample_rate(),
                o.max_sample_rate(),
            )
        })
        .collect();
    flat.sort_unstable();
    flat.dedup();
    for (channels, low, high) in flat {
        match spans
            .iter_mut()
            .find(|s| s.1 + 1 == channels && (s.2, s.3) == (low, high))
        {
            Some(span) => span.1 = channels,
            None => spans.push((channels, channels, low, high)),
        }
    }
    let word = |a: u32, b: u32| {
        if a == b {
            a.to_string()
        } else {
            format!("{a} to {b}")
        }
    };
    let text: Vec<String> = spans
        .iter()
        .map(|(a, b, low, high)| format!("{} channels at {} Hz", word(*a, *b), word(*low, *high)))
        .collect();
    if text.is_empty() {
        "nothing".to_owned()
    } else {
        text.join(", ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use cpal::SupportedBufferSize;

    fn offer(
        channels: u16,
        low: u32,
        high: u32,
        format: SampleFormat,
    ) -> SupportedStreamConfigRange {
        SupportedStreamConfigRange::new(channels, low, high, SupportedBufferSize::Unknown, format)
    }

    #[test]
    fn best_format_of_the_exact_configuration() {
        let offers = [
            offer(2, 44_100, 48_000, SampleFormat::I16),
            offer(2, 44_100, 48_000, SampleFormat::F32),
            offer(8, 48_000, 192_000, SampleFormat::I24),
            offer(2, 352_800, 352_800, SampleFormat::DsdU8),
        ];
        assert_eq!(
            best(&offers, (2, 48_000)).unwrap().sample_format(),
            SampleFormat::F32
        );
        assert_eq!(
            best(&offers, (8, 96_000)).unwrap().sample_format(),
            SampleFormat::I24
        );
        for none in [(3, 48_000), (2, 96_000), (8, 44_100), (2, 352_800)] {
            assert!(best(&offers, none).is_none());
        }
    }

    #[test]
    fn offers_are_summarised() {
        let offers = [
            offer(2, 44_100, 48_000, SampleFormat::I16),
            offer(1, 44_100, 48_000, SampleFormat::I16),
            offer(8, 48_000, 48_000, SampleFormat::I24),
        ];
        assert_eq!(
            summary(&offers),
            "1 to 2 channels at 44100 to 48000 Hz, 8 channels at 48000 Hz"
        );
        assert_eq!(summary(&[]), "nothing");
    }
}
