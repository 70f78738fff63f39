/** `magam alarms`: lists what needs an operator; `check` looks for alarms and sends the messages, for cron; `end` ends the alarm of a command. */
import type { Command } from 'commander';
import { endCommandAlarm } from '../core/alarms/change-alarms.js';
import { type Alarm, actionOf } from '../core/alarms/rules/alarm.js';
import { listAlarms, readOpenAlarms } from '../core/alarms/stores/alarm.js';
import { readConfig } from '../infra/config.js';
import { asMagamError, errorText } from '../infra/database-errors.js';
import { errors, MagamError } from '../kernel/errors.js';
import { lookForAlarms } from './alarm-sender.js';
import { auditIn } from './audit.js';
import { type CommandContext, wholeNumber, withDatabase } from './context.js';
import { raiseDirectly, resolveDirectly } from './direct-alarm.js';
import { note, print, printJson, printTable } from './output.js';

/** With `--all`. */
const SHOWN = 100;

export function alarmsCommands(alarms: Command): void {
  alarms
    .option('--all', `list the newest ${SHOWN}, including those that are over`)
    .action((options: { all?: true }, command: Command) =>
      withDatabase(command, (context) => list(context, options.all === true)),
    );
  alarms
    .command('check')
    .description('check whether something needs an operator, send the messages, and exit with 1 while alarms are open')
    .action((_options, command: Command) => check(command));
  alarms
    .command('end')
    .argument('<id>', 'the number of the alarm', wholeNumber('ID', 1, 4_294_967_295))
    .description('end the alarm of a command that is not to run any more')
    .action((alarmId: number, _options, command: Command) =>
      withDatabase(command, (context) => end(context, alarmId), { anyTime: true }),
    );
}

async function list({ db, json }: CommandContext, all: boolean): Promise<void> {
  show(all ? await listAlarms(db, {}, SHOWN) : await readOpenAlarms(db), json);
}

/** The alarm of this command itself. */
const unable = (error: unknown) => {
  const known = asMagamError(error);
  const code = known instanceof MagamError ? `${known.code}: ` : '';
  return {
    kind: 'command-failed',
    subject: 'alarms check',
    summary: `magam alarms check could not be carried out: ${code}${errorText(known)}`,
  } as const;
};

async function check(command: Command): Promise<void> {
  let open: Alarm[] = [];
  try {
    await withDatabase(command, async (context) => {
      await lookForAlarms(context);
      open = await readOpenAlarms(context.db);
      show(open, context.json);
    });
  } catch (error) {
    const known = asMagamError(error);
    if (!(known instanceof MagamError && known.code === 'CONFIG_INVALID'))
      await raiseDirectly(readConfig(), unable(error));
    throw error;
  }
  await resolveDirectly(readConfig(), unable(undefined));
  if (open.length === 0) return;
  note(`ALARMS_OPEN: ${errors.ALARMS_OPEN.meaning}`);
  process.exitCode = errors.ALARMS_OPEN.exit;
}

/** Ends the alarm, and sends the message about its end. */
async function end(context: CommandContext, alarmId: number): Promise<void> {
  const { db, config, json } = context;
  const { kind, subject, summary } = await endCommandAlarm(db, alarmId, (tx, alarm) =>
    auditIn(tx, config, { action: 'alarm.end', subject: ['alarm', String(alarmId)], before: alarm, after: null }),
  );
  if (json) printJson({ alarmId, kind, subject, status: 'RESOLVED' });
  else print(`Alarm ${alarmId} is over: ${summary}`);
  await lookForAlarms(context);
}

function show(alarms: readonly Alarm[], json: boolean): void {
  if (json) printJson({ alarms: alarms.map((alarm) => ({ ...alarm, action: actionOf(alarm) })) });
  else if (alarms.length === 0) print('No alarms.');
  else showTable(alarms);
}

function showTable(alarms: readonly Alarm[]): void {
  printTable(
    ['alarm', 'kind', 'subject', 'since', 'until'],
    alarms.map((alarm) => [alarm.alarmId, alarm.kind, alarm.subject, alarm.openedAt, alarm.resolvedAt ?? 'open']),
    ['alarm'],
  );
  for (const alarm of alarms.filter(({ status }) => status === 'OPEN'))
    print(`\nAlarm ${alarm.alarmId}: ${alarm.summary}\n  What to do: ${actionOf(alarm)}`);
}
