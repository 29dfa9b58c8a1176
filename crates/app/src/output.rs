//! Files that the program writes: judged before anything is read or captured, written without a name and put in their
//! place whole. Never writes over a file that the same run uses, and over another one only where that was asked for.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use soundfall_capture::record::AudioFormat;

use crate::exit::Usage;

/// The files of one run: those it reads or writes already, and whether others may be replaced.
#[derive(Clone, Debug)]
pub struct Files {
    overwrite: bool,
    used: Vec<(Place, &'static str)>,
}

/// Which file a path means, whatever it is called: links, hard links and relative paths are one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Device and inode.
    There(u64, u64),
    /// Not there yet: device and inode of the folder, and the name.
    New((u64, u64), OsString),
}

impl Place {
    fn of(path: &Path) -> Option<Self> {
        let found = |path: &Path| {
            let meta = fs::metadata(path).ok()?;
            Some((meta.dev(), meta.ino()))
        };
        if let Some((device, inode)) = found(path) {
            return Some(Self::There(device, inode));
        }
        Some(Self::New(found(folder_of(path))?, path.file_name()?.into()))
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What a file holds, which decides on its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// NPY.
    Array,
    /// PNG.
    Picture,
    /// JSON, in a file of any name, a pipe or a device.
    Figures,
    /// WAV or FLAC.
    Recording,
}

impl Files {
    /// None yet. With `overwrite` files that are there may be replaced.
    pub fn new(overwrite: bool) -> Self {
        Self {
            overwrite,
            used: Vec::new(),
        }
    }

    /// The run reads or writes `path` by other means: it is `what` and never written over.
    #[must_use]
    pub fn using(mut self, what: &'static str, path: Option<&Path>) -> Self {
        let place = path.and_then(Place::of);
        self.used.extend(place.map(|place| (place, what)));
        self
    }

    /// The run captures into the ring at `path`: neither that nor its lock is ever written over.
    #[must_use]
    pub fn capturing(self, ring: &Path) -> Self {
        let mut lock = ring.as_os_str().to_owned();
        lock.push(".lock");
        self.using("the ring that is written", Some(ring))
            .using("the lock of the ring", Some(Path::new(&lock)))
    }

    /// An array, for `-o`.
    ///
    /// # Errors
    /// Whatever speaks against writing it, as of all files: in use, there already, no folder, no right to write.
    pub fn array(&mut self, path: &Path) -> Result<Output> {
        if path == Path::new("-") {
            bail!(Usage(
                "-o -: arrays are written to files; --json prints them".to_owned()
            ));
        }
        self.judge("-o", path, Kind::Array)
    }

    /// A picture, for this option.
    pub fn picture(&mut self, option: &'static str, path: &Path) -> Result<Output> {
        self.judge(option, path, Kind::Picture)
    }

