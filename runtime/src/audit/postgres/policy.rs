//! Row security of each table and partition, and what its policies say.

use sea_orm::ConnectionTrait;
use serde::Deserialize;
use tenancy_core::{
    catalog::Entity,
    policy::{self, Context, ident, literal},
};

use crate::{Result, audit::Finding};

#[derive(Debug, Deserialize)]
struct Fence {
    position: usize,
    name: String,
    /// The tenant column, as the server quotes it.
    quoted: String,
    enabled: bool,
    forced: bool,
    indexed: bool,
    policies: Vec<Policy>,
}

#[derive(Debug, Deserialize)]
struct Policy {
    name: String,
    permissive: bool,
    all: bool,
    everyone: bool,
    using: Option<String>,
    check: Option<String>,
    /// Functions and operators it calls that are neither the server's nor ours.
    strangers: i64,
}

const FENCES: &str = r#"
SELECT t.position, t.relid::pg_catalog.regclass::pg_catalog.text AS name,
    pg_catalog.quote_ident(t."column") AS quoted,
    c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
    EXISTS (SELECT FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = t.relid AND a.attname = t."column" AND i.indisvalid AND i.indpred IS NULL
    ) AS indexed,
    COALESCE((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', p.polname,
            'permissive', p.polpermissive, 'all', p.polcmd = '*', 'everyone', 0 = ANY (p.polroles),
            'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
            'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
            'strangers', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_depend AS d
                LEFT JOIN pg_catalog.pg_proc AS f ON f.oid = d.refobjid
                    AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
                WHERE d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND d.objid = p.oid
                    AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass,
                        'pg_catalog.pg_operator'::pg_catalog.regclass)
                    AND (n.nspname = 'tenancy' AND f.proname = 'tenant') IS NOT TRUE
                    AND d.refobjid >= 16384)) ORDER BY p.polname)
        FROM pg_catalog.pg_policy AS p WHERE p.polrelid = t.relid), '[]') AS policies
FROM tenant_table AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
WHERE c.relkind IN ('r', 'p', 'f')
"#;

pub(super) async fn check(
    conn: &impl ConnectionTrait,
    entities: &[&Entity],
    context: Context,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    for fence in super::rows::<Fence>(conn, entities, FENCES).await? {
        if let Some(entity) = entities.get(fence.position) {
            table(&fence, entity, context, findings);
        }
    }
    Ok(())
}

