-- The API key by which an account acted; null where it had signed in.
ALTER TABLE audit_log ADD COLUMN actor_api_key_id BIGINT UNSIGNED NULL AFTER actor_role