    /// Pictures with numbers, [`Output::numbered`] of the one at `path`.
    pub fn numbered_pictures(&mut self, path: &Path) -> Result<Output> {
        let (option, folder) = ("--snapshot-every", folder_of(path));
        Kind::Picture.check_name("--snapshot", path)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_numbered = |name: &str| {
            let number = name
                .strip_prefix(&*stem)
                .and_then(|rest| rest.strip_prefix('-'))
                .and_then(|rest| rest.strip_suffix(".png"));
            number.is_some_and(|number| {
                number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        let there = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut there: Vec<PathBuf> = there
            .filter(|entry| is_numbered(&entry.file_name().to_string_lossy()))
            .map(|entry| folder.join(entry.file_name()))
            .collect();
        there.sort();
        for path in there {
            self.judge(option, &path, Kind::Picture)?;
        }
        let first = numbered(path, 1);
        let output = self.judge(option, &first, Kind::Picture)?;
        Ok(Output {
            path: path.to_owned(),
            target: path.to_owned(),
            ..output
        })
    }

    /// A picture that nobody named: `NAME.png`, or the first of `NAME-2.png`, `NAME-3.png` … that is free.
    pub fn unnamed_picture(&mut self, name: &str) -> Result<Output> {
        let path = (2..)
            .map(|number| PathBuf::from(format!("{name}-{number}.png")))
            .find(|path| !is_there(path));
        let first = PathBuf::from(format!("{name}.png"));
        let path = match is_there(&first) {
            true => path.unwrap_or(first),
            false => first,
        };
        self.judge("picture", &path, Kind::Picture)
    }

    /// The figures of `--stats FILE`.
    pub fn figures(&mut self, path: &Path) -> Result<Output> {
        self.judge("--stats", path, Kind::Figures)
    }

    /// A recording, which is written by other means.
    pub fn recording(&mut self, option: &'static str, path: &Path) -> Result<Output> {
        self.judge(option, path, Kind::Recording)
    }

    /// Judges a file that is to be written, and counts it among those in use.
    fn judge(&mut self, option: &'static str, path: &Path, kind: Kind) -> Result<Output> {
        kind.check_name(option, path)?;
        let place = Place::of(path);
        let used = self
            .used
            .iter()
            .find(|(used, _)| Some(used) == place.as_ref());
        if let Some((_, what)) = used {
            return Err(Usage(format!(
                "{option} {}: that is {what}; name another file",
                path.display()
            ))
            .into());
        }
        let output = self.examine(path, kind)?;
        self.used.extend(
            place
                .filter(|_| output.stream.is_none())
                .map(|place| (place, "another file of this run")),
        );
        Ok(output)
    }

    /// What lies at the path now, and whether something can be put there.
    fn examine(&self, path: &Path, kind: Kind) -> Result<Output> {
        let fail = || format!("cannot write {}", path.display());
        let mut output = Output {
            path: path.to_owned(),
            target: path.to_owned(),
            replace: self.overwrite,
            stream: None,
        };
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => bail!("{}: it is a folder", fail()),
            Ok(meta) if meta.is_file() => {
                ensure!(
                    self.overwrite,
                    "{} exists already; name another file, or add --overwrite",
                    path.display()
                );
                // A link's target is what is meant.
                output.target = path.canonicalize().with_context(fail)?;
            }
            Ok(meta) => {
                // A pipe or device cannot be replaced by a file; figures can be written into it.
                ensure!(
                    kind == Kind::Figures && !meta.file_type().is_block_device(),
                    "{}: it is not a regular file",
                    fail()
                );
                output.stream = Some(Arc::new(open_stream(path).with_context(fail)?));
                return Ok(output);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                ensure!(
                    fs::symlink_metadata(path).is_err(),
                    "{}: it is a link that leads nowhere",
                    fail()
                );
                let folder = folder_of(path);
                ensure!(
                    folder.is_dir(),
                    "{}: there is no folder {}",
                    fail(),
                    folder.display()
                );
                ensure!(
                    path.file_name().is_some(),
                    "{}: that is no file name",
                    fail()
                );
            }
            Err(error) => return Err(error).with_context(fail),
        }
        // Whether it works is only known when it was tried; what is left of the trial goes at once.
        Part::begin(folder_of(&output.target)).with_context(fail)?;
        Ok(output)
    }
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The path of a picture on the way: `out.png` becomes `out-0001.png`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{number:04}.png"))
}

impl Kind {
    /// Refuses a name that promises something else.
    fn check_name(self, option: &'static str, path: &Path) -> Result<()> {
        let ending = path.extension().map(OsStr::to_ascii_lowercase);
        let (fits, are) = match self {
            Self::Array => (ending.as_deref() == Some("npy".as_ref()), "arrays are .npy"),
            Self::Picture => (
                ending.as_deref() == Some("png".as_ref()),
                "pictures are .png",
            ),
            Self::Figures => (true, ""),
            Self::Recording => (
                AudioFormat::of(path).is_ok(),
                "recordings are .wav or .flac: end the name so",
            ),
        };
        match fits {
            true => Ok(()),
            false => Err(Usage(format!("{option} {}: {are}", path.display())).into()),
        }
    }
}

/// Opens a pipe or device for writing. One that nobody reads is an error, not a reason to wait.
fn open_stream(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(target_os = "linux")]
    options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    options.open(path)
}

/// A file to be written, judged.
#[derive(Clone, Debug)]
pub struct Output {
    /// As it was named.
    path: PathBuf,
    /// Where it goes, links followed.
    target: PathBuf,
    /// A file that is there may be replaced.
    replace: bool,
    /// A pipe or device instead of a file.
    stream: Option<Arc<File>>,
}

impl Output {
    /// As it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The picture of that number beside this one.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let path = numbered(&self.path, number);
        Self {
            target: path.clone(),
            path,
            replace: self.replace,
            stream: None,
        }
    }

