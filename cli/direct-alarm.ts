/**
 * The alarm of a command that could not reach the database, where alarms are kept. A small file on this machine takes its place. It records that the alarm was sent, so that a
 * command that cron repeats every minute does not send it every minute, and so that its end can be announced.
 */
import { createHash, randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { ALARM_CHANNELS, type AlarmChannel } from '../core/alarms/alarm-channels.js';
import type { AlarmCause } from '../core/alarms/rules/alarm.js';
import type { Config } from '../infra/config.js';
import { errorText } from '../infra/database-errors.js';
import { MagamError } from '../kernel/errors.js';
import { withChannels } from './alarm-sender.js';
import { note } from './output.js';

interface Told {
  readonly id: string;
  readonly summary: string;
  readonly openedAt: string;
  /** Channels that accepted the message. */
  readonly channels: readonly AlarmChannel[];
}

/** A folder inside the system's temporary folder that only this user can use. Throws FILE_UNWRITABLE if somebody else made it. */
export function privateFolder(): string {
  const folder = join(tmpdir(), `magam-${userInfo().uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== userInfo().uid)
    throw new MagamError(
      'FILE_UNWRITABLE',
      `${folder} belongs to somebody else. Remove it, or set TMPDIR to another folder.`,
    );
  return folder;
}

/** A name for files on this machine that belong to one command on one database. */
export const fileName = ({ databaseUrl }: Pick<Config, 'databaseUrl'>, about: string): string =>
  createHash('sha256')
    .update(`${databaseUrl ?? import.meta.url}\n${about}`)
    .digest('hex')
    .slice(0, 24);

const fileOf = (config: Config, { kind, subject }: AlarmCause): string =>
  join(privateFolder(), `${fileName(config, `${kind} ${subject}`)}.alarm`);

/** Sends the alarm to the channels that have not had it yet. */
export async function raiseDirectly(config: Config, cause: AlarmCause): Promise<void> {
  const file = fileOf(config, cause);
  const { summary } = cause;
  const told: Told = readTold(file) ?? { id: randomUUID(), summary, openedAt: new Date().toISOString(), channels: [] };
  const channels = await send(config, cause, told, null);
  writeFileSync(file, JSON.stringify({ ...told, channels: [...told.channels, ...channels] }), { mode: 0o600 });
}

/** Announces the end of an alarm that was sent directly. */
export async function resolveDirectly(config: Config, cause: AlarmCause): Promise<void> {
  const file = fileOf(config, cause);
  const told = readTold(file);
  if (told === undefined) return;
  await send(config, cause, { ...told, id: `${told.id}.over`, channels: [] }, new Date().toISOString());
  rmSync(file, { force: true });
}

function readTold(file: string): Told | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Told;
  } catch {
    return undefined;
  }
}

/** @returns the channels that accepted it */
const send = (config: Config, cause: AlarmCause, told: Told, resolvedAt: string | null): Promise<AlarmChannel[]> =>
  withChannels(config, async (channels) => {
    const alarm = {
      ...cause,
      ...told,
      alarmId: null,
      status: resolvedAt === null ? 'OPEN' : 'RESOLVED',
      resolvedAt,
    } as const;
    const { id, channels: _, ...shown } = alarm;
    const done: AlarmChannel[] = [];
    for (const name of ALARM_CHANNELS.filter((one) => !told.channels.includes(one))) {
      try {
        await channels[name]?.(`alarm-${id}`, shown, AbortSignal.timeout(30_000));
        done.push(name);
      } catch (error) {
        note(`The alarm could not be sent (${name}): ${errorText(error)}`);
      }
    }
    return done;
  });
