/** The days on which banks are closed: staff read a year of the calendar and add what was announced. */
import * as z from 'zod';
import { addHolidays, keptCalendar } from '../../core/business-days/keep-calendar.js';
import { ANNOUNCED_KINDS, announcedOf, DAYS_MAX } from '../../core/business-days/rules/holiday-file.js';
import { FIRST_DATE, HOLIDAY_KINDS, LAST_DATE } from '../../core/business-days/rules/holidays.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { nameOf } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import type { ApiContext } from '../context.js';
import { businessDate, idText, moment, text } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';

const tag = 'Terms';
const version = z.number().int().min(1).meta({ description: 'The version of the calendar.' });
const holidays = z.array(z.object({ date: businessDate, name: z.string(), kind: z.enum(HOLIDAY_KINDS) }));

const years = `from ${FIRST_DATE.slice(0, 4)} to ${LAST_DATE.slice(0, 4)}`;
const yearSchema = z
  .string()
  .regex(/^\d{4}$/, 'must be a year')
  .refine((year) => `${year}-01-01` >= FIRST_DATE && `${year}-12-31` <= LAST_DATE, `must be a year ${years}`)
  .optional()
  .meta({ description: `A year ${years}; absent: this one.`, example: '2026' });

const showBusinessDays = ({ db, config }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/business-days',
    operationId: 'readBusinessDays',
    tag,
    summary: 'Show the days of a year, apart from Saturdays and Sundays, on which banks are closed',
    permission: 'terms.read',
    query: z.strictObject({
      year: yearSchema,
      calendar: idText.optional().meta({ description: 'A version of the calendar; absent: the latest.' }),
    }),
    answer: {
      status: 200,
      description: 'The holidays of the year.',
      schema: z
        .object({ year: z.string(), version, madeBy: z.string(), madeAt: moment, holidays })
        .meta({ id: 'BusinessDays' }),
    },
    refusals: ['BUSINESS_CALENDAR_NOT_FOUND'],
    handle: async ({ query }) => {
      const year = query.year ?? (await readPlatformTime(db, config.timeZone)).date.slice(0, 4);
      const { version: kept, madeBy, madeAt, holidays: all } = await keptCalendar(db, query.calendar);
      return ok({ year, version: kept, madeBy, madeAt, holidays: all.filter(({ date }) => date.startsWith(year)) });
    },
  });

const addHolidaysRoute = (): Route =>
  route({
    method: 'post',
    path: '/v1/business-days',
    operationId: 'addHolidays',
    tag,
    summary: 'Add election days, temporary holidays and workdays as a new version of the calendar',
    description:
      'All of them or none, as `magam business-days import` does. Dates that were computed before keep the version that they were computed with. Adding the same again changes nothing.',
    permission: 'terms.edit',
    body: z
      .strictObject({
        holidays: z
          .array(z.strictObject({ date: businessDate, name: text(100), kind: z.enum(ANNOUNCED_KINDS) }))
          .max(DAYS_MAX)
          .default([]),
        workdays: z.array(businessDate).max(DAYS_MAX).default([]).meta({
          description: 'Days on which banks are open although they are holidays otherwise.',
        }),
      })
      .meta({ id: 'AnnouncedDays' }),
    example: { holidays: [{ date: '2030-06-12', name: '임시공휴일', kind: 'temporary' }], workdays: [] },
    answer: {
      status: 200,
      description: 'The version that has them, and what it has more and less than the one before.',
      schema: z
        .object({ version, unchanged: z.boolean(), added: holidays, removed: holidays })
        .meta({ id: 'AddedHolidays' }),
    },
    refusals: ['HOLIDAY_FILE_INVALID'],
    idempotent: true,
    handle: ({ body, signedIn, transact, audit }) => {
      const announced = announcedOf(body);
      if ('faults' in announced) throw new MagamError('HOLIDAY_FILE_INVALID', undefined, { faults: announced.faults });
      return transact(async (tx) => {
        const { version: made, unchanged, added, removed } = await addHolidays(tx, announced, nameOf(signedIn));
        if (!unchanged)
          await audit(tx, 'business-calendar.import', ['business-calendar', made], {
            before: { version: made - 1, removed },
            after: { version: made, added },
          });
        return ok({ version: made, unchanged, added: [...added], removed: [...removed] });
      });
    },
  });

export const businessDayRoutes = (context: ApiContext): Route[] => [showBusinessDays(context), addHolidaysRoute()];
