//! Values of options that are no settings, read strictly: what is no number in range is refused with
//! the range.

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
        Err("give 0 to 1000000000 seconds".to_owned())
    }
}

/// Seconds above 0.
pub fn positive_secs(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if value > 0.0 && value <= 1e9 {
        Ok(value)
    } else {
        Err("give more than 0 and at most 1000000000 seconds".to_owned())
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

/// How many at most.
pub fn count(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(value) if (1..=1000).contains(&value) => Ok(value),
        _ => Err("give 1 to 1000".to_owned()),
    }
}

/// Points of an envelope.
pub fn points(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(value) if (1..=100_000_000).contains(&value) => Ok(value),
        _ => Err("give 1 to 100000000 points".to_owned()),
    }
}
