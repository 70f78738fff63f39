-- An address counts once its owner has shown that its mail arrives there. A one-time password ends at a moment. second_factor: a second factor is in use.
-- access_given_by: who of the staff gave the account its role or a password, and so may have used it.
ALTER TABLE account
  ADD COLUMN email_proven_at DATETIME(3) NULL,
  ADD COLUMN password_expires_at DATETIME(3) NULL,
  ADD COLUMN second_factor TINYINT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN access_given_by BIGINT UNSIGNED NULL
