//! What an installation would do to the machine, read from apt's simulation of it, and what of
//! it is done: nothing that removes a package.
//!
//! Never starts anything.

use anyhow::{Result, bail};

/// What apt would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Packages that are not installed now.
    pub(super) new: Vec<String>,
    /// Installed packages that would get another version, as `NAME (OLD → NEW)`.
    pub(super) changed: Vec<String>,
    /// Installed packages that would go.
    pub(super) removed: Vec<String>,
}

impl Plan {
    /// Reads what `apt-get --simulate install` printed.
    pub(super) fn read(simulation: &str) -> Self {
        let mut plan = Self::default();
        for line in simulation.lines() {
            let mut words = line.split_whitespace();
            let (Some(what), Some(name)) = (words.next(), words.next()) else {
                continue;
            };
            match (what, words.next()) {
                ("Inst", Some(old)) if old.starts_with('[') => {
                    let old = old.trim_matches(['[', ']']);
                    let new = words.next().unwrap_or("?").trim_matches('(');
                    plan.changed.push(format!("{name} ({old} → {new})"));
                }
                ("Inst", _) => plan.new.push(name.to_owned()),
                ("Remv" | "Purg", _) => plan.removed.push(name.to_owned()),
                _ => {}
            }
        }
        plan
    }

    /// The names of all that would be fetched.
    pub(super) fn fetched(&self) -> impl Iterator<Item = &str> {
        let name = |package: &'_ String| package.find(" (").unwrap_or(package.len());
        let changed = self
            .changed
            .iter()
            .map(move |package| &package[..name(package)]);
        self.new.iter().map(String::as_str).chain(changed)
    }

    /// Lines for the user who is to agree.
    pub(super) fn words(&self) -> String {
        let mut text = format!(
            "setup: will install {} package(s): {}\n",
            self.new.len(),
            self.new.join(" ")
        );
        if !self.changed.is_empty() {
            text += &format!("setup: will change: {}\n", self.changed.join(", "));
        }
        text + "setup: nothing is removed"
    }
}

/// What is installed, and what is not because it would remove something.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice<'a> {
    /// To be installed together.
    pub(super) packages: Vec<&'a str>,
    /// What that does.
    pub(super) plan: Plan,
    /// Left alone, each with what it would remove.
    pub(super) refused: Vec<(&'a str, Vec<String>)>,
}

/// Chooses of `packages` those that remove nothing.
pub(super) fn harmless<'a>(
    packages: &[&'a str],
    mut simulate: impl FnMut(&[&'a str]) -> Result<Plan>,
) -> Result<Choice<'a>> {
    let mut choice = Choice {
        packages: packages.to_vec(),
        plan: simulate(packages)?,
        refused: Vec::new(),
    };
    if choice.plan.removed.is_empty() {
        return Ok(choice);
    }
    choice.packages.clear();
    for package in packages {
        let plan = simulate(&[package])?;
        if plan.removed.is_empty() {
            choice.packages.push(package);
        } else {
            choice.refused.push((package, plan.removed));
        }
    }
    choice.plan = match &choice.packages[..] {
        [] => Plan::default(),
        packages => simulate(packages)?,
    };
    if !choice.plan.removed.is_empty() {
        bail!(
            "{} cannot be installed together without removing {}; nothing was changed",
            choice.packages.join(" "),
            choice.plan.removed.join(" ")
        );
    }
    Ok(choice)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    /// What Debian 12 with PipeWire's packages says to `apt-get --simulate install pulseaudio`.
    const OVER_PIPEWIRE: &str = "\
Reading package lists...
The following packages will be REMOVED:
  pipewire-alsa pipewire-audio
Remv pipewire-audio [0.3.65-3+deb12u1]
Remv pipewire-alsa [0.3.65-3+deb12u1]
Inst libltdl7 (2.4.7-7~deb12u1 Debian:12.15/oldstable [amd64])
Inst libudev1 [252.38-1] (252.39-1~deb12u2 Debian:12.15/oldstable [amd64]) []
Inst pulseaudio (16.1+dfsg1-2+b1 Debian:12.15/oldstable [amd64])
Conf pulseaudio (16.1+dfsg1-2+b1 Debian:12.15/oldstable [amd64])
";

    #[test]
    fn a_simulation_is_read() {
        let plan = Plan::read(OVER_PIPEWIRE);
        assert_eq!(plan.new, ["libltdl7", "pulseaudio"]);
        assert_eq!(plan.changed, ["libudev1 (252.38-1 → 252.39-1~deb12u2)"]);
        assert_eq!(plan.removed, ["pipewire-audio", "pipewire-alsa"]);
        let fetched: Vec<&str> = plan.fetched().collect();
        assert_eq!(fetched, ["libltdl7", "pulseaudio", "libudev1"]);
        assert_eq!(Plan::read("0 upgraded, 0 newly installed"), Plan::default());
    }

    #[test]
    fn the_user_is_told_everything_that_changes() {
        let plan = Plan {
            removed: Vec::new(),
            ..Plan::read(OVER_PIPEWIRE)
        };
        let words = plan.words();
        for word in ["2 package(s): libltdl7 pulseaudio", "libudev1 (252.38-1 →"] {
            assert!(words.contains(word), "{words}");
        }
    }

    /// A machine on which `pulseaudio` would remove PipeWire's packages.
    fn with_pipewire(packages: &[&str]) -> Result<Plan> {
        let clash = packages.contains(&"pulseaudio");
        Ok(Plan {
            new: packages.iter().map(|name| (*name).to_owned()).collect(),
            removed: clash
                .then(|| "pipewire-audio".to_owned())
                .into_iter()
                .collect(),
            ..Plan::default()
        })
    }

    #[test]
    fn what_would_remove_something_is_left_alone_and_the_rest_is_not() {
        let choice = harmless(&["flac", "pulseaudio", "xvfb"], with_pipewire).unwrap();
        assert_eq!(choice.packages, ["flac", "xvfb"]);
        assert!(choice.plan.removed.is_empty());
        let removed = vec!["pipewire-audio".to_owned()];
        assert_eq!(choice.refused, [("pulseaudio", removed)]);

        let alone = harmless(&["pulseaudio"], with_pipewire).unwrap();
        assert_eq!((alone.packages, alone.plan), (vec![], Plan::default()));
    }

    #[test]
    fn without_a_clash_all_are_taken_at_once() {
        let mut asked = 0;
        let choice = harmless(&["flac", "xvfb"], |packages| {
            asked += 1;
            with_pipewire(packages)
        });
        assert_eq!(choice.unwrap().packages, ["flac", "xvfb"]);
        assert_eq!(asked, 1);
    }

    /// Two that only together remove something: neither is taken.
    #[test]
    fn a_clash_of_several_is_an_error() {
        let error = harmless(&["a", "b"], |packages| {
            Ok(Plan {
                removed: vec!["c".to_owned(); packages.len() - 1],
                ..Plan::default()
            })
        });
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains("without removing c; nothing was changed"),
            "{text}"
        );
    }
}
