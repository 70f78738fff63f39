-- The accounts of a seller are found by their seller: they are told by mail when its bank account changes.
ALTER TABLE account ADD KEY account_seller (seller_id, email)
