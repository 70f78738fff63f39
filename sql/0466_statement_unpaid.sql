-- Proposals read the statements of a seller that are not paid, however many were paid before.
ALTER TABLE statement ADD KEY statement_unpaid (seller_id, currency, status, payout_on)
