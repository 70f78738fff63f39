-- One-time passwords that were given out before they had an end get a week from now. Done again it changes nothing.
UPDATE account SET password_expires_at = UTC_TIMESTAMP(3) + INTERVAL 7 DAY WHERE password_one_time = 1 AND password_expires_at IS NULL
