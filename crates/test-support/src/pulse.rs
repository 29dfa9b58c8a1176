//! A private PulseAudio server with null sinks: a real capture device on a machine without sound.
//!
//! Never touches the user's own server or settings: everything lies in a temporary directory, and dropping the
//! server ends it. Where PulseAudio is not installed, the one is taken that `cargo xtask setup` unpacks in the cache.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cache;
use crate::skip::Reason;

/// How long the server and its programs may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// A null sink: what is played into it can be recorded from `NAME.monitor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NullSink {
    /// Name of the sink.
    pub name: String,
    /// Number of channels.
    pub channels: u32,
    /// Sampling rate in Hz.
    pub rate: u32,
}

impl NullSink {
    /// A sink of that name, channel count and rate.
    pub fn new(name: &str, channels: u32, rate: u32) -> Self {
        Self {
            name: name.to_owned(),
            channels,
            rate,
        }
    }

    fn arguments(&self) -> String {
        format!(
            "sink_name={} channels={} rate={}",
            self.name, self.channels, self.rate
        )
    }
}

/// A running server. Programs reach it with the variables of [`PulseServer::env`].
#[derive(Debug)]
pub struct PulseServer {
    dir: TempDir,
    child: Child,
    programs: Programs,
}

impl PulseServer {
    /// Starts a server with these sinks and waits until it answers. The first sink is the default one, its monitor
    /// the default recording device.
    ///
    /// # Errors
    /// There is no PulseAudio here: the reason to leave the test out.
    ///
    /// # Panics
    /// The server is there and does not start or answer; the words hold what it said.
    #[track_caller]
    pub fn start(sinks: &[NullSink]) -> Result<Self, Reason> {
        let programs = Programs::find().ok_or(Reason::SoundServer)?;
        Ok(Self::start_with(programs, sinks).unwrap_or_else(|error| panic!("{error}")))
    }

