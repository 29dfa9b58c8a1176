//! The table: what is declared holds for every setting, and what one way of setting takes all take.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;

use proptest::prelude::*;
use soundfall_settings::{
    Address, AnalysisSettings, Info, InstrumentChoice, Kind, Place, ProgramSettings, Scope,
    SettingError, Settings, SettingsTable, StreamSettings, ViewSettings, all, find, keys,
};

/// A text that the setting takes, other than its default: the largest number, where it is a number
/// that goes with all others.
fn another(info: &Info) -> String {
    let text = match info.name {
        "window" => "kaiser:14",
        "window-size" => "4096",
        "scale" => "bark",
        "min-hz" => "55.5",
        "max-hz" => "8000",
        "db-min" => "-72.5",
        "colormap" => "aurora",
        "channel" => "1,3-5,2",
        "show" => "peaks,coherence",
        "pair" => "3,1",
        "reference" => "2",
        "panel" | "smooth" => "off",
        "overlay" | "reduced-motion" => "on",
        "size" => "640x480",
        "rate" => "96000",
        _ => match info.kind.number() {
            Some(number) => return number.max.to_string(),
            None => panic!("give a text for {}", info.name),
        },
    };
    text.to_owned()
}

#[test]
fn every_setting_is_written_and_read_back() {
    for info in all() {
        let mut settings = Settings::default();
        assert_eq!(settings.get(info.name).unwrap(), info.default_text());
        settings.set(info.name, &another(info)).unwrap();
        assert_eq!(settings.get(info.name).unwrap(), another(info));
        settings.check().unwrap();
        // Nothing else was touched, and the default brings all of it back.
        settings.set(info.name, &info.default_text()).unwrap();
        assert_eq!(settings, Settings::default(), "{}", info.name);
    }
}

#[test]
fn the_defaults_are_in_range_and_go_together() {
    let defaults = Settings::default();
    defaults.check().unwrap();
    for info in all() {
        if let Some(number) = info.kind.number()
            && let Ok(value) = info.default_text().parse::<f64>()
        {
            assert!(number.holds(value), "{}", info.name);
        }
        assert!(
            Settings::default()
                .set(info.name, &info.default_text())
                .is_ok()
        );
        if let Kind::Optional(unset, kind) = info.kind {
            assert_eq!(info.default_text(), unset.word);
            assert!(!matches!(kind, Kind::Optional(..)));
            Settings::default().set(info.name, unset.start).unwrap();
        }
    }
}

#[test]
fn every_setting_is_described() {
    let mut names = HashSet::new();
    for info in all() {
        let name = info.name;
        assert!(names.insert(name), "{name} is there twice");
        assert!(
            name.chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{name}"
        );
        assert!(info.help.ends_with('.'), "{name}: {}", info.help);
        assert_eq!(find(name).unwrap().help, info.help);
        assert!(info.kind.expected().starts_with("give "), "{name}");
        // Every range is said in the help.
        if let Some(number) = info.kind.number() {
            assert!(info.help_with_range().contains(&number.range()), "{name}");
            assert!(number.min < number.max, "{name}");
        }
        if let Kind::OneOf(list) | Kind::SomeOf(list) = info.kind {
            assert_eq!(list.names.len(), list.offered.len());
            assert_eq!(list.names.len(), list.titles.len());
            assert_eq!(list.names.len(), list.help.len());
            for text in list.offered {
                Settings::default().set(name, text).unwrap();
            }
        }
    }
    assert!(names.len() > 20);
}

