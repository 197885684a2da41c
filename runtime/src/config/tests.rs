//! Configurations as people write them, right and wrong.

use std::{env, fs, path::Path, time::Duration};

use super::*;

fn read(toml: &str, variables: &[(&str, &str)]) -> Result<TenancyConfig, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    TenancyConfig::read("tenancy.toml", toml, variables)
}

fn refused(toml: &str, variables: &[(&str, &str)]) -> Vec<String> {
    read(toml, variables).unwrap_err().problems().collect()
}

const DATABASE: &str = "[database]\nurl = \"sqlite::memory:\"\n";

fn with(more: &str) -> String {
    format!("{DATABASE}{more}")
}

#[test]
fn a_file_and_the_environment_are_read_and_the_environment_comes_first() {
    let toml = with(
        "max_connections = 7\nfunctions.soundex = \"pure\"\n\
         [resolver]\nkinds = [\"header\", \"path\"]\nrule = \"first\"\n\
         [limits.everyone]\nminute = { limit = 600, per = \"1m\" }\n\
         [limits.tiers.pro]\nrate = { rate = 10, per = \"1s\", burst = 5, away = \"open\" }\n\
         [limits.tiers.internal]\n\
         [web]\nexclude = [\"/health\"]\ncosts.\"/reports\" = 10\n",
    );
    let variables = [
        ("TENANCY_DATABASE__MAX_CONNECTIONS", "9"),
        ("TENANCY_CACHE__LIFE", "250ms"),
        ("TENANCY_WEB__EXCLUDE", "/health, /metrics"),
        ("TENANCY_WEB__EXPOSE_STATUS", "true"),
        ("TENANCY_LIMITS__TIERS__FREE__MINUTE__LIMIT", "60"),
        ("TENANCY_LIMITS__TIERS__FREE__MINUTE__PER", "1m"),
        ("TENANCY_TEST_POSTGRES_URL", "for tests"),
        ("TENANCY_CONFIG", "names the file"),
        ("PATH", "/bin"),
    ];
    let config = read(&toml, &variables).unwrap();
    assert_eq!(config.database.max_connections, 9);
    assert_eq!(config.cache.life, Duration::from_millis(250));
    assert_eq!(config.web.exclude, ["/health", "/metrics"]);
    assert!(config.web.expose_status);
    assert_eq!(config.limits.tiers["free"]["minute"].limit, Some(60));
    assert_eq!(config.limits.tiers["pro"]["rate"].burst, Some(5));
    assert!(config.limits.tiers["internal"].is_empty());
    assert_eq!(config.resolver.kinds, [ResolverKind::Header, ResolverKind::Path]);
    let shown = config.show();
    for line in [
        "database.url = \"…\" # tenancy.toml:2",
        "database.max_connections = 9 # TENANCY_DATABASE__MAX_CONNECTIONS",
        "database.acquire_timeout = \"10s\" # unless set",
        "web.costs.\"/reports\" = 10 # tenancy.toml:15",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\nin\n{shown}");
    }
}

