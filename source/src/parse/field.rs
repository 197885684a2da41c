//! A field of an entity, and what SeaORM's attribute says about it.

use syn::{
    Field, GenericArgument, Ident, LitBool, LitStr, Path, PathArguments, Token, Type,
    ext::IdentExt, meta::ParseNestedMeta, parenthesized, token::Paren,
};

use crate::case;

/// A field that is, or could be, a column.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub ident: Ident,
    /// Its type.
    pub ty: Type,
    /// Whether it is in the primary key.
    pub primary_key: bool,
    /// Whether the database counts it up, if that is said.
    pub auto_increment: Option<bool>,
    /// The keys that a tenant column must not have, where they are written.
    pub ignore: Option<Path>,
    /// See [`ignore`](Self::ignore).
    pub unique: Option<Path>,
    /// See [`ignore`](Self::ignore).
    pub nullable: Option<Path>,
    /// See [`ignore`](Self::ignore): `save_as` or `select_as`.
    pub converted: Option<Path>,
    /// The name in the database, if it is said.
    pub column_name_said: Option<LitStr>,
    unique_key: Option<LitStr>,
    enum_name: Option<Ident>,
}

impl Column {
    /// Reads a named field. Mistakes in `#[sea_orm(…)]` are SeaORM's to report.
    pub fn parse(field: &Field) -> Option<Self> {
        let mut column = Self {
            ident: field.ident.clone()?,
            ty: field.ty.clone(),
            primary_key: false,
            auto_increment: None,
            ignore: None,
            unique: None,
            nullable: None,
            converted: None,
            column_name_said: None,
            unique_key: None,
            enum_name: None,
        };
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("sea_orm")) {
            let _ = attr.parse_nested_meta(|meta| column.read(&meta));
        }
        Some(column)
    }

    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let path = || Some(meta.path.clone());
        match meta.path.get_ident().map(Ident::to_string).as_deref() {
            Some("primary_key") => self.primary_key = true,
            Some("ignore") => self.ignore = path(),
            Some("unique") => self.unique = path(),
            Some("nullable") => self.nullable = path(),
            Some("save_as" | "select_as") => {
                self.converted = path();
                meta.value()?.parse::<syn::Expr>()?;
            }
            Some("auto_increment") => {
                self.auto_increment = Some(meta.value()?.parse::<LitBool>()?.value);
            }
            Some("column_name") => self.column_name_said = Some(meta.value()?.parse()?),
            Some("unique_key") => self.unique_key = Some(meta.value()?.parse()?),
            Some("enum_name") => {
                self.enum_name = Some(meta.value()?.parse::<LitStr>()?.parse()?);
            }
            _ if meta.input.peek(Token![=]) => {
                meta.value()?.parse::<syn::Expr>()?;
            }
            _ if meta.input.peek(Paren) => {
                let content;
                parenthesized!(content in meta.input);
                content.parse::<proc_macro2::TokenStream>()?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The field's name, without `r#`.
    pub fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// The variant of `Column`, named as SeaORM does, underlining the field in errors.
    pub fn variant(&self) -> Ident {
        let name = match &self.enum_name {
            Some(name) => name.unraw().to_string(),
            None => case::upper_camel(&self.name()),
        };
        // The one keyword that such a name can be.
        let name = if name == "Self" { "Self_".to_owned() } else { name };
        Ident::new(&name, self.ident.span())
    }

    /// The name in the database, as far as the field tells. Without `column_name` it is that of the
    /// variant, if the field is named as fields usually are.
    pub fn column_name(&self) -> String {
        let name = self.name();
        match (&self.column_name_said, &self.enum_name) {
            (Some(written), _) => written.value(),
            (None, Some(variant)) if case::snake(&name) == name => {
                case::snake(&variant.unraw().to_string())
            }
            (None, _) => case::snake(&name),
        }
    }

    /// The unique key it is part of, together with other columns.
    pub fn unique_key(&self) -> Option<String> {
        self.unique_key.as_ref().map(LitStr::value)
    }

    /// Whether SeaORM makes a column of the field.
    pub fn is_stored(&self) -> bool {
        self.ignore.is_none() && related(&self.ty).is_none()
    }

    /// The type inside `Option<…>`.
    pub fn optional(&self) -> Option<&Type> {
        argument(&self.ty, |name| name == "Option")
    }
}

/// The entity of a relation: `E` of `HasMany<E>`, `HasOne<E>`, `BelongsTo<E>` or
/// `BelongsTo<Option<E>>`.
pub(super) fn related(ty: &Type) -> Option<&Type> {
    let entity = argument(ty, |name| name == "HasMany" || name == "HasOne" || name == "BelongsTo")?;
    Some(argument(entity, |name| name == "Option").unwrap_or(entity))
}

/// Whether a type's name says that its values are unique everywhere.
pub fn is_uuid(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|name| name.to_string().ends_with("Uuid"))
}

/// `Uuid` of `uuid::Uuid`.
pub fn last_segment(ty: &Type) -> Option<Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.clone()),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// `T` of `Wrapper<T>`.
fn argument(ty: &Type, is_wrapper: impl Fn(&Ident) -> bool) -> Option<&Type> {
    let path = match ty {
        Type::Path(path) => path,
        Type::Group(group) => return argument(&group.elem, is_wrapper),
        _ => return None,
    };
    let last = path.path.segments.last().filter(|segment| is_wrapper(&segment.ident))?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) => Some(ty),
        _ => None,
    }
}
