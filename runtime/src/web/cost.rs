//! What requests cost, by their paths.

use std::{fmt, sync::Arc};

use http::request::Parts;

use super::exclude::check;

type ByRequest = Arc<dyn Fn(&Parts) -> Option<u32> + Send + Sync>;

/// What a request is charged: one, unless somebody said otherwise.
#[derive(Clone, Default)]
pub(super) struct Costs {
    paths: Vec<(Box<str>, u32)>,
    by_request: Option<ByRequest>,
}

impl Costs {
    pub(super) fn path(&mut self, path: &str, cost: u32) {
        check(path);
        self.paths.push((path.trim_end_matches('/').into(), cost));
    }

    pub(super) fn by_request(
        &mut self,
        cost: impl Fn(&Parts) -> Option<u32> + Send + Sync + 'static,
    ) {
        self.by_request = Some(Arc::new(cost));
    }

    /// What this one is charged: by what it is, or else by the longest path it is at or below.
    pub(super) fn of(&self, parts: &Parts) -> u32 {
        if let Some(cost) = self.by_request.as_ref().and_then(|cost| cost(parts)) {
            return cost;
        }
        let path = parts.uri.path();
        let below = |(prefix, _): &&(Box<str>, u32)| {
            path.strip_prefix(&**prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let nearest = self.paths.iter().filter(below).max_by_key(|(prefix, _)| prefix.len());
        nearest.map_or(1, |(_, cost)| *cost)
    }
}

impl fmt::Debug for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Costs").field("paths", &self.paths).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn the_longest_path_says_what_a_request_costs() {
        let mut costs = Costs::default();
        costs.path("/reports", 10);
        costs.path("/reports/yearly/", 100);
        costs.path("/ping", 0);
        costs.by_request(|parts| parts.headers.contains_key("x-cheap").then_some(2));
        let cost = |path: &str, cheap: bool| {
            let mut request = Request::builder().uri(path);
            if cheap {
                request = request.header("x-cheap", "1");
            }
            costs.of(&request.body(()).unwrap().into_parts().0)
        };
        for (path, charged) in [
            ("/orders", 1),
            ("/", 1),
            ("/reports", 10),
            ("/reports/monthly?all", 10),
            ("/reportsx", 1),
            ("/reports/yearly", 100),
            ("/reports/yearly/2025", 100),
            ("/ping", 0),
            ("/a/reports", 1),
        ] {
            assert_eq!(cost(path, false), charged, "{path}");
            assert_eq!(cost(path, true), 2, "{path}");
        }
    }
}
