//! Resolvers, by tables of requests.

mod api_key;
mod chain;
mod domain;
mod header;
mod path;
mod proxy;
mod subdomain;

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::{HeaderName, HeaderValue, Request, Uri, request::Parts};
use tenancy_core::Slug;

use super::{Resolved, Resolver, TenantRef, Unresolved};

/// The lines of a table, divided at bars, with their numbers. Escapes stand for characters:
/// `\u{…}`, `\s`, `\t`, `\r`, `\n`, `\0` and `\\`.
pub(super) fn lines(table: &str) -> Vec<(usize, Vec<String>)> {
    let lines = table.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines.map(|(number, line)| (number + 1, line.split(" | ").map(unescape).collect())).collect()
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (character, after) = match after.split_at(1) {
            ("s", after) => (' ', after),
            ("t", after) => ('\t', after),
            ("r", after) => ('\r', after),
            ("n", after) => ('\n', after),
            ("0", after) => ('\0', after),
            ("\\", after) => ('\\', after),
            ("u", after) => {
                let (code, after) = after[1..].split_once('}').unwrap();
                (char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap(), after)
            }
            other => panic!("what is {other:?}?"),
        };
        out.push(character);
        rest = after;
    }
    out + rest
}

/// The head of a request, or nothing if it cannot be sent.
pub(super) fn request(uri: &str, fields: &[(&str, &[u8])]) -> Option<Parts> {
    let mut request = Request::new(());
    *request.uri_mut() = uri.parse::<Uri>().ok()?;
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(request.into_parts().0)
}

pub(super) fn from(mut parts: Parts, peer: &str) -> Parts {
    let peer: SocketAddr = format!("{peer}:40000").parse().unwrap();
    parts.extensions.insert(ConnectInfo(peer));
    parts
}

/// An answer in a word, with the URI that is left where it is another.
pub(super) fn word(answer: &Result<Resolved, Unresolved>) -> String {
    let resolved = match answer {
        Ok(resolved) => resolved,
        Err(reason) => return format!("{reason:?}").to_lowercase(),
    };
    let mut words = Vec::new();
    for key in resolved.keys() {
        if let TenantRef::Slug(slug) = key {
            assert_eq!(Slug::new(slug.as_str()).as_ref(), Ok(slug));
        }
        words.push(match key {
            TenantRef::Slug(slug) => slug.to_string(),
            TenantRef::Id(id) => format!("id {id}"),
            TenantRef::Domain(domain) => format!("domain {domain}"),
            TenantRef::ApiKey(key) => format!("key {}", key.id()),
        });
    }
    words.sort();
    words.extend(resolved.uri().map(ToString::to_string));
    words.join(" ")
}

/// What a resolver says of a request, where it can be sent.
pub(super) fn ask(resolver: &impl Resolver, parts: Option<Parts>) -> String {
    parts.map_or_else(|| "unsendable".to_owned(), |parts| word(&resolver.resolve(&parts)))
}

/// Compares what was found with what was expected, line by line.
#[derive(Default)]
pub(super) struct Table {
    count: usize,
    wrong: String,
}

impl Table {
    pub(super) fn line(&mut self, what: impl std::fmt::Debug, found: &str, expected: &str) {
        self.count += 1;
        if found != expected {
            self.wrong.push_str(&format!("\n{what:?}: {found}, not {expected}"));
        }
    }

    pub(super) fn end(&self, least: usize) {
        assert!(self.wrong.is_empty(), "{}", self.wrong);
        assert!(self.count >= least, "{} cases", self.count);
    }
}
