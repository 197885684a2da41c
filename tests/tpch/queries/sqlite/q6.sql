SELECT sum(l_extendedprice * l_discount) AS revenue
FROM lineitem
WHERE l_shipdate >= $1
    AND l_shipdate < date($1, '+1 year')
    AND l_discount BETWEEN $2 - 1 AND $2 + 1
    AND l_quantity < $3
