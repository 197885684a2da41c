//! Setting up a [`Jwt`].

use std::time::Duration;

use jsonwebtoken::Validation;

use super::{
    Jwt, Keys,
    claim::{Claim, Kind},
};
use crate::{Error, Result};

/// How far clocks may differ, unless set.
const LEEWAY: Duration = Duration::from_secs(10);
/// How far they may differ at most.
const LONGEST_LEEWAY: Duration = Duration::from_secs(300);

/// Sets up a [`Jwt`]; [`Jwt::builder`] begins one.
#[derive(Debug)]
#[must_use = "nothing is set up until `build`"]
pub struct Builder {
    keys: Keys,
    issuers: Vec<String>,
    audiences: Vec<String>,
    any_audience: bool,
    claims: Vec<Claim>,
    leeway: Duration,
}

impl Builder {
    pub(super) fn new(keys: Keys) -> Self {
        Self {
            keys,
            issuers: Vec::new(),
            audiences: Vec::new(),
            any_audience: false,
            claims: Vec::new(),
            leeway: LEEWAY,
        }
    }

    /// Sets who makes the tokens: their `iss`, letter by letter. Called again, any of those given.
    /// Required.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Sets for whom they are made: their `aud`, or one of it. Called again, any of those given.
    /// Required, unless the token may be [for anybody](Self::without_audience).
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Takes tokens that are made for anybody. Whoever gets such a token for another service of the
    /// issuer can use it here, so the log has a line at level WARN when this is built.
    pub fn without_audience(mut self) -> Self {
        self.any_audience = true;
        self
    }

    /// Reads the tenant's slug from a claim. A dot leads into an object: `org.slug` is the member
    /// `slug` of the claim `org`. For names with dots there is [`slug_at`](Self::slug_at).
    ///
    /// Where several claims are set, all must be there and name the same tenant.
    pub fn slug_claim(self, path: &str) -> Self {
        self.claim(Kind::Slug, path.split('.'))
    }

    /// Reads the tenant's id from a claim, a string or an integer; otherwise as
    /// [`slug_claim`](Self::slug_claim).
    pub fn id_claim(self, path: &str) -> Self {
        self.claim(Kind::Id, path.split('.'))
    }

    /// As [`slug_claim`](Self::slug_claim), with each name on the way by itself, such as
    /// `["https://example.com/tenant"]`.
    pub fn slug_at<T: Into<String>>(self, path: impl IntoIterator<Item = T>) -> Self {
        self.claim(Kind::Slug, path)
    }

    /// As [`id_claim`](Self::id_claim), with each name on the way by itself.
    pub fn id_at<T: Into<String>>(self, path: impl IntoIterator<Item = T>) -> Self {
        self.claim(Kind::Id, path)
    }

    fn claim<T: Into<String>>(mut self, kind: Kind, path: impl IntoIterator<Item = T>) -> Self {
        let path = path.into_iter().map(Into::into).collect();
        self.claims.push(Claim { path, kind });
        self
    }

    /// Sets how far the issuer's clock may differ, for `exp` and `nbf`; 10 seconds unless set, and 5
    /// minutes at most.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Checks what was set.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) if no issuer is set, no audience, or no claim; if one
    /// of them is empty; or if the leeway is too long.
    pub fn build(self) -> Result<Jwt> {
        let Self { keys, issuers, audiences, any_audience, claims, leeway } = self;
        let wrong = |why: &str| Err(Error::config(format!("tokens cannot name tenants: {why}")));
        if issuers.is_empty() {
            return wrong("no issuer was set; call `Builder::issuer`");
        }
        if audiences.is_empty() != any_audience {
            return wrong(
                "set either an audience with `Builder::audience`, so that tokens for other services \
                 are refused, or `Builder::without_audience`",
            );
        }
        if claims.is_empty() {
            return wrong("no claim was set; call `Builder::slug_claim` or `Builder::id_claim`");
        }
        let empty_step =
            |claim: &Claim| claim.path.is_empty() || claim.path.iter().any(|name| name.is_empty());
        if issuers.iter().chain(&audiences).any(|text| text.is_empty())
            || claims.iter().any(empty_step)
        {
            return wrong("an issuer, an audience or the name of a claim is empty");
        }
        if leeway > LONGEST_LEEWAY {
            return wrong("a leeway of more than 5 minutes lets expired tokens in");
        }
        let leeway = leeway.as_secs();
        let mut validation = Validation { leeway, validate_nbf: true, ..Validation::default() };
        validation.set_issuer(&issuers);
        if any_audience {
            tracing::warn!(
                target: "tenancy::web",
                "tokens made for any audience name tenants: one for another service is good here"
            );
            validation.validate_aud = false;
            validation.set_required_spec_claims(&["exp", "iss"]);
        } else {
            validation.set_audience(&audiences);
            validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        }
        Ok(Jwt { keys, validation, claims })
    }
}
