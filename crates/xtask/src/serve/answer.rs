//! The response to a request: status, headers, body.
//!
//! Only reads files; knows nothing of sockets, so that it is tested without any.

use super::headers::{common, media_type, takes_brotli};
use super::place::{self, Place};
use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// What of a request matters.
pub(super) struct Ask<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    /// `Accept-Encoding`.
    pub(super) encodings: &'a str,
    /// `If-None-Match`.
    pub(super) known: Option<&'a str>,
}

/// An answer. For HEAD and 304 the body is there as well: the server leaves it out and
/// says its length.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Body,
}

impl Answer {
    /// The answer to what is no request at all.
    pub(super) fn refusal(status: u16) -> Self {
        text(status, Vec::new(), "this is a server for browsers\n")
    }
}

/// What follows the headers.
pub(super) enum Body {
    Text(&'static str),
    /// An open file, and its length in bytes.
    File(File, u64),
}

/// The answer to `ask` from the folder `site`.
pub(super) fn answer(site: &Path, isolated: bool, ask: &Ask) -> Answer {
    let mut headers = common(isolated);
    if !["GET", "HEAD"].contains(&ask.method) {
        headers.push(("Allow", "GET, HEAD".to_owned()));
        return text(405, headers, "only GET and HEAD\n");
    }
    match place::find(site, ask.url) {
        Place::File(file) => found(&file, headers, ask),
        Place::Folder(path) => {
            headers.push(("Location", path));
            text(301, headers, "")
        }
        Place::Nowhere => text(404, headers, "not found\n"),
        Place::Refused => text(403, headers, "refused\n"),
    }
}

fn text(status: u16, mut headers: Vec<(&'static str, String)>, text: &'static str) -> Answer {
    headers.push(("Content-Type", "text/plain; charset=utf-8".to_owned()));
    Answer {
        status,
        headers,
        body: Body::Text(text),
    }
}

fn found(file: &Path, mut headers: Vec<(&'static str, String)>, ask: &Ask) -> Answer {
    let packed = packed(file);
    if packed.is_some() {
        headers.push(("Vary", "Accept-Encoding".to_owned()));
    }
    let packed = packed.filter(|_| takes_brotli(ask.encodings));
    let sent = packed.as_deref().unwrap_or(file);
    let opened = File::open(sent).and_then(|file| file.metadata().map(|meta| (file, meta)));
    let Ok((content, meta)) = opened else {
        // A build may have taken it away since it was looked up.
        return text(404, headers, "not found\n");
    };
    let tag = tag(&meta, packed.is_some());
    let known = ask.known.is_some_and(|tags| {
        tags.split(',')
            .map(|known| known.trim().trim_start_matches("W/"))
            .any(|known| known == tag || known == "*")
    });
    headers.push(("ETag", tag));
    headers.push(("Content-Type", media_type(file).to_owned()));
    if packed.is_some() {
        headers.push(("Content-Encoding", "br".to_owned()));
    }
    Answer {
        status: if known { 304 } else { 200 },
        headers,
        body: Body::File(content, meta.len()),
    }
}

/// The brotli file beside `file`, unless it is of an older build.
fn packed(file: &Path) -> Option<PathBuf> {
    let mut name = file.as_os_str().to_owned();
    name.push(".br");
    let packed = PathBuf::from(name);
    let meta = fs::symlink_metadata(&packed).ok()?;
    // In seconds, as the brotli program copies the time of its input no finer.
    let current =
        meta.is_file() && changed(&meta).as_secs() >= changed(&fs::metadata(file).ok()?).as_secs();
    current.then_some(packed)
}

/// When a file was changed, since 1970.
fn changed(meta: &Metadata) -> Duration {
    meta.modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default()
}

/// Another tag for another content or encoding.
fn tag(meta: &Metadata, packed: bool) -> String {
    format!(
        "\"{:x}-{:x}{}\"",
        changed(meta).as_nanos(),
        meta.len(),
        if packed { "-br" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scratch::Scratch;
    use std::io::Read as _;

    const CHROME: &str = "gzip, deflate, br, zstd";

    fn get<'a>(url: &'a str, encodings: &'a str) -> Ask<'a> {
        Ask {
            method: "GET",
            url,
            encodings,
            known: None,
        }
    }

    fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
        let mut values = answer.headers.iter().filter(|(known, _)| *known == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} twice");
        value
    }

    fn content(answer: Answer) -> String {
        let Body::File(mut file, length) = answer.body else {
            panic!("no file")
        };
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text.len() as u64, length);
        text
    }

    fn site(name: &str) -> Scratch {
        let scratch = Scratch::new(name);
        scratch.file("a.wasm", "raw");
        scratch.file("a.wasm.br", "packed");
        scratch.file("b.js", "script");
        scratch
    }

    #[test]
    fn the_packed_file_goes_to_those_who_take_it() {
        let site = site("packed");
        let answer_br = answer(site.root(), true, &get("/a.wasm", CHROME));
        assert_eq!(answer_br.status, 200);
        assert_eq!(header(&answer_br, "Content-Encoding"), Some("br"));
        assert_eq!(header(&answer_br, "Content-Type"), Some("application/wasm"));
        assert_eq!(header(&answer_br, "Vary"), Some("Accept-Encoding"));
        let plain = answer(site.root(), true, &get("/a.wasm", "gzip"));
        assert_eq!(header(&plain, "Content-Encoding"), None);
        assert_eq!(header(&plain, "Vary"), Some("Accept-Encoding"));
        assert_ne!(header(&plain, "ETag"), header(&answer_br, "ETag"));
        assert_eq!(
            (content(answer_br), content(plain)),
            ("packed".into(), "raw".into())
        );
        let alone = answer(site.root(), true, &get("/b.js", CHROME));
        assert_eq!(
            (header(&alone, "Vary"), header(&alone, "Content-Encoding")),
            (None, None)
        );
    }

    #[test]
    fn a_packed_file_of_an_older_build_is_not_sent() {
        let site = site("stale");
        let file = File::options()
            .write(true)
            .open(site.path("a.wasm.br"))
            .unwrap();
        file.set_modified(UNIX_EPOCH).unwrap();
        assert_eq!(
            content(answer(site.root(), true, &get("/a.wasm", CHROME))),
            "raw"
        );
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let site = site("known");
        let first = answer(site.root(), true, &get("/b.js", CHROME));
        let tag = header(&first, "ETag").unwrap().to_owned();
        let ask = |known| Ask {
            known: Some(known),
            ..get("/b.js", CHROME)
        };
        let list = format!("\"other\", W/{tag}");
        let again = answer(site.root(), true, &ask(&list));
        assert_eq!(again.status, 304);
        assert_eq!(header(&again, "ETag"), Some(tag.as_str()));
        assert_eq!(header(&again, "Cache-Control"), Some("no-cache"));
        assert_eq!(answer(site.root(), true, &ask("\"other\"")).status, 200);
    }

    #[test]
    fn every_answer_is_isolated() {
        let site = site("isolated");
        let ask = Ask {
            method: "POST",
            ..get("/b.js", "")
        };
        let statuses: Vec<u16> = [get("/b.js", ""), get("/none", ""), get("/../x", ""), ask]
            .iter()
            .map(|ask| {
                let isolated = answer(site.root(), true, ask);
                assert_eq!(
                    header(&isolated, "Cross-Origin-Embedder-Policy"),
                    Some("require-corp")
                );
                assert_eq!(header(&isolated, "X-Content-Type-Options"), Some("nosniff"));
                let plain = answer(site.root(), false, ask);
                assert_eq!(header(&plain, "Cross-Origin-Opener-Policy"), None);
                assert_eq!(plain.status, isolated.status);
                isolated.status
            })
            .collect();
        assert_eq!(statuses, [200, 404, 403, 405]);
    }

    #[test]
    fn a_folder_is_left_to_its_slash() {
        let site = site("folder");
        site.file("sub/index.html", "");
        let answer = answer(site.root(), true, &get("/sub", ""));
        assert_eq!(
            (answer.status, header(&answer, "Location")),
            (301, Some("/sub/"))
        );
    }
}
