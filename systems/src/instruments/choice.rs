//! What the user chose about the instruments: declared in the table of settings.

pub use soundfall_settings::InstrumentChoice;
