//! What stands before a tenant's connection.

use super::{
    super::patch::{Edit, Patch, Test},
    suite,
};

const fn edge(name: &'static str) -> Test {
    Test { program: "edge", name }
}

/// Who a request is for, what is remembered of that, and how much it may ask for.
pub(in super::super) const EDGE: &[Patch] = &[
    Patch {
        name: "limit-for-all",
        why: "all tenants use up one limit together",
        edits: &[Edit {
            file: "runtime/src/limit/redis/question.rs",
            find: r#""{prefix}:{kind}:{{{}}}:{name}", tenant.as_str()"#,
            replace: r#""{prefix}:{kind}:{{{}}}:{name}", &tenant.as_str()[..0]"#,
        }],
        tests: &[edge("limit::each_tenant_has_a_limit_of_its_own")],
    },
    Patch {
        name: "never-forgotten",
        why: "a tenant that was suspended is remembered as it was",
        edits: &[Edit {
            file: "runtime/src/cache/stripes.rs",
            find: "for name in names {",
            replace: "for name in names.into_iter().take(0) {",
        }],
        tests: &[
            edge("cache::a_change_is_seen_by_other_processes_over_the_channel"),
            suite("tenants::live_their_lives::sqlite"),
        ],
    },
    Patch {
        name: "chain-falls-through",
        why: "whoever has a bad token adds a header",
        edits: &[Edit {
            file: "runtime/src/resolve/chain.rs",
            find: "Err(Unresolved::Missing) => {}",
            replace: "Err(Unresolved::Missing | Unresolved::Malformed) => {}",
        }],
        tests: &[suite("resolve::two_names_of_different_tenants_lead_nowhere::sqlite")],
    },
    Patch {
        name: "names-not-compared",
        why: "a request names a tenant by its slug and another by its id",
        edits: &[Edit {
            file: "runtime/src/web/layer.rs",
            find: "Some(other) if other.id != tenant.id => {",
            replace: "Some(other) if other.slug.as_str().is_empty() => {",
        }],
        tests: &[suite("resolve::two_names_of_different_tenants_lead_nowhere::sqlite")],
    },
    Patch {
        name: "token-unsigned",
        why: "a token names a tenant whoever signed it",
        edits: &[Edit {
            file: "runtime/src/resolve/jwt.rs",
            find: "let verified = jsonwebtoken::decode::<Strict>(token, key.inner(), &validation);",
            replace: "let _ = key; let verified = jsonwebtoken::dangerous::insecure_decode::<Strict>(token);",
        }],
        tests: &[suite("resolve::a_token_somebody_else_signed_leads_nowhere::sqlite")],
    },
];
