-- The account that a seller is paid to names its entry in the history, and the moment from which it may be paid to. Null: no second person has approved it.
ALTER TABLE seller
  ADD COLUMN bank_account_id BIGINT UNSIGNED NULL,
  ADD COLUMN payout_from DATETIME(3) NULL