    /// Begins the file; it is in its place once it is finished.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(&self) -> Result<OutputFile> {
        let part = match &self.stream {
            Some(stream) => Ok(Part::Stream(Arc::clone(stream))),
            None => Part::begin(folder_of(&self.target)),
        };
        Ok(OutputFile {
            out: BufWriter::with_capacity(1 << 16, part.with_context(|| self.fail())?),
            output: self.clone(),
        })
    }

    /// Writes the whole file.
    ///
    /// # Errors
    /// As [`Output::create`].
    pub fn write(&self, bytes: &[u8]) -> Result<()> {
        let mut file = self.create()?;
        file.write_all(bytes).with_context(|| self.fail())?;
        file.finish()
    }

    /// What failed, for the beginning of a message.
    pub fn fail(&self) -> String {
        format!("cannot write {}", self.path.display())
    }
}

/// A file under way. Dropped before it is finished it leaves nothing, and what was there stays.
pub struct OutputFile {
    out: BufWriter<Part>,
    output: Output,
}

impl OutputFile {
    /// Puts the finished file in its place.
    ///
    /// # Errors
    /// What the system says; where nothing may be replaced, that another file has appeared there meanwhile.
    pub fn finish(self) -> Result<()> {
        let Self { out, output } = self;
        let part = out.into_inner().map_err(io::IntoInnerError::into_error);
        part.and_then(|part| part.finish(&output))
            .with_context(|| output.fail())
    }

    /// The file for those who write into it by other means; nothing has been written into it yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn duplicate(&self) -> Result<File> {
        let file = self.out.get_ref().file().try_clone();
        file.with_context(|| self.fail())
    }

    /// What failed, for the beginning of a message.
    pub fn fail(&self) -> String {
        self.output.fail()
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Seek for OutputFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.out.seek(to)
    }
}

/// Where the bytes go until the file is whole.
enum Part {
    /// A file without a name: whatever ends the program, nothing is left of it.
    #[cfg(target_os = "linux")]
    Nameless(File),
    /// A hidden file beside, where there are no files without a name.
    Beside(tempfile::NamedTempFile),
    /// A pipe or device.
    Stream(Arc<File>),
}

impl Part {
    fn begin(folder: &Path) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = nameless::create(folder) {
            return Ok(Self::Nameless(file));
        }
        use std::os::unix::fs::PermissionsExt as _;
        tempfile::Builder::new()
            .prefix(".soundfall-")
            .suffix(".part")
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map(Self::Beside)
            // Its own text names the temporary file, which is of no use.
            .map_err(|error| io::Error::from(error.kind()))
    }

    fn file(&self) -> &File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(file) => file,
            Self::Beside(file) => file.as_file(),
            Self::Stream(file) => file,
        }
    }

    fn finish(self, output: &Output) -> io::Result<()> {
        if matches!(self, Self::Stream(_)) {
            return Ok(());
        }
        if let (true, Ok(old)) = (output.replace, fs::metadata(&output.target)) {
            self.file().set_permissions(old.permissions())?;
            // On the disk before the old one goes.
            self.file().sync_all()?;
        }
        match self {
            #[cfg(target_os = "linux")]
            Self::Nameless(file) => nameless::name(&file, &output.target, output.replace),
            Self::Beside(file) if output.replace => file
                .persist(&output.target)
                .map(drop)
                .map_err(|error| error.error),
            Self::Beside(file) => file
                .persist_noclobber(&output.target)
                .map(drop)
                .map_err(|error| error.error),
            Self::Stream(_) => Ok(()),
        }
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl Seek for Part {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file().seek(to)
    }
}

