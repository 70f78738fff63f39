-- Whether a posted generation has what statements need: the sums of its refunds, and an account of each seller whose settlement came to zero. Generations that
-- were posted before this column get it at the first close of statements that needs them.
ALTER TABLE posted_generation ADD COLUMN ready TINYINT UNSIGNED NOT NULL DEFAULT 0
