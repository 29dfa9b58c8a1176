//! What is written from the table: `docs/settings.md` and `web/public/settings.js`. The tests compare;
//! with `SOUNDFALL_BLESS=1`, as `cargo xtask docs` sets it, they write.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use soundfall_capture::Signal;
use soundfall_dsp::{colormap::Colormap, instruments::Instrument, scale::Scale, window::Window};
use soundfall_settings::{
    AnalysisSettings, Info, Kind, Scope, SettingsTable, ViewSettings, all, find,
    keys::{GESTURES, SHORTCUTS},
    page::LINK_OPTIONS,
};

/// Compares a file of the repository with what it should hold, or writes it.
#[track_caller]
fn expect_file(path: &str, wanted: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if std::env::var_os("SOUNDFALL_BLESS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, wanted).unwrap();
        return;
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == wanted,
        "{path} is not what the table says: run `cargo xtask docs`"
    );
}

#[test]
fn the_reference_page_is_up_to_date() {
    expect_file("docs/settings.md", &reference());
}

#[test]
fn the_page_s_javascript_is_up_to_date() {
    expect_file("web/public/settings.js", &javascript());
}

fn title(scope: Scope) -> &'static str {
    match scope {
        Scope::Program => "Program",
        Scope::Stream => "Stream",
        Scope::Analysis => "Analysis",
        Scope::View => "View",
        Scope::Instruments => "Instruments of a view",
    }
}

/// A cell of a table: no bars, no line breaks.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn reference() -> String {
    let mut page = String::from(
        "# Settings\n\n\
         Made from the table in `crates/settings` by `cargo xtask docs`; edit that.\n\n\
         Every setting has one name, wherever it is given: on the command line (`--span 20`), in a link to\n\
         the page (`?span=20`), as a change while it runs (`--change 3:span=20`, in a link `change=3:span=20`),\n\
         in the panel, in a file. What is refused in one place is refused in all, in the same words. The last\n\
         column says what a change takes: `redraw` draws what is there anew, `rows` analyses anew (the old\n\
         picture stays until the new one is there).\n\n\
         With several views an address says whose setting is meant: `view[1].span`, `view[1].hop` (of the\n\
         analysis that the view shows), `analysis[0].hop`; without one it is that of the focused view.\n",
    );
    for scope in [
        Scope::Stream,
        Scope::Analysis,
        Scope::View,
        Scope::Instruments,
        Scope::Program,
    ] {
        let _ = write!(
            page,
            "\n## {}\n\n| name | what | values | default | a change takes |\n|---|---|---|---|---|\n",
            title(scope)
        );
        for info in all().filter(|info| info.scope == scope) {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} | {} |",
                info.name,
                cell(info.help),
                cell(&values(info)),
                cell(&default(info)),
                info.cost.words()
            );
        }
    }
    let rules = AnalysisSettings::RULES.iter().chain(ViewSettings::RULES);
    for rule in rules {
        let number = find(rule.lower).unwrap().kind.number().unwrap();
        let distance = format!("{} {}", rule.distance, number.unit.of_difference());
        let _ = write!(
            page,
            "\n`{}` is at least {distance} above `{}`.",
            rule.upper, rule.lower
        );
    }
    page += "\n";
    let lists: [(&str, &[&str], &[&str]); 5] = [
        ("Windows", &Window::NAMES, &Window::HELP),
        ("Frequency scales", &Scale::NAMES, &Scale::HELP),
        ("Colormaps", &Colormap::NAMES, &Colormap::HELP),
        ("Instruments", &Instrument::NAMES, &Instrument::HELP),
        ("Built-in signals", &Signal::NAMES, &Signal::HELP),
    ];
    for (title, names, help) in lists {
        let _ = write!(page, "\n## {title}\n\n| name | what |\n|---|---|\n");
        for (name, help) in names.iter().zip(help) {
            let _ = writeln!(page, "| `{name}` | {} |", cell(help));
        }
    }
    page += "\n## Keys\n\n| key | does | action |\n|---|---|---|\n";
    for shortcut in SHORTCUTS {
        let keys: Vec<String> = shortcut.keys().map(code).collect();
        let _ = writeln!(
            page,
            "| {} | {} | `{}` |",
            keys.join(" "),
            shortcut.help,
            shortcut.name
        );
    }
    page += "\n## Hands\n\n| on the picture | does |\n|---|---|\n";
    for gesture in GESTURES {
        let _ = writeln!(page, "| {} | {} |", gesture.hand, gesture.help);
    }
    page += "\n## In a link only\n\n| name | does |\n|---|---|\n";
    for (name, help) in LINK_OPTIONS {
        let _ = writeln!(page, "| `{name}` | {help} |");
    }
    page
}

