//! Rule: the files of a crate do not depend on one another in a circle.
//!
//! Reads paths (`use crate::…`, `super::…`, a child's name) off the source without parsing it: comments, strings and
//! tests are left out, re-exports are followed to the file they come from. What a file takes from the files above it
//! (`foo/bar.rs` from `foo.rs`) does not count.

use super::Findings;
use super::sources::Sources;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A module: the names from the root of the crate on.
type Module = Vec<String>;

/// Circles between the files of each crate.
pub(super) fn check(sources: &Sources) -> Findings {
    let mut crates: BTreeMap<&str, Vec<File>> = BTreeMap::new();
    for source in &sources.rust {
        if let Some((folder, within)) = source.path.split_once("/src/")
            && let Some(module) = module_of(within)
        {
            let file = File::read(module, &source.path, &source.text);
            crates.entry(folder).or_default().push(file);
        }
    }
    let mut findings = Findings::new();
    for (folder, files) in &crates {
        for circle in circles(&edges(files)) {
            findings.push(format!(
                "{folder}: files that depend on one another in a circle: {}; move what they share into a file of its own",
                circle.join(" → ")
            ));
        }
    }
    findings
}

/// The module of a file below `src`; `None` for tests and for programs beside the library.
fn module_of(path: &str) -> Option<Module> {
    let path = path.strip_suffix(".rs")?;
    let mut names: Module = path.split('/').map(str::to_owned).collect();
    match names.last().map(String::as_str) {
        Some("tests") => return None,
        Some("mod") => drop(names.pop()),
        Some("lib" | "main") if names.len() == 1 => drop(names.pop()),
        _ => {}
    }
    (names.first().map(String::as_str) != Some("bin")).then_some(names)
}

/// What a file refers to.
struct File {
    module: Module,
    path: String,
    /// Every `use`: the name it brings in (`*` for all names) and the path it comes from.
    imports: Vec<(String, Vec<String>)>,
    /// Other paths with more than one name.
    mentions: Vec<Vec<String>>,
}

impl File {
    fn read(module: Module, path: &str, text: &str) -> Self {
        let mut file = Self {
            module,
            path: path.to_owned(),
            imports: Vec::new(),
            mentions: Vec::new(),
        };
        let tokens = tokens(text);
        let mut rest = &tokens[..];
        while let Some((token, after)) = rest.split_first() {
            rest = after;
            if token == "use" {
                import(&mut rest, &[], &mut file.imports);
            } else if is_name(token) {
                let mut path = vec![token.clone()];
                while let [colons, name, after @ ..] = rest
                    && colons == "::"
                    && is_name(name)
                {
                    path.push(name.clone());
                    rest = after;
                }
                if path.len() > 1 {
                    file.mentions.push(path);
                }
            }
        }
        file
    }
}

/// Reads one branch of a `use` tree and what follows it in the same braces.
fn import(rest: &mut &[String], before: &[String], out: &mut Vec<(String, Vec<String>)>) {
    let mut path = before.to_vec();
    while let Some((token, after)) = rest.split_first() {
        *rest = after;
        match token.as_str() {
            "{" => {
                import(rest, &path, out);
                path = before.to_vec();
            }
            "}" | ";" | "," => {
                add(&path, before, None, out);
                if token != "," {
                    return;
                }
                path = before.to_vec();
            }
            "as" => {
                if let Some((alias, after)) = rest.split_first() {
                    *rest = after;
                    add(&path, before, Some(alias), out);
                    path = before.to_vec();
                }
            }
            "::" => {}
            name => path.push(name.to_owned()),
        }
    }
}

