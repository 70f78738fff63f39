/** The lead of a verification, and that expected is always the certified value and actual the current one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { createSmallDay, SMALL_DAY } from '../support/small-day.js';

interface Verified {
  readonly changes: readonly string[];
  readonly checks: readonly { name: string; ok: boolean; expected: string | number; actual: string | number }[];
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createSmallDay();
});
afterAll(() => database.drop());

/** What is verified while the statement's change stands; the other statement takes it back. */
async function changed(change: string, back: string): Promise<Verified & { stdout: string }> {
  await database.db.raw(change);
  const { code, document } = await magamJson<Verified>(database.url, ['verify', '--date', SMALL_DAY]);
  const { stdout } = await magam(database.url, ['verify', '--date', SMALL_DAY]);
  await database.db.raw(back);
  expect(code).toBe(4);
  return { ...document, stdout };
}

const differences = ({ checks }: Verified, name: string) =>
  checks.filter((check) => check.name === name && !check.ok).map(({ expected, actual }) => [expected, actual]);

const FIRST = `settled_on = '${SMALL_DAY}' AND leg = 0 ORDER BY entry_id LIMIT 1`;
const net = async (): Promise<number> => {
  const [[row]] = await database.db.raw(`SELECT net FROM settlement_line WHERE ${FIRST}`);
  return Number(row.net);
};

/** The only number of a text such as `KRW net 5`. */
const numberOf = (text: string | number | undefined): number => Number(String(text).match(/-?\d+$/)?.[0]);

describe('a line of which the net was changed', () => {
  it('leads, from its certified to its current value; the expected sum is that of its settlement', async () => {
    const was = await net();
    const found = await changed(
      `UPDATE settlement_line SET net = net + 1000 WHERE ${FIRST}`,
      `UPDATE settlement_line SET net = net - 1000 WHERE ${FIRST}`,
    );
    expect(found.changes).toEqual([expect.stringMatching(/^order \S+ line \S+, net [\d,.]+ → [\d,.]+ [A-Z]{3}$/)]);
    expect(found.stdout.startsWith(`Changed on ${SMALL_DAY}:\n  order `)).toBe(true);
    expect(differences(found, 'line-replay')).toEqual([[`net ${was}`, `net ${was + 1000}`]]);
    for (const name of ['line-totals', 'partition-sums', 'settlements']) {
      const [[expected, actual] = []] = differences(found, name);
      expect({ name, more: numberOf(actual) - numberOf(expected) }).toEqual({ name, more: 1000 });
    }
  });
});

describe('a settlement that was changed', () => {
  it('differs from its lines, which are as they were certified', async () => {
    const one = `settled_on = '${SMALL_DAY}' ORDER BY seller_id, currency LIMIT 1`;
    const found = await changed(
      `UPDATE settlement SET net = net + 7 WHERE ${one}`,
      `UPDATE settlement SET net = net - 7 WHERE ${one}`,
    );
    const [[expected, actual] = []] = differences(found, 'settlements');
    expect(numberOf(actual) - numberOf(expected)).toBe(7);
    expect(found.changes).toEqual([expect.stringContaining(`${expected} → ${actual}`)]);
  });
});

describe('an entry of the feed that was changed', () => {
  it('is distinguished from a changed line: the line is the certified one', async () => {
    const was = await net();
    const entry = `settled_on = '${SMALL_DAY}' ORDER BY entry_id LIMIT 1`;
    const found = await changed(
      `UPDATE sale_entry SET unit_price = unit_price + 1000, item_amount = item_amount + 1000 * quantity WHERE ${entry}`,
      `UPDATE sale_entry SET unit_price = unit_price - 1000, item_amount = item_amount - 1000 * quantity WHERE ${entry}`,
    );
    expect(found.changes).toEqual([expect.stringContaining('by its entry in the feed, which was changed')]);
    const [[expected, actual] = []] = differences(found, 'line-replay');
    const [[certified, found_] = []] = differences(found, 'control-totals');
    expect(numberOf(found_)).toBeGreaterThan(numberOf(certified));
    expect([numberOf(expected) <= numberOf(actual), was]).toEqual([true, await net()]);
  });
});
