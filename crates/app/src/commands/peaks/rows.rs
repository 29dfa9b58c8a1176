//! Rows of findings, written as they come: a table or JSON on stdout, numbers in a file.
//! Never decides what is a finding.

use anyhow::Result;
use serde::Serialize;
use soundfall_dsp::note::Note;

use super::super::input_summary::written;
use crate::cli::PeaksArgs;
use crate::npy::NpyTable;
use crate::output::Output;
use crate::stdout::{DataOut, JsonOut, Maybe, rounded, signed};

/// A tone, or a peak of a column.
pub struct Row {
    /// Counted from 1.
    pub channel: u32,
    /// Middle of the first window with it.
    pub time_secs: f64,
    /// Middle of the last one; none for a peak of a column.
    pub end_secs: Option<f64>,
    pub hz: f64,
    pub dbfs: f64,
    pub note: Option<Note>,
}

/// The same in JSON.
#[derive(Serialize)]
struct JsonRow {
    channel: u32,
    time_secs: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_secs: Option<f64>,
    frequency_hz: f64,
    level_dbfs: f64,
    note: Option<String>,
    cents: Option<f64>,
    midi: Option<i32>,
}

/// Fields of a row in a file: of a tone, of a peak.
const TONE_FIELDS: [&str; 7] = [
    "channel",
    "time_secs",
    "end_secs",
    "frequency_hz",
    "level_dbfs",
    "midi",
    "cents",
];
const PEAK_FIELDS: [&str; 6] = [
    "channel",
    "time_secs",
    "frequency_hz",
    "level_dbfs",
    "midi",
    "cents",
];

/// Where rows go.
pub struct Rows {
    table: Option<DataOut>,
    json: Option<JsonOut>,
    array: Option<NpyTable>,
    count: u64,
}

impl Rows {
    /// Begins what is asked for; `head` is what JSON says first.
    pub fn begin(args: &PeaksArgs, output: Option<&Output>, head: &impl Serialize) -> Result<Self> {
        let fields: &[&str] = match args.columns {
            true => &PEAK_FIELDS,
            false => &TONE_FIELDS,
        };
        let array = match output {
            Some(output) => Some(NpyTable::create(output, fields.len())?),
            None => None,
        };
        let mut rows = Self {
            table: None,
            json: None,
            array,
            count: 0,
        };
        if args.json {
            let mut json = JsonOut::begin(head)?;
            if let Some(output) = output {
                json.field("output", &written(output))?;
                json.field("fields", &fields)?;
            }
            json.open(match args.columns {
                true => "peaks",
                false => "tones",
            })?;
            rows.json = Some(json);
        } else if rows.array.is_none() {
            let mut table = DataOut::new();
            let end = match args.columns {
                true => "",
                false => "        END",
            };
            table.write(format_args!(
                "CHANNEL       TIME{end}         HZ     DBFS  NOTE   CENTS\n"
            ))?;
            rows.table = Some(table);
        }
        Ok(rows)
    }

    /// Takes the next row.
    pub fn write(&mut self, row: &Row) -> Result<()> {
        self.count += 1;
        let cents = row.note.map(|note| note.cents);
        let name = row
            .note
            .map(|note| format!("{}{}", note.name(), note.octave()));
        if let Some(array) = &mut self.array {
            let midi = row.note.map_or(f64::NAN, |note| f64::from(note.midi));
            let cents = cents.unwrap_or(f64::NAN);
            let mut fields = vec![f64::from(row.channel), row.time_secs];
            fields.extend(row.end_secs);
            fields.extend([row.hz, row.dbfs, midi, cents]);
            array.write(&fields)?;
        }
        if let Some(json) = &mut self.json {
            json.element(&JsonRow {
                channel: row.channel,
                time_secs: rounded(row.time_secs, 6),
                end_secs: row.end_secs.map(|end| rounded(end, 6)),
                frequency_hz: rounded(row.hz, 4),
                level_dbfs: rounded(row.dbfs, 3),
                note: name,
                cents: cents.map(|cents| rounded(cents, 2)),
                midi: row.note.map(|note| note.midi),
            })?;
        } else if let Some(table) = &mut self.table {
            let end = row
                .end_secs
                .map(|end| format!("{end:>11.3}"))
                .unwrap_or_default();
            table.write(format_args!(
                "{:>7} {:>10.3}{end} {:>10.2} {:>8}  {:<5} {:>6}\n",
                row.channel,
                row.time_secs,
                row.hz,
                Maybe(Some(row.dbfs), 2),
                name.as_deref().unwrap_or("-"),
                cents.map_or("-".to_owned(), |cents| signed(cents, 1)),
            ))?;
        }
        Ok(())
    }

    /// Whether the reader of the output is gone, so that no more rows are needed.
    pub fn is_closed(&self) -> bool {
        self.array.is_none()
            && self.table.as_ref().is_none_or(DataOut::is_closed)
            && self.json.as_ref().is_none_or(JsonOut::is_closed)
    }

    /// Writes what is left; the number of rows.
    pub fn finish(self) -> Result<u64> {
        if let Some(array) = self.array {
            array.finish()?;
        }
        if let Some(mut json) = self.json {
            json.close()?;
            json.finish()?;
        }
        if let Some(table) = self.table {
            table.finish()?;
        }
        Ok(self.count)
    }
}
