-- The accounts that sellers are paid to already begin their history and may be paid to as before. Done again it changes nothing.
INSERT INTO seller_bank_account (seller_id, bank_code, account_holder, bank_account, bank_account_masked, bank_key_id, status, proposed_at, payout_from)
  SELECT s.seller_id, s.bank_code, s.account_holder, s.bank_account, s.bank_account_masked, s.bank_key_id, 'CURRENT', s.updated_at, s.updated_at
  FROM seller s LEFT JOIN seller_bank_account h ON h.seller_id = s.seller_id WHERE h.seller_id IS NULL
