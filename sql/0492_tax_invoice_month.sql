-- A row for each month of which tax invoices were made. Whoever makes them locks it, so that two commands follow each other.
CREATE TABLE IF NOT EXISTS tax_invoice_month (
  month CHAR(7) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (month)
) ENGINE=InnoDB
