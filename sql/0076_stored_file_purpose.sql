-- What a stored file is for is declared with the kind of task that it belongs to, so the table lists no purposes. The names are as in 0075.
ALTER TABLE stored_file DROP CONSTRAINT /*!80019 stored_file_chk_1 */ /*M! CONSTRAINT_1 */
