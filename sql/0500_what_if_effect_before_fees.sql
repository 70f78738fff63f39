-- What the lines of a what-if come to before fees (items less the seller's discount, with shipping): with it the VAT on top of fees is told from
-- the VAT contained in them. Answers of earlier versions are not read again, because their key names that version.
ALTER TABLE what_if_effect ADD COLUMN before_fees DECIMAL(30,0) NOT NULL DEFAULT 0 AFTER unreadable
