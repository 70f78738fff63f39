/** The statuses of a draft are those of its table. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { DRAFT_STATUSES } from '../../../../core/policies/rules/policy-draft.js';

it('mirrors the CHECK of the table', () => {
  const sql = readFileSync(new URL('../../../../sql/0053_policy_draft.sql', import.meta.url), 'utf8');
  expect(sql).toContain(`CHECK (status IN (${DRAFT_STATUSES.map((name) => `'${name}'`).join(', ')}))`);
});
