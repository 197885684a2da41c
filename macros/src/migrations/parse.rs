//! What is written between the parentheses.

use syn::{
    Ident, LitStr, Path, Token, bracketed,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    parse_quote,
    punctuated::Punctuated,
};

/// The arguments as written.
pub(super) struct Input {
    pub(super) krate: Path,
    pub(super) folder: LitStr,
    pub(super) several_heads: bool,
    /// The structs with revisions' code, each by the name files know it by.
    pub(super) rust: Vec<(String, Path)>,
}

const EXAMPLE: &str = "`migrations!(\"migrations\", heads = many, rust = [Backfill])`";

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut krate: Path = parse_quote!(::tenancy);
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            krate = Path::parse_mod_style(input)?;
            input.parse::<Token![,]>()?;
        }
        if !input.peek(LitStr) {
            return Err(input.error(format!(
                "the folder with the revisions must stand here as a literal: {EXAMPLE}"
            )));
        }
        let folder = input.parse()?;
        let mut arguments = Self { krate, folder, several_heads: false, rust: Vec::new() };
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let name = Ident::parse_any(input)?;
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "heads" => {
                    let many = Ident::parse_any(input)?;
                    if many != "many" {
                        let message = "`heads = many` allows several heads; leave it out for one";
                        return Err(syn::Error::new(many.span(), message));
                    }
                    arguments.several_heads = true;
                }
                "rust" => arguments.rust = structs(input)?,
                other => {
                    let message = format!("no argument `{other}`; there are {EXAMPLE}");
                    return Err(syn::Error::new(name.span(), message));
                }
            }
        }
        if !input.is_empty() {
            return Err(input.error(format!("expected `,` and the next argument: {EXAMPLE}")));
        }
        Ok(arguments)
    }
}

fn structs(input: ParseStream<'_>) -> syn::Result<Vec<(String, Path)>> {
    let list;
    bracketed!(list in input);
    let paths = Punctuated::<Path, Token![,]>::parse_terminated_with(&list, Path::parse_mod_style)?;
    let mut structs: Vec<(String, Path)> = Vec::new();
    for path in paths {
        let name = path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        if structs.iter().any(|(known, _)| *known == name) {
            let message = format!("`{name}` is there already; files know structs by this name");
            return Err(syn::Error::new_spanned(&path, message));
        }
        structs.push((name, path));
    }
    Ok(structs)
}
