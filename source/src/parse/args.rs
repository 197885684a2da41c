//! The arguments of our attributes.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Attribute, Ident, Meta, Path, ext::IdentExt};

use super::{
    rls::Rls,
    value::{self, KeyType, Scope, Text},
};
use crate::{
    errors::Errors,
    keys::{self, Key, Macro},
};

/// What was written in one of our attributes.
#[derive(Debug, Default)]
pub struct Args {
    /// The field that names the tenant, at the place where it is named.
    pub column: Option<Ident>,
    /// The type of the added field, and where it is said.
    pub key_type: Option<(KeyType, TokenStream)>,
    /// Where a primary key is unique, and where it is said.
    pub scope: Option<(Scope, TokenStream)>,
    /// Why keys that tenants choose are unique among all of them.
    pub reason: Option<Text>,
    /// The field that says when a row was deleted, at the place where it is named.
    pub soft_delete: Option<Ident>,
    /// Further policies.
    pub rls: Rls,
    /// Changes are recorded, and where that is said.
    pub audit: Option<Ident>,
    /// What was called something else.
    pub renamed: Renamed,
    /// Where the `tenancy` crate is.
    pub krate: Option<Path>,
    /// Tenants may write the shared table.
    pub writable: bool,
}

/// What the table and its columns were called before.
#[derive(Debug, Default)]
pub struct Renamed {
    /// The table.
    pub table: Option<String>,
    /// Fields, and what their columns were called.
    pub columns: Vec<(Ident, String)>,
}

impl Args {
    /// Reads the tokens between the parentheses.
    pub fn parse(tokens: TokenStream, host: &Macro, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        args.read(tokens, host, &mut Vec::new(), errors);
        args
    }

    /// Reads a derive's helper attributes.
    pub fn of_helpers(attrs: &[Attribute], host: &Macro, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let mut seen = Vec::new();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident(host.attribute)) {
            match &attr.meta {
                Meta::List(list) => args.read(list.tokens.clone(), host, &mut seen, errors),
                other => {
                    let example = host.keys.first().map_or("", |key| key.example);
                    errors.push(other, format!("say what you mean: `{}`", host.with(example)));
                }
            }
        }
        args
    }

    fn read(
        &mut self,
        tokens: TokenStream,
        host: &Macro,
        seen: &mut Vec<Key>,
        errors: &mut Errors,
    ) {
        for argument in split(tokens) {
            let Some(Argument { name, value, is_list }) = Argument::parse(argument, host, errors)
            else {
                continue;
            };
            let word = name.unraw().to_string();
            let Some(key) = host.keys.iter().find(|key| key.name == word) else {
                errors.push(&name, host.unknown(&word));
                continue;
            };
            if *key == keys::RENAMED_FROM {
                self.renamed_from(&name, value, is_list, host, errors);
                continue;
            }
            if seen.contains(key) {
                errors.push(&name, format!("`{word}` is given twice; keep one of them"));
                continue;
            }
            seen.push(*key);
            match value {
                Some(list) if *key == keys::RLS && is_list => self.rls = Rls::parse(list, errors),
                _ if *key == keys::RLS || is_list => {
                    let example = host.with(key.example);
                    errors.push(&name, format!("write `{word}` like this: `{example}`"));
                }
                value => self.set(*key, &name, value, host, errors),
            }
        }
    }

    fn set(
        &mut self,
        key: Key,
        name: &Ident,
        given: Option<TokenStream>,
        host: &Macro,
        errors: &mut Errors,
    ) {
        if key == keys::WRITABLE {
            self.writable = true;
            alone(key, given, host, errors);
            return;
        }
        if key == keys::AUDIT {
            self.audit = Some(name.clone());
            alone(key, given, host, errors);
            return;
        }
        let Some(given) = given else {
            errors.push(name, format!("`{name}` needs a value: `{}`", host.with(key.example)));
            return;
        };
        if key == keys::COLUMN {
            self.column = value::field(&given, keys::COLUMN, host, errors);
        } else if key == keys::SOFT_DELETE {
            self.soft_delete = value::field(&given, keys::SOFT_DELETE, host, errors);
        } else if key == keys::REASON {
            self.reason = value::reason(given, host, errors);
        } else if key == keys::TYPE {
            self.key_type = value::key_type(given, errors);
        } else if key == keys::KEY {
            self.scope = value::scope(given, errors);
        } else {
            self.krate = value::krate(&given, errors);
        }
    }
}

