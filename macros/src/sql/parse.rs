//! What is written between the parentheses.

use std::path::PathBuf;

use proc_macro2::Span;
use syn::{
    Expr, ExprRange, Ident, LitStr, Path, RangeLimits, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    parse_quote,
};
use tenancy_core::Dialect;

/// The arguments as written.
pub(crate) struct Input {
    pub(crate) krate: Path,
    pub(crate) texts: Vec<Text>,
    pub(crate) values: Vec<Value>,
}

/// The statement, for one engine or for all.
pub(crate) struct Text {
    pub(crate) engine: Option<(Dialect, Span)>,
    pub(crate) sql: LitStr,
}

/// A value, or a list of them.
pub(crate) struct Value {
    pub(crate) expr: Expr,
    pub(crate) is_list: bool,
}

const EXAMPLE: &str = "`tenant_sql!(\"SELECT … WHERE total > ?\", total)`";

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut krate: Path = parse_quote!(::tenancy);
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            krate = Path::parse_mod_style(input)?;
            input.parse::<Token![,]>()?;
        }
        let mut texts = vec![Text::parse(input)?];
        while comma(input)? && texts.iter().all(|text| text.engine.is_some()) && is_engine(input) {
            texts.push(Text::parse(input)?);
        }
        let mut values = Vec::new();
        while !input.is_empty() {
            values.push(Value::of(input.parse()?)?);
            if !comma(input)? {
                break;
            }
        }
        if !input.is_empty() {
            return Err(input.error("expected `,` and the next value"));
        }
        Ok(Self { krate, texts, values })
    }
}

impl Input {
    /// The file the statement is written in, if the compiler tells.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.texts.first().and_then(|text| text.sql.span().unwrap().local_file())
    }
}

/// Reads a comma, and tells whether something stands behind it.
fn comma(input: ParseStream<'_>) -> syn::Result<bool> {
    Ok(input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty())
}

fn is_engine(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::])
}

impl Text {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut engine = None;
        if is_engine(input) {
            let name = Ident::parse_any(input)?;
            let dialect = match name.to_string().as_str() {
                "sqlite" => Dialect::Sqlite,
                "postgres" => Dialect::Postgres,
                "mysql" => Dialect::MySql,
                other => {
                    let message = format!(
                        "`{other}` is no engine: write `sqlite: \"…\"`, `postgres: \"…\"` or \
                         `mysql: \"…\"`, or only the text for all engines"
                    );
                    return Err(syn::Error::new(name.span(), message));
                }
            };
            engine = Some((dialect, name.span()));
            input.parse::<Token![:]>()?;
        }
        if !input.peek(LitStr) {
            return Err(input.error(format!(
                "the statement must stand here as a literal, to be read when the program is \
                 compiled: {EXAMPLE}"
            )));
        }
        Ok(Self { engine, sql: input.parse()? })
    }
}

impl Value {
    fn of(expr: Expr) -> syn::Result<Self> {
        match expr {
            Expr::Range(ExprRange {
                start: None,
                limits: RangeLimits::HalfOpen(_),
                end: Some(list),
                ..
            }) => Ok(Self { expr: *list, is_list: true }),
            Expr::Range(range) => Err(syn::Error::new_spanned(
                range,
                "a range is no value; write `..list` for the values of `IN (?)`",
            )),
            expr => Ok(Self { expr, is_list: false }),
        }
    }
}
