/** Whether dates are settled, for all readers of settlements: commands, downloads, lists. */
import type { Db } from '../../infra/database.js';
import { addDays, datesBetween } from '../../kernel/business-date.js';
import { MagamError } from '../../kernel/errors.js';
import { readClosingDates, readDateStatus, readShutThrough } from '../feed/stores/calendar.js';
import { type DateState, dateWords } from './state-words.js';
import { readCertificateLinks } from './stores/certificate.js';

export interface DateWithState {
  readonly date: string;
  readonly state: DateState;
}

/** The state of every date of a range, in order. */
export async function readDateStates(db: Db, from: string, to: string): Promise<DateWithState[]> {
  const shutThrough = await readShutThrough(db);
  const closing = new Set(await readClosingDates(db, from, to));
  const certified = new Set((await readCertificateLinks(db, from, to)).map(({ date }) => date));
  const stateOf = (date: string): DateState => {
    if (closing.has(date)) return 'BEING_SETTLED';
    if (certified.has(date)) return 'SETTLED';
    return shutThrough !== null && date <= shutThrough ? 'CLOSED_EMPTY' : 'NOT_SETTLED';
  };
  return datesBetween(from, to).map((date) => ({ date, state: stateOf(date) }));
}

/** The first date of a range that is neither settled nor closed without entries; undefined: there is none. */
export async function firstUnsettled(db: Db, from: string, to: string): Promise<DateWithState | undefined> {
  const [closing] = await readClosingDates(db, from, to);
  if (closing !== undefined) return { date: closing, state: 'BEING_SETTLED' };
  if (from === to && (await readDateStatus(db, from)) === 'CLOSED') return undefined;
  const shutThrough = await readShutThrough(db);
  if (shutThrough !== null && to <= shutThrough) return undefined;
  const date = shutThrough === null || from > shutThrough ? from : addDays(shutThrough, 1);
  return { date, state: 'NOT_SETTLED' };
}

/** The refusal of a command or call that reads the settlement of a date: DATE_NOT_SETTLED for exports, DATE_NOT_CLOSED for verifications and policy checks. */
export const notSettled = (code: 'DATE_NOT_SETTLED' | 'DATE_NOT_CLOSED', { date, state }: DateWithState): MagamError =>
  new MagamError(code, `${date} is ${dateWords[state]}.`, { date, status: state });

/** RUN_NOT_FOUND or CERTIFICATE_NOT_FOUND for a date, with its state. */
export async function nothingOfDate(
  db: Db,
  code: 'RUN_NOT_FOUND' | 'CERTIFICATE_NOT_FOUND',
  date: string,
  generation: number | null = null,
): Promise<MagamError> {
  const { state } = (await readDateStates(db, date, date))[0] as DateWithState;
  const what =
    code === 'RUN_NOT_FOUND'
      ? 'no run'
      : generation === null
        ? 'no certificate'
        : `no certificate of generation ${generation}`;
  return new MagamError(code, `There is ${what} of ${date}. The date is ${dateWords[state]}.`, {
    date,
    ...(code === 'CERTIFICATE_NOT_FOUND' && { generation }),
    status: state,
  });
}

/** DATE_NOT_CLOSED for a range of which no date is settled. */
export const noneClosed = async (db: Db, from: string, to: string): Promise<MagamError> =>
  from === to
    ? dateNotClosed(db, from)
    : new MagamError('DATE_NOT_CLOSED', `No date from ${from} to ${to} is ${dateWords.SETTLED}.`, { from, to });

/** DATE_NOT_CLOSED with the date's state. */
export async function dateNotClosed(db: Db, date: string): Promise<MagamError> {
  const [state] = await readDateStates(db, date, date);
  return notSettled('DATE_NOT_CLOSED', state as DateWithState);
}
