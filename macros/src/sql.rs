//! `tenant_sql!`: a statement scoped when the program is compiled.

mod check;
mod expand;
mod model;
mod parse;
mod report;

#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use tenancy_core::Dialect;

pub(crate) use self::parse::Input;
use tenancy_source::read::Known;

/// The engines whose features are on.
pub(crate) const ENGINES: &[Dialect] = &[
    #[cfg(feature = "sqlite")]
    Dialect::Sqlite,
    #[cfg(feature = "postgres")]
    Dialect::Postgres,
    #[cfg(feature = "mysql")]
    Dialect::MySql,
];

/// What a macro can know of the tables: those that were found, and where they were looked for.
pub(crate) type Found = Result<(Known, Vec<String>), String>;

/// Expands one use of the macro.
pub(crate) fn tenant_sql(
    tokens: TokenStream,
    engines: &[Dialect],
    found: impl FnOnce(&Input) -> Found,
) -> TokenStream {
    let input = match syn::parse2::<Input>(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    match check::statement(&input, engines, found(&input)) {
        Ok(model) => expand::statement(&model),
        Err(error) => error.to_compile_error(),
    }
}
