-- Versions of the calendar of business days, immutable. holidays is every holiday of the calendar's years, so that a date that was computed with a
-- version comes out the same under any later program; announced is what files had said until then, and rules_number the program's own rules.
CREATE TABLE IF NOT EXISTS business_calendar (
  version INT UNSIGNED NOT NULL,
  rules_number INT UNSIGNED NOT NULL,
  announced MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  holidays MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  made_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  made_at DATETIME(3) NOT NULL,
  PRIMARY KEY (version)
) ENGINE=InnoDB
