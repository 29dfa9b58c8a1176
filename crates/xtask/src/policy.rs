//! What a page may load and do, declared once: sent by [`crate::serve`] with every answer, and put
//! into the built pages by [`crate::web`], so that it holds on any host.

use anyhow::{Result, bail};

/// Compile WebAssembly, but never text; load nothing from other origins. Styles set from code are
/// no inline styles.
pub(crate) const POLICY: &str = "default-src 'self'; \
    script-src 'self' 'wasm-unsafe-eval'; \
    worker-src 'self'; \
    connect-src 'self'; \
    media-src 'self' blob: mediastream:; \
    img-src 'self' data: blob:; \
    style-src 'self'; \
    object-src 'none'; \
    base-uri 'none'; \
    form-action 'none'; \
    frame-ancestors 'self'";

/// What only a header can say; browsers complain about it in a page.
const HEADER_ONLY: &[&str] = &["frame-ancestors", "report-uri", "sandbox"];

/// Where a page gets the policy.
const MARK: &str = "<!-- policy -->";

/// The page with the policy in place of its mark.
///
/// # Errors
/// Without exactly one mark, or where something that could load anything stands before it.
pub(crate) fn put_into(page: &str) -> Result<String> {
    let Some((before, after)) = page.split_once(MARK) else {
        bail!("no `{MARK}` is in it");
    };
    if after.contains(MARK) {
        bail!("`{MARK}` is in it twice");
    }
    let early = ["<script", "<link", "<style", "<base", "<body"];
    if let Some(tag) = early.iter().find(|tag| before.contains(**tag)) {
        bail!("`{tag}` stands before `{MARK}`, so that the policy would not hold for it");
    }
    let policy = in_page();
    Ok(format!(
        "{before}<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">{after}"
    ))
}

/// The policy as a page can say it.
fn in_page() -> String {
    let directives = POLICY.split("; ").filter(|directive| {
        let name = directive.split(' ').next().unwrap_or_default();
        !HEADER_ONLY.contains(&name)
    });
    directives.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::command::root;
    use std::fs;

    #[test]
    fn text_is_never_compiled() {
        assert!(!POLICY.contains("'unsafe-eval'") && !POLICY.contains("'unsafe-inline'"));
        assert!(POLICY.contains("script-src 'self' 'wasm-unsafe-eval';"));
        assert!(!POLICY.contains("  ") && !POLICY.contains('*'), "{POLICY}");
        assert!(!POLICY.contains('"'), "it stands in an attribute");
    }

    #[test]
    fn a_page_says_all_that_a_page_can_say() {
        assert_eq!(format!("{}; frame-ancestors 'self'", in_page()), POLICY);
    }

    #[test]
    fn every_page_gets_it_before_it_loads_anything() {
        for page in ["index.html", "example/index.html"] {
            let text = fs::read_to_string(root().join("web/public").join(page)).unwrap();
            let built = put_into(&text).unwrap();
            assert!(!built.contains(MARK));
            let policy = format!("content=\"{}\"", in_page());
            assert!(built.find(&policy).unwrap() < built.find("<script").unwrap());
        }
    }

    #[test]
    fn a_page_that_would_not_keep_to_it_is_refused() {
        for (page, words) in [
            ("<head></head>", "no `<!-- policy -->`"),
            ("<!-- policy --> <!-- policy -->", "twice"),
            (
                "<script src=a></script><!-- policy -->",
                "`<script` stands before",
            ),
            ("<link href=a><!-- policy -->", "`<link` stands before"),
        ] {
            let error = put_into(page).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
