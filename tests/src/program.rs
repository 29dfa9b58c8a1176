//! The built `soundfall` as a process: arguments in, an [`Outcome`] out.
//!
//! Every process gets its own runtime, config and home folder, its own place for a ring, and no
//! display of the user. A watchdog kills one that hangs; no test measures time by it.

use crate::outcome::Outcome;
use crate::place::Place;
use soundfall_ring_file::RING_FILE_NAME;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// After this long a process hangs.
const WATCHDOG: Duration = Duration::from_secs(600);

/// Variables that would let the user's session into a test.
const OF_THE_SESSION: &[&str] = &[
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "WAYLAND_SOCKET",
    "PULSE_SERVER",
    "PIPEWIRE_REMOTE",
    "RUST_LOG",
    "RUST_BACKTRACE",
];

/// The program to test: `SOUNDFALL_BIN`, else where it was built, beside the tests.
pub fn program_path() -> PathBuf {
    if let Some(path) = std::env::var_os("SOUNDFALL_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the path of this test");
    let name = format!("soundfall{}", std::env::consts::EXE_SUFFIX);
    // Tests run from target/debug/deps, documentation tests from elsewhere.
    let path = test
        .ancestors()
        .skip(2)
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file());
    path.unwrap_or_else(|| {
        panic!(
            "no program {name} beside {}: build it first (cargo build -p soundfall)",
            test.display()
        )
    })
}

/// A process to be started.
#[derive(Debug)]
pub struct Program {
    command: Command,
    home: Place,
}

impl Program {
    /// `soundfall ARGS`.
    pub fn new<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Self {
        Self::other(program_path(), args)
    }

    /// Another program, in the same surroundings.
    pub fn other<S: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        let home = Place::new();
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::null())
            .current_dir(home.folder());
        for name in OF_THE_SESSION {
            command.env_remove(name);
        }
        for name in [
            "HOME",
            "XDG_RUNTIME_DIR",
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "XDG_DATA_HOME",
        ] {
            command.env(name, home.folder());
        }
        // Without it a ring that finds no room there would go to a place of the user, and stay.
        command.env(
            "SOUNDFALL_RING",
            home.path("soundfall").join(RING_FILE_NAME),
        );
        Self { command, home }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts it with these signals ignored, as `nohup` and shells do.
    #[must_use]
    pub fn ignoring(self, signals: &str) -> Self {
        self.through(&[
            "sh",
            "-c",
            &format!("trap '' {signals}; exec \"$0\" \"$@\""),
        ])
    }

    /// Starts it where no `/proc` tells a process about itself.
    ///
    /// # Errors
    /// What `unshare` says where it may not.
    pub fn without_proc(self) -> Result<Self, String> {
        let hide = "mount -t tmpfs none /proc";
        let own = [
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
        ];
        let tried = Command::new(own[0]).args(&own[1..]).arg(hide).output();
        let tried = tried.map_err(|error| error.to_string())?;
        if !tried.status.success() {
            return Err(String::from_utf8_lossy(&tried.stderr).into_owned());
        }
        let script = format!("{hide} && exec \"$0\" \"$@\"");
        Ok(self.through(&[&own, &[script.as_str()][..]].concat()))
    }

    /// Starts it as the last arguments of another program.
    fn through(mut self, other: &[&str]) -> Self {
        let mut shell = Command::new(other[0]);
        shell
            .args(&other[1..])
            .arg(self.command.get_program())
            .args(self.command.get_args())
            .stdin(Stdio::null())
            .current_dir(self.home.folder());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        self.command = shell;
        self
    }

    /// Leaves a variable out of its environment.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Gives it a file as its standard input.
    #[must_use]
    pub fn stdin(mut self, path: &Path) -> Self {
        self.command
            .stdin(File::open(path).expect("a file to read"));
        self
    }

    /// Runs it in this folder.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Draws with the software renderer, the same on every machine.
    #[must_use]
    pub fn software_renderer(self) -> Self {
        self.env("WGPU_BACKEND", "vulkan")
            .env("WGPU_ADAPTER_NAME", "llvmpipe")
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Outcome {
        self.start().wait()
    }

    /// Starts it.
    #[track_caller]
    pub fn start(mut self) -> Running {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let line = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start soundfall {line}: {error}"));
        let stdout = child.stdout.take().map(Collected::from);
        let stderr = child.stderr.take().map(Collected::from);
        Running {
            child,
            line,
            stdout,
            stderr,
            home: Some(self.home),
        }
    }
}

/// What a stream has brought so far, read to its end beside the test.
#[derive(Debug)]
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Collected {
    fn from(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut part) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&part[..count]);
            }
        });
        Self { bytes, reader }
    }

    fn so_far(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn all(self) -> String {
        let Self { bytes, reader } = self;
        let _ = reader.join();
        let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A started process; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    line: String,
    stdout: Option<Collected>,
    stderr: Option<Collected>,
    home: Option<Place>,
}

impl Running {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on stderr so far.
    pub fn said(&self) -> String {
        self.stderr
            .as_ref()
            .map_or_else(String::new, Collected::so_far)
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until `ready` says so; fails if the process ends before.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, mut ready: impl FnMut() -> bool) {
        self.wait_for(what, |_| ready());
    }

    /// Waits until it has said this on stderr; fails if the process ends before.
    #[track_caller]
    pub fn wait_until_said(&mut self, words: &str) {
        self.wait_for(&format!("it said {words:?}"), |this| {
            this.said().contains(words)
        });
    }

    /// Waits until it is so; fails if the process ends before.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, mut ready: impl FnMut(&Self) -> bool) {
        let start = Instant::now();
        while !ready(self) {
            if !self.is_running() || start.elapsed() > WATCHDOG {
                let _ = self.child.kill();
                let stderr = text(&mut self.stderr);
                panic!(
                    "soundfall {} ended or hung before {what}\n{stderr}",
                    self.line
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end, as Ctrl-C does; by `TERM` where this process was started with `INT` ignored, as shells do in the
    /// background, since the program then ignores it too.
    pub fn interrupt(&self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .is_some_and(|mask| mask & 1 << 1 != 0);
        self.signal(if ignored { "TERM" } else { "INT" });
    }

    /// Sends a signal: `TERM`, `STOP`.
    pub fn signal(&self, name: &str) {
        let _ = Command::new("kill")
            .args(["-s", name, &self.id().to_string()])
            .status();
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("the state of a process") {
                Some(status) => break status,
                None if start.elapsed() > WATCHDOG => {
                    let _ = self.child.kill();
                    let stderr = text(&mut self.stderr);
                    panic!(
                        "soundfall {} hangs; killed after {WATCHDOG:?}\n{stderr}",
                        self.line
                    );
                }
                None => thread::sleep(Duration::from_millis(10)),
            }
        };
        Outcome {
            line: self.line.clone(),
            status,
            stdout: text(&mut self.stdout),
            stderr: text(&mut self.stderr),
            home: self.home.take().unwrap_or_default(),
        }
    }
}

fn text(collected: &mut Option<Collected>) -> String {
    collected.take().map(Collected::all).unwrap_or_default()
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
