/**
 * The alarm of a command that could not reach the database, which is where alarms are kept. A small file on this machine takes its place: it says that the alarm was
 * told, so that a command that cron repeats every minute does not tell it every minute, and what has to be said to be over.
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
  /** Channels that took the message. */
  readonly channels: readonly AlarmChannel[];
}

/** A folder in the system's temporary one that nobody but this user can use. Throws FILE_UNWRITABLE where somebody else has made it. */
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

/** A name for files of this machine that are about one command on one database. */
export const fileName = ({ databaseUrl }: Pick<Config, 'databaseUrl'>, about: string): string =>
  createHash('sha256')
    .update(`${databaseUrl ?? import.meta.url}\n${about}`)
    .digest('hex')
    .slice(0, 24);

const fileOf = (config: Config, { kind, subject }: AlarmCause): string =>
  join(privateFolder(), `${fileName(config, `${kind} ${subject}`)}.alarm`);

/** Tells the channels of the alarm that have not been told yet. */
export async function raiseDirectly(config: Config, cause: AlarmCause): Promise<void> {
  const file = fileOf(config, cause);
  const { summary } = cause;
  const told: Told = readTold(file) ?? { id: randomUUID(), summary, openedAt: new Date().toISOString(), channels: [] };
  const channels = await send(config, cause, told, null);
  writeFileSync(file, JSON.stringify({ ...told, channels: [...told.channels, ...channels] }), { mode: 0o600 });
}

/** Tells that it is over, where it was told directly. */
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

/** @returns the channels that took it */
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
