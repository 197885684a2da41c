//! The functions a tenant may call: the engines' own, which compute from their arguments, the
//! clock and chance alone.
//!
//! None of them reads or writes a table, a file or the network, runs a text as SQL, waits, locks,
//! or tells of the session, the server or what other statements did.

use std::{collections::HashSet, sync::LazyLock};

use crate::Dialect;

/// In all three dialects, with the same harmless meaning.
const COMMON: &str = "
    avg count max min sum
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
    abs acos asin atan atan2 ceil ceiling cos degrees exp floor ln log mod pi pow power radians round
    sign sin sqrt tan
    coalesce nullif
    concat concat_ws format length lower ltrim octet_length replace rtrim substr substring trim upper
    current_date current_time current_timestamp date time timestamp
    json_array json_object json_array_length
";

const SQLITE: &str = "
    group_concat string_agg total median percentile percentile_cont percentile_disc
    acosh asinh atanh cosh sinh tanh log10 log2 trunc random
    ifnull iif if likely unlikely likelihood
    char glob hex instr like printf quote soundex typeof unhex unicode unistr zeroblob randomblob
    datetime julianday strftime timediff unixepoch
    json json_array_insert json_extract json_error_position json_group_array json_group_object
    json_insert json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid
    jsonb jsonb_array jsonb_array_insert jsonb_extract jsonb_group_array jsonb_group_object
    jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set
";

const POSTGRES: &str = "
    any_value array_agg bit_and bit_or bit_xor bool_and bool_or corr covar_pop covar_samp every grouping
    json_agg json_agg_strict json_object_agg jsonb_agg jsonb_agg_strict jsonb_object_agg mode
    percentile_cont percentile_disc range_agg range_intersect_agg string_agg xmlagg
    regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
    stddev stddev_pop stddev_samp var_pop var_samp variance

    acosd asind atand atan2d cbrt cosd cosh cot cotd div erf erfc factorial gcd lcm log10 min_scale
    random random_normal scale sind sinh tand tanh trim_scale trunc width_bucket greatest least
    num_nonnulls num_nulls pg_typeof

    array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position
    array_positions array_prepend array_remove array_replace array_sample array_shuffle
    array_to_json array_to_string array_upper cardinality generate_subscripts string_to_array trim_array
    unnest any all some row

    ascii bit_count bit_length btrim char_length character_length chr convert_from convert_to crc32
    decode encode get_bit get_byte initcap left lpad md5 normalize overlay parse_ident position
    quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match
    regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat
    reverse right rpad set_bit set_byte sha224 sha256 sha384 sha512 split_part starts_with
    string_to_table strpos to_ascii to_bin to_hex to_oct translate unistr

    json_array_elements json_array_elements_text json_build_array json_build_object
    json_each json_each_text json_extract_path json_extract_path_text json_object_keys
    json_populate_record json_populate_recordset json_strip_nulls json_to_record json_to_recordset
    json_typeof jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array
    jsonb_build_object jsonb_concat jsonb_delete jsonb_delete_path jsonb_each jsonb_each_text jsonb_extract_path
    jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz
    jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array
    jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz
    jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax
    jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb

    array_to_tsvector numnode phraseto_tsquery plainto_tsquery querytree setweight strip to_tsquery
    to_tsvector ts_delete ts_filter ts_headline ts_rank ts_rank_cd tsvector_to_array
    websearch_to_tsquery

    age clock_timestamp date_add date_bin date_part date_subtract date_trunc extract isfinite
    justify_days justify_hours justify_interval localtime localtimestamp make_date make_interval
    make_time make_timestamp make_timestamptz now overlaps statement_timestamp timeofday timezone
    to_char to_date to_number to_timestamp transaction_timestamp

    daterange datemultirange int4multirange int4range int8multirange int8range isempty lower_inc
    lower_inf multirange nummultirange numrange range_merge tsmultirange tsrange tstzmultirange
    tstzrange upper_inc upper_inf

    abbrev broadcast family host hostmask inet_merge inet_same_family masklen netmask network
    set_masklen macaddr8_set7bit

    area box center circle diagonal diameter height isclosed isopen line lseg npoints path pclose
    point polygon popen radius slope width

    gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version
    generate_series enum_first enum_last enum_range
";

