/** `magam calendar`: the time zone and the clocks that determine business dates, and where the schedule begins. */
import { type Command, InvalidArgumentError } from 'commander';
import { changeScheduleFrom, changeTimeZone, readPlatformCalendar } from '../core/settlement/platform-calendar.js';
import { isTimeZone } from '../infra/time-zone.js';
import { type CommandContext, readDate, withDatabase } from './context.js';
import { note, print, printJson } from './output.js';

export function calendarCommands(calendar: Command): void {
  calendar.action((_options, command: Command) => withDatabase(command, show, { anyTime: true }));
  calendar
    .command('zone')
    .description('change the time zone of business dates; stop every other process first')
    .argument('<zone>', 'an IANA time zone such as Asia/Seoul', timeZone)
    .action(async (zone: string, _options, command: Command) => {
      const change = async (context: CommandContext): Promise<void> => {
        await changeTimeZone(context.db, zone, context.config.userName);
        note(`Start every process with MAGAM_TIME_ZONE=${zone}, or without that setting.`);
        await show(context);
      };
      await withDatabase(command, change, { anyTime: true });
    });
  calendar
    .command('schedule')
    .description('set the date from which the schedule closes every date, with or without entries')
    .argument('<from>', 'YYYY-MM-DD, today, yesterday, or first-entry: only dates with entries')
    .action(async (from: string, _options, command: Command) => {
      await withDatabase(command, async (context) => {
        const date = from === 'first-entry' ? null : readDate(from, context.today);
        await changeScheduleFrom(context.db, date, context.config.userName);
        await show(context);
      });
    });
}

async function show({ db, config, json }: CommandContext): Promise<void> {
  const calendar = await readPlatformCalendar(db, config.timeZone);
  if (json) return printJson(calendar);
  const { timeZone, date, time, clockAheadMs, shutThrough, scheduleFrom } = calendar;
  print(`Zone             ${timeZone}, where it is ${date} ${time} by the clock of the database`);
  print(`Clocks           ${clockAheadMs === 0 ? 'agree' : `this process is ${clockAheadMs / 1_000} s ahead`}`);
  print(`Closed           ${shutThrough === null ? 'no date' : `every date through ${shutThrough}`}`);
  print(
    `Schedule begins  ${scheduleFrom === null ? 'with the first date that has entries; dates without entries stay open until a later one is closed' : `with ${scheduleFrom}; every date from it on is closed, with entries or without`}`,
  );
}

function timeZone(name: string): string {
  if (isTimeZone(name)) return name;
  throw new InvalidArgumentError('It must be an IANA time zone such as Asia/Seoul.');
}
