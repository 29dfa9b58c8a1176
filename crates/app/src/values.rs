//! Values of options, read strictly: what is no number in range is refused with the range.

use soundfall_systems::view::MAX_CHANNELS;

/// Channels to show, counted from 0.
#[derive(Clone, Debug)]
pub struct ChannelList(pub Vec<u32>);

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err("not a number".to_owned()),
    }
}

/// Seconds from 0 on.
pub fn seconds(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if (0.0..=1e9).contains(&value) {
        Ok(value)
    } else {
        Err("give seconds from 0 on".to_owned())
    }
}

/// Seconds above 0.
pub fn positive_secs(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if value > 0.0 && value <= 1e9 {
        Ok(value)
    } else {
        Err("give seconds above 0".to_owned())
    }
}

/// Seconds shown.
pub fn span_secs(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if (0.05..=3600.0).contains(&value) {
        Ok(value)
    } else {
        Err("give 0.05 to 3600 seconds".to_owned())
    }
}

/// The least range of levels that is shown, dB.
pub const LEAST_RANGE_DB: f32 = 6.0;

/// dBFS.
pub fn dbfs(text: &str) -> Result<f32, String> {
    let value = number(text)?;
    if (-160.0..=24.0).contains(&value) {
        Ok(value as f32)
    } else {
        Err("give -160 to 24 dBFS".to_owned())
    }
}

/// Hz.
pub fn hertz(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if (0.0..=384_000.0).contains(&value) {
        Ok(value)
    } else {
        Err("give 0 to 384000 Hz".to_owned())
    }
}

/// A difference of levels.
pub fn decibels(text: &str) -> Result<f32, String> {
    let value = number(text)?;
    if (0.0..=200.0).contains(&value) {
        Ok(value as f32)
    } else {
        Err("give 0 to 200 dB".to_owned())
    }
}

/// Frequency of A4.
pub fn a4_hz(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if (380.0..=500.0).contains(&value) {
        Ok(value)
    } else {
        Err("give 380 to 500 Hz".to_owned())
    }
}

/// How many at most.
pub fn count(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(value) if (1..=1000).contains(&value) => Ok(value),
        _ => Err("give 1 to 1000".to_owned()),
    }
}

/// Two different channels, counted from 1.
pub fn pair(text: &str) -> Result<(u32, u32), String> {
    let two = text.split_once(',').and_then(|(first, second)| {
        Some((first.trim().parse().ok()?, second.trim().parse().ok()?))
    });
    match two {
        Some((first, second)) if first > 0 && second > 0 && first != second => Ok((first, second)),
        _ => Err("give two channels from 1 on, like 1,2".to_owned()),
    }
}

/// A channel, counted from 1.
pub fn channel(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(value) if value > 0 => Ok(value),
        _ => Err("give a channel from 1 on".to_owned()),
    }
}

/// Points of an envelope.
pub fn points(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(value) if (1..=100_000_000).contains(&value) => Ok(value),
        _ => Err("give 1 to 100000000 points".to_owned()),
    }
}

/// Width x height.
pub fn size(text: &str) -> Result<(u32, u32), String> {
    let parts = text
        .split_once(['x', 'X'])
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match parts {
        Some((width, height)) if (64..=8192).contains(&width) && (64..=8192).contains(&height) => {
            Ok((width, height))
        }
        _ => Err("give WIDTHxHEIGHT in pixels, each 64 to 8192".to_owned()),
    }
}

/// `1,3-5`, counted from 1.
pub fn channels(text: &str) -> Result<ChannelList, String> {
    let bad = || format!("give channels from 1 on, like 1,3-5, at most {MAX_CHANNELS}");
    let mut list = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = match (first.trim().parse(), last.trim().parse()) {
            (Ok(first), Ok(last)) => (first, last),
            _ => return Err(bad()),
        };
        if first == 0 || last < first || (last - first) as usize >= MAX_CHANNELS {
            return Err(bad());
        }
        list.extend(first - 1..last);
    }
    if list.is_empty() || list.len() > MAX_CHANNELS {
        return Err(bad());
    }
    Ok(ChannelList(list))
}
