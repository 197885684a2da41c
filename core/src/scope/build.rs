//! Small queries the scoper puts into statements.

use sqlparser::ast::{
    Expr, GroupByExpr, Query, Select, SelectFlavor, SelectItem, SetExpr, TableFactor,
    TableWithJoins, WildcardAdditionalOptions, helpers::attached_token::AttachedToken,
};

/// `SELECT * FROM table WHERE predicate`
pub(super) fn select_all(table: TableFactor, predicate: Expr) -> Query {
    let select = Select {
        from: vec![TableWithJoins { relation: table, joins: Vec::new() }],
        selection: Some(predicate),
        ..plain_select(SelectItem::Wildcard(WildcardAdditionalOptions::default()))
    };
    plain_query(SetExpr::Select(Box::new(select)))
}

/// `SELECT item`
pub(super) fn plain_select(item: SelectItem) -> Select {
    Select {
        select_token: AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection: vec![item],
        exclude: None,
        into: None,
        from: Vec::new(),
        lateral_views: Vec::new(),
        prewhere: None,
        selection: None,
        connect_by: Vec::new(),
        group_by: GroupByExpr::Expressions(Vec::new(), Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }
}

/// A query of nothing but its body.
pub(super) fn plain_query(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
