//! `migrations!`: revisions, checked when a program is compiled.

mod folder;
mod parse;

#[cfg(test)]
mod tests;

use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Error;
use tenancy_core::{
    Dialect,
    revision::{History, Problem, SqlFile, Target},
};

use self::{folder::Files, parse::Input};

/// Expands one use of the macro. `root` is the folder of `Cargo.toml`.
pub(crate) fn expand(tokens: TokenStream, root: &Path, engines: &[Dialect]) -> TokenStream {
    let input = match syn::parse2::<Input>(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let (files, mut problems) = folder::read(root, &input.folder.value());
    check(&input, &files, engines, &mut problems);
    let errors = problems.iter().map(|problem| Error::new(input.folder.span(), problem));
    match errors.reduce(|mut all, error| {
        all.combine(error);
        all
    }) {
        // In an expression there is room for one, and in a block for all.
        Some(errors) => {
            let errors = errors.to_compile_error();
            quote!({ #errors })
        }
        None => embed(&input, &files),
    }
}

/// All that is wrong, beside what kept files from being read.
fn check(input: &Input, files: &Files, engines: &[Dialect], problems: &mut Vec<Problem>) {
    let read: Vec<_> =
        files.iter().map(|(path, text, target)| SqlFile { path, text, target: *target }).collect();
    let history = match History::read(&read, engines) {
        Ok(history) => history,
        Err(more) => return problems.extend(more.0),
    };
    problems.extend(history.lapses(input.several_heads));
    for revision in history.revisions() {
        if let Some(name) = &revision.code
            && !input.rust.iter().any(|(known, _)| known == name)
        {
            let what = format!(
                "revision {} says `rust: {name}`, and the macro has no such struct; name it: \
                 `rust = [{name}]`",
                revision.id
            );
            problems.push(Problem::new(what, &[&revision.source]));
        }
    }
    for (name, _) in &input.rust {
        if !history.revisions().any(|revision| revision.code.as_ref() == Some(name)) {
            let what = format!(
                "no revision says that `{name}` belongs to it; write `-- rust: {name}` into the head \
                 of one"
            );
            problems.push(Problem::new(what, &[]));
        }
    }
}

/// The expression with the files. They are included, and so the compiler knows of them.
fn embed(input: &Input, files: &Files) -> TokenStream {
    let krate = &input.krate;
    let embedded = files.iter().map(|(path, _, target)| {
        let target = match target {
            Target::Shared => quote!(Shared),
            Target::Tenant => quote!(Tenant),
        };
        quote! {
            #krate::migrate::Embedded {
                path: #path,
                text: ::core::include_str!(::core::concat!(
                    ::core::env!("CARGO_MANIFEST_DIR"), "/", #path
                )),
                target: #krate::migrate::Target::#target,
            }
        }
    });
    let code = input.rust.iter().map(|(name, path)| {
        quote! {
            (
                #name,
                ::std::sync::Arc::new(#path) as ::std::sync::Arc<dyn #krate::migrate::RustRevision>,
            )
        }
    });
    quote! {
        #krate::migrate::Migrations::embedded(&[#(#embedded),*], ::std::vec![#(#code),*])
    }
}
