/**
 * The logs of the server and of the runner: JSON lines with the name of the level and the time in ISO 8601. Fields with the names of secrets are masked at any
 * depth.
 */
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'newPassword',
  'currentPassword',
  'accessToken',
  'refreshToken',
  'access_token',
  'refresh_token',
  'accountNumber',
];

/** The fields of every line. */
const form = (level: string, name: string): LoggerOptions => ({
  level,
  name,
  formatters: { level: (label) => ({ level: label }) },
  timestamp: pino.stdTimeFunctions.isoTime,
});

/** A logger of a process. @param mixin fields of every line */
export const openProcessLog = (
  level: string,
  name: string,
  destination: DestinationStream,
  mixin: () => object = () => ({}),
): Logger =>
  pino(
    {
      ...form(level, name),
      redact: { paths: SECRETS.flatMap((secret) => [secret, `*.${secret}`, `*.*.${secret}`]), censor: '[secret]' },
      mixin,
    },
    destination,
  );

/** The same for lines whose fields are all known and hold no secret, so that it need not search for any. */
export const openPlainLog = (level: string, name: string, destination: DestinationStream): Logger =>
  pino(form(level, name), destination);
