//! Options of the two long programs, `soak` and `stress`: `--NAME VALUE`, each once.
//!
//! Knows no defaults.

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(Vec<(String, String)>);

impl Options {
    /// Reads options of these names; `Err` is one line about what is wrong.
    pub fn read(args: impl Iterator<Item = String>, names: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut args = args;
        while let Some(name) = args.next() {
            if !names.contains(&name.as_str()) {
                return Err(format!("no option {name}"));
            }
            if options.get(&name).is_some() {
                return Err(format!("{name} is given twice"));
            }
            let value = args.next().ok_or_else(|| format!("{name} wants a value"))?;
            options.0.push((name, value));
        }
        Ok(options)
    }

    /// The value of an option, if it was given.
    pub fn get(&self, name: &str) -> Option<&str> {
        let option = self.0.iter().find(|(given, _)| given == name);
        option.map(|(_, value)| value.as_str())
    }

    /// `--minutes`, above 0 and at most a week; `default` where it was not given.
    pub fn minutes(&self, default: f64) -> Result<f64, String> {
        let Some(text) = self.get("--minutes") else {
            return Ok(default);
        };
        text.parse()
            .ok()
            .filter(|minutes: &f64| *minutes > 0.0 && *minutes <= 10_080.0)
            .ok_or_else(|| format!("--minutes {text}: give minutes from 0 to 10080"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Options, String> {
        let names = ["--minutes", "--csv"];
        Options::read(text.split_whitespace().map(str::to_owned), &names)
    }

    #[test]
    fn what_is_given_is_read_and_what_is_wrong_is_said() {
        let options = read("--csv a.csv --minutes 2.5").unwrap();
        assert_eq!(
            (options.get("--csv"), options.minutes(1.0)),
            (Some("a.csv"), Ok(2.5))
        );
        assert_eq!(read("").unwrap().minutes(60.0), Ok(60.0));
        for text in ["--minute 3", "3", "--csv", "--csv a --csv b"] {
            assert!(read(text).is_err(), "{text}");
        }
        for text in ["0", "-1", "nan", "inf", "x", "10081"] {
            let options = read(&format!("--minutes {text}")).unwrap();
            assert!(options.minutes(1.0).is_err(), "{text}");
        }
    }
}
