//! Texts to values and back. Strict: nothing is trimmed, rounded or guessed, and what is written is
//! read back as the same value.

use std::str::FromStr;

use soundfall_dsp::{
    colormap::Colormap, instruments::InstrumentSet, named::UnknownName, scale::Scale,
    window::Window,
};

use crate::error::Reason;
use crate::kind::{Kind, Number};

/// A type that a setting may have.
pub trait Value: Sized {
    /// As a text that [`Value::parse`] takes.
    fn text(&self, kind: &Kind) -> String;

    /// From a text.
    ///
    /// # Errors
    /// What may be given instead.
    fn parse(text: &str, kind: &Kind) -> Result<Self, Reason>;
}

fn refuse<T>(kind: &Kind) -> Result<T, Reason> {
    Err(Reason::Expected(kind.expected()))
}

/// A number in range; whole ones are written without a point.
fn number(text: &str, kind: &Kind) -> Option<f64> {
    let Kind::Number(Number { whole, .. }) = kind else {
        return None;
    };
    let number = if *whole {
        text.parse::<u64>().ok()? as f64
    } else {
        text.parse::<f64>().ok()?
    };
    kind.number()?.holds(number).then_some(number)
}

macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Value for $type {
            fn text(&self, kind: &Kind) -> String {
                match kind {
                    Kind::Channel => (*self as u64 + 1).to_string(),
                    _ => self.to_string(),
                }
            }

            fn parse(text: &str, kind: &Kind) -> Result<Self, Reason> {
                let found = match kind {
                    Kind::Channel => channel(text).map(f64::from),
                    _ => number(text, kind),
                };
                found.map_or_else(|| refuse(kind), |number| Ok(number as $type))
            }
        }
    )+};
}
numbers!(f64, f32, usize, u32);

impl Value for bool {
    fn text(&self, _: &Kind) -> String {
        if *self { "on" } else { "off" }.to_owned()
    }

    fn parse(text: &str, kind: &Kind) -> Result<Self, Reason> {
        match text {
            "" | "1" | "true" | "on" => Ok(true),
            "0" | "false" | "off" => Ok(false),
            _ => refuse(kind),
        }
    }
}

macro_rules! names {
    ($($type:ty: $error:ty),+) => {$(
        impl Value for $type {
            fn text(&self, _: &Kind) -> String {
                self.to_string()
            }

            fn parse(text: &str, _: &Kind) -> Result<Self, Reason> {
                Self::from_str(text).map_err(|error: $error| error.into())
            }
        }
    )+};
}
names!(Scale: UnknownName, Colormap: UnknownName, InstrumentSet: UnknownName);
names!(Window: soundfall_dsp::window::WindowError);

/// A channel counted from 0, from a text that counts from 1.
fn channel(text: &str) -> Option<u32> {
    text.parse::<u32>().ok()?.checked_sub(1)
}

/// Channels counted from 0; the text counts from 1: `1,3-5`.
impl Value for Vec<u32> {
    fn text(&self, _: &Kind) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut rest = &self[..];
        while let Some(first) = rest.first() {
            let steps = rest.windows(2).take_while(|two| two[0] + 1 == two[1]);
            let run = steps.count();
            parts.push(match run {
                0 => format!("{}", first + 1),
                _ => format!("{}-{}", first + 1, first + 1 + run as u32),
            });
            rest = &rest[run + 1..];
        }
        parts.join(",")
    }

    fn parse(text: &str, kind: &Kind) -> Result<Self, Reason> {
        let Kind::Channels(most) = kind else {
            return refuse(kind);
        };
        let mut list = Self::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Some(first), Some(last)) = (channel(first.trim()), channel(last.trim())) else {
                return refuse(kind);
            };
            if last < first || (last - first) as usize >= *most {
                return refuse(kind);
            }
            list.extend(first..=last);
            if list.len() > *most {
                return refuse(kind);
            }
        }
        Ok(list)
    }
}

/// Two channels counted from 0 (the text counts from 1), or width and height.
impl Value for (u32, u32) {
    fn text(&self, kind: &Kind) -> String {
        match kind {
            Kind::Size(..) => format!("{}x{}", self.0, self.1),
            _ => format!("{},{}", self.0 + 1, self.1 + 1),
        }
    }

    fn parse(text: &str, kind: &Kind) -> Result<Self, Reason> {
        let found = match kind {
            Kind::Size(min, max) => text.split_once(['x', 'X']).and_then(|(width, height)| {
                let size = (width.parse().ok()?, height.parse().ok()?);
                let fits = |side: u32| (*min..=*max).contains(&side);
                (fits(size.0) && fits(size.1)).then_some(size)
            }),
            Kind::Pair => text.split_once(',').and_then(|(first, second)| {
                let pair = (channel(first.trim())?, channel(second.trim())?);
                (pair.0 != pair.1).then_some(pair)
            }),
            _ => None,
        };
        found.map_or_else(|| refuse(kind), Ok)
    }
}

impl<T: Value> Value for Option<T> {
    fn text(&self, kind: &Kind) -> String {
        match (self, kind) {
            (None, Kind::Optional(unset, _)) => unset.word.to_owned(),
            (None, _) => String::new(),
            (Some(value), _) => value.text(kind.inner()),
        }
    }

    fn parse(text: &str, kind: &Kind) -> Result<Self, Reason> {
        match kind {
            Kind::Optional(unset, _) if text == unset.word => Ok(None),
            // A plain refusal names the word too.
            _ => match T::parse(text, kind.inner()) {
                Err(Reason::Expected(_)) => refuse(kind),
                other => other.map(Some),
            },
        }
    }
}
