/** Drafts of fee policies. The definition passed the reader of policy files when it was saved. */

import {
  change,
  type Db,
  fromJson,
  insertReturningId,
  isoTime,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import type { DraftStatus } from '../rules/policy-draft.js';

export interface PolicyDraft {
  readonly draftId: number;
  readonly name: string;
  readonly status: DraftStatus;
  readonly version: number;
  /** A policy file with every default spelled out. */
  readonly definition: { readonly policies: readonly object[] };
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it was applied or discarded. */
  readonly endedAt: string | null;
}

/** The columns that lists show, without the definitions, which may be long. */
export type PolicyDraftSummary = Omit<PolicyDraft, 'definition'> & { readonly policyCount: number };

const COLUMNS = `draft_id AS draftId, name, status, version, created_by AS createdBy, created_at AS createdAt, updated_at AS updatedAt,
  ended_at AS endedAt`;
const times: Reading<PolicyDraftSummary> = { createdAt: isoTime, updatedAt: isoTime, endedAt: isoTime };

/** The draft; `lock` holds its row to the commit. */
export async function readDraft(db: Db, draftId: number, lock = false): Promise<PolicyDraft | undefined> {
  const sql = `SELECT ${COLUMNS}, definition FROM policy_draft WHERE draft_id = ?${lock ? ' FOR UPDATE' : ''}`;
  return (await select<PolicyDraft>(db, sql, [draftId], { ...times, definition: fromJson }))[0];
}

/** The next drafts, newest first, below `beforeId`. */
export async function listDrafts(
  db: Db,
  page: {
    readonly status?: DraftStatus | undefined;
    readonly beforeId?: number | undefined;
    readonly limit: number;
  },
): Promise<PolicyDraftSummary[]> {
  const conditions: string[] = [];
  const params: (string | number)[] = [];
  if (page.status !== undefined) {
    conditions.push('status = ?');
    params.push(page.status);
  }
  if (page.beforeId !== undefined) {
    conditions.push('draft_id < ?');
    params.push(page.beforeId);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const sql = `SELECT ${COLUMNS}, policies AS policyCount FROM policy_draft ${where} ORDER BY draft_id DESC LIMIT ?`;
  return select(db, sql, [...params, page.limit], times);
}

interface DraftContent {
  readonly name: string;
  readonly policies: readonly object[];
}

export async function insertDraft(tx: Tx, { name, policies }: DraftContent, createdBy: string): Promise<number> {
  return insertReturningId(
    tx,
    `INSERT INTO policy_draft (name, status, definition, policies, created_by, created_at, updated_at)
     VALUES (?, 'DRAFT', ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [name, JSON.stringify({ policies }), policies.length, createdBy.slice(0, 64)],
  );
}

/** Replaces the content of an open draft; the caller has locked it. */
export async function updateDraft(tx: Tx, draftId: number, { name, policies }: DraftContent): Promise<void> {
  await change(
    tx,
    `UPDATE policy_draft SET name = ?, definition = ?, policies = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE draft_id = ? AND status = 'DRAFT'`,
    [name, JSON.stringify({ policies }), policies.length, draftId],
  );
}

/** Ends an open draft; the caller has locked it. */
export async function endDraft(tx: Tx, draftId: number, status: 'APPLIED' | 'DISCARDED'): Promise<void> {
  await change(
    tx,
    `UPDATE policy_draft SET status = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3), ended_at = UTC_TIMESTAMP(3)
     WHERE draft_id = ? AND status = 'DRAFT'`,
    [status, draftId],
  );
}
