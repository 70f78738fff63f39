-- Promotions in force are looked for with every checkout. Those for everybody are found by when they end, so that the ones that are over are not read
-- again and again; those with a code are found by it.
ALTER TABLE promotion
  ADD KEY promotion_for_everybody (currency, code, ends_at),
  DROP KEY promotion_in_force
