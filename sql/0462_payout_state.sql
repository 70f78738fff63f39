-- What a payout needs beside its claim. maker is who proposed it or asked for the attempt, empty where the schedule did, and maker_access_from who had given that
-- account its access; the approval names what it saw, and the checker is another person. run_id is the run that proposed it. The keys find what a seller's payouts have claimed, and those of a run.
ALTER TABLE payout
  ADD COLUMN maker VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  ADD COLUMN maker_account_id BIGINT UNSIGNED NULL,
  ADD COLUMN maker_access_from BIGINT UNSIGNED NULL,
  ADD COLUMN approved_amount_minor DECIMAL(30,0) NULL,
  ADD COLUMN approved_bank_account_id BIGINT UNSIGNED NULL,
  ADD COLUMN approved_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  ADD COLUMN approved_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  ADD COLUMN approved_at DATETIME(3) NULL,
  ADD COLUMN run_id BIGINT UNSIGNED NULL,
  ADD KEY payout_claimed (seller_id, currency, status),
  ADD KEY payout_run (run_id, currency)
