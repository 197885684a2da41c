//! The relations of an entity, as fields of its struct declare them.

use syn::{FieldsNamed, Ident, LitStr, Type, meta::ParseNestedMeta};

use super::{field::related, head::skip};
use crate::case;

/// A relation, written as a field.
#[derive(Debug)]
pub struct Relation {
    /// The entity it leads to.
    pub entity: Type,
    /// The module of the entity between the two, beside the module of this one.
    pub junction: Option<Ident>,
    /// The ends of the foreign key, if this entity holds it.
    pub key: Option<Columns>,
    /// What happens to rows of this entity when the other row is deleted.
    pub on_delete: Option<LitStr>,
    /// What happens to rows of this entity when the other row's key changes.
    pub on_update: Option<LitStr>,
}

/// The columns of a foreign key, in pairs.
#[derive(Debug)]
pub struct Columns {
    /// Variants of this entity's `Column`.
    pub from: Vec<String>,
    /// Variants of the other entity's `Column`.
    pub to: Vec<String>,
    /// Where `to` is written.
    pub at: LitStr,
}

/// The relations among the fields of a struct. Under `#[sea_orm::model]` those of `ModelEx`.
#[must_use]
pub fn relations(fields: &FieldsNamed) -> Vec<Relation> {
    let relation = |field: &syn::Field| {
        let entity = related(&field.ty)?.clone();
        let mut said = Said::default();
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("sea_orm")) {
            // Mistakes are SeaORM's to report.
            let _ = attr.parse_nested_meta(|meta| said.read(&meta));
        }
        Some(said.relation(entity))
    };
    fields.named.iter().filter_map(relation).collect()
}

/// What stands in `#[sea_orm(…)]` on the field.
#[derive(Default)]
struct Said {
    holds_key: bool,
    skip_fk: bool,
    from: Option<LitStr>,
    to: Option<LitStr>,
    via: Option<LitStr>,
    on_delete: Option<LitStr>,
    on_update: Option<LitStr>,
}

impl Said {
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let text = || meta.value()?.parse::<LitStr>();
        match meta.path.get_ident().map(Ident::to_string).as_deref() {
            // One that leads back to its own table holds the key if it says `from` and `to`.
            Some("belongs_to" | "self_ref") => self.holds_key = true,
            Some("skip_fk") => self.skip_fk = true,
            Some("from") => self.from = Some(text()?),
            Some("to") => self.to = Some(text()?),
            Some("via") => self.via = Some(text()?),
            Some("on_delete") => self.on_delete = Some(text()?),
            Some("on_update") => self.on_update = Some(text()?),
            _ => skip(meta)?,
        }
        Ok(())
    }

    fn relation(self, entity: Type) -> Relation {
        // `via` names a module, and after `::` one of its relations.
        let junction = self.via.as_ref().and_then(|via| {
            let mut module = via.parse::<syn::Path>().ok()?.segments.first()?.ident.clone();
            module.set_span(via.span());
            Some(module)
        });
        let holds_key = self.holds_key && !self.skip_fk && junction.is_none();
        let key = match (self.from, self.to) {
            (Some(from), Some(to)) if holds_key => {
                Some(Columns { from: variants(&from), to: variants(&to), at: to })
            }
            _ => None,
        };
        Relation { entity, junction, key, on_delete: self.on_delete, on_update: self.on_update }
    }
}

/// `"a"` or `"(a, b)"`, as SeaORM reads it.
fn variants(columns: &LitStr) -> Vec<String> {
    let text = columns.value();
    let names = text.trim().trim_start_matches('(').trim_end_matches(')').split(',');
    let names = names.map(str::trim).filter(|name| !name.is_empty());
    names.map(case::upper_camel).collect()
}
