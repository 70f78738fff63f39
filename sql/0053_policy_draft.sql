-- Fee policies that are being worked on and are not in force: definition is a policy file with every default spelled out. Applying a draft
-- makes versions of it that never change; the draft stays as what was applied.
CREATE TABLE IF NOT EXISTS policy_draft (
  draft_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version INT UNSIGNED NOT NULL DEFAULT 1,
  definition MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  policies INT UNSIGNED NOT NULL,
  created_by VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL,
  PRIMARY KEY (draft_id),
  KEY policy_draft_status (status, draft_id),
  CHECK (status IN ('DRAFT', 'APPLIED', 'DISCARDED'))
) ENGINE=InnoDB
