/** The lines of a statement: those of its settlements, page by page, down to the certificate of each. */
import type { Db } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { LEGS } from '../feed/rules/leg.js';
import { readLinePage, type SettledRow } from '../settlement/stores/line-page.js';
import { readStatementHead, readStatementSettlements } from './stores/statement.js';

/** The end of a page. */
export interface LineAfter {
  readonly settledOn: string;
  readonly generation: number;
  readonly leg: number;
  readonly entryId: number;
}

export interface StatementLine {
  readonly at: LineAfter;
  /** The hash of the certificate of its settlement. */
  readonly certificate: string | null;
  /** The names are those of the columns. */
  readonly row: SettledRow;
}

const SETTLEMENTS = 100;

/** The next lines, by date, generation, leg and entry. Throws STATEMENT_NOT_FOUND. */
export async function readStatementLines(
  db: Db,
  statementId: number,
  after: LineAfter | undefined,
  rowsMax: number,
): Promise<StatementLine[]> {
  const head = found(await readStatementHead(db, statementId), 'STATEMENT_NOT_FOUND', { statementId });
  const lines: StatementLine[] = [];
  // The settlement in which the last page ended may have more lines.
  let behind = after && { settledOn: after.settledOn, generation: after.generation - 1 };
  let position = after;
  while (lines.length < rowsMax) {
    const settlements = await readStatementSettlements(db, statementId, behind, SETTLEMENTS);
    for (const { settledOn, generation, certificate } of settlements) {
      const same = position?.settledOn === settledOn && position.generation === generation ? position : undefined;
      const rest = rowsMax - lines.length;
      const rows = await linesOf(db, { ...head, settledOn, generation }, same, rest);
      for (const row of rows) {
        const at = { settledOn, generation, leg: Number(row.leg), entryId: Number(row.entry_id) };
        lines.push({ at, certificate, row });
      }
      if (lines.length >= rowsMax) return lines;
      position = undefined;
    }
    behind = settlements.at(-1);
    if (settlements.length < SETTLEMENTS) break;
  }
  return lines;
}

/** Lines of one settlement. Of a date only those of its generation and currency are wanted, so further pages may have to be read. */
async function linesOf(
  db: Db,
  of: { readonly sellerId: string; readonly currency: string; readonly settledOn: string; readonly generation: number },
  after: LineAfter | undefined,
  rowsMax: number,
): Promise<SettledRow[]> {
  const { sellerId, currency, settledOn: date, generation } = of;
  const rows: SettledRow[] = [];
  let position = after === undefined ? undefined : { date, leg: after.leg, entryId: after.entryId };
  while (rows.length < rowsMax) {
    const page = await readLinePage(db, { date, sellerId }, generation, position, rowsMax);
    rows.push(...page.filter((row) => row.generation === generation && row.currency === currency));
    const last = page.at(-1);
    if (last === undefined || page.length < rowsMax) break;
    position = { date, leg: Number(last.leg ?? LEGS[0]), entryId: Number(last.entry_id) };
  }
  return rows.slice(0, rowsMax);
}
