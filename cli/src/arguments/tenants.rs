//! Which tenants a command is about.

use tenancy::Slug;

/// Which tenants are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tenants {
    All,
    Failed,
    Tier(String),
    Slugs(Vec<Slug>),
}

impl Tenants {
    /// Those that come first are named.
    pub(super) fn parse_canary(text: &str) -> Result<Self, String> {
        match Self::parse(text)? {
            Self::All | Self::Failed => Err("write slugs, or `tier=<tier>`".to_owned()),
            named => Ok(named),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("tier", tier)) if !tier.is_empty() => return Ok(Self::Tier(tier.to_owned())),
            Some(_) => return Err("write `all`, `failed`, `tier=<tier>`, or slugs".to_owned()),
            None => {}
        }
        match text {
            "all" => Ok(Self::All),
            "failed" => Ok(Self::Failed),
            slugs => {
                let slugs = slugs.split(',').map(|slug| Slug::new(slug.trim()));
                slugs.collect::<Result<_, _>>().map(Self::Slugs).map_err(|error| error.to_string())
            }
        }
    }
}
