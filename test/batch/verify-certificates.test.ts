import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { certificateText, parseCertificate } from '../../core/settlement/rules/certificate.js';
import { sha256 } from '../../infra/sha256.js';
import { magam, magamJson } from '../support/magam.js';
import { createSettledDate, DAY, lineOf, NEXT_DAY, type SettledDate } from '../support/settled-date.js';

let date: SettledDate;

beforeAll(async () => {
  date = await createSettledDate();
});

afterAll(() => date.database.drop());

describe('certificates', () => {
  const at = (on: string, generation: number) => `settled_on = '${on}' AND generation = ${generation}`;
  const bodyOf = async (on: string, generation: number): Promise<string> => {
    const [[row]] = await date.database.db.raw(`SELECT body FROM settlement_certificate WHERE ${at(on, generation)}`);
    return row.body as string;
  };
  const store = (on: string, generation: number, body: string, hash: string) =>
    date.database.db.raw(`UPDATE settlement_certificate SET body = ?, hash = ? WHERE ${at(on, generation)}`, [
      body,
      hash,
    ]);

  it('a changed body does not have its hash', async () => {
    const failed = await date.failuresWhile(
      `UPDATE settlement_certificate SET body = REPLACE(body, '"exceptions":0', '"exceptions":1') WHERE ${at(DAY, 2)}`,
      `UPDATE settlement_certificate SET body = REPLACE(body, '"exceptions":1', '"exceptions":0') WHERE ${at(DAY, 2)}`,
    );
    expect(failed['certificate-hash']).toContain(`certificate of ${DAY} generation 2`);
    expect(failed['parked-entries']).toContain('1 / 0');
  });

  it('one that was rewritten breaks the chain, and its date is named', async () => {
    const body = await bodyOf(DAY, 2);
    const parsed = parseCertificate(body);
    if (parsed === undefined) throw new Error('no certificate');
    const forged = certificateText({ ...parsed, policyRevision: parsed.policyRevision + 1 });
    await store(DAY, 2, forged, sha256(forged));
    const [own, next] = [await date.failures(), await date.failures(NEXT_DAY)];
    await store(DAY, 2, body, sha256(body));
    expect(own.chain).toContain(`the certificate of ${DAY} generation 2 breaks the chain`);
    expect(next.chain).toContain(`the certificate of ${DAY} generation 2 breaks the chain`);
    expect(await date.failures(NEXT_DAY)).toEqual({});
  });

  it('one that is gone breaks the chain', async () => {
    await date.database.db.raw(`UPDATE settlement_certificate SET settled_on = '2020-01-01' WHERE ${at(DAY, 1)}`);
    const failed = await date.failures(NEXT_DAY);
    await date.database.db.raw(`UPDATE settlement_certificate SET settled_on = '${DAY}' WHERE ${at('2020-01-01', 1)}`);
    expect(failed.chain).toContain(`the certificate of ${DAY} generation 1 breaks the chain`);
  });

  it('text that is not a certificate is reported as that', async () => {
    const body = await bodyOf(NEXT_DAY, 1);
    await store(NEXT_DAY, 1, 'not JSON', sha256(body));
    const failed = await date.failures(NEXT_DAY);
    await store(NEXT_DAY, 1, body, sha256(body));
    expect(Object.keys(failed)).toEqual(
      expect.arrayContaining(['certificate-hash', 'certificate-body', 'chain', 'parked-entries']),
    );
  });

  it('a signature that does not fit is invalid', async () => {
    await date.database.db.raw(
      `UPDATE settlement_certificate SET public_key = 'AAAA', signature = 'AAAA' WHERE ${at(NEXT_DAY, 1)}`,
    );
    const failed = await date.failures(NEXT_DAY);
    await date.database.db.raw(
      `UPDATE settlement_certificate SET public_key = NULL, signature = NULL WHERE ${at(NEXT_DAY, 1)}`,
    );
    expect(Object.keys(failed)).toEqual(['signature']);
  });

  it('a supplement that was stopped before its certificate is no difference', async () => {
    const { db } = date.database;
    const day = `settled_on = '${DAY}' AND generation = 2`;
    const tables = ['settlement', 'settlement_certificate'];
    for (const table of tables) {
      await db.raw(`CREATE TABLE kept_${table} AS SELECT * FROM ${table} WHERE ${day}`);
      await db.raw(`DELETE FROM ${table} WHERE ${day}`);
    }
    await db.raw(`UPDATE job_instance SET status = 'STOPPED' WHERE job_key = '${DAY}'`);
    const failed = await date.failures();
    await db.raw(`UPDATE job_instance SET status = 'COMPLETED' WHERE job_key = '${DAY}'`);
    for (const table of tables) {
      await db.raw(`INSERT INTO ${table} SELECT * FROM kept_${table}`);
      await db.raw(`DROP TABLE kept_${table}`);
    }
    // The day after was settled on top of the supplement.
    expect(Object.keys(failed)).toEqual(['certificate-numbers', 'written-after', 'chain']);
    expect(await date.failures()).toEqual({});
  });

  it('makes the command exit 4 and say so', async () => {
    const { entry_id: id } = await date.someSale();
    await date.database.db.raw(`UPDATE settlement_line SET net = net + 1 WHERE ${lineOf(id)}`);
    const text = await magam(date.database.url, ['verify', '--date', DAY]);
    const { code, document } = await magamJson<{ ok: boolean }>(date.database.url, ['verify', '--date', DAY]);
    await date.database.db.raw(`UPDATE settlement_line SET net = net - 1 WHERE ${lineOf(id)}`);
    expect([text.code, code, document.ok]).toEqual([4, 4, false]);
    expect(text.stdout).toContain('FAIL');
    expect(text.stderr).toContain('VERIFICATION_FAILED');
    expect(await date.failures()).toEqual({});
  });
});
