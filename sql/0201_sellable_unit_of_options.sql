-- The units of options that were made before there were units. A second attempt finds its rows there already and adds none.
INSERT INTO sellable_unit (product_id, option_id, seller_id, status, created_at)
SELECT o.product_id, o.option_id, o.seller_id, 'OFFERED', UTC_TIMESTAMP(3)
FROM product_option o LEFT JOIN sellable_unit u ON u.product_id = o.product_id AND u.option_id = o.option_id
WHERE u.unit_id IS NULL
