-- While a payment of a checkout is under way its time to pay lasts longer. Here stands the time that it goes back to when the payment is declined; null: no
-- payment is under way, and orders of the checkout may be cancelled.
ALTER TABLE checkout ADD COLUMN unextended_expires_at DATETIME(3) NULL
