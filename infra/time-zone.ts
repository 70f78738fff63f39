/**
 * Time zones: from time stamps that people and systems write to business dates of the platform. Library: the Temporal
 * polyfill, behind small caches because an import converts millions of stamps that share their minutes.
 */
import { Temporal } from 'temporal-polyfill';

/** Whether the name is a time zone of the IANA database. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** Zones by ICU's preferred names. Making the formatter that gives the name takes 30 µs and more. */
const canonical = new Map<string, string>();

/** The preferred name of a zone that ICU knows by several names, so that `utc` and `Etc/UTC` do not count as two zones. */
export function canonicalZone(name: string): string {
  const known = canonical.get(name) ?? new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  canonical.set(name, known);
  return known;
}

/** A moment (ms since 1970) in the zone: date and time of day `HH:MM`. */
export function momentIn(timeZone: string, ms: number): { date: string; time: string } {
  const moment = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  return {
    date: moment.toPlainDate().toString(),
    time: moment.toPlainTime().toString({ smallestUnit: 'minute', roundingMode: 'trunc' }),
  };
}

const stamp = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:[.,]\d{1,9})?)?\s?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * A reader of dates and time stamps. A plain date is kept; a time stamp becomes the day it falls on in `platformZone`; one
 * without an offset is wall-clock time in `stampZone`. Returns undefined for anything else. The caller checks plain
 * dates against the calendar; of a time stamp both date and time are checked here.
 */
export function businessDateReader(platformZone: string, stampZone: string): (text: string) => string | undefined {
  const cache = new Map<string, string | undefined>();
  return (text) => {
    if (text.length === 10) return text;
    const match = stamp.exec(text);
    if (match === null) return undefined;
    const [, date, minute, second = '', offset = ''] = match;
    // Offsets of zones and ends of days fall on whole minutes, so seconds only need to be valid.
    if (second !== '' && Number(second.slice(1, 3)) > 59) return undefined;
    const key = `${date}T${minute}${offset}`;
    if (!cache.has(key)) {
      if (cache.size >= 100_000) cache.clear();
      cache.set(key, convert(`${date}T${minute}`, offset, platformZone, stampZone));
    }
    return cache.get(key);
  };
}

function convert(minute: string, offset: string, platformZone: string, stampZone: string): string | undefined {
  try {
    const instant =
      offset === ''
        ? Temporal.PlainDateTime.from(minute, { overflow: 'reject' }).toZonedDateTime(stampZone).toInstant()
        : Temporal.Instant.from(`${minute}${offset.toUpperCase()}`);
    return instant.toZonedDateTimeISO(platformZone).toPlainDate().toString();
  } catch {
    return undefined;
  }
}
