/**
 * A settled day whose figures were worked out by hand from docs/settlement-rules.md: a sale in KRW with a partial refund, one in
 * BRL, ids that only byte order and quoting get right, and a parked sale with its parked refund.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from './database.js';
import { magam } from './magam.js';

export const SMALL_DAY = '2026-05-04';

const policies = [
  {
    code: 'standard',
    scope: {},
    currency: 'KRW',
    effectiveFrom: '2026-01-01',
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
  {
    code: 'brazil',
    version: 2,
    scope: { category: 'shoes' },
    currency: 'BRL',
    effectiveFrom: '2026-01-01',
    commission: { components: [{ type: 'percent', rate: '12' }] },
    vat: { rate: '10', mode: 'inclusive', rounding: 'down' },
  },
];

const lines = `order_id,line_id,seller_id,category,quantity,unit_price,shipping_fee,seller_discount,platform_discount,currency,ordered_on,confirmed_on
a!,1,S1,,1,1000,0,0,0,KRW,2026-05-01,${SMALL_DAY}
"x,""y",1,S2,,1,1000,0,0,0,KRW,2026-05-01,${SMALL_DAY}
B,1,S1,,2,5000,3000,1000,500,KRW,2026-05-01,${SMALL_DAY}
a b,1,S2,,1,1000,0,0,0,KRW,2026-05-01,${SMALL_DAY}
a,1,S1,shoes,1,58.90,0,0,0,BRL,2026-05-01,${SMALL_DAY}
=P,1,S3,,2,7,0,0,0,EUR,2026-05-01,${SMALL_DAY}
`;

const refunds = `refund_id,order_id,line_id,quantity,refunded_on,reason
R-1,B,1,1,${SMALL_DAY},too small
R-2,=P,1,1,${SMALL_DAY},
`;

/** Settles the day; the sale =P and its refund R-2 are parked, as there is no policy in EUR. */
export async function createSmallDay(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'magam-small-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const run = async (exit: number, ...args: string[]): Promise<void> => {
    const { code, stderr } = await magam(database.url, args);
    if (code !== exit) throw new Error(`magam ${args.join(' ')} exited ${code}: ${stderr}`);
  };
  await run(0, 'policies', 'apply', file('policies.json', JSON.stringify({ policies })));
  await run(0, 'import', 'lines', file('lines.csv', lines));
  await run(0, 'import', 'refunds', file('refunds.csv', refunds));
  await run(3, 'settle', '--date', SMALL_DAY, '--grid-size', '2');
  rmSync(folder, { recursive: true });
  return database;
}
