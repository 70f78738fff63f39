-- Transfers that the provider has although their payouts had gone on without them are looked for by an alarm every 10 s. They are few among all transfers.
ALTER TABLE provider_transfer ADD KEY provider_transfer_failure (failure)
