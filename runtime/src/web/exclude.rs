//! Paths that belong to no tenant.

use http::Method;

/// Paths the layer lets through without asking for a tenant.
#[derive(Debug, Clone, Default)]
pub(super) struct Exclusions {
    exact: Vec<Box<str>>,
    methods: Vec<(Method, Box<str>)>,
    prefixes: Vec<Box<str>>,
}

impl Exclusions {
    pub(super) fn exact(&mut self, path: &str) {
        check(path);
        self.exact.push(path.into());
    }

    pub(super) fn method(&mut self, method: Method, path: &str) {
        check(path);
        self.methods.push((method, path.into()));
    }

    pub(super) fn prefix(&mut self, path: &str) {
        check(path);
        let anchored = path.trim_end_matches('/');
        assert!(
            !anchored.is_empty(),
            "excluding `{path}` and all below it leaves no path for tenants"
        );
        self.prefixes.push(anchored.into());
    }

    /// Whether a request's path, as it was sent, is excluded. Allocates nothing.
    pub(super) fn contains(&self, method: &Method, path: &str) -> bool {
        let below = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.exact.iter().any(|exact| **exact == *path)
            || self.methods.iter().any(|(only, exact)| only == method && **exact == *path)
            || self.prefixes.iter().any(|prefix| below(prefix))
    }
}

/// Refuses what could never match a path as it is sent, for it would be named in vain.
pub(super) fn check(path: &str) {
    if let Some(why) = unusable(path) {
        panic!("{why}");
    }
}

/// Why a path could never match one as it is sent.
pub(crate) fn unusable(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return Some(format!("the path `{path}` does not begin with `/`"));
    }
    let strange =
        path.chars().find(|c| matches!(c, '?' | '#' | '*' | '{' | '}') || c.is_whitespace())?;
    Some(format!("the path `{path}` holds `{strange}`: paths are compared letter by letter"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_path_frees_nothing_beside_or_below_it() {
        let mut excluded = Exclusions::default();
        excluded.exact("/health");
        assert!(excluded.contains(&Method::GET, "/health"));
        for path in [
            "/healthz",
            "/health/",
            "/health/deep",
            "/Health",
            "/healt",
            "/",
            "",
            "//health",
            "/a/health",
            "/%68ealth",
        ] {
            assert!(!excluded.contains(&Method::GET, path), "{path}");
        }
    }

    #[test]
    fn a_path_is_free_for_one_method() {
        let mut excluded = Exclusions::default();
        excluded.method(Method::GET, "/prices");
        assert!(excluded.contains(&Method::GET, "/prices"));
        for (method, path) in [
            (Method::POST, "/prices"),
            (Method::HEAD, "/prices"),
            (Method::GET, "/prices/1"),
            (Method::GET, "/price"),
        ] {
            assert!(!excluded.contains(&method, path), "{method} {path}");
        }
    }

    #[test]
    fn a_prefix_ends_at_a_segment() {
        for given in ["/public", "/public/"] {
            let mut excluded = Exclusions::default();
            excluded.prefix(given);
            for path in ["/public", "/public/", "/public/logo.png"] {
                assert!(excluded.contains(&Method::GET, path), "{path}");
            }
            for path in ["/publicity", "/publi", "/Public/logo.png", "/a/public", "/"] {
                assert!(!excluded.contains(&Method::GET, path), "{path}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "leaves no path for tenants")]
    fn everything_cannot_be_excluded() {
        Exclusions::default().prefix("/");
    }

    #[test]
    #[should_panic(expected = "does not begin with `/`")]
    fn a_path_begins_with_a_slash() {
        Exclusions::default().exact("health");
    }

    #[test]
    #[should_panic(expected = "letter by letter")]
    fn a_pattern_is_no_path() {
        Exclusions::default().exact("/files/{id}");
    }
}
