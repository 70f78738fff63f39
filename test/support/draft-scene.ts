/** A draft of fee policies, and two databases with the same settled dates: in one of them the draft was applied before they were settled. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { readLines } from '../../scripts/chaos/invariants.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { createDatabase, magamOf } from './settling.js';

export const DAY = '2026-04-01';
export const DATES = [DAY, '2026-04-02', '2026-04-03', '2026-04-04'];
export const LAST_DAY = '2026-04-04';
const FIGURES = ['feeBase', 'fee', 'feeVat', 'pgFee', 'pgFeeVat', 'net'] as const;

export const draftedPolicy = (code: string, scope: object, rest: object) => ({
  code,
  scope,
  currency: 'KRW',
  effectiveFrom: '2026-01-01',
  commission: { components: [{ type: 'percent', rate: '11.1' }] },
  vat: { rate: '10', mode: 'exclusive' },
  ...rest,
});

/** A version that takes over, a scope of its own, a scope in another currency, and one that is above what others say. */
export const draft = [
  draftedPolicy(
    'seed-food',
    { category: '식품' },
    { version: 2, commission: { components: [{ type: 'percent', rate: '7' }], onRefund: 'keep', min: '100' } },
  ),
  draftedPolicy(
    'new-seller',
    { seller: 'seller-000002' },
    { pgFee: { rate: '1.5', bearer: 'seller', vat: 'exclusive' } },
  ),
  draftedPolicy(
    'dollar-seller',
    { seller: 'seller-000001' },
    { currency: 'USD', vat: { rate: '10', mode: 'inclusive' } },
  ),
  draftedPolicy(
    'same-as-now',
    { seller: 'seller-000005' },
    {
      commission: {
        components: [
          { type: 'percent', rate: '8.5' },
          { type: 'fixed', amount: '100', per: 'line' },
        ],
        min: '50',
        max: '20000',
      },
      vat: { rate: '10', mode: 'exclusive', rounding: 'down' },
      pgFee: { rate: '2.9', bearer: 'seller', vat: 'exclusive' },
    },
  ),
];

export interface ShownSide {
  readonly policy: { readonly code: string; readonly version: number } | null;
  readonly figures: Readonly<Record<string, number>> | null;
}
export interface Names {
  readonly leg: string;
  readonly orderId: string;
  readonly lineId: string;
  readonly refundId: string | null;
}
export interface Difference {
  readonly before: ShownSide;
  readonly after: ShownSide;
  /** How the policy before and the one after ask for the VAT on the fee. */
  readonly vatModes: { readonly before: string; readonly after: string };
  readonly sellerId: string;
  readonly currency: string;
}

/** What `lines` come to on one side, with the VAT on fees told apart by the mode of each. */
export function sumsOf(lines: readonly Difference[], side: 'before' | 'after'): Record<string, bigint> {
  const sum = (name: string, own = lines): bigint =>
    own.reduce((n, line) => n + BigInt(line[side].figures?.[name] ?? 0), 0n);
  const onTop = sum(
    'feeVat',
    lines.filter(({ vatModes }) => vatModes[side] === 'exclusive'),
  );
  const sums = Object.fromEntries(FIGURES.map((name) => [name, sum(name)]));
  return { ...sums, feeVatOnTop: onTop, feeVatContained: sum('feeVat') - onTop };
}

export const keyOf = ({ leg, orderId, lineId, refundId }: Names): string =>
  [leg, orderId, lineId, refundId ?? ''].join(' ');

export class DraftScene {
  readonly plain: ScratchDatabase;
  readonly applied: ScratchDatabase;
  private readonly folder = mkdtempSync(join(tmpdir(), 'magam-draft-'));

  private constructor([plain, applied]: readonly [ScratchDatabase, ScratchDatabase]) {
    this.plain = plain;
    this.applied = applied;
  }

  static async create(): Promise<DraftScene> {
    const scene = new DraftScene(await Promise.all([createDatabase(), createDatabase()]));
    const { plain, applied } = scene;
    for (const one of [plain, applied]) await seed(one, { lines: 1_500, sellers: 30, date: DAY });
    await scene.run(applied, 'policies', 'apply', scene.file(draft));
    for (const one of [plain, applied])
      await scene.run(one, 'settle', '--from', DAY, '--to', LAST_DAY, '--grid-size', '3', '--workers', '1');
    return scene;
  }

  /** A place in the folder of the scene. */
  path = (name: string): string => join(this.folder, name);

  /** A policy file with these policies. */
  file(policies: readonly object[], name = 'draft.json'): string {
    const path = this.path(name);
    writeFileSync(path, JSON.stringify({ policies }));
    return path;
  }

  async run(database: ScratchDatabase, ...args: string[]): Promise<void> {
    const ended = await magamOf(database, args);
    if (ended.code !== 0) throw new Error(`magam ${args.join(' ')}: ${ended.stderr}`);
  }

  /** What differs between the two databases: the key of each line whose policy is another, with both sides. */
  async differences(date: string): Promise<Map<string, Difference>> {
    const [before, after] = await Promise.all([readLines(this.plain, date), readLines(this.applied, date)]);
    const shown = (row: Record<string, string | null>): ShownSide => ({
      policy: { code: row.policyCode ?? '', version: Number(row.policyVersion) },
      figures: Object.fromEntries(FIGURES.map((name) => [name, Number(row[name])])),
    });
    expect(after.length).toBe(before.length);
    const found = new Map<string, Difference>();
    for (const [i, row] of before.entries()) {
      const other = after[i] ?? {};
      const { leg, orderId, lineId, refundId } = row;
      expect(other).toMatchObject({ leg, orderId, lineId, refundId });
      if (row.policyCode === other.policyCode && row.policyVersion === other.policyVersion) continue;
      const key = keyOf({ leg: leg ?? '', orderId: orderId ?? '', lineId: lineId ?? '', refundId: refundId || null });
      found.set(key, {
        before: shown(row),
        after: shown(other),
        vatModes: { before: row.vatMode ?? '', after: other.vatMode ?? '' },
        sellerId: row.sellerId ?? '',
        currency: row.currency ?? '',
      });
    }
    return found;
  }

  async drop(): Promise<void> {
    rmSync(this.folder, { recursive: true });
    await Promise.all([this.plain.drop(), this.applied.drop()]);
  }
}
