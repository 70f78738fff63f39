/** The states of the dates of a page: they tell an empty page of a settled date from a page of a date that is not settled. */
import * as z from 'zod';
import { readDateStates } from '../../core/settlement/date-states.js';
import { DATE_STATES } from '../../core/settlement/state-words.js';
import type { Db } from '../../infra/database.js';
import { addDays } from '../../kernel/business-date.js';
import { businessDate } from '../edge/fields.js';

const DATES_MAX = 366;

const dateSchema = z
  .object({
    date: businessDate,
    status: z.enum(DATE_STATES).meta({
      description: 'CLOSED_EMPTY: closed along with a later date, without entries. Only SETTLED dates have rows.',
    }),
  })
  .meta({ id: 'SettledDate' });

/** The field of a page. */
export const dateStates = {
  dates: z
    .array(dateSchema)
    .nullable()
    .meta({
      description: `Every date that was asked for, with its status. Null without a date, and for more than ${DATES_MAX} dates.`,
    }),
};

export async function statesOf(
  db: Db,
  range: { readonly from: string; readonly to: string } | null,
): Promise<{ dates: z.input<typeof dateSchema>[] | null }> {
  if (range === null || range.to > addDays(range.from, DATES_MAX - 1)) return { dates: null };
  const states = await readDateStates(db, range.from, range.to);
  return { dates: states.map(({ date, state }) => ({ date, status: state })) };
}