#[test]
fn what_is_refused_changes_nothing_and_names_the_range() {
    for (name, text, sentence) in [
        ("span", "0", "give 0.00005 to 86400 s"),
        ("span", "86401", "give 0.00005 to 86400 s"),
        ("span", "nan", "give 0.00005 to 86400 s"),
        ("span", "inf", "give 0.00005 to 86400 s"),
        ("span", "", "give 0.00005 to 86400 s"),
        ("span", " 5", "give 0.00005 to 86400 s"),
        ("hop", "0", "give a whole number, 1 to 1000000 frames"),
        ("hop", "-5", "give a whole number, 1 to 1000000 frames"),
        ("hop", "12.5", "give a whole number, 1 to 1000000 frames"),
        (
            "window-size",
            "63",
            "give a whole number, 64 to 32768 frames",
        ),
        ("a4", "379.9", "give 380 to 500 Hz"),
        ("panel", "maybe", "give on or off"),
        (
            "pair",
            "1,1",
            "give two channels from 1 on, like 1,2, or auto",
        ),
        (
            "pair",
            "0,1",
            "give two channels from 1 on, like 1,2, or auto",
        ),
        ("reference", "0", "give a channel from 1 on, or auto"),
        (
            "channel",
            "5-3",
            "give channels from 1 on, like 1,3-5, at most 64",
        ),
        (
            "channel",
            "1-65",
            "give channels from 1 on, like 1,3-5, at most 64",
        ),
        (
            "channel",
            "1-64,1",
            "give channels from 1 on, like 1,3-5, at most 64",
        ),
        (
            "size",
            "12x5000",
            "give WIDTHxHEIGHT in pixels, each 64 to 8192",
        ),
        ("hold-fall", "0", "give 1 to 120 dB/s, or off"),
        (
            "rate",
            "999",
            "give a whole number, 1000 to 768000 Hz, or auto",
        ),
    ] {
        let mut settings = Settings::default();
        let error = settings.set(name, text).unwrap_err();
        assert_eq!(error.reason(), sentence);
        assert_eq!(error.to_string(), format!("{name}={text}: {sentence}"));
        assert_eq!(settings, Settings::default());
    }
    let unknown = Settings::default().set("colormap", "mud").unwrap_err();
    assert!(unknown.reason().contains("mud") && unknown.reason().contains("viridis, plasma"));
    let unknown = Settings::default().set("show", "peeks").unwrap_err();
    assert!(
        unknown.reason().contains("coherence, all, none"),
        "{unknown}"
    );
    let window = Settings::default().set("window", "kaiser:nan").unwrap_err();
    assert!(window.reason().contains("kaiser:14"), "{window}");
    let error = Settings::default().set("sapn", "3").unwrap_err();
    assert_eq!(error.to_string(), "there is no setting `sapn`");
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    for pairs in [
        &[("db-min", "-12"), ("db-max", "-6.5")][..],
        &[("min-hz", "500"), ("max-hz", "500.5")],
        &[("min-hz", "500"), ("max-hz", "400")],
        // Nothing of a logarithmic axis is left above 1 Hz.
        &[("min-hz", "0"), ("max-hz", "1")],
    ] {
        let mut settings = Settings::default();
        for (name, text) in pairs {
            settings.set(name, text).unwrap();
        }
        assert!(settings.check().is_err(), "{pairs:?}");
    }
    let mut settings = Settings::default();
    settings.set("db-min", "-11").unwrap();
    assert_eq!(
        settings.check().unwrap_err().to_string(),
        "db-max=-6 is not at least 6 dB above db-min=-11"
    );
}

#[test]
fn limits_leave_room_for_the_others() {
    let mut view = ViewSettings::default();
    let db_min = ViewSettings::setting("db-min").unwrap();
    let db_max = ViewSettings::setting("db-max").unwrap();
    assert_eq!(view.limits(db_min), Some((-160.0, -12.0)));
    assert_eq!(view.limits(db_max), Some((-84.0, 24.0)));
    view.db_max = 24.0;
    assert_eq!(view.limits(db_min), Some((-160.0, 18.0)));
    let window = AnalysisSettings::setting("window").unwrap();
    assert_eq!(AnalysisSettings::default().limits(window), None);
}

#[test]
fn addresses_are_read_and_written() {
    let read = |text: &str| text.parse::<Address>();
    for (text, place, name) in [
        ("span", Place::Focused, "span"),
        ("view.span", Place::Focused, "span"),
        ("view[0].span", Place::Of(Scope::View, 0), "span"),
        ("view[17].hop", Place::Of(Scope::View, 17), "hop"),
        ("analysis[2].hop", Place::Of(Scope::Analysis, 2), "hop"),
        ("view[1].a4", Place::Of(Scope::View, 1), "a4"),
        ("instruments[1].a4", Place::Of(Scope::Instruments, 1), "a4"),
        ("program.panel", Place::Focused, "panel"),
        ("stream[1].rate", Place::Of(Scope::Stream, 1), "rate"),
    ] {
        let address = read(text).unwrap();
        assert_eq!((address.place, address.info.name), (place, name), "{text}");
        assert_eq!(read(&address.to_string()).unwrap(), address);
    }
    for text in [
        "",
        ".",
        "view",
        "view.",
        "view[1]",
        "view[].span",
        "view[+1].span",
        "view[-1].span",
        "view[1.span",
        "view1].span",
        "view[99999999999999999999].span",
        "View[1].span",
        "stream[0].span",
        "analysis[0].span",
        "view[0].rate",
        "view[0].panel",
        "program[0].panel",
        "view[0][1].span",
        "view[0].view[0].span",
        "sapn",
    ] {
        let error = read(text).unwrap_err();
        assert!(
            matches!(
                error,
                SettingError::Address { .. } | SettingError::Unknown { .. }
            ),
            "{text}"
        );
    }
}