/// Files without a name, and how they get one.
#[cfg(target_os = "linux")]
mod nameless {
    use std::fs::{self, File};
    use std::io;
    use std::os::fd::AsRawFd as _;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};
    use rustix::io::Errno;

    fn path_of(file: &File) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
    }

    /// None where the file system does not have them, or `/proc` is missing, by which they are named.
    pub(super) fn create(folder: &Path) -> Option<File> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = open(folder, flags, Mode::from_raw_mode(0o666)).ok()?;
        let file = File::from(file);
        fs::metadata(path_of(&file)).is_ok().then_some(file)
    }

    /// Gives it its name.
    pub(super) fn name(file: &File, target: &Path, replace: bool) -> io::Result<()> {
        let from = path_of(file);
        let link = |to: &Path| linkat(CWD, &from, CWD, to, AtFlags::SYMLINK_FOLLOW);
        match link(target) {
            Err(Errno::EXIST) if replace => {}
            done => return Ok(done?),
        }
        // Only a rename replaces without a moment in which there is neither file.
        let process = std::process::id();
        for number in 0..1000 {
            let beside = target.with_file_name(format!(".soundfall-{process}-{number}.part"));
            match link(&beside) {
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    return fs::rename(&beside, target).inspect_err(|_| {
                        // Best effort: the error that matters is the first one.
                        let _ = fs::remove_file(&beside);
                    });
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_in_use_is_found_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("sound.npy"), "precious").unwrap();
        fs::hard_link(at("sound.npy"), at("hard.npy")).unwrap();
        std::os::unix::fs::symlink("sound.npy", at("soft.npy")).unwrap();
        fs::create_dir(at("sub")).unwrap();
        for name in ["sound.npy", "hard.npy", "soft.npy", "sub/../sound.npy"] {
            let mut files = Files::new(true).using("the input", Some(&at("sound.npy")));
            let error = files.array(&at(name)).unwrap_err();
            assert!(error.is::<Usage>(), "{error:#}");
            assert!(error.to_string().contains("that is the input"), "{error:#}");
        }
        // One that is not there yet, too, and what the run writes otherwise.
        let ring = at("ring.npy");
        let mut files = Files::new(true).capturing(&ring);
        files.array(&at("sub/../ring.npy")).unwrap_err();
        files.figures(&at("ring.npy.lock")).unwrap_err();
        let output = files.array(&at("free.npy")).unwrap();
        files.figures(&at("sub/../free.npy")).unwrap_err();
        output.write(b"new").unwrap();
        assert_eq!(fs::read(at("sound.npy")).unwrap(), b"precious");
    }

    #[test]
    fn what_is_there_is_replaced_only_where_that_was_asked_for_and_only_as_a_whole() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        fs::write(&path, "precious").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = Files::new(false).array(&path).unwrap_err().to_string();
        assert!(error.contains("--overwrite"), "{error}");
        let output = Files::new(true).array(&path).unwrap();
        let mut file = output.create().unwrap();
        file.write_all(b"half").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        drop(file);
        assert_eq!(names(folder.path()), ["a.npy"]);
        output.write(b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["a.npy"]);
        // Who may not replace does not do so either where the file came later.
        let late = folder.path().join("late.npy");
        let output = Files::new(false).array(&late).unwrap();
        fs::write(&late, "theirs").unwrap();
        output.write(b"ours").unwrap_err();
        assert_eq!(fs::read(&late).unwrap(), b"theirs");
        // A link stays one.
        let link = folder.path().join("link.npy");
        std::os::unix::fs::symlink("a.npy", &link).unwrap();
        let output = Files::new(true).array(&link).unwrap();
        output.write(b"linked").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"linked");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn the_place_is_judged_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder.png")).unwrap();
        std::os::unix::fs::symlink("nothing.png", at("dangling.png")).unwrap();
        fs::write(at("out-0007.png"), "precious").unwrap();
        let mut files = Files::new(false);
        for (name, words) in [
            ("folder.png", "it is a folder"),
            ("none/a.png", "there is no folder"),
            ("dangling.png", "leads nowhere"),
            ("a.jpg", "pictures are .png"),
            ("a", "pictures are .png"),
        ] {
            let error = files.picture("--snapshot", &at(name)).unwrap_err();
            assert!(error.to_string().contains(words), "{error:#}");
        }
        files.figures(&at("folder.png")).unwrap_err();
        files
            .figures(Path::new("/dev/null"))
            .unwrap()
            .write(b"x")
            .unwrap();
        let error = files.numbered_pictures(&at("out.png")).unwrap_err();
        assert!(
            error.to_string().contains("out-0007.png exists"),
            "{error:#}"
        );
        let other = files.numbered_pictures(&at("other.png")).unwrap();
        other.numbered(1).write(b"x").unwrap();
        assert!(at("other-0001.png").is_file());
        let before = names(folder.path());
        files.recording("--record", &at("take.wav")).unwrap();
        files.recording("--record", &at("take.mp3")).unwrap_err();
        assert_eq!(names(folder.path()), before);
    }
}
