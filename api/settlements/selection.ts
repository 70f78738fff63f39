/** What the lists and downloads of settlements and lines have in common: the seller, the dates and the format. */
import * as z from 'zod';
import { findSettlementRunById } from '../../core/settlement/stores/settlement-run.js';
import type { Db } from '../../infra/database.js';
import type { Caller } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { businessDate, externalId, idText } from '../edge/fields.js';

export const selectionQuery = {
  date: businessDate.optional().meta({ description: 'Settlement date.' }),
  sellerId: externalId.optional().meta({ description: 'Only those of this seller; a seller need not name itself.' }),
  runId: idText.optional().meta({ description: 'Only what this run settled.', type: 'integer', minimum: 1 }),
};

export const downloadQuery = {
  spreadsheetSafe: z.enum(['true', 'false']).default('false').meta({
    description: 'Keep a spreadsheet from running cells of text as formulas (alters such cells, never an amount).',
  }),
};

/** The seller to whom the answer is limited; null: all sellers. Throws FORBIDDEN when a seller names another one. */
export function sellerOf(own: Caller | null, asked: string | undefined): string | null {
  if (own === null) return asked ?? null;
  if (own.sellerId === null || (asked !== undefined && asked !== own.sellerId)) throw new MagamError('FORBIDDEN');
  return own.sellerId;
}

/** The date of a run. Throws RUN_NOT_FOUND. */
export async function dateOfRun(db: Db, runId: number): Promise<string> {
  const run = found(await findSettlementRunById(db, runId), 'RUN_NOT_FOUND', { runId });
  return run.date;
}
