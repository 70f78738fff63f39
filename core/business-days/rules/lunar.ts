/**
 * Days of the Korean lunar calendar, by the calendar `dangi` of ICU, which Node carries. The dates of the three holidays in all years from 2000 to 2050 were
 * compared with the package korean-lunar-calendar 0.4.0, whose table is that of the Korea Astronomy and Space Science Institute: none differed.
 */
import { datesBetween } from '../../../kernel/business-date.js';

/** The lunar day that a holiday stands on, and the days of the solar calendar between which it falls. */
export interface LunarDay {
  readonly month: number;
  readonly day: number;
  readonly earliest: string;
  readonly latest: string;
}

/** Made when it is first needed: that takes 10 ms. */
let dangi: Intl.DateTimeFormat | undefined;

/** The date on which a lunar day falls in a year. A leap month, which ICU marks, is never it. Throws Error where this Node has no such calendar. */
export function dateOfLunarDay(year: number, { month, day, earliest, latest }: LunarDay): string {
  dangi ??= new Intl.DateTimeFormat('en-u-ca-dangi', { timeZone: 'UTC', month: 'numeric', day: 'numeric' });
  const { format } = dangi;
  const wanted = `${month}/${day}`;
  const found = datesBetween(`${year}-${earliest}`, `${year}-${latest}`).find(
    (date) => format(Date.parse(`${date}T00:00:00Z`)) === wanted,
  );
  if (found === undefined) throw new Error(`the lunar day ${wanted} of ${year} is not known to this Node (ICU)`);
  return found;
}
