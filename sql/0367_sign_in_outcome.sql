-- A sign-in can fail for its second factor or for a one-time password that has ended, which the first CHECK did not know. Each engine has its own name for that
-- unnamed CHECK of 0034: MySQL runs the first comment, MariaDB the second.
ALTER TABLE sign_in DROP CONSTRAINT /*!80019 sign_in_chk_1 */ /*M! CONSTRAINT_1 */
