//! The tenant's slug as a segment of the path.

use axum::extract::OriginalUri;
use http::{Uri, request::Parts, uri::PathAndQuery};
use tenancy_core::Slug;

use super::{Resolved, Resolver, Unresolved};
use crate::Error;

/// Reads the slug from the path, `/t/acme/orders`, and takes it out: the service inside sees
/// `/orders`.
///
/// The path is read as it was sent, so that each tenant has one spelling: percent-encoding, `;`, an
/// empty segment, `.` or `..` up to the slug are malformed. So is what would be read as another
/// path by somebody else: a second `/` after the slug, and `.` or `..` anywhere, encoded or not.
/// A path that is not below the prefix, or ends there, names no tenant.
///
/// A router decides about a request before the layers of [`Router::layer`](axum::Router::layer) see
/// it. For the slug to be gone by then, the layer must be [around](crate::TenancyLayer::around) the
/// router. [`OriginalUri`] keeps the whole URI.
///
/// # Example
///
/// ```standalone_crate
/// use axum::{Router, routing::get};
/// use tenancy::{CurrentTenant, Path, Tenancy};
///
/// # async fn example() -> tenancy::Result<()> {
/// let tenancy = Tenancy::builder()
///     .database("sqlite::memory:")
///     .resolver(Path::new("/t"))
///     .connect()
///     .await?;
/// // Answers to `/t/acme/whoami`.
/// let tenants = Router::new()
///     .route("/whoami", get(async |CurrentTenant(tenant): CurrentTenant| tenant.name.clone()));
/// let app: Router = tenancy.layer().exclude("/health").around(
///     tenants.route("/health", get(async || "fine")),
/// );
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Path {
    prefix: Vec<Box<str>>,
}

impl Path {
    /// Reads the segment that follows `prefix`. With `/`, each path begins with a tenant's slug.
    ///
    /// # Panics
    ///
    /// If the prefix does not begin with `/`, or a segment of it has other characters than letters
    /// and digits of ASCII, `-` and `_`.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self::try_new(prefix).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads the segment that follows `prefix`, as [`new`](Self::new) does.
    ///
    /// # Errors
    ///
    /// One of [configuration](Error::is_config) where `new` panics.
    pub fn try_new(prefix: &str) -> crate::Result<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let segments: Option<Vec<&str>> = match prefix.strip_prefix('/') {
            Some("") => Some(Vec::new()),
            rest => rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest).split('/').collect()),
        };
        match segments {
            Some(segments) if segments.iter().all(|s| !s.is_empty() && s.chars().all(allowed)) => {
                Ok(Self { prefix: segments.into_iter().map(Box::from).collect() })
            }
            _ => Err(Error::config(format!(
                "`{prefix}` cannot be the prefix of a path: it is to be like `/t`"
            ))),
        }
    }

    /// The slug, and the path after it.
    fn split<'a>(&self, path: &'a str) -> Result<(Slug, &'a str), Unresolved> {
        let mut rest = path.strip_prefix('/').ok_or(Unresolved::Missing)?;
        for wanted in &self.prefix {
            let (segment, after) = next(rest)?;
            if *segment != **wanted {
                return Err(Unresolved::Missing);
            }
            rest = after.ok_or(Unresolved::Missing)?;
        }
        let (segment, after) = next(rest)?;
        if segment.is_empty() {
            return Err(Unresolved::Missing);
        }
        let slug = Slug::new(segment).map_err(|_| Unresolved::Malformed)?;
        if after.is_some_and(|after| after.starts_with('/') || after.split('/').any(is_dots)) {
            return Err(Unresolved::Malformed);
        }
        let rest = &path[path.len() - after.map_or(0, |after| after.len() + 1)..];
        Ok((slug, if rest.is_empty() { "/" } else { rest }))
    }
}

/// The first segment, and what follows its `/`, if one does. Only the last segment may be empty.
fn next(path: &str) -> Result<(&str, Option<&str>), Unresolved> {
    let (segment, after) = match path.split_once('/') {
        Some((segment, after)) => (segment, Some(after)),
        None => (path, None),
    };
    let empty = segment.is_empty() && after.is_some();
    if empty || segment.contains(['%', ';', '\\']) || is_dots(segment) {
        return Err(Unresolved::Malformed);
    }
    Ok((segment, after))
}

/// Whether a segment is `.` or `..` ([RFC 3986], section 5.2.4), for those who decode it or cut off
/// its parameters as well.
///
/// [RFC 3986]: https://www.rfc-editor.org/rfc/rfc3986
fn is_dots(segment: &str) -> bool {
    let name = segment.split(';').next().unwrap_or_default();
    matches!(&*name.to_ascii_lowercase().replace("%2e", "."), "." | "..")
}

impl Resolver for Path {
    fn resolve(&self, parts: &Parts) -> Result<Resolved, Unresolved> {
        let (slug, rest) = self.split(parts.uri.path())?;
        let path: PathAndQuery = match parts.uri.query() {
            Some(query) => format!("{rest}?{query}").parse(),
            None => rest.parse(),
        }
        .map_err(|_| Unresolved::Malformed)?;
        let mut uri = parts.uri.clone().into_parts();
        uri.path_and_query = Some(path);
        let uri = Uri::from_parts(uri).map_err(|_| Unresolved::Malformed)?;
        Ok(Resolved::from(slug).rewrite(uri))
    }
}

/// Changes the URI, and keeps the whole one for who wants it, unless a router did already.
pub(crate) fn rewrite(parts: &mut Parts, uri: &Uri) {
    let whole = std::mem::replace(&mut parts.uri, uri.clone());
    parts.extensions.get_or_insert_with(|| OriginalUri(whole));
}
