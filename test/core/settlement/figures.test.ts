/** The one list of figures against everything that has columns or fields of them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openApiDocument } from '../../../api/edge/openapi.js';
import { apiRoutes } from '../../../api/routes.js';
import { LEGS, SALE } from '../../../core/feed/rules/leg.js';
import type { Sink } from '../../../core/settlement/export-rows.js';
import { CanonicalLines } from '../../../core/settlement/rules/canonical-line.js';
import { figureCells, figuresAt, figuresOf, sameFigures } from '../../../core/settlement/rules/figure-cells.js';
import {
  COMPUTED_FIGURES,
  columnOf,
  DECIDED_FIGURES,
  ENTRY_FIGURES,
  EXPORTED_SUMS,
  eachFigure,
  FIGURE_NAMES,
  VAT_MODE_AT,
} from '../../../core/settlement/rules/figures.js';
import { exportLines, exportSettlements } from '../../../core/settlement/settlement-export.js';
import { tableOf } from '../../../core/settlement/stores/leg-tables.js';
import { readConfig } from '../../../infra/config.js';
import { change, select } from '../../../infra/database.js';
import { openRedis } from '../../../infra/redis.js';
import { contextOf } from '../../support/context.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const DAY = '2026-03-02';
const columns = FIGURE_NAMES.map(columnOf);
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The columns of a table in their order. */
async function columnsOf(table: string): Promise<string[]> {
  const rows = await select<{ name: string }>(
    database.db,
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position`,
    [table],
  );
  return rows.map(({ name }) => name);
}

describe('every figure', () => {
  it('of an entry stands before those that a run computes, as rows of a line and its entry hold them', () => {
    expect(FIGURE_NAMES).toEqual([...ENTRY_FIGURES, ...COMPUTED_FIGURES]);
  });

  it.each(['partition_total', 'partition_seller_total', 'settlement'])(
    'has its sum in %s, in the order of the list',
    async (table) => {
      expect((await columnsOf(table)).slice(-columns.length)).toEqual(columns);
    },
  );

  it('that a run computes is a column of settlement_line, in the order of the list', async () => {
    const computed = COMPUTED_FIGURES.map(columnOf);
    expect((await columnsOf('settlement_line')).slice(-computed.length)).toEqual(computed);
  });

  it.each(LEGS)('of an entry is a column of the feed (leg %i)', async (leg) => {
    expect(await columnsOf(tableOf(leg).table)).toEqual(expect.arrayContaining(ENTRY_FIGURES.map(columnOf)));
  });
});

describe('heads of CSV', () => {
  /** Of a date that was closed without lines: the head alone. */
  beforeAll(() => change(database.db, `INSERT INTO business_date (business_on, status) VALUES ('${DAY}', 'CLOSED')`));
  async function head(write: (sink: Sink) => Promise<unknown>): Promise<string[]> {
    let text = '';
    await write(async (more) => {
      text += more;
    });
    return text.trimEnd().split(',');
  }
  const form = { format: 'csv', spreadsheetSafe: false, patienceSeconds: 60 } as const;

  it('of lines have every figure, and the mode of the VAT behind the VAT', async () => {
    const names = await head((sink) =>
      exportLines(database.db, { date: DAY, sellerId: null, orderId: null }, form, sink),
    );
    const withMode = [...columns.slice(0, VAT_MODE_AT), 'fee_vat_mode', ...columns.slice(VAT_MODE_AT)];
    expect(names.slice(7, -3)).toEqual(withMode);
    expect(names[names.indexOf('fee_vat_mode') - 1]).toBe('fee_vat');
  });

  it('of settlements have the sums that are exported', async () => {
    const selection = { from: DAY, to: DAY, sellerId: null, currency: null };
    const names = await head((sink) => exportSettlements(database.db, selection, form, sink));
    expect(names.slice(4, -1)).toEqual(EXPORTED_SUMS.map(columnOf));
  });
});

describe('cells', () => {
  const figures = eachFigure(FIGURE_NAMES, (_, at) => 1_000 + at);

  it('have every figure in its place, both ways', () => {
    expect([...figureCells(figures)]).toEqual(FIGURE_NAMES.map((_, at) => 1_000 + at));
    expect(figuresAt(['before', ...figureCells(figures)], 1)).toEqual(figures);
  });

  it('are joined of an entry and what a run made of it, and of nothing else', () => {
    const entry = { ...eachFigure(ENTRY_FIGURES, (name) => figures[name]), quantity: 1 };
    const result = { ...eachFigure(COMPUTED_FIGURES, (name) => figures[name]), policyId: 7 };
    expect(figuresOf(entry, result)).toEqual(figures);
  });

  it('differ when any figure does', () => {
    expect(sameFigures(figures, { ...figures })).toBe(true);
    for (const name of FIGURE_NAMES) expect(sameFigures(figures, { ...figures, [name]: 0 })).toBe(false);
  });

  it('are what a canonical line has behind the quantity, with the mode of the VAT among them', () => {
    const lines = new CanonicalLines(1);
    const ids = { orderId: 'O', lineId: 'L', refundId: '', sellerId: 'S', currency: 'KRW' };
    const policy = { policyId: 1, policyCode: 'P', policyVersion: 1, vatMode: 'none' } as const;
    lines.add({ leg: SALE, entryId: 1, ...ids, quantity: 1, figures, ...policy, entryRest: '' });
    const fields = Buffer.from(lines.take()).toString().trimEnd().split('\t');
    const [...cells] = figureCells(figures).map(String);
    expect(fields.slice(8, -2)).toEqual([...cells.slice(0, VAT_MODE_AT), 'none', ...cells.slice(VAT_MODE_AT)]);
  });
});

describe('schemas of the API', () => {
  const minor = (names: readonly string[]): string[] => names.map((name) => `${name}Minor`);

  it.each([
    ['Figures', FIGURE_NAMES],
    ['SettledLine', FIGURE_NAMES],
    ['Settlement', [...FIGURE_NAMES, 'feeVatOnTop', 'feeVatContained']],
    ['CurrencyTotals', [...EXPORTED_SUMS, 'feeVatOnTop', 'feeVatContained']],
    ['DecidedFigures', DECIDED_FIGURES],
    ['DecidedSums', [...DECIDED_FIGURES, 'feeVatOnTop', 'feeVatContained']],
    ['FeedRefund', ENTRY_FIGURES],
  ])('%s has its figures, and no other amount', (name, names) => {
    const redis = openRedis(process.env.MAGAM_REDIS_URL ?? '', 'test', () => undefined);
    redis.close();
    const context = contextOf({ config: readConfig({ NODE_ENV: 'test' }), db: database.db, redis });
    const document = openApiDocument(apiRoutes(context), '0');
    const schema = document.components?.schemas?.[name] as { properties?: object } | undefined;
    expect(Object.keys(schema?.properties ?? {}).filter((field) => field.endsWith('Minor'))).toEqual(minor(names));
  });
});
