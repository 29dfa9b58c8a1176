//! `soundfall measure`: what a recording is, in figures: levels of every channel, loudness of the
//! programme, correlation of a pair, coherence to a reference. The meters are those of
//! `soundfall-dsp`.

mod channels;
mod coherence;
mod pair;
mod programme;
mod table;

use anyhow::Result;
use serde::Serialize;

use self::channels::ChannelLevels;
use self::coherence::{Band, Coherence};
use self::pair::Pair;
use self::programme::Programme;
use super::input_summary::InputSummary;
use crate::cli::MeasureArgs;
use crate::exit::{self, Usage};
use crate::input::Input;
use crate::stdout::{pretty, print};

/// Everything that was measured.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    summary: InputSummary,
    levels: Vec<ChannelLevels>,
    programme: Option<Programme>,
    pair: Option<Pair>,
    coherence: Option<Coherence>,
}

pub fn run(args: &MeasureArgs) -> Result<()> {
    let params = args.transform.params()?;
    let output = args.input.output(args.output.as_deref(), &args.replace)?;
    let input = args.input.read()?;
    let pair = pair_of(&input, args.pair)?;
    let band = match args.reference {
        Some(number) => Some(Band::new(
            index_of(&input, "--reference", number)?,
            (args.min_hz, args.max_hz),
            &input,
            &params,
        )?),
        None => None,
    };
    let summary = InputSummary::of(&input);
    summary.report_damage("it counts as silence");
    let coherence = match &band {
        Some(band) => Some(Coherence::measure(&input, band, &params, output.as_ref())?),
        None => None,
    };
    let programme = Programme::measure(&input);
    if let Err(error) = &programme {
        exit::say(format!("no loudness and no true peaks: {error}"));
    }
    let (programme, true_peaks) = programme.ok().unzip();
    let report = Report {
        levels: channels::measure(&input, &true_peaks.unwrap_or_default()),
        programme,
        pair: pair.map(|(first, second)| Pair::measure(&input, first, second)),
        coherence,
        summary,
    };
    match args.json {
        true => print(&pretty(&report)?)?,
        false => print(table::of(&report).trim_end())?,
    }
    input.is_whole()
}

/// The pair that was asked for, or the only one there is; indices.
fn pair_of(input: &Input, pair: Option<(u32, u32)>) -> Result<Option<(usize, usize)>> {
    match pair {
        Some((first, second)) => Ok(Some((
            index_of(input, "--pair", first)?,
            index_of(input, "--pair", second)?,
        ))),
        None => Ok((input.channels.len() == 2).then_some((0, 1))),
    }
}

/// The channel as an index into those of the input.
fn index_of(input: &Input, option: &str, channel: u32) -> Result<usize> {
    let count = input.channels.len();
    Some(channel as usize)
        .filter(|index| *index < count)
        .ok_or_else(|| {
            Usage(format!(
                "{option} {}: {} has {}",
                channel + 1,
                input.name,
                match count {
                    1 => "only channel 1".to_owned(),
                    _ => format!("channels 1 to {count}"),
                }
            ))
            .into()
        })
}
