-- The outcomes of a sign-in, with those of the second factor and of a one-time password that has ended.
ALTER TABLE sign_in ADD CONSTRAINT sign_in_outcome_known CHECK (outcome IN ('SIGNED_IN', 'WRONG_PASSWORD', 'UNKNOWN_NAME', 'ACCOUNT_LOCKED',
  'PASSWORD_CHANGE_NEEDED', 'PASSWORD_EXPIRED', 'SECOND_FACTOR_NEEDED', 'SECOND_FACTOR_WRONG'))
