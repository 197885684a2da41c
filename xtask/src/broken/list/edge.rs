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
        name: "standing-unheard",
        why: "what the database says of a tenant when a transaction begins changes nothing",
        edits: &[Edit {
            file: "runtime/src/pool/session/standing.rs",
            find: "if status == Status::Active || status == self.loaded {",
            replace: "if status == Status::Active || status != Status::Active {",
        }],
        tests: &[
            edge("standing::a_stale_process_is_refused_where_a_transaction_begins"),
            edge("standing::a_stale_process_that_signs_is_refused_as_well"),
        ],
    },
    Patch {
        name: "standing-unasked",
        why: "a session is not told to ask whether its tenant is served",
        edits: &[Edit {
            file: "runtime/src/db/session.rs",
            find: "self.link = self.link.asking(standing);",
            replace: "let _ = standing;",
        }],
        tests: &[edge("standing::a_stale_process_is_refused_where_a_transaction_begins")],
    },
    Patch {
        name: "domain-of-others",
        why: "in Redis a domain is taken from who holds it",
        edits: &[Edit {
            file: "runtime/src/store/redis/domain/verify.lua",
            find: "if not removed or removed == '' or removed >= ARGV[5] then return 'taken' end",
            replace: "",
        }],
        tests: &[edge("store::redis_keeps_the_contract")],
    },
    Patch {
        name: "key-of-others",
        why: "in Redis a key is revoked by who is not its owner",
        edits: &[Edit {
            file: "runtime/src/store/redis/api_key/revoke.lua",
            find: "if tenant ~= ARGV[2] then return 0 end",
            replace: "",
        }],
        tests: &[edge("store::redis_keeps_the_contract")],
    },
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
            find: "Err(Unresolved::Missing) if self.rule == Rule::All => {}",
            replace: "Err(Unresolved::Missing | Unresolved::Malformed) if self.rule == Rule::All => {}",
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
    Patch {
        name: "any-secret-opens",
        why: "whoever knows the id of a key, which is no secret, has the key",
        edits: &[Edit {
            file: "runtime/src/store/api_key.rs",
            find: "let same = bool::from(known.ct_eq(&self.hash));",
            replace: "let same = bool::from(known.ct_eq(&known));",
        }],
        tests: &[edge("api_key::a_key_opens_its_own_tenant_in_memory")],
    },
    Patch {
        name: "domain-unproven",
        why: "a domain is served for whoever says that it is theirs",
        edits: &[Edit {
            file: "runtime/src/tenancy/domains.rs",
            find: "if !found.contains(&proof.value) {",
            replace: "if found.len() > 1_000 {",
        }],
        tests: &[edge("domain::a_domain_is_served_after_its_proof_in_memory")],
    },
];
