//! What the user chose to see, and how the program surrounds it: declared in the table of settings.

pub use soundfall_settings::{MAX_CHANNELS, ProgramSettings, ViewSettings};
