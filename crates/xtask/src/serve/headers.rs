//! The headers of every answer, and the type of every file.

use crate::policy::POLICY;
use std::path::Path;

/// Headers of every answer, errors included.
pub(super) fn common(isolated: bool) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("Content-Security-Policy", POLICY.to_owned()),
        ("Cross-Origin-Resource-Policy", "same-origin".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("Cache-Control", "no-cache".to_owned()),
    ];
    if isolated {
        headers.push(("Cross-Origin-Opener-Policy", "same-origin".to_owned()));
        headers.push(("Cross-Origin-Embedder-Policy", "require-corp".to_owned()));
    }
    headers
}

/// The media type of a file by its ending.
pub(super) fn media_type(file: &Path) -> &'static str {
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    match ending.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "txt" | "md" | "ts" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "m4a" => "audio/mp4",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    }
}

/// Whether `Accept-Encoding` takes brotli.
pub(super) fn takes_brotli(encodings: &str) -> bool {
    encodings.split(',').any(|encoding| {
        let mut parts = encoding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight == 0.0))
        });
        name.eq_ignore_ascii_case("br") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_stream_and_scripts_run() {
        assert_eq!(media_type(Path::new("a_bg.wasm")), "application/wasm");
        for script in ["a.js", "a.mjs", "A.JS"] {
            assert!(media_type(Path::new(script)).starts_with("text/javascript"));
        }
        assert_eq!(media_type(Path::new("a")), "application/octet-stream");
        assert_eq!(media_type(Path::new("a.wav")), "audio/wav");
    }

    #[test]
    fn isolation_can_be_left_out() {
        let has = |isolated, name| common(isolated).iter().any(|(known, _)| *known == name);
        for name in ["Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy"] {
            assert!(has(true, name) && !has(false, name));
        }
        assert!(has(false, "Cross-Origin-Resource-Policy"));
    }

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        assert!(takes_brotli("gzip, deflate, br, zstd"));
        assert!(takes_brotli("gzip;q=1.0,BR;q=0.5"));
        assert!(!takes_brotli("gzip, br;q=0"));
        assert!(!takes_brotli("gzip, brotli"));
        assert!(!takes_brotli(""));
    }
}
