/** The rules for new entries of both kinds, as they are while a file is checked. */
import { settlementDateOf } from '../rules/entry.js';
import type { Origin } from '../stores/entry.js';
import type { FieldFault } from './row-faults.js';

export interface FeedRules {
  /** The last date that takes no entries. */
  readonly shutThrough: string | null;
  /** The date that entries of closed dates are settled on, or null when such entries are refused. */
  readonly lateOn: string | null;
  /** The interrupted import that is continued: what it wrote counts as new. */
  readonly ownImportId: number | null;
}

/** The date a new entry is settled on, or the fault of its date. */
export function settlementDate(rules: FeedRules, occurredOn: string, dateColumn: string): string | FieldFault {
  const closed = rules.shutThrough !== null && occurredOn <= rules.shutThrough;
  if (!closed) return occurredOn;
  if (rules.lateOn === null) return { column: dateColumn, code: 'DATE_CLOSED', value: occurredOn };
  return settlementDateOf(occurredOn, rules.lateOn);
}

/** Whether a stored entry was written by another import that may still withdraw it. */
export const isUnfinished = ({ importStatus }: Origin): boolean =>
  importStatus === 'RUNNING' || importStatus === 'ABANDONING';
