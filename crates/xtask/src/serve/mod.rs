//! `cargo xtask serve`: a folder over HTTP on loopback, with the headers that a page
//! needs to be cross-origin isolated.
//!
//! For working and testing: never listens on another address, writes nothing, and
//! prints the address as the only line on standard output.

mod answer;
mod headers;
mod place;

use crate::command::root;
use crate::web::Kind;
use answer::{Answer, Ask, Body};
use anyhow::{Context, Result, bail};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tiny_http::{Header, Request, Response, Server, StatusCode};

const USAGE: &str = "usage: cargo xtask serve [--port PORT] [--dir FOLDER] [--plain]";

/// Answers given at the same time.
const WORKERS: usize = 8;

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
    let server = listen(options.port)?;
    let address = server.server_addr().to_ip().context("no address")?;
    println!("http://{address}/");
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
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| scope.spawn(|| work(&server, &folder, options.isolated)))
            .collect();
        for worker in workers {
            if let Ok(outcome) = worker.join() {
                outcome?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
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

fn listen(port: u16) -> Result<Server> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Server::http(address).map_err(|error| {
        let busy = error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse);
        if busy {
            anyhow::anyhow!(
                "port {port} is taken by another program; choose one with --port (0 takes a free one)"
            )
        } else {
            anyhow::anyhow!("cannot listen on {address}: {error}")
        }
    })
}

fn work(server: &Server, folder: &Path, isolated: bool) -> Result<()> {
    loop {
        let request = server.recv().context("cannot listen any more")?;
        let answer = answer::answer(folder, isolated, &ask(&request));
        // The other side may have gone meanwhile, which is not our trouble.
        respond(request, answer).ok();
    }
}

fn ask(request: &Request) -> Ask<'_> {
    let header = |name: &'static str| {
        request
            .headers()
            .iter()
            .find(|header| header.field.equiv(name))
            .map(|header| header.value.as_str())
    };
    Ask {
        method: request.method().as_str(),
        url: request.url(),
        encodings: header("Accept-Encoding").unwrap_or_default(),
        known: header("If-None-Match"),
    }
}

fn respond(request: Request, answer: Answer) -> io::Result<()> {
    let headers = answer
        .headers
        .iter()
        .filter_map(|(name, value)| Header::from_bytes(name.as_bytes(), value.as_bytes()).ok())
        .collect();
    let status = StatusCode(answer.status);
    // With the length known nothing needs to go in chunks.
    match answer.body {
        Body::Text(text) => {
            let length = text.len();
            request.respond(
                Response::new(status, headers, text.as_bytes(), Some(length), None)
                    .with_chunked_threshold(usize::MAX),
            )
        }
        Body::File(file, length) => request.respond(
            Response::new(status, headers, file, Some(length), None)
                .with_chunked_threshold(usize::MAX),
        ),
    }
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
        let port = taken.server_addr().to_ip().unwrap().port();
        let error = listen(port).err().unwrap().to_string();
        assert!(
            error.starts_with(&format!("port {port} is taken")),
            "{error}"
        );
    }
}
