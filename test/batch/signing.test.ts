/** Keys: who may certify, and whose signatures count. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { signHash } from '../../infra/signing.js';
import { DATE, documentOf, type FailureDocument, Settling } from '../support/settling.js';

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}
const pem = ({ privateKey }: Pair): string => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const spki = ({ publicKey }: Pair): string => publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const [first, second, stranger] = [0, 1, 2].map(() => generateKeyPairSync('ed25519')) as [Pair, Pair, Pair];
const signing = (pair: Pair, trusted?: readonly Pair[]) => ({
  MAGAM_SIGNING_KEY: pem(pair),
  MAGAM_TRUSTED_KEYS: trusted?.map(spki).join(','),
});
const NEXT = '2026-03-03';

let feed: Settling;
beforeEach(async () => {
  feed ??= await Settling.withOneThread();
  await feed.reset();
});
afterAll(() => feed.drop());

const settle = (settings: Record<string, string | undefined>, date = DATE) =>
  feed.run(['settle', '--date', date, '--json'], settings);
const codeOf = (ended: Awaited<ReturnType<typeof settle>>): string => documentOf<FailureDocument>(ended).error.code;

async function signatureOf(
  settings: Record<string, string | undefined> = {},
  date = DATE,
): Promise<Record<string, unknown> | undefined> {
  const verified = await feed.run(['verify', '--date', date, '--json'], settings);
  return documentOf<{ checks: Record<string, unknown>[] }>(verified).checks.find(({ name }) => name === 'signature');
}

describe('once certificates are signed', () => {
  it('a process without the key, or with a stranger’s, finishes nothing and leaves the run to others', async () => {
    expect(await settle(signing(first))).toMatchObject({ code: 0 });
    for (const settings of [{}, signing(stranger), signing(stranger, [stranger]), signing(stranger, [first])]) {
      const ended = await settle(settings, NEXT);
      expect([ended.code, codeOf(ended)]).toEqual([1, 'SIGNING_KEY_MISSING']);
    }
    expect(await feed.db.value(`SELECT COUNT(*) FROM job_instance WHERE job_key = '${NEXT}'`)).toBe('0');
    expect(await settle(signing(first), NEXT)).toMatchObject({ code: 0 });
  });

  it('nobody begins to sign with a key that is not among those that it trusts', async () => {
    const ended = await settle(signing(stranger, [first]));
    expect([ended.code, codeOf(ended)]).toEqual([1, 'SIGNING_KEY_MISSING']);
    expect(await settle(signing(first, [first]))).toMatchObject({ code: 0 });
  });

  it('one that had begun before finishes nothing either', async () => {
    const gate = join(mkdtempSync(join(tmpdir(), 'magam-gate-')), 'open');
    const held = feed.start(['settle', '--date', DATE, '--json'], { MAGAM_FAULT: `run.planned:wait:1:${gate}` });
    await held.says('FAULT run.planned');
    await feed.db.change(`INSERT INTO signing_key VALUES (1, '${spki(first)}', UTC_TIMESTAMP(3))`);
    writeFileSync(gate, '');
    const ended = await held.ended;
    expect([ended.code, codeOf(ended)]).toEqual([1, 'SIGNING_KEY_MISSING']);
    expect(await feed.db.value('SELECT COUNT(*) FROM settlement_certificate')).toBe('0');
    expect(await settle(signing(first))).toMatchObject({ code: 0 });
  });

  it('a key is followed by another where the previous one is trusted, and does not come back', async () => {
    expect(await settle(signing(first))).toMatchObject({ code: 0 });
    expect(await settle(signing(second, [first, second]), NEXT)).toMatchObject({ code: 0 });
    expect(await signatureOf({}, NEXT)).toMatchObject({ ok: true });
    expect(await signatureOf({ MAGAM_TRUSTED_KEYS: [first, second].map(spki).join(',') })).toMatchObject({ ok: true });
    const ended = await settle(signing(first, [first, second]), '2026-03-04');
    expect(codeOf(ended)).toBe('SIGNING_KEY_MISSING');
    expect(documentOf<FailureDocument>(ended).error.details).toMatchObject({ retired: true });
  });
});

describe('a verification', () => {
  it('trusts the keys of its setting, and otherwise those that have signed', async () => {
    expect(await settle(signing(first))).toMatchObject({ code: 0 });
    expect(await signatureOf()).toMatchObject({ ok: true, expected: 'a trusted key' });
    expect(await signatureOf({ MAGAM_TRUSTED_KEYS: spki(first) })).toMatchObject({ ok: true });
    expect(await signatureOf({ MAGAM_TRUSTED_KEYS: spki(stranger) })).toMatchObject({
      ok: false,
      actual: 'a key that is not trusted',
    });
  });

  it('takes a certificate without a signature only from before signing began', async () => {
    expect(await settle({})).toMatchObject({ code: 0 });
    expect(await signatureOf()).toMatchObject({ ok: true, actual: 'not signed' });
    expect(await settle(signing(first), NEXT)).toMatchObject({ code: 0 });
    const trusted = { MAGAM_TRUSTED_KEYS: spki(first) };
    expect(await signatureOf(trusted)).toMatchObject({ ok: true, actual: 'not signed' });
    await feed.db.change(
      `UPDATE settlement_certificate SET signature = NULL, public_key = NULL WHERE settled_on = '${NEXT}'`,
    );
    expect(await signatureOf({}, NEXT)).toMatchObject({ ok: false, actual: 'not signed' });
    await feed.db.change('DELETE FROM signing_key');
    expect(await signatureOf({}, NEXT)).toMatchObject({ ok: false }); // the body names its signer
    expect(await signatureOf(trusted)).toMatchObject({ ok: false }); // who trusts a key expects signatures
  });

  it('does not take a signature of another key than the one in force', async () => {
    expect(await settle(signing(first))).toMatchObject({ code: 0 });
    const [row] = await feed.db.rows('SELECT hash FROM settlement_certificate');
    const forged = signHash(String(row?.hash), pem(stranger));
    await feed.db.change(
      `UPDATE settlement_certificate SET signature = '${forged.signature}', public_key = '${forged.publicKey}'`,
    );
    expect(await signatureOf({ MAGAM_TRUSTED_KEYS: [first, stranger].map(spki).join(',') })).toMatchObject({
      ok: false,
    });
    await feed.db.change(`UPDATE settlement_certificate SET public_key = '${spki(first)}'`);
    expect(await signatureOf()).toMatchObject({ ok: false, actual: 'an invalid one' });
  });
});

describe('a run that was planned with other rules', () => {
  it('is not joined, and continues with the processes that planned it', async () => {
    await feed.settle({ MAGAM_FAULT: 'run.planned:kill' });
    await feed.db.change(`UPDATE run_plan SET parameters = REPLACE(parameters, '"rules":1', '"rules":2')`);
    const executions = await feed.db.value('SELECT COUNT(*) FROM job_execution');
    const ended = await settle({});
    expect([ended.code, codeOf(ended)]).toEqual([1, 'RULES_DIFFER']);
    expect(await feed.db.value('SELECT COUNT(*) FROM job_execution')).toBe(executions);
    expect(await feed.db.value('SELECT status FROM job_instance')).toBe('RUNNING');
    await feed.db.change(`UPDATE run_plan SET parameters = REPLACE(parameters, '"rules":2', '"rules":1')`);
    await feed.finish();
  });
});
