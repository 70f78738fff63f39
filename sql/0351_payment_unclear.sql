-- Alarms look every few seconds for payments of which operators were told that they are unclear; there are few of them among all payments.
ALTER TABLE payment ADD KEY payment_unclear (unclear_told, payment_id)
