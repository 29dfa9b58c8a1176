//! Whether a display server answers, found out by a question at its socket. Opens no window.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a server may take to answer. One that never does would be waited for without end.
const PATIENCE: Duration = Duration::from_secs(3);
/// Port of the X display 0.
const X_PORT: u16 = 6000;

/// Whether the server answers that the environment names: Wayland's where there is a name for one, else X.
pub(super) fn is_reachable(env: impl Fn(&str) -> Option<OsString>) -> bool {
    let wayland = env("WAYLAND_DISPLAY");
    if let Some(number) = env("WAYLAND_SOCKET") {
        // Already open; to connect would use it up.
        let open = std::fs::metadata(Path::new("/proc/self/fd").join(number));
        return open.is_ok_and(|meta| meta.file_type().is_socket());
    }
    if let Some(name) = wayland {
        let path = PathBuf::from(name);
        let path = match path.is_absolute() {
            true => Some(path),
            false => env("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join(path)),
        };
        return path.is_some_and(|path| local_answers(&path, &wayland_question()));
    }
    let display = env("DISPLAY").and_then(|display| display.into_string().ok());
    display.is_some_and(|display| x_answers(&display))
}

/// `HOST:NUMBER.SCREEN`, where the host may be missing, `unix` or `PROTOCOL/HOST`; or the path of a socket.
fn x_answers(display: &str) -> bool {
    if display.starts_with('/') {
        let without_screen = display.rsplit_once('.').map_or(display, |(path, _)| path);
        return [display, without_screen]
            .iter()
            .any(|path| local_answers(Path::new(path), &X_QUESTION));
    }
    let Some((host, place)) = display.rsplit_once(':') else {
        return false;
    };
    let number = place.split_once('.').map_or(place, |(number, _)| number);
    let Ok(number) = number.parse::<u16>() else {
        return false;
    };
    let (protocol, host) = host.split_once('/').unwrap_or(("", host));
    if host.is_empty() || host == "unix" || protocol == "unix" {
        return local_x_answers(number);
    }
    let Some(port) = X_PORT.checked_add(number) else {
        return false;
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut addresses = (host, port).to_socket_addrs().into_iter().flatten();
    addresses.any(|address| {
        let stream = TcpStream::connect_timeout(&address, PATIENCE);
        stream.is_ok_and(|stream| {
            let limits = [
                stream.set_read_timeout(Some(PATIENCE)),
                stream.set_write_timeout(Some(PATIENCE)),
            ];
            limits.iter().all(Result::is_ok) && answers(stream, &X_QUESTION)
        })
    })
}

fn local_x_answers(number: u16) -> bool {
    let path = format!("/tmp/.X11-unix/X{number}");
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt as _;
        use std::os::unix::net::SocketAddr;
        let nameless = SocketAddr::from_abstract_name(&path);
        let stream = nameless.and_then(|address| UnixStream::connect_addr(&address));
        if stream.is_ok_and(|stream| unix_answers(stream, &X_QUESTION)) {
            return true;
        }
    }
    local_answers(Path::new(&path), &X_QUESTION)
}

/// The beginning of a connection to X 11 without a cookie: the server says yes or no.
const X_QUESTION: [u8; 12] = [b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// `wl_display.sync`, in the byte order of this machine: the server says that it is done.
fn wayland_question() -> Vec<u8> {
    let (display, sync, callback) = (1_u32, 12_u32 << 16, 2_u32);
    [display, sync, callback]
        .iter()
        .flat_map(|word| word.to_ne_bytes())
        .collect()
}

fn local_answers(path: &Path, question: &[u8]) -> bool {
    UnixStream::connect(path).is_ok_and(|stream| unix_answers(stream, question))
}

fn unix_answers(stream: UnixStream, question: &[u8]) -> bool {
    let limits = [
        stream.set_read_timeout(Some(PATIENCE)),
        stream.set_write_timeout(Some(PATIENCE)),
    ];
    limits.iter().all(Result::is_ok) && answers(stream, question)
}

fn answers(mut stream: impl Read + Write, question: &[u8]) -> bool {
    stream.write_all(question).is_ok() && stream.read_exact(&mut [0]).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::net::UnixListener;

    fn reachable(variables: &[(&str, &str)]) -> bool {
        is_reachable(|name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn only_a_server_that_answers_counts() {
        let folder = std::env::temp_dir().join(format!("soundfall-display-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let runtime = ("XDG_RUNTIME_DIR", &*folder.to_string_lossy());
        assert!(!reachable(&[]));
        assert!(!reachable(&[runtime, ("WAYLAND_DISPLAY", "wayland-0")]));
        assert!(!reachable(&[("WAYLAND_DISPLAY", "wayland-0")]));
        assert!(!reachable(&[("WAYLAND_SOCKET", "77")]));
        let listener = UnixListener::bind(at("wayland-0")).unwrap();
        let server = std::thread::spawn(move || {
            // Five are answered, then it ends.
            for stream in listener.incoming().take(5) {
                let mut stream = stream.unwrap();
                stream.read_exact(&mut [0; 12]).unwrap();
                stream.write_all(&[1]).unwrap();
            }
        });
        assert!(reachable(&[runtime, ("WAYLAND_DISPLAY", "wayland-0")]));
        assert!(reachable(&[("WAYLAND_DISPLAY", &at("wayland-0"))]));
        // What is named first is asked, as the window library does.
        let dead = ("WAYLAND_DISPLAY", "wayland-9");
        assert!(!reachable(&[runtime, dead, ("DISPLAY", &at("wayland-0"))]));
        for display in ["wayland-0", "wayland-0.1", "wayland-0"] {
            assert!(reachable(&[("DISPLAY", &at(display))]));
        }
        // The socket of a server that ended is still there.
        server.join().unwrap();
        assert!(!reachable(&[("WAYLAND_DISPLAY", &at("wayland-0"))]));
        for nowhere in [
            "",
            "x",
            ":",
            ":x",
            ":65500",
            ":4242",
            "localhost:59535",
            "/nowhere",
        ] {
            assert!(!reachable(&[("DISPLAY", nowhere)]), "{nowhere}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
