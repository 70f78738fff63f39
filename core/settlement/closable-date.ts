/** Whether a date can be closed: dates are closed in order, and not while an import may still write to them. */

import type { Db } from '../../infra/database.js';
import { stands } from '../../infra/faults.js';
import { MagamError } from '../../kernel/errors.js';
import { importsHolding, unsettledDatesBefore } from '../feed/stores/calendar.js';
import { keysUnderWay } from '../jobs/stores/run.js';
import { SETTLE } from './stores/settlement-run.js';

/**
 * Throws `EARLIER_DATE_OPEN` or `IMPORT_IN_PROGRESS` when the date cannot be closed now.
 */
export async function requireClosable(db: Db, date: string): Promise<void> {
  refuseEarlier(date, await unsettledDatesBefore(db, date));
  await refuseImports(db, date);
}

/**
 * Throws the same as far as it can be known before a runner takes the date: an earlier date that is being settled, or waits for a
 * runner, will be closed by then.
 */
export async function requireClosableInTurn(db: Db, date: string): Promise<void> {
  const unsettled = await unsettledDatesBefore(db, date);
  const underWay = await keysUnderWay(db, SETTLE, unsettled);
  refuseEarlier(
    date,
    unsettled.filter((earlier) => !underWay.has(earlier)),
  );
  await refuseImports(db, date);
}

function refuseEarlier(date: string, earlier: readonly string[]): void {
  if (earlier.length === 0) return;
  throw new MagamError(
    'EARLIER_DATE_OPEN',
    `${earlier[0]} has entries that are not settled; settle it before ${date}.`,
    { date, earlier },
  );
}

async function refuseImports(db: Db, date: string): Promise<void> {
  const imports = await importsHolding(db, date);
  if (imports.length === 0 || !stands('import.hold')) return;
  const [first] = imports;
  throw new MagamError(
    'IMPORT_IN_PROGRESS',
    `Import ${first?.importId} may still write to ${first?.date}; finish it or abandon it.`,
    { imports },
  );
}
