//! Options made from the table of settings: name, help, range, default and check of each stand
//! there, not here.

use std::marker::PhantomData;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, parser::ValueSource};
use soundfall_settings::{Info, Kind, SettingError, Settings, all, find};

/// Which settings a command takes.
pub trait Choice {
    /// Whether this is one of them.
    fn wanted(info: &Info) -> bool;

    /// Adds what only this command knows of the option.
    fn adapt(arg: Arg) -> Arg {
        arg
    }
}

/// The options of those settings, and what they were given.
#[derive(Debug)]
pub struct SettingArgs<C> {
    /// The values; what is not among the options has its default.
    pub settings: Box<Settings>,
    given: Vec<&'static str>,
    choice: PhantomData<C>,
}

impl<C> Clone for SettingArgs<C> {
    fn clone(&self) -> Self {
        Self {
            settings: self.settings.clone(),
            given: self.given.clone(),
            choice: PhantomData,
        }
    }
}

impl<C> SettingArgs<C> {
    /// Whether the user gave it, rather than leaving it at its default.
    pub fn is_given(&self, name: &str) -> bool {
        self.given.contains(&name)
    }
}

impl<C: Choice> Args for SettingArgs<C> {
    fn augment_args(command: Command) -> Command {
        command.args(
            all()
                .filter(|info| C::wanted(info))
                .map(|info| C::adapt(option(info))),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<C: Choice> FromArgMatches for SettingArgs<C> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self {
            settings: Box::default(),
            given: Vec::new(),
            choice: PhantomData,
        };
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for info in all().filter(|info| C::wanted(info)) {
            if let Some(text) = matches.get_one::<String>(info.name) {
                let set = self.settings.set(info.name, text);
                set.map_err(|error| {
                    clap::Error::raw(clap::error::ErrorKind::ValueValidation, error)
                })?;
            }
            if matches.value_source(info.name) == Some(ValueSource::CommandLine) {
                self.given.push(info.name);
            }
        }
        Ok(())
    }
}

/// The option of a setting.
fn option(info: &'static Info) -> Arg {
    let arg = Arg::new(info.name)
        .long(info.name)
        .help(info.help_with_range())
        .value_name(info.kind.value_name())
        .value_parser(move |text: &str| parse(info, text));
    let arg = match info.kind.inner() {
        Kind::Flag => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("on"),
        Kind::Number(number) if number.min < 0.0 => arg.allow_hyphen_values(true),
        Kind::Number(_) => arg.allow_negative_numbers(true),
        _ => arg,
    };
    match info.fixed_default() {
        Some(default) => arg.default_value(default),
        None => arg,
    }
}

/// The text, where the setting takes it.
fn parse(info: &Info, text: &str) -> Result<String, String> {
    let tried = Settings::default().set(info.name, text);
    tried.map_err(|error| error.reason())?;
    Ok(text.to_owned())
}

/// A parser for an option that is no setting but takes what the setting `name` takes: the value is
/// picked out of the settings it was set in.
pub fn like<T>(
    name: &'static str,
    pick: fn(&Settings) -> Option<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let expected = || find(name).map(|info| info.kind.inner().expected());
        let mut settings = Settings::default();
        let taken = settings.set(name, text).map(|()| pick(&settings));
        match taken {
            Ok(Some(value)) => Ok(value),
            _ => Err(expected().unwrap_or_default()),
        }
    }
}

/// What is wrong with settings that do not go together, as the command line says it.
pub fn usage(error: &SettingError) -> crate::exit::Usage {
    crate::exit::Usage(error.to_string())
}
