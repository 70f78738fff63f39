-- An option that has had stock or was ordered is not deleted: it is not shown any more, and its SKU stays taken.
ALTER TABLE product_option ADD COLUMN retired_at DATETIME(3) NULL