const MYSQL: &str = "
    any_value bit_and bit_or bit_xor group_concat json_arrayagg json_objectagg median std stddev
    stddev_pop stddev_samp var_pop var_samp variance grouping

    conv cot crc32 greatest least log10 log2 rand truncate

    if ifnull isnull interval row

    ascii bin bit_count bit_length char char_length character_length chr compress elt export_set field
    find_in_set from_base64 hex insert instr lcase left locate lpad make_set md5 mid oct ord position
    quote regexp_instr regexp_like regexp_replace regexp_substr repeat reverse right rpad sha sha1
    sha2 soundex space strcmp substring_index to_base64 ucase uncompress uncompressed_length unhex
    weight_string random_bytes

    adddate addtime convert_tz curdate curtime date_add date_format date_sub datediff day dayname
    dayofmonth dayofweek dayofyear extract from_days from_unixtime get_format hour last_day localtime
    localtimestamp makedate maketime microsecond minute month monthname now period_add period_diff
    quarter sec_to_time second str_to_date subdate subtime sysdate time_format time_to_sec timediff
    timestampadd timestampdiff to_days to_seconds unix_timestamp utc_date utc_time utc_timestamp week
    weekday weekofyear year yearweek to_char

    json_array_append json_array_insert json_array_intersect json_compact json_contains
    json_contains_path json_depth json_detailed json_equals json_exists json_extract json_insert
    json_keys json_length json_loose json_merge_patch json_merge_preserve json_normalize
    json_overlaps json_pretty json_query json_quote json_remove json_replace json_search json_set
    json_type json_unquote json_valid json_value

    bin_to_uuid inet_aton inet_ntoa inet6_aton inet6_ntoa is_ipv4 is_ipv4_compat is_ipv4_mapped
    is_ipv6 is_uuid uuid uuid_to_bin nvl nvl2 to_number natural_sort_key
";

/// Functions that may stand in FROM: they make rows of their arguments.
const TABLES: &str = "
    generate_series generate_subscripts json_each json_tree json_each_text json_array_elements
    json_array_elements_text json_object_keys json_populate_record json_populate_recordset
    json_to_record json_to_recordset jsonb_array_elements jsonb_array_elements_text jsonb_each
    jsonb_each_text jsonb_object_keys jsonb_path_query jsonb_path_query_tz jsonb_populate_record
    jsonb_populate_recordset jsonb_to_record jsonb_to_recordset regexp_matches regexp_split_to_table
    string_to_table unnest
";

static SQLITE_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| set(&[COMMON, SQLITE]));
static POSTGRES_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| set(&[COMMON, POSTGRES]));
static MYSQL_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| set(&[COMMON, MYSQL]));
static TABLES_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| set(&[TABLES]));

fn set(lists: &[&'static str]) -> HashSet<&'static str> {
    lists.iter().flat_map(|list| list.split_whitespace()).collect()
}

/// Whether a function, by its folded name, is known to be harmless.
pub(super) fn known(name: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Sqlite => SQLITE_SET.contains(name),
        Dialect::Postgres => POSTGRES_SET.contains(name),
        Dialect::MySql => MYSQL_SET.contains(name),
    }
}

/// Whether a function may stand in FROM.
pub(super) fn makes_rows(name: &str) -> bool {
    TABLES_SET.contains(name)
}

/// Functions people ask for that are refused on purpose: words they contain or are, and why.
const HARMFUL: &[(&[&str], &str)] = &[
    (
        &[
            "set_config",
            "current_setting",
            "version",
            "sqlite_version",
            "sqlite_source_id",
            "user",
            "current_user",
            "session_user",
            "system_user",
            "current_role",
            "database",
            "schema",
            "current_database",
            "current_schema",
            "current_schemas",
            "current_catalog",
            "connection_id",
            "pg_backend_pid",
            "inet_client_addr",
            "inet_server_addr",
            "found_rows",
            "row_count",
            "changes",
            "total_changes",
            "last_insert_id",
            "last_insert_rowid",
            "lastval",
            "txid_current",
            "pg_current_xact_id",
        ],
        "it tells of or changes the session, which other tenants use next, or the server",
    ),
    (
        &["nextval", "currval", "setval", "uuid_short"],
        "it tells or moves a counter that all tenants share",
    ),
    (
        &[
            "pg_read_file",
            "pg_read_binary_file",
            "pg_ls_dir",
            "pg_stat_file",
            "load_file",
            "readfile",
            "writefile",
            "edit",
            "lo_import",
            "lo_export",
            "lo_get",
            "lo_put",
            "load_extension",
            "fts3_tokenizer",
        ],
        "it reaches files or objects outside the tenant's tables",
    ),
    (
        &[
            "dblink",
            "dblink_exec",
            "query_to_xml",
            "table_to_xml",
            "cursor_to_xml",
            "schema_to_xml",
            "database_to_xml",
            "ts_stat",
            "ts_rewrite",
            "sys_exec",
            "sys_eval",
        ],
        "it runs or reads what the scoper does not see",
    ),
    (
        &[
            "pg_sleep",
            "sleep",
            "benchmark",
            "get_lock",
            "release_lock",
            "release_all_locks",
            "is_free_lock",
            "master_pos_wait",
            "pg_advisory_lock",
            "pg_advisory_xact_lock",
            "pg_try_advisory_lock",
            "pg_try_advisory_xact_lock",
            "pg_advisory_unlock",
            "pg_terminate_backend",
            "pg_cancel_backend",
            "pg_notify",
        ],
        "it holds up, ends or wakes other tenants' work",
    ),
];

/// Why a function is not in the list, where more can be said than that.
pub(super) fn harm(name: &str) -> Option<&'static str> {
    HARMFUL.iter().find(|(names, _)| names.contains(&name)).map(|(_, why)| *why)
}
