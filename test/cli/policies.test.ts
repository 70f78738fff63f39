import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';

let database: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'magam-policies-'));

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

/** The example of the rules. */
const example = {
  policies: [
    {
      code: 'standard',
      version: 1,
      scope: {},
      currency: 'KRW',
      effectiveFrom: '2026-01-01',
      effectiveTo: null,
      commission: {
        components: [
          { type: 'percent', rate: '8.5' },
          { type: 'fixed', amount: '100', per: 'line' },
        ],
        includeShipping: false,
        min: '50',
        max: '20000',
        rounding: 'half-up',
        roundingUnit: 1,
        onRefund: 'reverse',
      },
      vat: { rate: '10', mode: 'exclusive', rounding: 'down' },
      pgFee: { rate: '2.9', bearer: 'seller', vat: 'exclusive', rounding: 'half-up', onRefund: 'reverse' },
    },
    {
      code: 'seller-7-shoes',
      version: 3,
      scope: { seller: 'S7', category: 'shoes' },
      currency: 'KRW',
      effectiveFrom: '2026-03-01',
      effectiveTo: '2026-12-31',
      commission: { components: [{ type: 'percent', rate: '10' }], rounding: 'down' },
    },
  ],
};

interface Failure {
  readonly error: { code: string; message: string; details: { faults: { path: string; code: string }[] } };
}

describe('magam policies', () => {
  it('applies a file, says what it did, and changes nothing the second time', async () => {
    const path = file('example.json', example);
    const first = await magam(database.url, ['policies', 'apply', path]);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('applied    standard version 1');
    const again = await magamJson(database.url, ['policies', 'apply', path]);
    expect(again).toEqual({
      code: 0,
      document: {
        applied: [],
        ended: [],
        unchanged: [
          { code: 'seller-7-shoes', version: 3 },
          { code: 'standard', version: 1 },
        ],
      },
    });
  });

  it('lists and shows versions, with the end that a later one recorded', async () => {
    const [standard] = example.policies;
    const next = { policies: [{ ...standard, version: 2, effectiveFrom: '2026-07-01' }] };
    const { code, stdout } = await magam(database.url, ['policies', 'apply', file('next.json', next)]);
    expect(code).toBe(0);
    expect(stdout).toContain('ended      standard version 1 on 2026-06-30, by version 2');
    const list = await magamJson<{ policies: object[] }>(database.url, ['policies', 'list']);
    expect(list.document.policies).toHaveLength(3);
    expect(list.document.policies[1]).toMatchObject({
      code: 'standard',
      version: 1,
      effectiveTo: null,
      inForceThrough: '2026-06-30',
      endedByVersion: 2,
    });
    const show = await magamJson<{ versions: { definition: object }[] }>(database.url, [
      'policies',
      'show',
      'standard',
    ]);
    expect(show.document.versions.map(({ definition }) => definition)).toEqual([standard, next.policies[0]]);
    const text = await magam(database.url, ['policies', 'show', 'standard']);
    expect(text.stdout).toContain('2026-06-30 (ended by version 2)');
  });

  it('names every fault of a file with its place, and exits 1', async () => {
    const wrong = {
      policies: [
        {
          ...example.policies[0],
          code: 'wrong',
          commission: { components: [{ type: 'percent', rate: '101' }], min: '1.5' },
        },
        { ...example.policies[1], extra: 1 },
        { ...example.policies[1], code: 'rival' },
      ],
    };
    const { code, document } = await magamJson<Failure>(database.url, ['policies', 'apply', file('wrong.json', wrong)]);
    expect([code, document.error.code]).toEqual([1, 'POLICY_FILE_INVALID']);
    expect(document.error.details.faults.map(({ path }) => path).sort()).toEqual([
      'policies[0].commission.components[0].rate',
      'policies[0].commission.min',
      'policies[1].extra',
      'policies[2]', // it overlaps a stored one
    ]);
  });

  it.each([
    ['a file that is not there', () => join(folder, 'nowhere.json'), 'FILE_UNREADABLE', 1],
    ['bytes that are not UTF-8', () => file('latin.json', Uint8Array.of(0x7b, 0xff, 0xfe)), 'FILE_UNREADABLE', 1],
    ['a file without policies', () => file('empty.json', { policies: [] }), 'POLICY_FILE_INVALID', 1],
    ['text that is not JSON', () => file('broken.json', '{"policies": ['), 'POLICY_FILE_INVALID', 1],
  ])('refuses %s', async (_name, path, error, exit) => {
    const { code, document } = await magamJson<Failure>(database.url, ['policies', 'apply', path()]);
    expect([code, document.error.code]).toEqual([exit, error]);
  });

  it('says that there is no such policy', async () => {
    for (const unknown of ['nobody', 'ü']) {
      const { code, document } = await magamJson<Failure>(database.url, ['policies', 'show', unknown]);
      expect([code, document.error.code]).toEqual([1, 'POLICY_NOT_FOUND']);
    }
  });
});
