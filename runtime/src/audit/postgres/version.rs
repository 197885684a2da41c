//! Releases in which row security is known to leak.

use crate::audit::Finding;

/// A mistake of the server's, and the release of each major version in which it was mended.
struct Leak {
    code: &'static str,
    fatal: bool,
    what: &'static str,
    /// Ascending; versions after the last one never had it.
    mended: &'static [(i32, i32)],
}

const LEAKS: &[Leak] = &[
    Leak {
        code: "version_policies",
        fatal: true,
        what: "the server applies wrong policies to plans it has kept (CVE-2024-10976, CVE-2023-2455)",
        mended: &[(12, 21), (13, 17), (14, 14), (15, 9), (16, 5), (17, 1)],
    },
    Leak {
        code: "version_statistics",
        fatal: false,
        what: "the server's statistics show values of other tenants (CVE-2025-8713, CVE-2024-4317)",
        mended: &[(13, 22), (14, 19), (15, 14), (16, 10), (17, 6)],
    },
];

/// `version` is `server_version_num`: 150020 is 15.20.
pub(super) fn check(version: i32, findings: &mut Vec<Finding>) {
    let (major, minor) = (version / 10_000, version % 10_000);
    for leak in LEAKS {
        let mended = leak.mended.iter().find(|(of, _)| *of == major);
        let before = leak.mended.first().is_some_and(|(first, _)| major < *first);
        if !before && mended.is_none_or(|(_, release)| minor >= *release) {
            continue;
        }
        let make = if leak.fatal { Finding::fatal } else { Finding::warning };
        let to = match mended {
            Some((major, release)) => format!("{major}.{release} or later"),
            None => "a version that is still looked after".to_owned(),
        };
        findings.push(
            make(leak.code, &format!("PostgreSQL {major}.{minor}"), leak.what.to_owned())
                .shown_by("SHOW server_version_num")
                .mended_by(format!("-- upgrade the server to {to}")),
        );
    }
}

#[cfg(test)]
mod tests {
    /// EDGE 50: a server that is known to leak is found when a tenancy connects.
    #[test]
    fn old_releases_are_found() {
        let check = |version: i32, expected: &[&str]| {
            let mut findings = Vec::new();
            super::check(version, &mut findings);
            let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
            assert_eq!(codes, expected, "{version}");
        };
        let both = ["version_policies", "version_statistics"];
        check(110_022, &both);
        check(120_022, &["version_statistics"]);
        check(150_008, &both);
        check(150_009, &["version_statistics"]);
        check(150_013, &["version_statistics"]);
        check(150_014, &[]);
        check(150_020, &[]);
        check(170_000, &both);
        check(170_005, &["version_statistics"]);
        check(170_006, &[]);
        check(180_000, &[]);
        let mut findings = Vec::new();
        super::check(160_004, &mut findings);
        assert_eq!(findings[0].remedy_sql, "-- upgrade the server to 16.5 or later");
        assert_eq!(findings[0].severity, crate::audit::Severity::Fatal);
        assert_eq!(findings[1].severity, crate::audit::Severity::Warning);
    }
}
