/**
 * Tells of an outage in the log of a process, whose loops all meet it and all try again: one line when it begins, a reminder a minute while it lasts, and one line
 * when it is over.
 */
import type { Logger } from 'pino';
import { MagamError } from '../kernel/errors.js';
import type { Db } from './database.js';
import { asMagamError, errorText, isOutage, type OutageCode } from './database-errors.js';
import { RedisAway } from './redis.js';
import { outageWords } from './survive-outage.js';

/** The service is asked this often whether it answers (ms). */
const PROBE_MS = 1_000;
/** An outage is over when the service answers and nobody has failed for this long (ms). Loops try again within 3 s. */
const QUIET_MS = 5_000;
/** The same when the disk is full: an answer says nothing about the room, and a failed duty is tried again after 30 s. */
const QUIET_WHEN_FULL_MS = 60_000;
const REMINDER_MS = 60_000;

interface WatchedService {
  /** How the log names it, such as `database`. */
  readonly name: string;
  /** Rejects while it is away. */
  readonly probe: () => Promise<unknown>;
  /** What the process does meanwhile. */
  readonly meanwhile: 'trying again' | 'going on without it';
  readonly level: 'warn' | 'error';
}

/** One failure: the state in words, such as `database away`, and the fields of the line if it is the first. */
interface Failure {
  readonly words: string;
  readonly fields: object;
  readonly quietMs?: number;
}

interface Known {
  readonly since: number;
  toldAt: number;
  failedAt: number;
  /** The first answer since the last failure. */
  answeredAt: number | undefined;
  words: string;
  quietMs: number;
}

/** The notice of one service. */
export class OutageNotice {
  private known: Known | undefined;
  private timer: NodeJS.Timeout | undefined;
  private asking = false;

  constructor(
    private readonly logger: Logger,
    private readonly service: WatchedService,
  ) {}

  /** Somebody could not reach the service. Only the first failure of an outage is told. */
  failed({ words, fields, quietMs = QUIET_MS }: Failure): void {
    const now = performance.now();
    const { level, meanwhile } = this.service;
    if (this.known === undefined) {
      this.known = { since: now, toldAt: now, failedAt: now, answeredAt: undefined, words, quietMs };
      this.logger[level](fields, `${words}, ${meanwhile}`);
      this.timer = setInterval(() => void this.look(), PROBE_MS).unref();
    } else Object.assign(this.known, { failedAt: now, answeredAt: undefined, words, quietMs });
  }

  /** The same for connections, whose errors say that the service is away. */
  readonly disconnected = (error: Error): void =>
    this.failed({ words: `${this.service.name} away`, fields: { error: error.message } });

  /** Nothing is told any more. */
  close(): void {
    clearInterval(this.timer);
    this.known = undefined;
  }

  private async look(): Promise<void> {
    this.remind();
    if (this.asking) return;
    this.asking = true;
    const askedAt = performance.now();
    const answered = await this.service.probe().then(
      () => true,
      () => false,
    );
    this.asking = false;
    const { known } = this;
    if (known === undefined) return;
    const now = performance.now();
    if (!answered) Object.assign(known, { failedAt: now, answeredAt: undefined });
    else if (askedAt > known.failedAt) known.answeredAt ??= now;
    if (known.answeredAt !== undefined && now - known.failedAt >= known.quietMs)
      this.over(known.answeredAt - known.since);
  }

  private remind(): void {
    const { known } = this;
    const now = performance.now();
    if (known === undefined || known.answeredAt !== undefined || now - known.toldAt < REMINDER_MS) return;
    known.toldAt = now;
    const awaySeconds = Math.round((now - known.since) / 1_000);
    const { level, meanwhile } = this.service;
    this.logger[level]({ awaySeconds }, `${known.words} for ${awaySeconds} s, ${meanwhile}`);
  }

  private over(awayMs: number): void {
    this.close();
    const awaySeconds = Math.max(1, Math.round(awayMs / 1_000));
    this.logger.info({ awaySeconds }, `${this.service.name} back after ${awaySeconds} s`);
  }
}

/** The notice of the database. */
export const noticeOfDatabase = (logger: Logger, db: Db): OutageNotice =>
  new OutageNotice(logger, {
    ...{ name: 'database', level: 'error', meanwhile: 'trying again' },
    probe: async () => db.raw('SELECT 1'),
  });

/** The notice of a Redis server: work goes on without it. @param name how the log names it @param ping rejects while it is away */
export const noticeOfRedis = (logger: Logger, name: string, ping: () => Promise<unknown>): OutageNotice =>
  new OutageNotice(logger, { name, level: 'warn', meanwhile: 'going on without it', probe: ping });

/**
 * The log of loops that try again by themselves. What was thrown is given as the field `error`, and its text is logged. A line about an outage goes to the notice of
 * the service, and is itself logged at level `debug`. A row that somebody else has locked is no outage: the line of its loop stays.
 */
export function logOfLoops(
  logger: Logger,
  notices: { readonly database: OutageNotice; readonly hints: OutageNotice },
): (level: 'info' | 'warn' | 'error', fields: object & { readonly error?: unknown }, message: string) => void {
  return (level, fields, message) => {
    const { error } = fields;
    if (error === undefined || typeof error === 'string') return logger[level](fields, message);
    const told = { ...fields, error: errorText(error) };
    const known = asMagamError(error);
    if (error instanceof RedisAway) notices.hints.disconnected(error);
    else if (known instanceof MagamError && isOutage(known) && known.code !== 'DATABASE_BUSY') {
      const code = known.code as OutageCode;
      const quietMs = code === 'DATABASE_FULL' ? QUIET_WHEN_FULL_MS : QUIET_MS;
      notices.database.failed({ words: outageWords[code], fields: { code, ...told }, quietMs });
    } else return logger[level](told, message);
    logger.debug(told, message);
  };
}
