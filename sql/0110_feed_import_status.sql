-- A completed import can be withdrawn: it has a status of its own, which the first CHECK did not know. Each engine has its own name for that
-- unnamed CHECK of 0004: MySQL runs the first comment, MariaDB the second.
ALTER TABLE feed_import DROP CONSTRAINT /*!80019 feed_import_chk_2 */ /*M! CONSTRAINT_2 */
