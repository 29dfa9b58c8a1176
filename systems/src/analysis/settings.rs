//! What the user chose about the analysis: declared in the table of settings.

pub use soundfall_settings::AnalysisSettings;
