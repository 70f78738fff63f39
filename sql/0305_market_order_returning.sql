-- Money of an order that a provider has still to give back to the buyer; what was given back before there were providers was back at once.
ALTER TABLE market_order ADD COLUMN returning_minor BIGINT NOT NULL DEFAULT 0