fn values(info: &Info) -> String {
    match info.kind.inner() {
        Kind::OneOf(_) | Kind::SomeOf(_) => {
            let names = info.kind.inner().range();
            let names = names.split([',', ';']).map(|name| code(name.trim()));
            names.collect::<Vec<_>>().join(" ")
        }
        Kind::Channels(_) => "like `1,3-5`".to_owned(),
        kind => kind.range(),
    }
}

fn default(info: &Info) -> String {
    match info.kind {
        Kind::Optional(unset, _) => format!("`{}`: {}", unset.word, unset.meaning),
        Kind::Channels(most) => format!("all of the source, up to {most}"),
        _ => code(&info.default_text()),
    }
}

fn javascript() -> String {
    let mut script = String::from(
        "// What can be set, listed and pressed: names, ranges, defaults. Made from the table in\n\
         // crates/settings by `cargo xtask docs`; edit that.\n",
    );
    let settings: Vec<_> = all().map(|info| (info.name, setting(info))).collect();
    object(
        &mut script,
        "SETTINGS",
        "Every setting by its name. `expected` is the sentence that refuses, `unset` a word for no value.",
        &settings,
    );
    let signals: Vec<Value> = Signal::MENU
        .iter()
        .map(|(signal, title)| json!([signal.to_string(), title]))
        .collect();
    list(
        &mut script,
        "SIGNALS",
        "The built-in signals as a menu offers them: value and label.",
        &signals,
    );
    let keys: Vec<_> = SHORTCUTS
        .iter()
        .map(|shortcut| (shortcut.name, json!(shortcut.key).to_string()))
        .collect();
    object(
        &mut script,
        "KEYS",
        "Keys by the names of their actions.",
        &keys,
    );
    script
}

/// The fields of a setting, as JavaScript.
fn setting(info: &Info) -> String {
    let mut fields = vec![("scope", json!(info.scope.name()))];
    match info.kind.inner() {
        Kind::Number(number) => {
            fields.push(("min", json_number(number.min)));
            fields.push(("max", json_number(number.max)));
            fields.push(("whole", json!(number.whole)));
            fields.push(("unit", json!(number.unit.symbol())));
        }
        Kind::OneOf(names) | Kind::SomeOf(names) => fields.push(("names", json!(names.names))),
        _ => {}
    }
    if let Kind::Optional(unset, _) = info.kind {
        fields.push(("unset", json!(unset.word)));
    }
    fields.push(("default", json!(info.default_text())));
    fields.push(("expected", json!(info.kind.expected())));
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    format!("{{ {} }}", fields.join(", "))
}

/// Whole numbers without a point.
fn json_number(number: f64) -> Value {
    if number.fract() == 0.0 {
        json!(number as i64)
    } else {
        json!(number)
    }
}

fn object(script: &mut String, name: &str, what: &str, entries: &[(&str, String)]) {
    let _ = writeln!(script, "\n/** {what} */\nexport const {name} = {{");
    for (key, value) in entries {
        let _ = writeln!(script, "  {}: {value},", json!(key));
    }
    script.push_str("};\n");
}

fn list(script: &mut String, name: &str, what: &str, entries: &[Value]) {
    let _ = writeln!(script, "\n/** {what} */\nexport const {name} = [");
    for value in entries {
        let _ = writeln!(script, "  {value},");
    }
    script.push_str("];\n");
}
