import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { change, inTransaction } from '../../../infra/database.js';
import { numberAudit } from '../../../infra/number-audit.js';
import {
  type AuditEntry,
  type AuditFilter,
  type AuditRecord,
  listAudit,
  listAuditForward,
  recordAudit,
} from '../../../infra/stores/audit-log.js';
import type { Caller } from '../../../kernel/access.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { plansOf } from '../../support/plans.js';

const operator: Caller = { accountId: 7, sessionId: 's', role: 'operator', sellerId: null };
const edit: AuditEntry = {
  caller: operator,
  requestId: 'req-1',
  action: 'seller.edit',
  subjectType: 'seller',
  subjectId: 'S1',
  before: { name: 'Old' },
  after: { name: 'New' },
};

describe('the audit log', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await inTransaction(database.db, async (tx) => {
      await recordAudit(tx, edit);
      await recordAudit(tx, { ...edit, subjectId: 'S2', caller: { ...operator, accountId: 8 } });
      await recordAudit(tx, { ...edit, caller: null, userName: 'kim', requestId: null, before: null });
    });
  });
  afterAll(() => database.drop());

  it('gives entries newest first, with before and after', async () => {
    const entries = await listAudit(database.db, {}, 10);
    expect(entries.map(({ auditId }) => auditId)).toEqual([3, 2, 1]);
    expect(entries[0]).toMatchObject({ actorAccountId: null, actorRole: null, actorUserName: 'kim', before: null });
    expect(entries[2]).toMatchObject({
      actorAccountId: 7,
      actorRole: 'operator',
      requestId: 'req-1',
      before: { name: 'Old' },
      after: { name: 'New' },
    });
  });

  it('filters by subject, actor and time, and goes on by key', async () => {
    const ids = async (filter: AuditFilter, limit = 10, after?: AuditRecord) =>
      (await listAudit(database.db, filter, limit, after)).map(({ auditId }) => auditId);
    expect(await ids({ subject: { type: 'seller', id: 'S1' } })).toEqual([3, 1]);
    expect(await ids({ actorAccountId: 8 })).toEqual([2]);
    expect(await ids({ from: '2999-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await ids({ to: '2000-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await ids({ action: 'seller.lock' })).toEqual([]);
    const [newest] = await listAudit(database.db, {}, 1);
    expect(await ids({}, 1, newest)).toEqual([2]);
  });

  it('is read forward by position, and an entry that is committed late comes behind those that were read', async () => {
    const { db } = database;
    const forward = async (filter: AuditFilter, after?: number) => {
      await numberAudit(db);
      return (await listAuditForward(db, filter, 10, after)).map(({ auditId, position }) => [auditId, position]);
    };
    const late = { ...edit, action: 'seller.late' };
    const first = (await forward({})).length;
    await inTransaction(db, async (tx) => {
      await recordAudit(tx, late);
      await inTransaction(db, (other) => recordAudit(other, { ...late, subjectId: 'S9' }));
      expect(await forward({ action: 'seller.late' })).toEqual([[first + 2, first + 1]]);
    });
    expect(await forward({}, first + 1)).toEqual([[first + 1, first + 2]]);
    expect(await forward({ action: 'seller.late' })).toEqual([
      [first + 2, first + 1],
      [first + 1, first + 2],
    ]);
    expect(await forward({ subject: { type: 'seller', id: 'S9' } }, first + 1)).toEqual([]);
  });

  it('masks a secret that somebody forgot to mask', async () => {
    const secret = {
      bankAccount: { accountNumber: '110123456789', accountNumberMasked: '********6789' },
      password: 'x',
    };
    await inTransaction(database.db, (tx) => recordAudit(tx, { ...edit, after: secret }));
    const [entry] = await listAudit(database.db, {}, 1);
    expect(entry?.after).toEqual({
      bankAccount: { accountNumber: '***', accountNumberMasked: '********6789' },
      password: '***',
    });
  });

  it('holds thousands of entries', async () => {
    const values = Array.from({ length: 5_000 }, (_, n) => [
      `2026-01-01 00:00:00.${n % 1000}`,
      n % 90,
      `a.b${n % 90}`,
      'seller',
      `S${n % 90}`,
    ]);
    await change(
      database.db,
      'INSERT INTO audit_log (recorded_at, actor_account_id, action, subject_type, subject_id) VALUES ?',
      [values],
    );
    await database.db.raw('ANALYZE TABLE audit_log');
  });

  it.each([
    ['everything', {}, 'audit_log_time'],
    ['of a subject', { subject: { type: 'seller', id: 'S1' } }, 'audit_log_subject'],
    ['of an actor', { actorAccountId: 8 }, 'audit_log_actor'],
    ['of an action', { action: 'a.b1' }, 'audit_log_action'],
  ])('reads %s through its index, without sorting', async (_name, filter, index) => {
    const plan = await plansOf(database.db, (db) => listAudit(db, filter, 5));
    expect(plan).toHaveLength(1);
    expect(plan[0]?.key).toBe(index);
    expect(plan[0]?.Extra).not.toContain('filesort');
  });

  it.each([
    ['everything', {}],
    ['of an action', { action: 'a.b1' }],
    ['of a subject', { subject: { type: 'seller', id: 'S1' } }],
  ])('reads %s forward by position, without sorting', async (_name, filter) => {
    await numberAudit(database.db);
    const [plan] = await plansOf(database.db, (db) => listAuditForward(db, filter, 5, 3));
    expect(plan?.key).toBe('audit_log_position');
    expect(plan?.Extra).not.toContain('filesort');
  });
});
