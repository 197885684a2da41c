//! A source file as words and paths, without comments, strings and tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A Rust file.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    /// Its place below the folder that was read: `db/bind.rs` is `["db", "bind"]`.
    module: Vec<String>,
    length: usize,
    readable: Result<(), String>,
    all_words: Vec<String>,
    words: Vec<String>,
    paths: Vec<Vec<String>>,
}

/// All Rust files below a folder; none if there is no such folder.
pub(super) fn sources(folder: &Path) -> Vec<Source> {
    let mut all = Vec::new();
    collect(folder, folder, &mut all);
    all.sort_by(|one, other| one.path.cmp(&other.path));
    all
}

fn collect(top: &Path, folder: &Path, all: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "target" {
            collect(top, &path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(Source::read(top, path));
        }
    }
}

impl Source {
    fn read(top: &Path, path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let place = path.strip_prefix(top).unwrap_or(&path).with_extension("");
        let module = place.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let tokens = text.parse::<TokenStream>();
        let readable = tokens.as_ref().map(|_| ()).map_err(ToString::to_string);
        let tokens: Vec<TokenTree> = tokens.unwrap_or_default().into_iter().collect();
        let mut source = Self {
            path,
            module,
            length: text.lines().count(),
            readable,
            all_words: Vec::new(),
            words: Vec::new(),
            paths: Vec::new(),
        };
        collect_words(&tokens, &mut source.all_words);
        if !source.is_test() {
            let kept = without_tests(tokens);
            collect_words(&kept, &mut source.words);
            collect_paths(&kept, &mut source.paths);
        }
        source
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its path below `root`.
    pub(super) fn name(&self, root: &Path) -> String {
        self.path.strip_prefix(root).unwrap_or(&self.path).to_string_lossy().into_owned()
    }

    pub(super) fn module(&self) -> &[String] {
        &self.module
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn readable(&self) -> Result<(), &str> {
        self.readable.as_ref().copied().map_err(String::as_str)
    }

    /// Whether it belongs to a module of tests.
    pub(super) fn is_test(&self) -> bool {
        self.module.iter().any(|part| part == "tests")
    }

    /// Identifiers and keywords, tests included.
    pub(super) fn all_words(&self) -> impl Iterator<Item = &str> {
        self.all_words.iter().map(String::as_str)
    }

    /// Identifiers and keywords, without tests.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Every path of more than one part, and every imported one, without tests.
    pub(super) fn paths(&self) -> &[Vec<String>] {
        &self.paths
    }

    /// Whether a path begins with the parts of `start`.
    pub(super) fn uses(&self, start: &str) -> bool {
        let start: Vec<&str> = start.split("::").collect();
        self.paths.iter().any(|path| {
            path.len() >= start.len() && path.iter().zip(&start).all(|(one, other)| one == other)
        })
    }
}

/// Leaves out what stands under `#[cfg(test)]`, up to its braces or semicolon.
fn without_tests(tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut skipping = false;
    for token in tokens {
        if skipping {
            skipping = !match &token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(punct) => punct.as_char() == ';',
                _ => false,
            };
            continue;
        }
        if let TokenTree::Group(group) = &token {
            if group.stream().to_string().replace(' ', "") == "cfg(test)" {
                skipping = true;
                continue;
            }
            let inner = without_tests(group.stream().into_iter().collect());
            let inner = proc_macro2::Group::new(group.delimiter(), inner.into_iter().collect());
            kept.push(TokenTree::Group(inner));
        } else {
            kept.push(token);
        }
    }
    kept
}

fn collect_words(tokens: &[TokenTree], words: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Group(group) => {
                collect_words(&group.stream().into_iter().collect::<Vec<_>>(), words);
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Collects `a::b::c` as it stands, and `use a::{b, c::d}` as `a::b` and `a::c::d`.
fn collect_paths(tokens: &[TokenTree], paths: &mut Vec<Vec<String>>) {
    let mut rest = tokens;
    let mut importing = false;
    while let Some((first, tail)) = rest.split_first() {
        match first {
            TokenTree::Ident(word) if word == "use" => {
                importing = true;
                rest = tail;
            }
            TokenTree::Ident(_) => {
                let before = paths.len();
                rest = path(rest, &[], paths);
                if !importing {
                    let mut new = paths.split_off(before);
                    new.retain(|path| path.len() > 1);
                    paths.append(&mut new);
                }
            }
            TokenTree::Group(group) => {
                collect_paths(&group.stream().into_iter().collect::<Vec<_>>(), paths);
                rest = tail;
            }
            TokenTree::Punct(punct) => {
                importing &= punct.as_char() == ':';
                rest = tail;
            }
            TokenTree::Literal(_) => rest = tail,
        }
    }
}

/// Reads one path or tree of paths, and returns what follows it.
fn path<'a>(
    tokens: &'a [TokenTree],
    before: &[String],
    paths: &mut Vec<Vec<String>>,
) -> &'a [TokenTree] {
    let mut parts = before.to_vec();
    let mut rest = tokens;
    loop {
        match rest {
            [TokenTree::Ident(word), tail @ ..] => {
                // `a::{self, b}` names `a` itself.
                if word != "self" || parts.is_empty() {
                    parts.push(word.to_string());
                }
                rest = tail;
            }
            [TokenTree::Group(group), tail @ ..] if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
                for branch in inner.split(comma).filter(|branch| !branch.is_empty()) {
                    path(branch, &parts, paths);
                }
                return tail;
            }
            _ => {
                paths.push(parts);
                return rest;
            }
        }
        match rest {
            [TokenTree::Punct(one), TokenTree::Punct(two), tail @ ..]
                if one.as_char() == ':' && two.as_char() == ':' =>
            {
                rest = tail;
            }
            _ => {
                paths.push(parts);
                return rest;
            }
        }
    }
}

#[test]
fn a_file_is_read_as_words_and_paths() {
    let folder = std::env::temp_dir().join(format!("xtask-source-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let text = r#"
        //! tokio in a comment
        use a::{b, c::{d as e, self}, *};
        fn f<'a>(x: &'a str) { let _ = f::<u8>("sqlx"); crate::g::h(); y.z }
        #[cfg(test)] mod tests { use hidden::path; }
        mod after {}
    "#;
    fs::write(folder.join("x.rs"), text).unwrap();
    let all = sources(&folder);
    fs::remove_dir_all(&folder).unwrap();
    let paths: Vec<String> = all[0].paths().iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["a::b", "a::c::d", "a::c", "a", "crate::g::h"]);
    assert!(all[0].uses("a::c") && !all[0].uses("hidden") && !all[0].uses("c"));
    let words: Vec<&str> = all[0].words().collect();
    assert!(words.contains(&"after") && !words.contains(&"tokio") && !words.contains(&"sqlx"));
    assert!(all[0].all_words().any(|word| word == "hidden"));
}
