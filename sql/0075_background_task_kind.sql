-- A kind of background tasks is declared by its capability, so the table lists none; a runner takes the kinds that it knows. Each engine has
-- its own name for the unnamed CHECK of 0050: MySQL runs the first comment, MariaDB the second.
ALTER TABLE background_task DROP CONSTRAINT /*!80019 background_task_chk_1 */ /*M! CONSTRAINT_1 */
