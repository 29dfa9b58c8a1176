//! From the path of a request to a file in the folder, and nowhere else.
//!
//! Never opens a file: that is the answer's part.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Where a request leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file inside the folder.
    File(PathBuf),
    /// A folder that was named without its `/`, which relative links would miss.
    Folder(String),
    /// There is nothing of that name.
    Nowhere,
    /// A way out of the folder, or a name that is none.
    Refused,
}

/// Resolves the path of `url` below `site`, which must be free of links itself.
pub(super) fn find(site: &Path, url: &str) -> Place {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let Some(decoded) = path.strip_prefix('/').and_then(decode) else {
        return Place::Refused;
    };
    let plain = |component| matches!(component, Component::Normal(_));
    if decoded.contains(['\\', '\0', ':']) || !Path::new(&decoded).components().all(plain) {
        return Place::Refused;
    }
    // A link could still lead out.
    let Ok(mut found) = site.join(&decoded).canonicalize() else {
        return Place::Nowhere;
    };
    if !found.starts_with(site) {
        return Place::Refused;
    }
    if found.is_dir() {
        if !path.ends_with('/') {
            return Place::Folder(format!("{path}/"));
        }
        found.push("index.html");
    } else if path.ends_with('/') {
        return Place::Nowhere;
    }
    if fs::symlink_metadata(&found).is_ok_and(|meta| meta.is_file()) {
        Place::File(found)
    } else {
        Place::Nowhere
    }
}

/// Undoes `%41`; `None` where that is malformed or no UTF-8.
fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: u8| (byte as char).to_digit(16);
            let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scratch::Scratch;

    fn site(name: &str) -> Scratch {
        let scratch = Scratch::new(name);
        scratch.file("site/index.html", "page");
        scratch.file("site/example/index.html", "example");
        scratch.file("site/empty/a b.js", "");
        scratch.file("secret.txt", "no");
        scratch
    }

    #[test]
    fn files_and_the_page_of_a_folder_are_found() {
        let scratch = site("place");
        let site = scratch.path("site");
        let file = |path: &str| Place::File(site.join(path));
        assert_eq!(find(&site, "/"), file("index.html"));
        assert_eq!(find(&site, "/index.html?source=mic#x"), file("index.html"));
        assert_eq!(find(&site, "/example/"), file("example/index.html"));
        assert_eq!(find(&site, "/example"), Place::Folder("/example/".into()));
        assert_eq!(find(&site, "/empty/a%20b.js"), file("empty/a b.js"));
    }

    #[test]
    fn what_is_not_there_is_nowhere() {
        let scratch = site("nowhere");
        let site = scratch.path("site");
        for url in [
            "/none",
            "/empty/",
            "/index.html/",
            "/index.html/x",
            "/%00x/..",
        ] {
            assert!(!matches!(find(&site, url), Place::File(_)), "{url}");
        }
        assert_eq!(find(&site, "/none.js"), Place::Nowhere);
        assert_eq!(find(&site, "/empty/"), Place::Nowhere);
    }

    #[test]
    fn every_way_out_is_refused() {
        let scratch = site("refused");
        let site = scratch.path("site");
        for url in [
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/%2E%2e%2fsecret.txt",
            "/example/../../secret.txt",
            "/..",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/..\\secret.txt",
            "/c:/secret.txt",
            "/a%00b",
            "/%zz",
            "/%f",
            "/%ff",
            "secret.txt",
            "http://elsewhere/",
            "",
        ] {
            assert_eq!(find(&site, url), Place::Refused, "{url}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_is_refused() {
        let scratch = site("link");
        let site = scratch.path("site");
        std::os::unix::fs::symlink("../secret.txt", site.join("link.txt")).unwrap();
        std::os::unix::fs::symlink("index.html", site.join("inside.html")).unwrap();
        assert_eq!(find(&site, "/link.txt"), Place::Refused);
        assert_eq!(
            find(&site, "/inside.html"),
            Place::File(site.join("index.html"))
        );
    }
}
