-- The units of products without options that were made before there were units.
INSERT INTO sellable_unit (product_id, option_id, seller_id, status, created_at)
SELECT p.product_id, 0, p.seller_id, 'OFFERED', UTC_TIMESTAMP(3)
FROM product p LEFT JOIN sellable_unit u ON u.product_id = p.product_id
WHERE u.unit_id IS NULL