fn table(fence: &Fence, entity: &Entity, context: Context, findings: &mut Vec<Finding>) {
    let Some((column, kind)) = entity.tenant_column() else { return };
    let Fence { name, quoted, .. } = fence;
    let flags = format!(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_catalog.pg_class\n\
         WHERE oid = {}::pg_catalog.regclass",
        literal(name)
    );
    if !fence.enabled {
        findings.push(
            Finding::fatal("rls_disabled", name, "row security is not enabled: no policy is asked")
                .shown_by(flags.clone())
                .mended_by(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")),
        );
    }
    if !fence.forced {
        findings.push(
            Finding::fatal(
                "rls_not_forced",
                name,
                "the owner of the table is not bound by its policies",
            )
            .shown_by(flags)
            .mended_by(format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY")),
        );
    }
    if !fence.indexed {
        findings.push(
            Finding::warning(
                "index_missing",
                name,
                format!("no index begins with `{column}`: every statement reads all tenants' rows"),
            )
            .shown_by(format!(
                "SELECT pg_catalog.pg_get_indexdef(indexrelid) FROM pg_catalog.pg_index\n\
                 WHERE indrelid = {}::pg_catalog.regclass",
                literal(name)
            ))
            .mended_by(format!("CREATE INDEX ON {name} ({})", ident(column))),
        );
    }

    let evidence = format!(
        "SELECT polname, polpermissive, polcmd, polroles, pg_catalog.pg_get_expr(polqual, polrelid),\n    \
         pg_catalog.pg_get_expr(polwithcheck, polrelid)\n\
         FROM pg_catalog.pg_policy WHERE polrelid = {}::pg_catalog.regclass",
        literal(name)
    );
    let remedy = policy::policies(name, column, kind, context).join(";\n");
    let wanted = Wanted::new(&context.condition("", kind));
    let mut walled = false;
    let mut open = false;
    let mut found = Vec::new();
    for policy in &fence.policies {
        let using = wanted.judge(policy, policy.using.as_deref(), quoted);
        let check = wanted.judge(policy, policy.check.as_deref(), quoted);
        let right = using != Judgement::Wrong && check != Judgement::Wrong;
        let ours = [policy::TENANT_POLICY, policy::ACCESS_POLICY].contains(&policy.name.as_str());
        let whole = right && policy.all && policy.everyone;
        walled |= whole && !policy.permissive;
        open |= whole && policy.permissive;
        let mut add = |finding: Finding, remedy: &str| {
            found.push(finding.shown_by(evidence.clone()).mended_by(remedy));
        };
        if ours && policy.check.is_none() {
            let what = format!("the policy `{}` has no WITH CHECK of its own", policy.name);
            add(Finding::fatal("policy_without_check", name, what), &remedy);
        } else if ours && !right {
            let what = format!(
                "the policy `{}` does not say what it should: USING {}, WITH CHECK {}",
                policy.name,
                policy.using.as_deref().unwrap_or("-"),
                policy.check.as_deref().unwrap_or("-")
            );
            add(Finding::fatal("policy_expression", name, what), &remedy);
        } else if right && (using == Judgement::Slow || check == Judgement::Slow) {
            let what = format!(
                "the policy `{}` computes the tenant for each row; put it into a query of its own",
                policy.name
            );
            add(Finding::warning("policy_per_row", name, what), &remedy);
        }
        if policy.permissive && !right && !ours {
            let what = format!(
                "the permissive policy `{}` lets rows through that are not the tenant's: USING {}",
                policy.name,
                policy.using.as_deref().unwrap_or("-")
            );
            let drop = format!("DROP POLICY {} ON {name}", ident(&policy.name));
            add(Finding::warning("policy_extra", name, what), &drop);
        }
    }
    // Nothing narrows what another permissive policy opens.
    if !walled {
        found.iter_mut().filter(|finding| finding.code == "policy_extra").for_each(|finding| {
            finding.severity = crate::audit::Severity::Fatal;
        });
    }
    findings.append(&mut found);
    for (there, mode) in [(walled, "restrictive"), (open, "permissive")] {
        if !there {
            let what = format!(
                "there is no {mode} policy for all commands and roles that compares `{column}` \
                 with the tenant in USING and WITH CHECK"
            );
            findings.push(
                Finding::fatal("policy_missing", name, what)
                    .shown_by(evidence.clone())
                    .mended_by(&remedy),
            );
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Right,
    /// Right, but computed for each row.
    Slow,
    Wrong,
}

/// What should follow the tenant column.
struct Wanted {
    once: String,
    per_row: String,
}

impl Wanted {
    fn new(condition: &str) -> Self {
        let once = plain(condition);
        let per_row = once.replacen("=SELECT", "=", 1);
        Self { once, per_row }
    }

    fn judge(&self, policy: &Policy, expression: Option<&str>, column: &str) -> Judgement {
        let tail = expression
            .map(|text| text.trim_start_matches('('))
            .and_then(|text| text.strip_prefix(column))
            .map(plain);
        match tail {
            _ if policy.strangers > 0 => Judgement::Wrong,
            Some(tail) if tail == self.once => Judgement::Right,
            Some(tail) if tail == self.per_row => Judgement::Slow,
            _ => Judgement::Wrong,
        }
    }
}

/// An expression without what servers of different versions print differently. With one comparison
/// and no AND or OR in it, it means the same without its parentheses.
fn plain(expression: &str) -> String {
    let mut words = expression.split_whitespace();
    let mut text = String::new();
    while let Some(word) = words.next() {
        if word == "AS" {
            words.next();
        } else {
            text.push_str(word);
        }
    }
    // Whatever an unqualified name means to this connection, the policy's dependencies tell.
    text.replace(['(', ')'], "").replace("::text", "").replace("pg_catalog.", "")
}

#[cfg(test)]
mod tests {
    use tenancy_core::catalog::KeyKind;

    use super::*;

    #[test]
    fn a_condition_is_recognised_as_servers_print_it() {
        let setting = |cast: &str| {
            format!(
                "( SELECT (NULLIF(current_setting('tenancy.tenant_id'::text, true), ''::text)){cast} AS \"nullif\"))"
            )
        };
        let check = |kind, context: Context, column, printed: &str, expected| {
            let policy = Policy {
                name: String::new(),
                permissive: true,
                all: true,
                everyone: true,
                using: None,
                check: None,
                strangers: 0,
            };
            let wanted = Wanted::new(&context.condition("", kind));
            assert_eq!(wanted.judge(&policy, Some(printed), column), expected, "{printed}");
            let policy = Policy { strangers: 1, ..policy };
            assert_eq!(wanted.judge(&policy, Some(printed), column), Judgement::Wrong);
        };
        use Context::{Setting, Signed};
        use Judgement::{Right, Slow, Wrong};
        use KeyKind::{Integer, Text, Uuid};
        check(Uuid, Setting, "tenant_id", &format!("(tenant_id = {}", setting("::uuid")), Right);
        check(Integer, Setting, "n", &format!("(n = {}", setting("::bigint")), Right);
        check(Text, Setting, "\"Ten\"", &format!("((\"Ten\")::text = {}", setting("")), Right);
        check(Integer, Signed, "n", "(n = ( SELECT (tenancy.tenant())::bigint AS tenant))", Right);
        let direct =
            "(n = (NULLIF(current_setting('tenancy.tenant_id'::text, true), ''::text))::bigint)";
        check(Integer, Setting, "n", direct, Slow);
        check(Integer, Setting, "n", "true", Wrong);
        check(Integer, Setting, "n", &format!("((n = {} OR true)", setting("::bigint")), Wrong);
        check(Integer, Setting, "m", &format!("(n = {}", setting("::bigint")), Wrong);
        check(Integer, Setting, "n", &format!("(n <> {}", setting("::bigint")), Wrong);
        check(Integer, Signed, "n", &format!("(n = {}", setting("::bigint")), Wrong);
        let other = setting("::bigint").replace("tenant_id", "other");
        check(Integer, Setting, "n", &format!("(n = {other}"), Wrong);
    }
}
