/** `magam business-days`: the days on which banks are closed, and files that add to them. */
import type { Command } from 'commander';
import { importHolidays, keptCalendar } from '../core/business-days/keep-calendar.js';
import { parseHolidayFile } from '../core/business-days/rules/holiday-file.js';
import { FIRST_DATE, type Holiday, LAST_DATE, WEEKDAY_NAMES, weekdayOf } from '../core/business-days/rules/holidays.js';
import { MagamError } from '../kernel/errors.js';
import { wholeNumber, withDatabase } from './context.js';
import { counted, print, printJson, printTable } from './output.js';
import { readTextFile } from './text-file.js';

export function businessDaysCommands(businessDays: Command): void {
  businessDays
    .command('import')
    .argument('<file>', 'file of holidays (JSON)')
    .description('add election days, temporary holidays and workdays as a new version of the calendar')
    .action((file: string, _options, command: Command) => importFile(file, command));
  businessDays
    .command('show')
    .description('show the days of a year, apart from Saturdays and Sundays, on which banks are closed')
    .option(
      '--year <year>',
      'the year (default: this one)',
      wholeNumber('--year', yearOf(FIRST_DATE), yearOf(LAST_DATE)),
    )
    .option(
      '--calendar <n>',
      'a version of the calendar (default: the latest)',
      wholeNumber('--calendar', 1, 4_294_967_295),
    )
    .action((options: { year?: number; calendar?: number }, command: Command) => show(options, command));
}

function yearOf(date: string): number {
  return Number(date.slice(0, 4));
}

async function importFile(file: string, command: Command): Promise<void> {
  const parsed = parseHolidayFile(await readTextFile(file));
  if ('faults' in parsed) throw new MagamError('HOLIDAY_FILE_INVALID', undefined, { file, faults: parsed.faults });
  await withDatabase(command, async ({ db, config, json }) => {
    const imported = await importHolidays(db, parsed, config.userName);
    if (json) return printJson(imported);
    const { version, unchanged, added, removed } = imported;
    if (unchanged) return print(`Version ${version} of the calendar has everything in the file: nothing was changed.`);
    print(`Version ${version} of the calendar: ${counted(added.length, 'holiday')} more, ${removed.length} less.`);
    for (const holiday of added) print(`closed  ${inWords(holiday)}`);
    for (const holiday of removed) print(`gone    ${inWords(holiday)}`);
  });
}

const inWords = ({ date, name, kind }: Holiday): string =>
  `${date} ${WEEKDAY_NAMES[weekdayOf(date)]}, ${name} (${kind})`;

async function show(options: { year?: number; calendar?: number }, command: Command): Promise<void> {
  await withDatabase(command, async ({ db, today, json }) => {
    const year = options.year ?? yearOf(today);
    const { version, madeBy, madeAt, ...calendar } = await keptCalendar(db, options.calendar);
    const holidays = calendar.holidays.filter(({ date }) => yearOf(date) === year);
    if (json) return printJson({ year, version, madeBy, madeAt, holidays });
    print(`${year}, version ${version} of the calendar, made ${madeAt} by ${madeBy}`);
    printTable(
      ['date', 'day', 'kind', 'holiday'],
      holidays.map(({ date, name, kind }) => [date, WEEKDAY_NAMES[weekdayOf(date)], kind, name]),
    );
  });
}
