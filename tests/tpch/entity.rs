//! The eight tables of the TPC-H specification, each with the tenant column and keys of each tenant's own.
//!
//! They follow the specification's table definitions but for decimals, which are whole hundredths
//! here: prices and balances are cents, discounts and taxes percents. SQLite has no exact decimals, and
//! the sum of inexact ones depends on the order of the rows.

/// Five parts of the world.
pub(crate) mod region {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "region")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub r_regionkey: i64,
        #[sea_orm(column_type = "String(StringLen::N(25))")]
        pub r_name: String,
        #[sea_orm(column_type = "String(StringLen::N(152))")]
        pub r_comment: String,
        #[sea_orm(has_many)]
        pub nations: HasMany<super::nation::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Twenty-five nations.
pub(crate) mod nation {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "nation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub n_nationkey: i64,
        #[sea_orm(column_type = "String(StringLen::N(25))")]
        pub n_name: String,
        pub n_regionkey: i64,
        #[sea_orm(column_type = "String(StringLen::N(152))")]
        pub n_comment: String,
        #[sea_orm(belongs_to, from = "n_regionkey", to = "r_regionkey")]
        pub region: HasOne<super::region::Entity>,
        #[sea_orm(has_many)]
        pub suppliers: HasMany<super::supplier::Entity>,
        #[sea_orm(has_many)]
        pub customers: HasMany<super::customer::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is sold.
pub(crate) mod part {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "part")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub p_partkey: i64,
        #[sea_orm(column_type = "String(StringLen::N(55))")]
        pub p_name: String,
        #[sea_orm(column_type = "String(StringLen::N(25))")]
        pub p_mfgr: String,
        #[sea_orm(column_type = "String(StringLen::N(10))")]
        pub p_brand: String,
        #[sea_orm(column_type = "String(StringLen::N(25))")]
        pub p_type: String,
        pub p_size: i64,
        #[sea_orm(column_type = "String(StringLen::N(10))")]
        pub p_container: String,
        pub p_retailprice: i64,
        #[sea_orm(column_type = "String(StringLen::N(23))")]
        pub p_comment: String,
        #[sea_orm(has_many)]
        pub offers: HasMany<super::partsupp::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who sells it.
pub(crate) mod supplier {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "supplier")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub s_suppkey: i64,
        #[sea_orm(column_type = "String(StringLen::N(25))")]
        pub s_name: String,
        #[sea_orm(column_type = "String(StringLen::N(40))")]
        pub s_address: String,
        pub s_nationkey: i64,
        #[sea_orm(column_type = "String(StringLen::N(15))")]
        pub s_phone: String,
        pub s_acctbal: i64,
        #[sea_orm(column_type = "String(StringLen::N(101))")]
        pub s_comment: String,
        #[sea_orm(belongs_to, from = "s_nationkey", to = "n_nationkey")]
        pub nation: HasOne<super::nation::Entity>,
        #[sea_orm(has_many)]
        pub offers: HasMany<super::partsupp::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which supplier offers which part, and for how much.
pub(crate) mod partsupp {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "partsupp")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub ps_partkey: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub ps_suppkey: i64,
        pub ps_availqty: i64,
        pub ps_supplycost: i64,
        #[sea_orm(column_type = "String(StringLen::N(199))")]
        pub ps_comment: String,
        #[sea_orm(belongs_to, from = "ps_partkey", to = "p_partkey")]
        pub part: HasOne<super::part::Entity>,
        #[sea_orm(belongs_to, from = "ps_suppkey", to = "s_suppkey")]
        pub supplier: HasOne<super::supplier::Entity>,
        #[sea_orm(has_many)]
        pub lines: HasMany<super::lineitem::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who buys.
pub(crate) mod customer {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "customer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub c_custkey: i64,
        #[sea_orm(column_type = "String(StringLen::N(25))")]
        pub c_name: String,
        #[sea_orm(column_type = "String(StringLen::N(40))")]
        pub c_address: String,
        pub c_nationkey: i64,
        #[sea_orm(column_type = "String(StringLen::N(15))")]
        pub c_phone: String,
        pub c_acctbal: i64,
        #[sea_orm(column_type = "String(StringLen::N(10))")]
        pub c_mktsegment: String,
        #[sea_orm(column_type = "String(StringLen::N(117))")]
        pub c_comment: String,
        #[sea_orm(belongs_to, from = "c_nationkey", to = "n_nationkey")]
        pub nation: HasOne<super::nation::Entity>,
        #[sea_orm(has_many)]
        pub orders: HasMany<super::orders::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a customer ordered.
pub(crate) mod orders {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub o_orderkey: i64,
        pub o_custkey: i64,
        #[sea_orm(column_type = "String(StringLen::N(1))")]
        pub o_orderstatus: String,
        pub o_totalprice: i64,
        #[sea_orm(indexed)]
        pub o_orderdate: Date,
        #[sea_orm(column_type = "String(StringLen::N(15))")]
        pub o_orderpriority: String,
        #[sea_orm(column_type = "String(StringLen::N(15))")]
        pub o_clerk: String,
        pub o_shippriority: i64,
        #[sea_orm(column_type = "String(StringLen::N(79))")]
        pub o_comment: String,
        #[sea_orm(belongs_to, from = "o_custkey", to = "c_custkey")]
        pub customer: HasOne<super::customer::Entity>,
        #[sea_orm(has_many)]
        pub lines: HasMany<super::lineitem::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A line of an order.
pub(crate) mod lineitem {
    #![allow(missing_docs, unreachable_pub)]
    use sea_orm::entity::prelude::*;
    use tenancy::tenant_scoped;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "lineitem")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub l_orderkey: i64,
        pub l_partkey: i64,
        pub l_suppkey: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub l_linenumber: i64,
        pub l_quantity: i64,
        pub l_extendedprice: i64,
        pub l_discount: i64,
        pub l_tax: i64,
        #[sea_orm(column_type = "String(StringLen::N(1))")]
        pub l_returnflag: String,
        #[sea_orm(column_type = "String(StringLen::N(1))")]
        pub l_linestatus: String,
        #[sea_orm(indexed)]
        pub l_shipdate: Date,
        pub l_commitdate: Date,
        pub l_receiptdate: Date,
        #[sea_orm(column_type = "String(StringLen::N(25))")]
        pub l_shipinstruct: String,
        #[sea_orm(column_type = "String(StringLen::N(10))")]
        pub l_shipmode: String,
        #[sea_orm(column_type = "String(StringLen::N(44))")]
        pub l_comment: String,
        #[sea_orm(belongs_to, from = "l_orderkey", to = "o_orderkey")]
        pub order: HasOne<super::orders::Entity>,
        #[sea_orm(belongs_to, from = "(l_partkey, l_suppkey)", to = "(ps_partkey, ps_suppkey)")]
        pub offer: HasOne<super::partsupp::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