#[test]
fn a_value_in_the_environment_stays_the_text_it_is() {
    let toml = "[isolation]\nstrategy = \"row\"\n";
    let variables =
        [("TENANCY_DATABASE__URL", "sqlite::memory:"), ("TENANCY_RESOLVER__HEADER__NAME", "007")];
    let config = read(toml, &variables).unwrap();
    assert_eq!(config.resolver.header.name, "007");
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_place_and_without_secrets() {
    let toml = "\
[database]
url = 5
operator_url = \"oracle://boss:hunter2@db/shop\"
max_connections = 0
acquire_timeout = 10
conections_per_tenant = 3

[isolation]
strategy = \"tables\"
schema_prefix = \"shop\"

[resolver]
kinds = [\"subdomain\", \"cookie\"]
subdomain.domains = [\"co.uk\"]
proxies.networks = [\"0.0.0.0/0\", \"nowhere\"]

[cach]
life = \"1s\"

[limits.everyone]
minute = { limit = 600 }
\"per hour\" = { limit = 3, per = \"1h\" }
both = { limit = 3, rate = 3, per = \"1h\" }

[web]
exclude_prefixes = [\"/\"]
costs.\"reports\" = 1
";
    let variables = [
        ("TENANCY_DATABASE_URL", "postgres://app:hunter2@db/shop"),
        ("TENANCY_REDIS", "redis://:hunter2@cache"),
        ("TENANCY_REDIS__DEADLIN", "5ms"),
        ("TENANCY_ISOLATION__LANES__ENABLED", "yes"),
    ];
    let found = refused(toml, &variables);
    let text = found.join("\n");
    assert!(!text.contains("hunter2"), "{text}");
    for expected in [
        "database.url = … (tenancy.toml:2): write a text",
        "database.operator_url = \"…\" (tenancy.toml:3): write a URL that begins with",
        "database.max_connections = 0 (tenancy.toml:4): nobody could be served",
        "database.acquire_timeout = 10 (tenancy.toml:5): write a time with its unit",
        "database.conections_per_tenant (tenancy.toml:6): there is no such key; did you mean `database.connections_per_tenant`?",
        "isolation.strategy = \"tables\" (tenancy.toml:9): write one of",
        "isolation.schema_prefix = \"shop\" (tenancy.toml:10): no tenant is kept by `schema`",
        "resolver.kinds[1] = \"cookie\" (tenancy.toml:13): write one of: \"header\"",
        "resolver.subdomain.domains = [\"co.uk\"] (tenancy.toml:14): `co.uk` cannot be a base domain",
        "(tenancy.toml:15): `0.0.0.0/0` would trust everybody",
        "(tenancy.toml:15): `nowhere` is neither an address",
        "cach.life (tenancy.toml:18): there is no such key; did you mean `cache.life`?",
        "limits.everyone.minute.per (not set): say in which time",
        "limits.everyone.\"per hour\" (tenancy.toml:22): not a valid policy's name",
        "limits.everyone.both (tenancy.toml:23): write exactly one of",
        "web.exclude_prefixes = [\"/\"] (tenancy.toml:26): excluding `/`",
        "web.costs (tenancy.toml:27): the path `reports` does not begin with `/`",
        "database_url (TENANCY_DATABASE_URL): there is no such key; did you mean `TENANCY_DATABASE__URL`?",
        "redis.deadlin (TENANCY_REDIS__DEADLIN): there is no such key; did you mean `TENANCY_REDIS__DEADLINE`?",
        "isolation.lanes.enabled = \"yes\" (TENANCY_ISOLATION__LANES__ENABLED): write `true` or `false`",
    ] {
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{expected}\nnot in\n{text}"
        );
    }
    assert_eq!(found.len(), 20, "{text}");
}

#[test]
fn a_section_that_is_a_text_may_hold_a_secret() {
    let found = refused(DATABASE, &[("TENANCY_REDIS", "redis://:hunter2@cache")]);
    assert!(found[0].starts_with("redis = … (TENANCY_REDIS): this is a table"), "{found:?}");
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    let found = refused("[database]\nurl = \"sqlite::memory:\"\nsecret = \"hunter2\n[web]\n", &[]);
    assert!(found[0].starts_with("tenancy.toml:3: this is not TOML"), "{found:?}");
    assert!(!found.join("\n").contains("hunter2"), "{found:?}");
}

#[test]
fn what_goes_together_with_nothing_is_refused() {
    for (toml, expected) in [
        ("", "database.url (not set): name the database"),
        (
            "[limits]\nprocesses = 4\n",
            "limits.processes = 4 (tenancy.toml:2): each process counts for itself",
        ),
        (
            "[cache]\nchannel = true\n",
            "cache.channel = true (tenancy.toml:2): it needs a server: set `redis.url`",
        ),
        (
            "[redis]\nurl = \"redis://localhost\"\n",
            "redis.url = \"…\" (tenancy.toml:2): nothing uses it",
        ),
        (
            "[resolver.path]\nprefix = \"/shop\"\n",
            "resolver.path (tenancy.toml:1): nothing reads it; add \"path\"",
        ),
        (
            "[timeouts]\nstatement = \"0s\"\n",
            "timeouts.statement = \"0s\" (tenancy.toml:2): the server takes",
        ),
        (
            "[database]\npool_share = 0\n",
            "database.pool_share = 0 (tenancy.toml:2): nobody could be served",
        ),
        (
            "[isolation.lanes]\nconnections = 3\n",
            "isolation.lanes.enabled = false (not set): there are no lanes",
        ),
        (
            "[isolation]\ncheck_status = true\n",
            "isolation.check_status = true (tenancy.toml:2): no tenant is kept by `rls`",
        ),
        (
            "[isolation]\nstrategy = \"rls\"\ncheck_status = true\n[isolation.lanes]\nenabled = true\n",
            "isolation.lanes.enabled = true (tenancy.toml:5): on a lane there is no transaction",
        ),
        (
            "[isolation]\nstrategy = \"rls\"\ncheck_status = true\n[database]\ncontrol_plane_url = \"x\"\n",
            "isolation.check_status = true (tenancy.toml:3): it asks the database of tenants' rows",
        ),
    ] {
        let found = refused(toml, &[]);
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{expected}\nnot in\n{found:#?}"
        );
    }
}

#[test]
fn a_configuration_the_program_changed_is_checked_when_it_connects() {
    let mut config = read(DATABASE, &[]).unwrap();
    config.check().unwrap();
    config.database.pool_share = Some(0);
    config.web.exclude.push("health".to_owned());
    let error = config.check().unwrap_err().to_string();
    assert!(error.contains("database.pool_share = 0 (the program)"), "{error}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(config.builder().connect()).unwrap_err();
    assert!(error.is_config() && error.to_string().contains("for 2 reasons"), "{error}");
}

#[test]
fn defaults_are_those_of_the_builder() {
    let built = read(DATABASE, &[]).unwrap().builder();
    let cache = format!("{:?}", crate::TenantCache::new());
    assert!(format!("{:?}", built.settings()).contains(&cache), "{:?}", built.settings());
    let plain = Tenancy::builder().database("sqlite::memory:");
    assert_eq!(format!("{:?}", built.settings()), format!("{:?}", plain.settings()));
}

#[test]
fn it_is_read_by_serde_as_part_of_something_else() {
    #[derive(serde::Deserialize)]
    struct Own {
        name: String,
        tenancy: TenancyConfig,
    }
    let json = r#"{"name": "shop", "tenancy": {"database": {"url": "sqlite::memory:"}, "cache": {"capacity": 5}}}"#;
    let own: Own = serde_json::from_str(json).unwrap();
    assert_eq!((own.name.as_str(), own.tenancy.cache.capacity), ("shop", 5));
    own.tenancy.check().unwrap();
    let wrong =
        r#"{"name": "shop", "tenancy": {"cache": {"capacity": "x"}, "web": {"excluded": []}}}"#;
    let error = serde_json::from_str::<Own>(wrong).err().unwrap().to_string();
    assert!(
        error.contains("cache.capacity = \"x\"") && error.contains("did you mean `web.exclude`?"),
        "{error}"
    );
}

#[test]
fn nothing_secret_is_printed() {
    let toml = "[database]\nurl = \"sqlite:hunter2.db\"\noperator_url = \"sqlite:hunter2.db\"\n\
        control_plane_url = \"sqlite:hunter2.db\"\n\
        [redis]\nurl = \"redis://:hunter2@cache\"\n[cache]\nchannel = true\n";
    let tree = Entry::file("tenancy.toml", toml, &mut Problems::default());
    let config = TenancyConfig::of(tree, &mut Problems::default());
    assert_eq!(config.database.url.as_ref().unwrap().expose(), "sqlite:hunter2.db");
    for printed in [format!("{config:?}"), config.show(), format!("{:?}", config.builder())] {
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[test]
fn the_table_is_as_the_keys_are() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let text = fs::read_to_string(&file).unwrap_or_default();
    let (before, _) = text.split_once("\n## `[").unwrap_or((&text, ""));
    let expected = format!("{}\n\n{}", before.trim_end(), TenancyConfig::table());
    if env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        fs::write(&file, &expected).unwrap();
        return;
    }
    assert!(
        text == expected,
        "docs/configuration.md is not as the keys are; run `cargo xtask bless`"
    );
}