#[test]
fn files_hold_what_the_command_line_takes_and_nothing_else() {
    let view = ViewSettings {
        span_secs: 12.5,
        channels: vec![0, 2, 3],
        ..ViewSettings::default()
    };
    let text = serde_json::to_string(&view).unwrap();
    assert!(
        text.contains(r#""span":12.5,"low":"range","high":"range","db-min":-90.0"#),
        "{text}"
    );
    assert!(text.contains(r#""channel":"1,3-4""#), "{text}");
    assert_eq!(serde_json::from_str::<ViewSettings>(&text).unwrap(), view);
    fn round<S: SettingsTable + serde::Serialize + serde::de::DeserializeOwned + PartialEq>() {
        let text = serde_json::to_string(&S::default()).unwrap();
        assert!(
            serde_json::from_str::<S>(&text).unwrap() == S::default(),
            "{text}"
        );
    }
    round::<ProgramSettings>();
    round::<StreamSettings>();
    round::<AnalysisSettings>();
    round::<InstrumentChoice>();

    let read = |text: &str| serde_json::from_str::<ViewSettings>(text).map_err(|e| e.to_string());
    assert_eq!(read(r#"{"channel":[1,3]}"#).unwrap().channels, [0, 2]);
    assert!(
        read(r#"{"span":0}"#)
            .unwrap_err()
            .starts_with("span=0: give 0.00005 to 86400 s")
    );
    assert!(
        read(r#"{"spam":1}"#)
            .unwrap_err()
            .contains("no setting `spam`")
    );
    assert!(
        read(r#"{"db-min":-8}"#)
            .unwrap_err()
            .contains("not at least 6 dB above")
    );
    assert!(read(r#"{"span":{}}"#).is_err());
    let analysis = serde_json::from_str::<AnalysisSettings>(r#"{"window-size":4096.0}"#);
    assert_eq!(analysis.unwrap().window_size, 4096);
    let program = serde_json::from_str::<ProgramSettings>(r#"{"panel":false}"#);
    assert!(!program.unwrap().panel);
}

#[test]
fn keys_and_actions_are_unique() {
    let keys: HashSet<&str> = keys::SHORTCUTS.iter().map(|one| one.key).collect();
    let names: HashSet<&str> = keys::SHORTCUTS.iter().map(|one| one.name).collect();
    assert_eq!(
        (keys.len(), names.len()),
        (keys::SHORTCUTS.len(), keys::SHORTCUTS.len())
    );
    let hints = keys::hints(|action| action == keys::Action::TogglePanel);
    assert_eq!(hints, "Tab panel");
}

#[test]
fn the_capture_has_the_same_ranges() {
    let number = |name| *find(name).unwrap().kind.number().unwrap();
    assert_eq!(
        number("channels").max,
        f64::from(soundfall_capture::MAX_CHANNELS)
    );
    assert_eq!(number("rate").min, f64::from(soundfall_capture::MIN_RATE));
    assert_eq!(number("rate").max, f64::from(soundfall_capture::MAX_RATE));
    let speed = |speed| {
        let source = soundfall_capture::SourceSpec::File {
            path: "x".into(),
            looped: false,
            speed,
        };
        soundfall_capture::CaptureConfig::new(source)
            .validate()
            .is_ok()
    };
    let range = number("speed");
    assert!(speed(range.min) && speed(range.max));
    assert!(!speed(range.min * 0.99) && !speed(range.max * 1.01));
}

proptest! {
    /// Whatever is taken is in range, is written as a text that gives the same value, and leaves
    /// everything else alone; numbers are taken exactly where the range says.
    #[test]
    fn any_text_is_taken_or_refused(
        which in 0..all().count(),
        text in prop_oneof![
            any::<f64>().prop_map(|x| x.to_string()),
            (-200.0..5000.0f64).prop_map(|x| x.to_string()),
            any::<i32>().prop_map(|x| x.to_string()),
            "[0-9,x:.-]{0,8}",
            "[a-z:,-]{0,12}",
            any::<String>(),
        ],
    ) {
        let info = all().nth(which).unwrap();
        let mut settings = Settings::default();
        let taken = settings.set(info.name, &text);
        if let Kind::Number(number) = info.kind {
            let value: Option<f64> = if number.whole {
                text.parse::<u64>().ok().map(|value| value as f64)
            } else {
                text.parse().ok()
            };
            prop_assert_eq!(taken.is_ok(), value.is_some_and(|value| number.holds(value)));
        }
        if taken.is_ok() {
            let written = settings.get(info.name).unwrap();
            let mut again = Settings::default();
            again.set(info.name, &written).unwrap();
            prop_assert_eq!(&again, &settings);
        } else {
            prop_assert_eq!(settings, Settings::default());
        }
    }

    /// No text makes an address panic, and what is read is written as the same address.
    #[test]
    fn any_address_is_read_or_refused(text in "[a-z]{0,8}(\\[[0-9]{0,3}\\])?\\.?[a-z-]{0,8}") {
        if let Ok(address) = text.parse::<Address>() {
            prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
        }
    }
}
