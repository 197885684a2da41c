//! The field `Forwarded` ([RFC 7239], section 4).
//!
//! [RFC 7239]: https://www.rfc-editor.org/rfc/rfc7239

use tenancy_core::Host;

use super::{Unresolved, host};

/// The hosts that are named, in order; none if the field is not there.
///
/// The last part is the trusted proxy's own. If it names no host, neither is one believed that
/// stands before it, where the client could have written it.
pub(super) fn hosts<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Host>, Unresolved> {
    let mut hosts = Vec::new();
    let mut own = true;
    for value in values {
        let text = std::str::from_utf8(value).map_err(|_| Unresolved::Malformed)?;
        let mut rest = text;
        loop {
            let (element, after) = element(rest)?;
            own = element.is_some();
            hosts.extend(element.map(|text| host::read(text.as_bytes())).transpose()?);
            match after {
                Some(after) => rest = after,
                None => break,
            }
        }
    }
    if own { Ok(hosts) } else { Err(Unresolved::Malformed) }
}

/// The host of one element, and what follows its comma, if there is one.
fn element(text: &str) -> Result<(Option<String>, Option<&str>), Unresolved> {
    let mut seen: Vec<&str> = Vec::new();
    let mut host = None;
    let mut rest = text.trim_start_matches(BLANK);
    loop {
        let name_end = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        if name.is_empty() {
            // A pair may be left out.
            rest = after;
        } else {
            let after = after.strip_prefix('=').ok_or(Unresolved::Malformed)?;
            let (value, after) = value(after)?;
            if seen.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                return Err(Unresolved::Malformed);
            }
            seen.push(name);
            if name.eq_ignore_ascii_case("host") {
                host = Some(value);
            }
            rest = after;
        }
        rest = rest.trim_start_matches(BLANK);
        match rest.split_at_checked(1) {
            Some((";", after)) => rest = after.trim_start_matches(BLANK),
            Some((",", after)) => return Ok((host, Some(after))),
            None => return Ok((host, None)),
            Some(_) => return Err(Unresolved::Malformed),
        }
    }
}

const BLANK: [char; 2] = [' ', '\t'];

/// A character of a token ([RFC 9110], section 5.6.2).
///
/// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// A token or a quoted string, and what follows.
fn value(text: &str) -> Result<(String, &str), Unresolved> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        return if token.is_empty() {
            Err(Unresolved::Malformed)
        } else {
            Ok((token.into(), rest))
        };
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next().ok_or(Unresolved::Malformed)?.1),
            _ => value.push(character),
        }
    }
    Err(Unresolved::Malformed)
}
