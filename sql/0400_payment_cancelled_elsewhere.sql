-- What a provider says it has given back of a charge beyond what was asked for here, such as a cancellation made by hand on its page.
ALTER TABLE payment ADD COLUMN cancelled_elsewhere_minor BIGINT NOT NULL DEFAULT 0
