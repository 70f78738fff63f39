-- Whether the money of a refund is still on its way back to the buyer; that of earlier refunds was back at once.
ALTER TABLE order_refund ADD COLUMN money_pending TINYINT UNSIGNED NOT NULL DEFAULT 0
