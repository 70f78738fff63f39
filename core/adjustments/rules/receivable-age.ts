/** How long a seller has owed what it owes: what is paid, netted or written off is taken from the oldest debt first. */
import { leastMinor } from '../../../kernel/money.js';

const DAY_MS = 86_400_000;

/** What is owed, in minor units, by the days for which it has been owed. */
export interface ReceivableAges {
  readonly to30Minor: bigint;
  readonly to60Minor: bigint;
  readonly to90Minor: bigint;
  readonly over90Minor: bigint;
  /** The business date of the oldest debt that is left. */
  readonly oldestOn: string | null;
}

/** What became owed on a business date (minor units). */
export interface Debt {
  readonly effectiveOn: string;
  readonly amountMinor: bigint;
}

const BUCKETS = [
  ['to30Minor', 30],
  ['to60Minor', 60],
  ['to90Minor', 90],
  ['over90Minor', Number.POSITIVE_INFINITY],
] as const;

/** Ages on a date. What is left of the debts are the newest of them. @param debts the newest first */
export function receivableAges(owedMinor: bigint, debts: readonly Debt[], at: string): ReceivableAges {
  const ages = { to30Minor: 0n, to60Minor: 0n, to90Minor: 0n, over90Minor: 0n };
  let left = owedMinor;
  let oldestOn: string | null = null;
  for (const { effectiveOn, amountMinor } of debts) {
    if (left <= 0n) break;
    const part = leastMinor(amountMinor, left);
    const days = (Date.parse(at) - Date.parse(effectiveOn)) / DAY_MS;
    const [bucket] = BUCKETS.find(([, daysMax]) => days <= daysMax) ?? BUCKETS[3];
    ages[bucket] += part;
    left -= part;
    oldestOn = effectiveOn;
  }
  return { ...ages, oldestOn };
}
