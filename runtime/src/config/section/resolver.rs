//! Which tenant a request is for.

use std::{collections::BTreeMap, time::Duration};

use tenancy_core::Secret;

use super::super::setting::{choice, section};

choice! {
    /// Where the tenant's name is in a request.
    pub enum ResolverKind: "`header`, `subdomain`, `path` or `jwt`" {
        /// In a header of its own.
        Header = "header",
        /// In the first label of the host.
        Subdomain = "subdomain",
        /// In a segment of the path.
        Path = "path",
        /// In a claim of a signed token.
        Jwt = "jwt",
    }
}

choice! {
    /// What becomes of several resolvers' answers.
    pub enum ResolverRule: "`every`, `all` or `first`" {
        /// Each must find a tenant, and all the same one.
        Every = "every",
        /// All that find a tenant must find the same one.
        All = "all",
        /// The first that finds anything decides.
        First = "first",
    }
}

choice! {
    /// The header by which proxies tell the host a client asked for.
    pub enum ForwardedHeader: "`x-forwarded-host` or `forwarded`" {
        /// `X-Forwarded-Host`.
        XForwardedHost = "x-forwarded-host",
        /// `Forwarded`.
        Forwarded = "forwarded",
    }
}

section! {
    /// Which tenant a request is for.
    pub struct ResolverConfig {
        /// Where the tenant's name is: of `header`, `subdomain`, `path` and `jwt`, one or several.
        pub kinds: Vec<ResolverKind> = vec![ResolverKind::Header],
        /// What becomes of several answers: `every` resolver must find a tenant, and the same one; or
        /// `all` that do must agree; or the `first` that finds one decides.
        pub rule: ResolverRule = ResolverRule::Every,
        /// A header.
        pub header: HeaderConfig = HeaderConfig::default(),
        /// The host.
        pub subdomain: SubdomainConfig = SubdomainConfig::default(),
        /// The path.
        pub path: PathConfig = PathConfig::default(),
        /// A signed token.
        pub jwt: JwtConfig = JwtConfig::default(),
        /// Who is believed about the host.
        pub proxies: ProxiesConfig = ProxiesConfig::default(),
    }
}

section! {
    /// The tenant's slug in a header.
    pub struct HeaderConfig {
        /// The header's name.
        pub name: String = "x-tenant-id".to_owned(),
    }
}

section! {
    /// The tenant's slug below a domain.
    pub struct SubdomainConfig {
        /// Domains below which tenants have their names.
        pub domains: Vec<String> = Vec::new(),
        /// Names there that are no tenants'; `admin`, `api`, `app`, `assets`, `cdn`, `mail`,
        /// `static` and `www` unless set.
        pub reserved: Option<Vec<String>> = None,
    }
}

section! {
    /// The tenant's slug in the path.
    pub struct PathConfig {
        /// What stands before the slug.
        pub prefix: String = "/t".to_owned(),
    }
}

section! {
    /// The tenant in a claim of a signed token.
    pub struct JwtConfig {
        /// Who makes the tokens: their `iss`. Required with `jwt`.
        pub issuers: Vec<String> = Vec::new(),
        /// For whom they are made: their `aud`. Required with `jwt`, unless any is taken.
        pub audiences: Vec<String> = Vec::new(),
        /// Takes tokens that are made for anybody.
        pub any_audience: bool = false,
        /// The claim with the tenant's slug; a dot leads into an object.
        pub slug_claim: Option<String> = None,
        /// The claim with the tenant's id; a dot leads into an object.
        pub id_claim: Option<String> = None,
        /// How far the issuer's clock may differ.
        pub leeway: Duration = Duration::from_secs(10),
        /// Keys that verify tokens, by their `kid`.
        pub keys: BTreeMap<String, JwtKeyConfig> = BTreeMap::new(),
        /// A file with the issuer's keys, as a set of JSON web keys, instead.
        pub jwks_file: Option<String> = None,
        /// By which algorithms of that set tokens may be signed.
        pub jwks_algorithms: Vec<String> = Vec::new(),
    }
}

section! {
    /// A key that verifies tokens.
    pub struct JwtKeyConfig {
        /// How tokens are signed with it, such as `RS256`.
        pub algorithm: String = String::new(),
        /// The secret shared with the issuer, for `HS256`, `HS384` and `HS512`.
        pub secret: Option<Secret> = None,
        /// The public key in PEM, for the others.
        pub pem: Option<String> = None,
        /// A file with the public key in PEM, for the others.
        pub pem_file: Option<String> = None,
    }
}

section! {
    /// Proxies that are believed about the host a client asked for.
    pub struct ProxiesConfig {
        /// Their addresses or networks, such as `10.0.0.0/8`.
        pub networks: Vec<String> = Vec::new(),
        /// The header they tell it by.
        pub header: ForwardedHeader = ForwardedHeader::XForwardedHost,
    }
}
