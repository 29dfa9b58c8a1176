//! Command line, link and `--change` take the same settings and the same values, and refuse in the
//! same words.

use clap::{CommandFactory, Parser};
use proptest::prelude::*;
use soundfall_settings::{Info, Kind, Scope, SettingError, Settings, all, find};

use crate::changes::Change;
use crate::cli::{Command, CommandLine};
use crate::web::params::Params;

/// What one way of setting makes of a value: the settings afterwards, or the message of the refusal.
type Taken = Result<Settings, String>;

/// Whether the setting is an option of `soundfall live`, and what it needs beside it.
fn needs(info: &Info) -> &'static [&'static str] {
    match info.name {
        "speed" => &["--file", "a.wav"],
        _ => &[],
    }
}

fn command_line(info: &Info, text: &str) -> Taken {
    let option = format!("--{}={text}", info.name);
    let words = ["soundfall", "live"]
        .into_iter()
        .chain(needs(info).iter().copied());
    let line = CommandLine::try_parse_from(words.chain([option.as_str()]))
        .map_err(|error| error.to_string())?;
    let Command::Live(live) = line.into_command() else {
        return Err("another command".to_owned());
    };
    let mut settings = (*live.view.settings).clone();
    settings.stream = live.source.stream().clone();
    settings.program.seconds = live.run.end.settings.program.seconds;
    live.view.check(None).map_err(|error| error.to_string())?;
    Ok(settings)
}

fn link(info: &Info, text: &str) -> Taken {
    let params = Params::read([(info.name, text)]).map_err(|error| error.to_string())?;
    Ok(params.settings)
}

fn change(info: &Info, text: &str) -> Taken {
    let change: Change = format!("1:{}={text}", info.name)
        .parse()
        .map_err(|error: crate::changes::ChangeError| error.to_string())?;
    let mut settings = Settings::default();
    change
        .make(&mut settings)
        .map_err(|error| error.to_string())?;
    settings.check().map_err(|error| error.to_string())?;
    Ok(settings)
}

/// What the table itself makes of it.
fn table(info: &Info, text: &str) -> Result<Settings, SettingError> {
    let mut settings = Settings::default();
    settings.set(info.name, text)?;
    settings.check()?;
    Ok(settings)
}

#[track_caller]
fn same_everywhere(info: &Info, text: &str) {
    let wanted = table(info, text);
    let name = info.name;
    let mut ways = vec![
        ("command line", command_line(info, text)),
        ("link", link(info, text)),
    ];
    if info.is_live() {
        ways.push(("change", change(info, text)));
    }
    for (way, taken) in ways {
        match (&wanted, taken) {
            (Ok(wanted), Ok(taken)) => assert_eq!(*wanted, taken, "{way}: {name}={text:?}"),
            (Err(error), Err(words)) => assert!(
                words.contains(&error.reason()),
                "{way}: {name}={text:?}: {words:?} does not say {:?}",
                error.reason()
            ),
            (wanted, taken) => panic!("{way}: {name}={text:?}: {wanted:?} and {taken:?}"),
        }
    }
}

/// Texts at the ends of the range and beyond, and of other kinds.
fn texts(info: &Info) -> Vec<String> {
    let mut texts: Vec<String> = [
        "0",
        "1",
        "-1",
        "x",
        "1,2",
        "2,1",
        "3-1",
        "1-3",
        "nan",
        "inf",
        "-inf",
        "on",
        "off",
        "auto",
        "never",
        "all",
        "none",
        "1e3",
        "640x480",
        "64X64",
        "kaiser:3",
        "erb",
        "hold,peaks",
        "0.5",
        "99999999999999999999",
    ]
    .map(str::to_owned)
    .into();
    if let Some(number) = info.kind.number() {
        let step = if number.whole { 1.0 } else { 0.001 };
        for end in [number.min, number.max] {
            texts.extend([end - step, end, end + step].map(|value| value.to_string()));
        }
    }
    if let Kind::OneOf(names) | Kind::SomeOf(names) = info.kind {
        texts.extend(names.offered.iter().map(|name| (*name).to_owned()));
    }
    texts.push(info.default_text());
    texts
}

#[test]
fn every_setting_is_reached_everywhere_and_taken_or_refused_alike() {
    for info in all() {
        for text in texts(info) {
            same_everywhere(info, &text);
        }
    }
}

#[test]
fn every_setting_stands_in_the_help_with_its_range() {
    let mut command = CommandLine::command();
    let live = command
        .find_subcommand_mut("live")
        .map(clap::Command::render_long_help);
    // Long lines are wrapped.
    let help = live.map(|help| help.to_string()).unwrap_or_default();
    let help: Vec<&str> = help.split_whitespace().collect();
    let help = help.join(" ");
    for info in all() {
        assert!(help.contains(&format!("--{}", info.name)), "{}", info.name);
        let words = info.help_with_range();
        assert!(help.contains(&words), "{words}: {help}");
        if let Some(default) = info.fixed_default() {
            assert!(
                help.contains(&format!("[default: {default}]")),
                "{}",
                info.name
            );
        }
    }
}

#[test]
fn what_is_settled_at_the_start_is_no_change() {
    for info in all().filter(|info| !info.is_live()) {
        let refused = change(info, &info.default_text());
        assert!(refused.is_err_and(|words| words.contains("cannot be changed while it runs")));
    }
    assert!(
        all()
            .filter(|info| info.scope == Scope::View)
            .all(Info::is_live)
    );
}

#[test]
fn options_that_take_what_a_setting_takes_have_its_range() {
    let refused = |words: &[&str]| {
        let line = CommandLine::try_parse_from(["soundfall"].iter().chain(words));
        line.err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    let expected = |name| {
        find(name)
            .map(|info| info.kind.expected())
            .unwrap_or_default()
    };
    for (words, name) in [
        (["peaks", "a.wav", "--a4=300"], "a4"),
        (["peaks", "a.wav", "--hop=0"], "hop"),
        (["peaks", "a.wav", "--threshold=-200"], "db-min"),
        (["measure", "a.wav", "--max-hz=1e6"], "max-hz"),
        (["stft", "a.wav", "--channel=0"], "channel"),
        (["capture", "--signal=sine", "--channels=300"], "channels"),
    ] {
        let said = refused(&words);
        assert!(said.contains(&expected(name)), "{words:?}: {said}");
    }
    let said = refused(&["measure", "a.wav", "--pair=1,1"]);
    assert!(
        said.contains("give two channels from 1 on, like 1,2"),
        "{said}"
    );
}

proptest! {
    #[test]
    fn any_value_is_taken_by_all_or_by_none(
        which in 0..all().count(),
        text in prop_oneof![
            any::<f64>().prop_map(|x| x.to_string()),
            (-200.0..5000.0f64).prop_map(|x| x.to_string()),
            any::<i32>().prop_map(|x| x.to_string()),
            "[0-9,x:.-]{0,8}",
            "[a-z:,-]{1,12}",
        ],
    ) {
        if let Some(info) = all().nth(which) {
            same_everywhere(info, &text);
        }
    }
}
