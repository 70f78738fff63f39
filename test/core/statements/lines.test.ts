/** Statements of settled dates: every line of them can be reached, and their figures, VAT and supply value among them, are the sums of the lines. */

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FIGURES } from '../../../core/settlement/rules/figures.js';
import { readStatementLines, type StatementLine } from '../../../core/statements/statement-lines.js';
import { listStatements, readStatement } from '../../../core/statements/stores/statement.js';
import { change, type Db, inTransaction, select } from '../../../infra/database.js';
import { readableAmount } from '../../../kernel/money.js';
import { magam, magamJson } from '../../support/magam.js';
import { createSettledDate, DAY, NEXT_DAY, type SettledDate } from '../../support/settled-date.js';
import { giveTerms } from '../../support/statements.js';

let settled: SettledDate;
let db: Db;
let url: string;
beforeAll(async () => {
  settled = await createSettledDate();
  ({ db, url } = settled.database);
  await giveTerms(db, { cycle: { type: 'daily' }, delay: { unit: 'days', count: 1 } });
  for (const args of [
    ['ledger', 'post', '--from', DAY, '--to', NEXT_DAY],
    ['statements', 'close', '--date', DAY],
    ['statements', 'close', '--date', NEXT_DAY],
  ])
    expect(await magam(url, args)).toMatchObject({ code: 0 });
});
afterAll(() => settled.database.drop());

/** All lines of a statement, in pages as small as this. */
async function linesOf(statementId: number, page: number): Promise<StatementLine[]> {
  const lines: StatementLine[] = [];
  for (;;) {
    const next = await readStatementLines(db, statementId, lines.at(-1)?.at, page);
    lines.push(...next);
    if (next.length < page) return lines;
  }
}

it('each settled line is on exactly one statement, whatever the size of the pages; the figures are their sums', async () => {
  const seen = new Set<string>();
  for (const { statementId } of await listStatements(db, {}, undefined, 1_000)) {
    const statement = await readStatement(db, statementId);
    const lines = await linesOf(statementId, 7);
    expect(lines).toEqual(await linesOf(statementId, 1_000));
    for (const [leg, totals] of [statement?.sales, statement?.refunds].entries()) {
      const own = lines.filter(({ at }) => at.leg === leg);
      expect(totals?.entries).toBe(own.length);
      for (const { name, column } of FIGURES)
        expect([name, totals?.figures[name]]).toEqual([
          name,
          own.reduce((sum, { row }) => sum + BigInt(row[column] as number), 0n),
        ]);
    }
    for (const { at, row, certificate } of lines) {
      expect(row).toMatchObject({ seller_id: statement?.sellerId, currency: statement?.currency });
      expect(certificate).toMatch(/^[0-9a-f]{64}$/);
      const name = `${at.settledOn} ${at.leg} ${at.entryId}`;
      expect(seen.has(name)).toBe(false);
      seen.add(name);
    }
  }
  const [count] = await select<{ n: number }>(db, 'SELECT COUNT(*) AS n FROM settlement_line');
  expect(seen.size).toBe(count?.n);
});

it('a seller whose lines were settled by a supplement has them on a statement with the certificate of its generation', async () => {
  const head = (await listStatements(db, { sellerId: 'S-KWD' }, undefined, 10)).at(-1); // the latest comes first
  const lines = await linesOf(head?.statementId as number, 10);
  expect(lines.map(({ at, row }) => [at.generation, at.leg, row.order_id, row.refund_id])).toEqual([
    [2, 0, 'K-1', ''],
    [2, 1, 'K-1', 'KR-1'],
  ]);
  const shown = await magamJson<{ settlements: { certificate: string }[] }>(url, [
    ...['statements', 'show', String(head?.statementId)],
  ]);
  expect(shown.document.settlements).toMatchObject([{ generation: 2, certificate: lines[0]?.certificate }]);
  const listed = await magamJson<object[]>(url, ['statements', 'lines', String(head?.statementId)]);
  expect(listed.document).toMatchObject([
    { leg: 'sale', order_id: 'K-1' },
    { leg: 'refund', refund_id: 'KR-1' },
  ]);
  const printed = (await magam(url, ['statements', 'lines', String(head?.statementId)])).stdout;
  expect(printed).toContain('KR-1');
  for (const { row } of lines) expect(printed).toContain(` ${readableAmount(row.net as number, 'KWD')} KWD `);
  expect((await magam(url, ['statements', 'show', String(head?.statementId)])).stdout).toContain('closing balance');
});

it('a statement that is not there is one JSON document, and one without lines says so', async () => {
  expect(await magamJson(url, ['statements', 'lines', '999999'])).toMatchObject({
    code: 1,
    document: { error: { code: 'STATEMENT_NOT_FOUND' } },
  });
  await inTransaction(db, (tx) => change(tx, 'DELETE FROM statement_settlement'));
  const [head] = await listStatements(db, {}, undefined, 1);
  expect((await magamJson(url, ['statements', 'lines', String(head?.statementId)])).document).toEqual([]);
  const { stdout } = await magam(url, ['statements', 'lines', String(head?.statementId)]);
  expect(stdout).toBe('No line is on this statement.\n');
});
