/** The meanings of database errors, by the numbers of MySQL and MariaDB and the codes of the driver. */
import { type ErrorCode, MagamError } from '../kernel/errors.js';

interface DriverError {
  readonly errno?: number;
  readonly code?: string;
  readonly sqlMessage?: string;
  readonly message?: string;
}
const driverError = (error: unknown): DriverError => (typeof error === 'object' && error !== null ? error : {});

/** Deadlock or lock wait timeout: the transaction may be tried again. */
export const isLockConflict = (error: unknown): boolean => [1213, 1205].includes(driverError(error).errno ?? 0);
export const isDeadlock = (error: unknown): boolean => driverError(error).errno === 1213;
export const isDuplicateKey = (error: unknown): boolean => driverError(error).errno === 1062;
/** A column that takes no NULL was given one. */
export const isNullRefused = (error: unknown): boolean => driverError(error).errno === 1048;
export const isMissingTable = (error: unknown): boolean => [1146, 1049].includes(driverError(error).errno ?? 0);

/** The server does not accept data files from its clients, or no longer does. */
export const isLoadRefused = (error: unknown): boolean => [1148, 3948, 4166].includes(driverError(error).errno ?? 0);

/** A column, key, table or constraint that was to be made exists, or one that was to be changed or dropped does not exist. */
export const isSchemaChangeMade = (error: unknown): boolean =>
  [1050, 1054, 1060, 1061, 1091, 1826, 3940].includes(driverError(error).errno ?? 0);

/**
 * The row's own data is wrong (too long, out of range, null, a CHECK, not a number, a refusal SIGNALled for the row): another row may be
 * fine. Anything else (disk full, read-only, connection) says nothing about the row.
 */
export const isDataError = (error: unknown): boolean =>
  [1048, 1264, 1265, 1292, 1366, 1406, 1644, 1690, 3819, 4025, 4078].includes(driverError(error).errno ?? 0);

const lostCodes = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ERR_STREAM_DESTROYED',
  'ER_SERVER_SHUTDOWN',
  'ER_CON_COUNT_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_QUIT',
  'HANDSHAKE_NO_SSL_SUPPORT',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  'ER_CONNECTION_KILLED',
  'ER_QUERY_INTERRUPTED',
]);

/** All connections of the pool were in use for as long as the caller waits for one: nothing was begun. */
export const isPoolBusy = (error: unknown): boolean => /acquiring a connection/i.test(driverError(error).message ?? '');

/** The connection was lost, so the outcome of the statement in flight is unknown; a new connection may work. */
export function isConnectionLost(error: unknown): boolean {
  const { code = '', errno = 0, message = '' } = driverError(error);
  if (lostCodes.has(code) || [1053, 1927, 2006, 2013, 4031, 1317, 1040, 1152, 1158, 1159, 1160, 1161].includes(errno))
    return true;
  return /closed state|Connection lost|acquiring a connection|server has gone away|read ECONN/i.test(message);
}

/** The server was made read-only, for example before a planned switch to another. Other options have the same number; the text tells them apart. */
const isReadOnly = (error: unknown): boolean => {
  const { errno = 0, message = '' } = driverError(error);
  return errno === 1836 || (errno === 1290 && /read[-_]only/i.test(message));
};

/** The disk or a table space is full. 1026 and 1030 report it with the number of the operating system, ENOSPC. */
const isFull = (error: unknown): boolean => {
  const { errno = 0, message = '' } = driverError(error);
  return errno === 1114 || errno === 1021 || ([3, 1026, 1030].includes(errno) && /\b28\b|no space left/i.test(message));
};

/** The database account may not do this, or may not sign in. */
export const isAccessDenied = (error: unknown): boolean =>
  [1044, 1045, 1142, 1143, 1698].includes(driverError(error).errno ?? 0);

/** The server currently takes no writes. */
export const isWriteRefused = (error: unknown): boolean => isReadOnly(error) || isFull(error);

/** The error passes by itself: the same work may succeed a little later. */
export const isTransient = (error: unknown): boolean =>
  isLockConflict(error) || isConnectionLost(error) || isWriteRefused(error);

/** The codes of a database that is away, locked, read-only or full: the same work may succeed a little later. */
export const OUTAGE_CODES = [
  'DATABASE_UNAVAILABLE',
  'DATABASE_BUSY',
  'DATABASE_READ_ONLY',
  'DATABASE_FULL',
] as const satisfies readonly ErrorCode[];
export type OutageCode = (typeof OUTAGE_CODES)[number];
const outageCodes: ReadonlySet<string> = new Set(OUTAGE_CODES);

/** Whether an error belongs to an outage, either an error of the driver or one that `asMagamError` has converted. */
export const isOutage = (error: unknown): boolean =>
  error instanceof MagamError ? outageCodes.has(error.code) : isTransient(error);

/** The text of an error for the job history, without the statement. */
export function errorText(error: unknown): string {
  const { sqlMessage, message } = driverError(error);
  return (sqlMessage ?? message ?? String(error)).slice(0, 1000);
}

/** A database error as the coded error for the user; other errors are returned unchanged. */
export function asMagamError(error: unknown): unknown {
  if (error instanceof MagamError) return error;
  if (isMissingTable(error)) return new MagamError('SCHEMA_OUTDATED');
  const { errno = 0 } = driverError(error);
  if ([1045, 1044, 1698].includes(errno)) return new MagamError('DATABASE_ACCESS_DENIED', errorText(error));
  if (isConnectionLost(error))
    return new MagamError('DATABASE_UNAVAILABLE', `The database cannot be reached: ${errorText(error)}`);
  if (isReadOnly(error)) return new MagamError('DATABASE_READ_ONLY');
  if (isFull(error)) return new MagamError('DATABASE_FULL', `The database has no room: ${errorText(error)}`);
  if (isLockConflict(error)) return new MagamError('DATABASE_BUSY', errorText(error));
  return error;
}
