//! What is broken, and which tests must notice.

pub(super) mod edge;

use super::patch::{Edit, Patch, Test};

pub(super) const fn suite(name: &'static str) -> Test {
    Test { program: "suite", name }
}

const fn session(name: &'static str) -> Test {
    Test { program: "session", name }
}

const fn traps(name: &'static str) -> Test {
    Test { program: "traps", name }
}

const fn changes(name: &'static str) -> Test {
    Test { program: "changes", name }
}

const fn proof(name: &'static str) -> Test {
    Test { program: "proof", name }
}

const fn soak(name: &'static str) -> Test {
    Test { program: "soak", name }
}

/// What keeps rows apart, by the wall that is broken: the database, the connection, the statement, the
/// way to it.
pub(super) const WALLS: &[Patch] = &[
    Patch {
        name: "no-force",
        why: "policies spare the owner of a table",
        edits: &[Edit {
            file: "core/src/policy/table.rs",
            find: r#"format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"),"#,
            replace: r#"format!("ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY"),"#,
        }],
        tests: &[traps("role::the_owner_is_bound_too")],
    },
    Patch {
        name: "records-by-invoker",
        why: "a record of a change needs a right of who makes the change",
        edits: &[Edit {
            file: "core/src/change/postgres.rs",
            find: "SECURITY DEFINER",
            replace: "SECURITY INVOKER",
        }],
        tests: &[changes("record::changes_of_every_kind::postgres")],
    },
    Patch {
        name: "records-written",
        why: "tenants write the records of their changes",
        edits: &[Edit {
            file: "core/src/catalog.rs",
            find: "self.table != change::TABLE",
            replace: "!self.table.is_empty()",
        }],
        tests: &[
            changes("wall::tenants_cannot_write_records::sqlite"),
            changes("wall::the_role_that_serves_tenants_cannot_either"),
        ],
    },
    Patch {
        name: "no-check",
        why: "policies let anybody's rows be written",
        edits: &[Edit {
            file: "core/src/policy/table.rs",
            find: "WITH CHECK ({condition})",
            replace: "WITH CHECK (true)",
        }],
        tests: &[traps("table::every_command_has_a_check")],
    },
    Patch {
        name: "owner-serves",
        why: "tenants are served by the role of the operator, which no policy binds",
        edits: &[Edit {
            file: "runtime/src/tenancy/builder.rs",
            find: "        self.operator = Some(Secret::new(url));\n",
            replace: "        let url = url.into();\n        self.pool.url = Secret::new(url.clone());\n        \
                      self.operator = Some(Secret::new(url));\n",
        }],
        tests: &[suite("isolation::policies_hold_without_the_scoper")],
    },
    Patch {
        name: "superuser-passes",
        why: "the audit does not see that no policy binds the role that serves tenants",
        edits: &[Edit {
            file: "runtime/src/audit/postgres/role.rs",
            find: r#"(role.superuser, "superuser""#,
            replace: r#"(role.superuser && false, "superuser""#,
        }],
        tests: &[traps("audit::a_superuser_is_found")],
    },
    Patch {
        name: "session-setting",
        why: "the tenant is set for the session and not for the transaction, and stays in the pool",
        edits: &[Edit {
            file: "runtime/src/pool/session.rs",
            find: r#""; SET LOCAL {name} = {}""#,
            replace: r#""; SET {name} = {}""#,
        }],
        tests: &[
            session("cancel::dropped_at_every_await"),
            session("trips::tenants_take_turns_on_one_connection"),
        ],
    },
    Patch {
        name: "begin-reused-rls",
        why: "a connection goes back to the pool after a BEGIN that was dropped before its answer",
        edits: &[Edit {
            file: "runtime/src/pool/session/lease.rs",
            find: "self.state = State::Beginning;",
            replace: "self.state = State::Clean;",
        }],
        tests: &[session("cancel::dropped_at_every_await")],
    },
    Patch {
        name: "begin-reused",
        why: "a BEGIN is dropped with its caller, and the driver does not know of the transaction",
        edits: &[
            Edit {
                file: "runtime/src/pool/direct.rs",
                find: "return finish(async move {\n                let txn = loan.start().begin_with_options(options).await?;\n                \
                       loan.opened();\n                let watch = Some(loan.watch());\n                \
                       Ok(DirectTransaction { txn, loan: Some(loan), watch, _pass: pass })\n            })\n            .await;",
                replace: "let txn = loan.start().begin_with_options(options).await?;\n            \
                          loan.opened();\n            let watch = Some(loan.watch());\n            \
                          return Ok(DirectTransaction { txn, loan: Some(loan), watch, _pass: pass });",
            },
            Edit {
                file: "runtime/src/pool/mysql/loan.rs",
                find: "if self.state == State::Idle && !doubtful {",
                replace: "if self.state != State::Open && !doubtful {",
            },
        ],
        tests: &[suite("cancel::dropped_at_every_await::mysql")],
    },
    Patch {
        name: "cancelled-out-of-turn",
        why: "what is cancelled is another statement of the same transaction",
        edits: &[Edit {
            file: "runtime/src/pool/mysql/loan.rs",
            find: "        let _turn = self.turn().await;\n",
            replace: "",
        }],
        tests: &[suite("cancel::abandoned::mysql_a_transaction_goes_on")],
    },
    Patch {
        name: "dropped-not-rolled-back",
        why: "a connection goes back to the pool with the transaction that was dropped on it",
        edits: &[Edit {
            file: "runtime/src/pool/session/lease.rs",
            find: r#"drained && conn.execute("ROLLBACK").await.is_ok()"#,
            replace: "drained",
        }],
        tests: &[session("cancel::dropped_at_every_await"), soak("postgres_rls")],
    },
    Patch {
        name: "untidied",
        why: "a connection goes back to the pool as it is when the runtime of its borrower ends",
        edits: &[Edit {
            file: "runtime/src/pool/session/lease.rs",
            find: "            drop(Member::take(member));",
            replace: "            drop(member);",
        }],
        tests: &[session("cancel::a_runtime_goes_away")],
    },
    Patch {
        name: "one-lane-for-all",
        why: "all tenants ride the lane of one",
        edits: &[Edit {
            file: "runtime/src/isolation/grounds.rs",
            find: "self.engines.lane(tenant.id.as_str(), ",
            replace: r#"self.engines.lane("acme", "#,
        }],
        tests: &[session("lane::lanes_belong_to_one_tenant")],
    },
    Patch {
        name: "lane-told-nothing-new",
        why: "a lane keeps what it was told when its tenant was in another tier",
        edits: &[Edit {
            file: "runtime/src/pool/engine/lane.rs",
            find: "{ settings: own, .. } if own == settings)",
            replace: "{ settings: own, .. } if own == settings || true)",
        }],
        tests: &[session("timeouts::a_lane_is_told_when_it_starts")],
    },
    Patch {
        name: "token-for-the-session",
        why: "a token stays on its connection when the transaction is over",
        edits: &[Edit {
            file: "runtime/src/pool/token.rs",
            find: "$1, true)",
            replace: "$1, false)",
        }],
        tests: &[session("signed::tenants_take_turns")],
    },
    Patch {
        name: "commit-cut-off",
        why: "a transaction tells its caller that it was committed, and was rolled back",
        edits: &[Edit {
            file: "runtime/src/pool/session/lease.rs",
            find: r#"self.send("COMMIT").await?;"#,
            replace: r#"self.send("ROLLBACK").await?;"#,
        }],
        tests: &[session("trips::tenants_take_turns_on_one_connection"), soak("postgres_rls")],
    },
    Patch {
        name: "savepoint-kept",
        why: "what was written in a savepoint that was rolled back stays",
        edits: &[Edit {
            file: "runtime/src/pool/session/transaction.rs",
            find: r#"format!("ROLLBACK TO SAVEPOINT tenancy_{depth}; RELEASE SAVEPOINT tenancy_{depth}")"#,
            replace: r#"format!("RELEASE SAVEPOINT tenancy_{depth}")"#,
        }],
        tests: &[session("trips::tenants_take_turns_on_one_connection"), soak("postgres_rls")],
    },
    Patch {
        name: "one-engine-for-all",
        why: "the connections of tenants' databases are kept under one key",
        edits: &[Edit {
            file: "runtime/src/isolation/grounds.rs",
            find: "Link::Engine(self.engines.engine(tenant.as_str(), url), ",
            replace: r#"Link::Engine(self.engines.engine("tenants", url), "#,
        }],
        tests: &[soak("sqlite_database"), soak("postgres_database")],
    },
    Patch {
        name: "tenant-kept-with-plan",
        why: "the tenant's id is kept beside a plan, which all tenants share",
        edits: &[Edit {
            file: "runtime/src/db/statement.rs",
            find: "Bind::Tenant(kind) => self.value(kind)?,",
            replace: "Bind::Tenant(kind) => {\n                    \
                      static KEPT: std::sync::OnceLock<Value> = std::sync::OnceLock::new();\n                    \
                      let own = self.value(kind)?;\n                    \
                      KEPT.get_or_init(|| own).clone()\n                }",
        }],
        tests: &[suite("reads::find::sqlite"), suite("reads::find::postgres"), soak("sqlite_row")],
    },
    Patch {
        name: "place-kept-with-plan",
        why: "the tenant's schema is kept beside a plan, which all tenants share",
        edits: &[Edit {
            file: "runtime/src/db/statement.rs",
            find: "let ready = plan.ready(place, lengths)",
            replace: "static KEPT: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();\n        \
                      let place = KEPT.get_or_init(|| place.map(str::to_owned)).as_deref();\n        \
                      let ready = plan.ready(place, lengths)",
        }],
        tests: &[
            suite("escape::a_row_planted_in_the_neighbours_rows::postgres_schema"),
            soak("postgres_schema"),
        ],
    },
    Patch {
        name: "one-scoper-for-all",
        why: "plans are kept without regard to how tenants' tables are kept apart",
        edits: &[Edit {
            file: "runtime/src/isolation/grounds.rs",
            find: "let placed = Arc::new(Scoper::new(dialect, catalog, plan_cache).with_mode(mode));",
            replace: "let _ = mode;\n        let placed = Arc::clone(&rows);",
        }],
        tests: &[suite("isolation::tiers_choose_the_strategy::postgres")],
    },
    Patch {
        name: "join-unguarded",
        why: "the tables after the first of a join have no tenant predicate",
        edits: &[Edit {
            file: "core/src/scope/from.rs",
            find: "(predicate, ..) => found.predicates.extend(predicate),",
            replace: "(predicate, ..) => drop(predicate),",
        }],
        tests: &[
            suite("escape::a_hand_built_query::sqlite"),
            soak("sqlite_row"),
            proof("no_tenant_reaches_what_another_has::sqlite"),
        ],
    },
    Patch {
        name: "outer-join-unguarded",
        why: "a table on the nullable side of a join has no tenant predicate",
        edits: &[Edit {
            file: "core/src/scope/from.rs",
            find: "if let Some(new) = guard(Some(old), vec![predicate]) {",
            replace: "drop(predicate);\n                    if let Some(new) = guard(Some(old), vec![]) {",
        }],
        tests: &[suite("reads::related::sqlite")],
    },
    Patch {
        name: "update-unguarded",
        why: "UPDATE changes the rows of all tenants",
        edits: &[Edit {
            file: "core/src/scope/update.rs",
            find: "*selection = guard(selection.take(), found.predicates);",
            replace: "*selection = guard(selection.take(), vec![]);",
        }],
        tests: &[
            suite("writes::raw_writes::sqlite"),
            proof("no_tenant_reaches_what_another_has::sqlite"),
            proof("no_tenant_reaches_what_another_has::postgres"),
            proof("no_tenant_reaches_what_another_has::mysql"),
        ],
    },
    Patch {
        name: "delete-unguarded",
        why: "DELETE takes the rows of all tenants",
        edits: &[Edit {
            file: "core/src/scope/delete.rs",
            find: "*selection = guard(selection.take(), found.predicates);",
            replace: "*selection = guard(selection.take(), vec![]);",
        }],
        tests: &[
            suite("writes::by_id::sqlite"),
            soak("sqlite_row"),
            proof("no_tenant_reaches_what_another_has::sqlite"),
        ],
    },
    Patch {
        name: "insert-not-stamped",
        why: "a row goes to the tenant whom its author names",
        edits: &[Edit {
            file: "core/src/scope/insert.rs",
            find: "                self.tenant_value(value, entity, column, kind, true)?;\n                *value = tenant;",
            replace: "                let _ = (value, tenant, entity, column);",
        }],
        tests: &[
            suite("escape::a_row_planted_in_the_neighbours_rows::sqlite"),
            suite("escape::a_row_planted_in_the_neighbours_rows::postgres"),
            proof("no_tenant_reaches_what_another_has::postgres"),
        ],
    },
    Patch {
        name: "upsert-unguarded",
        why: "an upsert changes a neighbour's row that is in the way",
        edits: &[Edit {
            file: "core/src/scope/upsert.rs",
            find: "*selection = guard(selection.take(), vec![predicate]);",
            replace: "drop(predicate);",
        }],
        tests: &[
            suite("upserts::on_a_key_the_neighbour_has::sqlite"),
            suite("upserts::on_a_key_the_neighbour_has::postgres"),
            proof("no_tenant_reaches_what_another_has::sqlite"),
        ],
    },
    Patch {
        name: "tenant-column-updated",
        why: "a row can be moved to another tenant",
        edits: &[Edit {
            file: "core/src/scope/update.rs",
            find: "pinned = Some((entity, tenant, kind));",
            replace: "let _ = kind;\n                        pinned = pinned.filter(|_: &(&Entity, &str, crate::catalog::KeyKind)| false);",
        }],
        tests: &[
            suite("escape::a_row_planted_in_the_neighbours_rows::sqlite"),
            suite("writes::a_neighbours_model_changes_nothing::postgres"),
            proof("no_tenant_reaches_what_another_has::sqlite"),
        ],
    },
    Patch {
        name: "schema-shared",
        why: "a schema that is there is used as it is, as IF NOT EXISTS would",
        edits: &[Edit {
            file: "runtime/src/isolation/owner/place.rs",
            find: "Some(owner) => return Err(self.foreign(&owner)),\n            None => {}",
            replace: "Some(_) => return Ok(()),\n            None => {}",
        }],
        tests: &[
            suite("isolation::a_place_that_is_somebody_elses_is_never_shared::postgres_schema"),
            suite("isolation::a_place_that_is_somebody_elses_is_never_shared::sqlite_schema"),
        ],
    },
    Patch {
        name: "purge-takes-all",
        why: "the purge of one tenant takes every tenant's rows",
        edits: &[Edit {
            file: "runtime/src/isolation/erase.rs",
            find: r#"format!("{} = {}", quoted(backend, column), placeholder(backend))"#,
            replace: r#"format!("({} = {} OR 1 = 1)", quoted(backend, column), placeholder(backend))"#,
        }],
        tests: &[suite("isolation::a_purge_drops_one_tenant_and_no_other::sqlite")],
    },
    Patch {
        name: "suspended-served",
        why: "a tenant that was suspended is served",
        edits: &[Edit {
            file: "runtime/src/tenancy.rs",
            find: "if !tenant.is_active() {",
            replace: "if tenant.is_active() && !tenant.is_active() {",
        }],
        tests: &[
            suite("tenants::live_their_lives::sqlite"),
            suite("web::strangers_cannot_tell_why::postgres"),
        ],
    },
    Patch {
        name: "stale-worked-for",
        why: "work for all tenants goes by what was read before it began",
        edits: &[Edit {
            file: "runtime/src/tenancy/each.rs",
            find: "Ok(tenant) if self.means(&tenant) => Arc::new(tenant),",
            replace: "Ok(tenant) if self.means(&tenant) => Arc::clone(&listed),",
        }],
        tests: &[suite(
            "operator::each::a_tenant_is_worked_for_as_it_is_when_its_turn_comes::sqlite",
        )],
    },
    Patch {
        name: "unscoped-unrecorded",
        why: "nobody learns who took a connection that sees all tenants",
        edits: &[Edit {
            file: "runtime/src/tenancy.rs",
            find: "self.inner.trail.record(&access).await?;",
            replace: "",
        }],
        tests: &[suite(
            "operator::an_unscoped_connection_leaves_a_record_that_survives_a_rollback::sqlite",
        )],
    },
    Patch {
        name: "unscoped-beside-tenants",
        why: "what a script leaves on a connection that sees all tenants meets a tenant",
        edits: &[Edit {
            file: "runtime/src/tenancy/builder.rs",
            find: "unscoped_apart: true,",
            replace: "unscoped_apart: false,",
        }],
        tests: &[
            suite("operator::what_is_left_on_an_unscoped_connection_meets_nobody_else::sqlite"),
            suite("operator::what_is_left_on_an_unscoped_connection_meets_nobody_else::postgres"),
        ],
    },
];
