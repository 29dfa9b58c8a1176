#![doc = include_str!("../README.md")]
//! # Code map
//!
//! | module | duty |
//! |---|---|
//! | [`program`](ProgramSettings), [`stream`](StreamSettings), [`analysis`](AnalysisSettings), [`view`](ViewSettings), [`instruments`](InstrumentChoice) | the settings, one declaration each |
//! | `table` | [`Setting`]: what is known about each, how it is read and set |
//! | `declare` | the macro that declares a struct with its table |
//! | `kind` | [`Kind`]: what a value is, its range, and the sentence that says so |
//! | `value` | texts to values and back |
//! | `all` | [`Settings`]: all of them, by name |
//! | `address` | [`Address`]: `view[1].span` |
//! | [`keys`] | the shortcuts |
//! | [`page`] | what a link to the page may say beside settings |
//!
//! **Architecture invariant:** nothing here knows an engine, a command line or a page; whoever asks
//! or shows goes through the table.
#![forbid(unsafe_code)]

mod address;
mod all;
mod analysis;
mod declare;
mod error;
mod instruments;
pub mod keys;
mod kind;
pub mod page;
mod program;
mod stream;
mod table;
mod text_form;
mod value;
mod view;

pub use address::{Address, Place};
pub use all::{Settings, all, find};
pub use analysis::AnalysisSettings;
pub use error::{Reason, SettingError};
pub use instruments::InstrumentChoice;
pub use kind::{Control, Kind, Names, Number, Unit, Unset};
pub use program::ProgramSettings;
pub use stream::StreamSettings;
pub use table::{AnySettings, Cost, Info, Rule, Scope, Setting, SettingsTable};
pub use value::Value;
pub use view::{MAX_CHANNELS, MAX_SPAN_SECS, MIN_SPAN_SECS, ViewSettings};
