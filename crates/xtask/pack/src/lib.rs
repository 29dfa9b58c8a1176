//! Brotli for xtask, in a crate of its own: the library's code is generic and would
//! otherwise be compiled inside xtask, without optimisation and three times as slow.
//!
//! Never touches a file.

#![forbid(unsafe_code)]

use std::io;

/// `raw`, compressed as far as brotli goes: quality 11, window of 2^24 bytes, which every
/// browser takes. 34 MB take about a minute.
///
/// # Errors
/// Those of the library, which has none for memory that is there.
pub fn brotli(raw: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        size_hint: raw.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*raw, &mut packed, &params)?;
    Ok(packed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_packed_is_the_text_again() {
        let text = "every sample of every channel\n".repeat(500);
        let packed = brotli(text.as_bytes()).unwrap();
        assert!(packed.len() < 200, "{}", packed.len());
        let mut raw = Vec::new();
        ::brotli::BrotliDecompress(&mut packed.as_slice(), &mut raw).unwrap();
        assert_eq!(raw, text.as_bytes());
    }

    #[test]
    fn nothing_is_something_too() {
        let packed = brotli(b"").unwrap();
        let mut raw = Vec::new();
        ::brotli::BrotliDecompress(&mut packed.as_slice(), &mut raw).unwrap();
        assert!(raw.is_empty());
    }
}
