//! `cargo xtask serve`: a folder over HTTP on loopback, with the headers that a page
//! needs to be cross-origin isolated.
//!
//! For working and testing: never listens on another address, writes nothing, and
//! prints the address as the only line on standard output.

mod answer;
mod headers;
mod http;
mod place;

use crate::command::root;
use crate::web::Kind;
use anyhow::{Context, Result, anyhow, bail};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const USAGE: &str = "usage: cargo xtask serve [--port PORT] [--dir FOLDER] [--plain]";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    port: u16,
    folder: PathBuf,
    isolated: bool,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self {
            port: 8080,
            folder: Kind::Shipping.folder(),
            isolated: true,
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || {
                args.next()
                    .with_context(|| format!("{arg} wants a value; {USAGE}"))
            };
            match arg.as_str() {
                "--port" => {
                    let port = value()?;
                    options.port = port
                        .parse()
                        .with_context(|| format!("`{port}` is no port (0 to 65535)"))?;
                }
                "--dir" => options.folder = PathBuf::from(value()?),
                "--plain" => options.isolated = false,
                _ => bail!("`{arg}` is unknown; {USAGE}"),
            }
        }
        Ok(options)
    }
}

/// Serves until the process is ended.
pub(crate) fn command(args: &[String]) -> Result<ExitCode> {
    let options = Options::parse(args)?;
    let folder = site(&options.folder)?;
    let listener = listen(options.port)?;
    println!("http://{}/", listener.local_addr()?);
    io::stdout().flush()?;
    eprintln!(
        "serve: {}{}; Ctrl+C ends",
        folder.display(),
        if options.isolated {
            ""
        } else {
            ", not cross-origin isolated"
        }
    );
    let site: Arc<Path> = folder.into();
    for stream in listener.incoming() {
        let site = Arc::clone(&site);
        let isolated = options.isolated;
        match stream {
            // The other side may go at any time, which is not our trouble.
            Ok(stream) => drop(thread::spawn(move || {
                http::converse(stream, |ask| answer::answer(&site, isolated, ask)).ok()
            })),
            Err(error) => {
                eprintln!("serve: {error}");
                // Out of files, most likely: give connections time to end.
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder without links, which is how a path that leaves it is found out.
fn site(folder: &Path) -> Result<PathBuf> {
    if !folder.is_dir() {
        let shown = folder.strip_prefix(root()).unwrap_or(folder).display();
        let quick = folder == Kind::Quick.folder() || folder.ends_with("dist/web-quick");
        let option = if quick { " --quick" } else { "" };
        bail!("{shown} is not there; run `cargo xtask web{option}` first");
    }
    folder
        .canonicalize()
        .with_context(|| format!("cannot open {}", folder.display()))
}

fn listen(port: u16) -> Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow!(
            "port {port} is taken by another program; choose one with --port (0 takes a free one)"
        ),
        _ => anyhow!("cannot listen on {address}: {error}"),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    fn parse(args: &[&str]) -> Result<Options> {
        Options::parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn arguments_have_sensible_defaults() {
        let options = parse(&[]).unwrap();
        assert_eq!((options.port, options.isolated), (8080, true));
        assert!(options.folder.ends_with("dist/web"));
        assert_eq!(
            parse(&["--plain", "--dir", "out", "--port", "0"]).unwrap(),
            Options {
                port: 0,
                folder: "out".into(),
                isolated: false
            }
        );
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (args, word) in [
            (&["--port"][..], "--port wants a value"),
            (&["--port", "70000"][..], "`70000` is no port"),
            (&["--folder", "x"][..], "`--folder` is unknown"),
            (&["dist"][..], "usage: cargo xtask serve"),
        ] {
            let error = parse(args).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_build_that_is_missing_is_asked_for() {
        let error = site(Path::new("/no/dist/web")).unwrap_err().to_string();
        assert_eq!(
            error,
            "/no/dist/web is not there; run `cargo xtask web` first"
        );
        let error = site(Path::new("/no/dist/web-quick"))
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("run `cargo xtask web --quick` first"));
    }

    #[test]
    fn a_busy_port_is_one_clear_line() {
        let taken = listen(0).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = listen(port).err().unwrap().to_string();
        assert!(
            error.starts_with(&format!("port {port} is taken")),
            "{error}"
        );
    }
}