impl Args {
    /// `renamed_from = "jobs"` for the table, and `renamed_from(title = "name")` for columns.
    fn renamed_from(
        &mut self,
        name: &Ident,
        value: Option<TokenStream>,
        is_list: bool,
        host: &Macro,
        errors: &mut Errors,
    ) {
        let example = host.with(keys::RENAMED_FROM.example);
        let old = |value: Option<TokenStream>| {
            let old = syn::parse2::<syn::LitStr>(value?).ok()?.value();
            (!old.is_empty()).then_some(old)
        };
        if !is_list {
            match old(value) {
                Some(_) if self.renamed.table.is_some() => {
                    errors.push(
                        name,
                        "`renamed_from` is given twice for the table; keep one of them",
                    );
                }
                Some(table) => self.renamed.table = Some(table),
                None => errors.push(
                    name,
                    format!("write what the table was called before, in quotes: `{example}`"),
                ),
            }
            return;
        }
        for argument in split(value.unwrap_or_default()) {
            let Some(Argument { name, value, is_list }) = Argument::parse(argument, host, errors)
            else {
                continue;
            };
            match old(value).filter(|_| !is_list) {
                Some(_) if self.renamed.columns.iter().any(|(known, _)| *known == name) => {
                    errors.push(&name, format!("`{name}` is given twice; keep one of them"));
                }
                Some(old) => self.renamed.columns.push((name, old)),
                None => errors.push(
                    &name,
                    format!("write what the column was called before, in quotes: `{example}`"),
                ),
            }
        }
    }
}

/// A key that is a word takes no value.
fn alone(key: Key, given: Option<TokenStream>, host: &Macro, errors: &mut Errors) {
    if let Some(given) = given {
        errors.push(given, format!("`{}` stands alone: `{}`", key.name, host.with(key.name)));
    }
}

/// `name`, `name = value` or `name(list)`.
pub(super) struct Argument {
    pub(super) name: Ident,
    pub(super) value: Option<TokenStream>,
    /// Whether the value stands in parentheses.
    pub(super) is_list: bool,
}

impl Argument {
    pub(super) fn parse(tokens: TokenStream, host: &Macro, errors: &mut Errors) -> Option<Self> {
        let mut rest = tokens.clone().into_iter();
        let Some(TokenTree::Ident(name)) = rest.next() else {
            let example = host.keys.first().map_or("", |key| key.example);
            errors.push(tokens, format!("expected a key, as in `{}`", host.with(example)));
            return None;
        };
        match rest.next() {
            None => Some(Self { name, value: None, is_list: false }),
            Some(TokenTree::Group(list))
                if list.delimiter() == Delimiter::Parenthesis && rest.next().is_none() =>
            {
                Some(Self { name, value: Some(list.stream()), is_list: true })
            }
            Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {
                let value: TokenStream = rest.collect();
                Some(Self { name, value: (!value.is_empty()).then_some(value), is_list: false })
            }
            Some(_) => {
                errors.push(tokens, "expected `key = value`, with commas between");
                None
            }
        }
    }
}

/// Splits at the commas, so that a mistake in one argument does not hide those in the next.
pub(super) fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let mut arguments = vec![TokenStream::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => arguments.push(TokenStream::new()),
            _ => arguments.iter_mut().last().into_iter().for_each(|it| it.extend([token.clone()])),
        }
    }
    arguments.retain(|argument| !argument.is_empty());
    arguments
}
