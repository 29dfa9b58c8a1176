//! All settings together, by name: what a command line, a link or a scene fills.

use crate::analysis::AnalysisSettings;
use crate::error::SettingError;
use crate::instruments::InstrumentChoice;
use crate::program::ProgramSettings;
use crate::stream::StreamSettings;
use crate::table::{AnySettings, Info, Scope, SettingsTable};
use crate::view::ViewSettings;

/// One of each struct of settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Of the program.
    pub program: ProgramSettings,
    /// Of the stream.
    pub stream: StreamSettings,
    /// Of the analysis.
    pub analysis: AnalysisSettings,
    /// Of the view.
    pub view: ViewSettings,
    /// Of the view's instruments.
    pub instruments: InstrumentChoice,
}

/// Every setting there is, in the order of help and reference.
pub fn all() -> impl Iterator<Item = &'static Info> {
    fn infos<S: SettingsTable>() -> impl Iterator<Item = &'static Info> {
        S::TABLE.iter().map(|setting| &setting.info)
    }
    infos::<StreamSettings>()
        .chain(infos::<AnalysisSettings>())
        .chain(infos::<ViewSettings>())
        .chain(infos::<InstrumentChoice>())
        .chain(infos::<ProgramSettings>())
}

/// What is known about the setting of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Info> {
    all().find(|info| info.name == name)
}

impl Settings {
    /// The struct of a scope.
    pub fn section(&mut self, scope: Scope) -> &mut dyn AnySettings {
        match scope {
            Scope::Program => &mut self.program,
            Scope::Stream => &mut self.stream,
            Scope::Analysis => &mut self.analysis,
            Scope::View => &mut self.view,
            Scope::Instruments => &mut self.instruments,
        }
    }

    /// The value of a setting as text.
    ///
    /// # Errors
    /// [`SettingError::Unknown`].
    pub fn get(&self, name: &str) -> Result<String, SettingError> {
        let sections: [&dyn AnySettings; 5] = [
            &self.program,
            &self.stream,
            &self.analysis,
            &self.view,
            &self.instruments,
        ];
        let mut texts = sections.iter().map(|section| section.get(name));
        texts.find(Result::is_ok).unwrap_or_else(|| unknown(name))
    }

    /// Sets a setting; on an error everything stays as it was.
    ///
    /// # Errors
    /// [`SettingError::Unknown`], [`SettingError::Value`].
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), SettingError> {
        match find(name) {
            Some(info) => self.section(info.scope).set(name, text),
            None => unknown(name),
        }
    }

    /// Whether all of them go together.
    ///
    /// # Errors
    /// The first ones that do not.
    pub fn check(&self) -> Result<(), SettingError> {
        self.program.check()?;
        self.stream.check()?;
        self.analysis.check()?;
        self.view.check()?;
        self.instruments.check()
    }
}

fn unknown<T>(name: &str) -> Result<T, SettingError> {
    Err(SettingError::Unknown {
        name: name.to_owned(),
    })
}
