-- proposer_access_from: who of the staff had given the proposer the role or a password when the account was proposed, and so may have proposed it in that name. It is
-- kept here because the proposer's account names only who did so last.
ALTER TABLE seller_bank_account
  ADD COLUMN proposer_access_from BIGINT UNSIGNED NULL
