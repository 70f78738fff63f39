/**
 * Business dates: calendar days as `YYYY-MM-DD`, years 1000 to 9999, so that text order is date order. No clock and no time
 * zone here: infra decides which day "today" is.
 */
const FORM = /^([1-9]\d{3})-(\d{2})-(\d{2})$/;
const DAY_MS = 86_400_000;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether the text is a day that exists. */
export function isBusinessDate(text: string): boolean {
  const match = FORM.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && leap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

/** The date n days later (earlier when n is negative). Throws RangeError outside the years 0000 to 9999. */
export function addDays(date: string, n: number): string {
  const moved = new Date(Date.parse(`${date}T00:00:00Z`) + n * DAY_MS).toISOString();
  if (moved.length !== 24)
    throw new RangeError(`${date} ${n < 0 ? '-' : '+'} ${Math.abs(n)} days is not a business date`);
  return moved.slice(0, 10);
}

export function dayBefore(date: string): string {
  return addDays(date, -1);
}

/** Every date from `from` to `to`, both included; none when `to` is earlier. */
export function datesBetween(from: string, to: string): string[] {
  const dates: string[] = [];
  for (let date = from; date <= to; date = addDays(date, 1)) dates.push(date);
  return dates;
}
