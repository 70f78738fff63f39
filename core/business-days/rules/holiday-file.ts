/** Reads a file of election days, temporary holidays and days on which banks are open after all. Every fault is reported at once with its JSON path. */
import * as z from 'zod';
import { isBusinessDate } from '../../../kernel/business-date.js';
import { faultsOfIssue, type JsonFault, jsonList, jsonMember, readJson } from '../../../kernel/json-faults.js';
import { type Announced, FIRST_DATE, LAST_DATE, weekdayOf } from './holidays.js';

export const ANNOUNCED_KINDS = ['election', 'temporary'] as const;
/** Holidays, and workdays, of one file at most. */
export const DAYS_MAX = 1_000;
const NAME_MAX = 100;

const date = z
  .string()
  .refine(isBusinessDate, {
    params: { code: 'DATE_INVALID' },
    error: 'must be a day of the calendar written YYYY-MM-DD',
  })
  .refine((text) => !isBusinessDate(text) || (text >= FIRST_DATE && text <= LAST_DATE), {
    params: { code: 'BUSINESS_DAY_UNKNOWN' },
    error: `must lie from ${FIRST_DATE} to ${LAST_DATE}`,
  });

const fileSchema = z.strictObject({
  holidays: z
    .array(
      z.strictObject({
        date,
        name: z
          .string()
          .trim()
          .min(1)
          .max(NAME_MAX)
          .refine((name) => !/\p{Cc}|\p{Surrogate}/u.test(name), 'must not contain control characters'),
        kind: z.enum(ANNOUNCED_KINDS),
      }),
    )
    .max(DAYS_MAX)
    .default([]),
  workdays: z
    .array(
      date.refine(
        (text) => !isBusinessDate(text) || weekdayOf(text) % 6 !== 0,
        'banks are closed on Saturdays and Sundays',
      ),
    )
    .max(DAYS_MAX)
    .default([]),
});

/** A date that the file names a second time, whether as a holiday or as a workday. */
function repeated(raw: unknown): JsonFault[] {
  const seen = new Set<unknown>();
  const named = [
    ...jsonList(raw, 'holidays').map((day, i) => ({ path: `holidays[${i}].date`, text: jsonMember(day, 'date') })),
    ...jsonList(raw, 'workdays').map((text, i) => ({ path: `workdays[${i}]`, text })),
  ];
  return named.flatMap(({ path, text }) => {
    if (typeof text !== 'string' || !seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [{ path, code: 'HOLIDAY_INVALID' as const, message: 'is named before in this file' }];
  });
}

/** What a file announces, or all its faults: HOLIDAY_FILE_INVALID for a text that is no JSON, DATE_INVALID, BUSINESS_DAY_UNKNOWN, HOLIDAY_INVALID. */
export function parseHolidayFile(text: string): Announced | { readonly faults: JsonFault[] } {
  const read = readJson(text, 'HOLIDAY_FILE_INVALID');
  return 'fault' in read ? { faults: [read.fault] } : announcedOf(read.raw);
}

/** The same of JSON that was read. */
export function announcedOf(raw: unknown): Announced | { readonly faults: JsonFault[] } {
  const parsed = fileSchema.safeParse(raw);
  const faults = (parsed.error?.issues ?? []).flatMap((issue) => faultsOfIssue(issue, raw, [], 'HOLIDAY_INVALID'));
  faults.push(...repeated(raw));
  return parsed.success && faults.length === 0 ? parsed.data : { faults };
}

/** What was announced before and what a file adds, by date: of a date that both name, what the file says. */
export function withAnnounced(before: Announced, added: Announced): Announced {
  const named = new Set([...added.holidays.map((day) => day.date), ...added.workdays]);
  const holidays = [...before.holidays.filter((day) => !named.has(day.date)), ...added.holidays];
  const workdays = [...before.workdays.filter((day) => !named.has(day)), ...added.workdays];
  return { holidays: holidays.sort((a, b) => (a.date < b.date ? -1 : 1)), workdays: workdays.sort() };
}
