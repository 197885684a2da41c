-- The same tables without the tenant column, for a database that holds one tenant alone.

CREATE TABLE region (
    r_regionkey bigint NOT NULL,
    r_name varchar(25) NOT NULL,
    r_comment varchar(152) NOT NULL,
    PRIMARY KEY (r_regionkey)
);

CREATE TABLE nation (
    n_nationkey bigint NOT NULL,
    n_name varchar(25) NOT NULL,
    n_regionkey bigint NOT NULL,
    n_comment varchar(152) NOT NULL,
    PRIMARY KEY (n_nationkey)
);
CREATE INDEX nation_region ON nation (n_regionkey);

CREATE TABLE part (
    p_partkey bigint NOT NULL,
    p_name varchar(55) NOT NULL,
    p_mfgr varchar(25) NOT NULL,
    p_brand varchar(10) NOT NULL,
    p_type varchar(25) NOT NULL,
    p_size bigint NOT NULL,
    p_container varchar(10) NOT NULL,
    p_retailprice bigint NOT NULL,
    p_comment varchar(23) NOT NULL,
    PRIMARY KEY (p_partkey)
);

CREATE TABLE supplier (
    s_suppkey bigint NOT NULL,
    s_name varchar(25) NOT NULL,
    s_address varchar(40) NOT NULL,
    s_nationkey bigint NOT NULL,
    s_phone varchar(15) NOT NULL,
    s_acctbal bigint NOT NULL,
    s_comment varchar(101) NOT NULL,
    PRIMARY KEY (s_suppkey)
);
CREATE INDEX supplier_nation ON supplier (s_nationkey);

CREATE TABLE partsupp (
    ps_partkey bigint NOT NULL,
    ps_suppkey bigint NOT NULL,
    ps_availqty bigint NOT NULL,
    ps_supplycost bigint NOT NULL,
    ps_comment varchar(199) NOT NULL,
    PRIMARY KEY (ps_partkey, ps_suppkey)
);
CREATE INDEX partsupp_supplier ON partsupp (ps_suppkey);

CREATE TABLE customer (
    c_custkey bigint NOT NULL,
    c_name varchar(25) NOT NULL,
    c_address varchar(40) NOT NULL,
    c_nationkey bigint NOT NULL,
    c_phone varchar(15) NOT NULL,
    c_acctbal bigint NOT NULL,
    c_mktsegment varchar(10) NOT NULL,
    c_comment varchar(117) NOT NULL,
    PRIMARY KEY (c_custkey)
);
CREATE INDEX customer_nation ON customer (c_nationkey);

CREATE TABLE orders (
    o_orderkey bigint NOT NULL,
    o_custkey bigint NOT NULL,
    o_orderstatus varchar(1) NOT NULL,
    o_totalprice bigint NOT NULL,
    o_orderdate date NOT NULL,
    o_orderpriority varchar(15) NOT NULL,
    o_clerk varchar(15) NOT NULL,
    o_shippriority bigint NOT NULL,
    o_comment varchar(79) NOT NULL,
    PRIMARY KEY (o_orderkey)
);
CREATE INDEX orders_customer ON orders (o_custkey);
CREATE INDEX orders_o_orderdate ON orders (o_orderdate);

CREATE TABLE lineitem (
    l_orderkey bigint NOT NULL,
    l_partkey bigint NOT NULL,
    l_suppkey bigint NOT NULL,
    l_linenumber bigint NOT NULL,
    l_quantity bigint NOT NULL,
    l_extendedprice bigint NOT NULL,
    l_discount bigint NOT NULL,
    l_tax bigint NOT NULL,
    l_returnflag varchar(1) NOT NULL,
    l_linestatus varchar(1) NOT NULL,
    l_shipdate date NOT NULL,
    l_commitdate date NOT NULL,
    l_receiptdate date NOT NULL,
    l_shipinstruct varchar(25) NOT NULL,
    l_shipmode varchar(10) NOT NULL,
    l_comment varchar(44) NOT NULL,
    PRIMARY KEY (l_orderkey, l_linenumber)
);
CREATE INDEX lineitem_offer ON lineitem (l_partkey, l_suppkey);
CREATE INDEX lineitem_l_shipdate ON lineitem (l_shipdate);