    fn start_with(programs: Programs, sinks: &[NullSink]) -> io::Result<Self> {
        let dir = TempDir::with_prefix("soundfall-pulse-")?;
        std::fs::create_dir(dir.path().join("pulse"))?;
        let log = std::fs::File::create(dir.path().join("log"))?;
        let mut command = programs.command("pulseaudio");
        command
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1"])
            .args([
                "--use-pid-file=no",
                "--disable-shm=yes",
                "--high-priority=no",
                "--realtime=no",
            ])
            .args(["--log-target=stderr", "--log-level=warning"])
            .arg("-L")
            .arg(format!(
                "module-native-protocol-unix auth-anonymous=1 socket={}",
                dir.path().join("pulse/native").display()
            ));
        for sink in sinks {
            command
                .arg("-L")
                .arg(format!("module-null-sink {}", sink.arguments()));
        }
        command
            .envs(env_of(dir.path(), &programs))
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("DISPLAY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn()?;
        let mut server = Self {
            dir,
            child,
            programs,
        };
        let start = Instant::now();
        loop {
            if let Some(status) = server.child.try_wait()? {
                return Err(io::Error::other(format!(
                    "pulseaudio ended ({status}): {}",
                    server.log()
                )));
            }
            if server.pactl(&["info"]).is_ok() {
                break;
            }
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other(format!(
                    "pulseaudio does not answer: {}",
                    server.log()
                )));
            }
            thread::sleep(Duration::from_millis(50));
        }
        if let Some(sink) = sinks.first() {
            server.pactl(&["set-default-sink", &sink.name])?;
            server.pactl(&["set-default-source", &format!("{}.monitor", sink.name)])?;
        }
        Ok(server)
    }

    /// The variables that lead a program to this server and keep it away from the user's settings.
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        env_of(self.dir.path(), &self.programs)
    }

    /// Path of the server's socket.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("pulse/native")
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Starts to play a WAV file into a sink (`None`: the default one). The caller waits for or kills the child.
    ///
    /// # Errors
    /// The program `paplay` is missing.
    pub fn play(&self, wav: &Path, sink: Option<&str>) -> io::Result<Child> {
        let mut command = self.programs.command("paplay");
        if let Some(sink) = sink {
            command.arg(format!("--device={sink}"));
        }
        command
            .arg(wav)
            .envs(self.env())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    }

    /// Plugs a sink in and returns the number by which it is unplugged.
    ///
    /// # Errors
    /// The server refused.
    pub fn plug(&self, sink: &NullSink) -> io::Result<u32> {
        let output = self.pactl(&["load-module", "module-null-sink", &sink.arguments()])?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        text.parse()
            .map_err(|_| io::Error::other(format!("pactl said «{text}» instead of a number")))
    }

    /// Unplugs what [`PulseServer::plug`] plugged in.
    ///
    /// # Errors
    /// The server refused.
    pub fn unplug(&self, module: u32) -> io::Result<()> {
        self.pactl(&["unload-module", &module.to_string()])
            .map(drop)
    }

    /// Runs `pactl` with these arguments.
    ///
    /// # Errors
    /// The program is missing or says no.
    pub fn pactl(&self, arguments: &[&str]) -> io::Result<Output> {
        let output = self
            .programs
            .command("pactl")
            .args(arguments)
            .envs(self.env())
            .stdin(Stdio::null())
            .output()?;
        if output.status.success() {
            Ok(output)
        } else {
            Err(io::Error::other(format!(
                "pactl {arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            )))
        }
    }
}

impl Drop for PulseServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Where the programs `pulseaudio`, `pactl` and `paplay` are.
#[derive(Debug)]
enum Programs {
    /// Installed, on the path.
    OnPath,
    /// In this folder: scripts that start what setup has unpacked beside them.
    Unpacked(PathBuf),
}

impl Programs {
    fn find() -> Option<Self> {
        Self::among(
            &env::var_os("PATH").unwrap_or_default(),
            cache::folder().join("pulseaudio/bin"),
        )
    }

    fn among(path: &OsStr, unpacked: PathBuf) -> Option<Self> {
        let all_in = |folder: &Path| {
            ["pulseaudio", "pactl", "paplay"]
                .iter()
                .all(|name| folder.join(name).is_file())
        };
        if env::split_paths(path).any(|folder| all_in(&folder)) {
            Some(Self::OnPath)
        } else {
            all_in(&unpacked).then_some(Self::Unpacked(unpacked))
        }
    }

    fn command(&self, name: &str) -> Command {
        match self {
            Self::OnPath => Command::new(name),
            Self::Unpacked(folder) => Command::new(folder.join(name)),
        }
    }
}

fn env_of(dir: &Path, programs: &Programs) -> Vec<(&'static str, OsString)> {
    let mut server = OsString::from("unix:");
    server.push(dir.join("pulse/native"));
    let mut variables = vec![
        ("XDG_RUNTIME_DIR", dir.as_os_str().to_owned()),
        ("PULSE_RUNTIME_PATH", dir.join("pulse").into_os_string()),
        ("PULSE_SERVER", server),
        ("PULSE_COOKIE", dir.join("cookie").into_os_string()),
        ("XDG_CONFIG_HOME", dir.as_os_str().to_owned()),
        ("HOME", dir.as_os_str().to_owned()),
    ];
    if let Programs::Unpacked(folder) = programs {
        // So that tests find `pactl` by its name.
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(folder.clone()).chain(env::split_paths(&path));
        variables.extend(env::join_paths(folders).ok().map(|path| ("PATH", path)));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;
    use std::fs;

    #[test]
    fn an_installed_server_goes_first_and_half_a_one_is_none() {
        let place = Place::new();
        let folder = |name: &str, programs: &[&str]| {
            let folder = place.path(name);
            fs::create_dir(&folder).unwrap();
            for program in programs {
                fs::write(folder.join(program), "").unwrap();
            }
            folder
        };
        let all = ["pulseaudio", "pactl", "paplay"];
        let (whole, half) = (folder("whole", &all), folder("half", &all[1..]));
        let among =
            |path: &Path, unpacked: &Path| Programs::among(path.as_os_str(), unpacked.to_owned());
        assert!(matches!(among(&whole, &whole), Some(Programs::OnPath)));
        assert!(matches!(
            among(&half, &whole),
            Some(Programs::Unpacked(folder)) if folder == whole
        ));
        assert!(among(&half, &half).is_none());
    }
}
