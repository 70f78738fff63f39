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
import { pause } from '../infra/database.js';
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
  /** Its end, while a channel has not accepted the message about that. */
  readonly over?: { readonly at: string; readonly channels: readonly AlarmChannel[] };
}

/** Pauses between the tries of a message (ms): the next call of the command, which would try again, may be a day away. */
const PAUSES_MS = [1_000, 4_000];

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
  const known = readTold(file);
  const told: Told =
    known === undefined || known.over !== undefined
      ? { id: randomUUID(), summary, openedAt: new Date().toISOString(), channels: [] }
      : known;
  const { heard } = await send(config, cause, told, null);
  writeFileSync(file, JSON.stringify({ ...told, channels: heard }), { mode: 0o600 });
}

/** Announces the end of an alarm that was sent directly, to the channels that have not had that yet. */
export async function resolveDirectly(config: Config, cause: AlarmCause): Promise<void> {
  const file = fileOf(config, cause);
  const told = readTold(file);
  if (told === undefined) return;
  const { at, channels } = told.over ?? { at: new Date().toISOString(), channels: [] };
  const { heard, byAll } = await send(config, cause, { ...told, id: `${told.id}.over`, channels }, at);
  if (byAll) rmSync(file, { force: true });
  else writeFileSync(file, JSON.stringify({ ...told, over: { at, channels: heard } }), { mode: 0o600 });
}

function readTold(file: string): Told | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Told;
  } catch {
    return undefined;
  }
}

interface Sent {
  /** The channels that have accepted it, now or earlier. */
  readonly heard: readonly AlarmChannel[];
  readonly byAll: boolean;
}

const send = (config: Config, cause: AlarmCause, told: Told, resolvedAt: string | null): Promise<Sent> =>
  withChannels(config, async (channels) => {
    const alarm = {
      ...cause,
      ...told,
      alarmId: null,
      status: resolvedAt === null ? 'OPEN' : 'RESOLVED',
      resolvedAt,
    } as const;
    const { id, channels: _, over: __, ...shown } = alarm;
    const attempt = async (name: AlarmChannel): Promise<boolean> => {
      try {
        await channels[name]?.(`alarm-${id}`, shown, AbortSignal.timeout(30_000));
        return true;
      } catch (error) {
        note(`The alarm could not be sent (${name}): ${errorText(error)}`);
        return false;
      }
    };
    const tried = await Promise.all(
      ALARM_CHANNELS.map(
        async (name) => told.channels.includes(name) || (await untilTrue(() => attempt(name), PAUSES_MS)),
      ),
    );
    return { heard: ALARM_CHANNELS.filter((_name, index) => tried[index]), byAll: !tried.includes(false) };
  });

async function untilTrue(attempt: () => Promise<boolean>, pausesMs: readonly number[]): Promise<boolean> {
  for (const pauseMs of pausesMs) {
    if (await attempt()) return true;
    await pause(pauseMs);
  }
  return attempt();
}
