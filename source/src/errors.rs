//! The mistakes found in one use of a macro: pushed where they are found, reported together.

use std::{fmt, thread};

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Collects mistakes. Whoever makes one must [`finish`](Errors::finish) it, or the mistakes would
/// be lost and a wrong program would compile.
#[derive(Debug, Default)]
pub struct Errors {
    found: Option<syn::Error>,
    read: bool,
}

impl Errors {
    /// None so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a mistake under the tokens that are wrong.
    pub fn push(&mut self, tokens: impl ToTokens, message: impl fmt::Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Adds a mistake under a span, where no token can be named.
    pub fn push_at(&mut self, span: Span, message: impl fmt::Display) {
        self.add(syn::Error::new(span, message));
    }

    /// Whether a mistake was found already, of which others may be mere consequences.
    #[must_use]
    pub fn any(&self) -> bool {
        self.found.is_some()
    }

    fn add(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(errors) => errors.combine(error),
            None => self.found = Some(error),
        }
    }

    /// One `compile_error!` for each mistake, or nothing if there was none.
    #[must_use]
    pub fn finish(mut self) -> Option<TokenStream> {
        self.read = true;
        self.found.take().map(|error| error.to_compile_error())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(self.read || thread::panicking(), "the macro dropped its errors unread");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "unread")]
    fn errors_cannot_be_dropped_unread() {
        let _errors = Errors::new();
    }

    #[test]
    fn every_mistake_is_reported() {
        let mut errors = Errors::new();
        errors.push_at(Span::call_site(), "one");
        errors.push_at(Span::call_site(), "two");
        let output = errors.finish().map(|tokens| tokens.to_string()).unwrap_or_default();
        assert_eq!(output.matches("compile_error").count(), 2);
    }
}