fn add(
    path: &[String],
    before: &[String],
    alias: Option<&str>,
    out: &mut Vec<(String, Vec<String>)>,
) {
    if path.len() == before.len() {
        return;
    }
    let mut path = path.to_vec();
    if path.last().is_some_and(|name| name == "self") {
        path.pop();
    }
    let last = path.last().cloned().unwrap_or_default();
    out.push((alias.map_or(last, str::to_owned), path));
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::` and single characters, without comments, strings and inline tests.
fn tokens(text: &str) -> Vec<String> {
    let text = text
        .find("#[cfg(test)]\nmod tests {")
        .map_or(text, |tests| &text[..tests]);
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, rest)| rest);
        } else if first == '"' {
            rest = after_string(rest);
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            rest = &rest[2..];
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            // A quote in quotes starts no string.
            let quoted = rest.starts_with("'\"'") || rest.starts_with("'\\\"'");
            let length = if quoted {
                rest[1..].find('\'').map_or(1, |at| at + 2)
            } else {
                first.len_utf8()
            };
            rest = &rest[length..];
        }
    }
    tokens
}

/// What follows a string literal.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Which file depends on which, by path.
fn edges(files: &[File]) -> BTreeMap<&str, BTreeSet<&str>> {
    let by_module: BTreeMap<&[String], &File> =
        files.iter().map(|file| (&file.module[..], file)).collect();
    let mut edges = BTreeMap::new();
    for file in files {
        let imported = file.imports.iter().filter_map(|(name, path)| {
            // A re-export of a child is its own place's matter.
            let is_child = path.len() > 1 && is_module(&by_module, &file.module, path.first()?);
            let exported = is_child || path.first()? == "self";
            (!exported || name == "*").then_some(path)
        });
        let targets = imported
            .chain(&file.mentions)
            .filter_map(|path| resolve(&by_module, file, path, 8))
            .filter(|target| !file.module.starts_with(&target.module))
            .map(|target| target.path.as_str());
        edges.insert(file.path.as_str(), targets.collect());
    }
    edges
}

fn is_module(files: &BTreeMap<&[String], &File>, parent: &[String], name: &str) -> bool {
    let module = [parent, &[name.to_owned()]].concat();
    files.contains_key(&module[..])
}

/// The file that defines what a path names.
fn resolve<'a>(
    files: &BTreeMap<&[String], &'a File>,
    from: &File,
    path: &[String],
    depth: u32,
) -> Option<&'a File> {
    let (first, mut rest) = path.split_first()?;
    let mut module = match first.as_str() {
        "crate" => Vec::new(),
        "self" => from.module.clone(),
        "super" => from.module[..from.module.len().checked_sub(1)?].to_vec(),
        name if is_module(files, &from.module, name) => {
            [&from.module[..], &[name.to_owned()]].concat()
        }
        _ => return None,
    };
    while let Some((name, after)) = rest.split_first() {
        if name == "super" {
            module.pop();
        } else if is_module(files, &module, name) {
            module.push(name.clone());
        } else {
            break;
        }
        rest = after;
    }
    let file = *files.get(&module[..])?;
    let exported = rest.first().and_then(|name| {
        let (_, path) = file.imports.iter().find(|(known, _)| known == name)?;
        let deeper = depth.checked_sub(1)?;
        resolve(files, file, path, deeper)
    });
    Some(exported.unwrap_or(file))
}

/// One circle of each set of files that reach each other, with its first file again at the end.
fn circles<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut circles = Vec::new();
    for start in edges.keys() {
        if seen.contains(start) {
            continue;
        }
        if let Some(circle) = way_back(edges, start) {
            // Everything that reaches the start and is reached from it belongs to the same set.
            seen.extend(
                reached(edges, start)
                    .into_iter()
                    .filter(|other| reached(edges, other).contains(start)),
            );
            circles.push(circle);
        }
    }
    circles
}

fn reached<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, start: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = vec![start];
    while let Some(file) = next.pop() {
        for target in edges.get(file).into_iter().flatten() {
            if found.insert(*target) {
                next.push(target);
            }
        }
    }
    found
}

/// The shortest way from a file back to itself.
fn way_back<'a>(
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    start: &'a str,
) -> Option<Vec<&'a str>> {
    let mut before: BTreeMap<&str, &'a str> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(file) = next.pop_front() {
        for target in edges.get(file).into_iter().flatten() {
            if *target == start {
                let mut way = vec![start, file];
                while let Some(previous) = before.get(way[way.len() - 1]) {
                    way.push(previous);
                }
                if file == start {
                    way.pop();
                }
                way.reverse();
                way.push(start);
                way.dedup();
                return Some(way);
            }
            if !before.contains_key(target) {
                before.insert(target, file);
                next.push_back(target);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::sources::Source;
    use super::*;

    fn found(files: &[(&str, &str)]) -> Findings {
        let source = |(path, text): &(&str, &str)| Source {
            path: format!("x/src/{path}"),
            text: (*text).to_owned(),
        };
        check(&Sources {
            rust: files.iter().map(source).collect(),
            script: Vec::new(),
            manifests: Vec::new(),
        })
    }

    #[test]
    fn a_circle_is_named() {
        let circle = found(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::{self, Thing};"),
            ("b.rs", "fn f() { super::c::g(); }"),
            (
                "c.rs",
                "use std::fmt;\nuse crate::{a::One, other::Two as Three};",
            ),
        ]);
        assert_eq!(circle.len(), 1, "{circle:?}");
        let way = "x/src/a.rs → x/src/b.rs → x/src/c.rs → x/src/a.rs";
        assert!(circle[0].contains(way), "{circle:?}");
    }

    #[test]
    fn comments_strings_tests_and_files_above_do_not_count() {
        let none = found(&[
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
            (
                "a/mod.rs",
                "mod deep; use deep::Deep; use crate::b::B; pub struct A;",
            ),
            ("a/deep.rs", "use super::A; use crate::A;"),
            (
                "b.rs",
                "//! [`crate::a::A`]\n// crate::a::A\nconst TEXT: &str = \"crate::a::A \\\"\"; const C: char = '\"';\n\
                 #[cfg(test)]\nmod tests {\n use crate::a::A;\n}",
            ),
        ]);
        assert!(none.is_empty(), "{none:?}");
    }

    #[test]
    fn braces_import_what_is_in_them_and_not_what_is_before_them() {
        let none = found(&[
            ("lib.rs", "mod a; mod b;"),
            (
                "a/mod.rs",
                "mod deep; mod flat; pub use deep::{Deep, Deeper}; pub use flat::Flat;",
            ),
            ("a/deep.rs", "use crate::b::{B};"),
            ("a/flat.rs", "pub struct Flat;"),
            ("b.rs", "use crate::a::{Flat};"),
        ]);
        assert_eq!(none, Findings::new());
    }

    #[test]
    fn a_re_export_leads_to_the_file_it_names() {
        let files = |b: &'static str| {
            found(&[
                ("main.rs", "mod a; mod b;"),
                (
                    "a/mod.rs",
                    "mod low; mod high; pub use low::Low; pub use high::High;",
                ),
                ("a/low.rs", "pub struct Low;"),
                ("a/high.rs", "use crate::b::B;"),
                ("b.rs", b),
            ])
        };
        assert!(files("use crate::a::Low;").is_empty());
        assert_eq!(files("use crate::a::High;").len(), 1);
    }
}
