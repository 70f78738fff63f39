/** The lead of a verification that found a difference: the changes, from the certified to the current values. */
import { headingOf } from '../../../core/settlement/rules/figures.js';
import { readableAmount } from '../../../kernel/money.js';
import type { Check } from './check.js';
import type { ChangedLine, ReplayVerdict } from './replay-checks.js';

/** The most lines that are named. */
const NAMED = 10;

/**
 * The changed lines in sentences, such as `order A-1 line 1, net 133,306 → 134,306 KRW`; where the lines are as they were certified, the finding of the first
 * failed check. Empty where all checks hold.
 */
export function whatChanged(checks: readonly Check[], replays: readonly ReplayVerdict[]): string[] {
  const lines = replays.flatMap(({ differences }) => differences);
  if (lines.length > 0) {
    const more = replays.reduce((sum, { differing }) => sum + differing, 0) - Math.min(NAMED, lines.length);
    return [...lines.slice(0, NAMED).map(lineText), ...(more > 0 ? [`and ${more} more lines`] : [])];
  }
  const first = checks.find(({ ok }) => !ok);
  return first === undefined ? [] : [`${first.detail ?? first.name}: ${first.expected} → ${first.actual}`];
}

function lineText({ name, currency, figures, expected, actual, entryChanged }: ChangedLine): string {
  const where = entryChanged ? ', by its entry in the feed, which was changed' : '';
  if (figures.length === 0) return `${name}, ${expected} → ${actual}${where}`;
  // The net is named first; the other differences explain it.
  const sorted = [...figures].sort((a, b) => Number(b.name === 'net') - Number(a.name === 'net'));
  const moved = sorted.map((it) => {
    const [was, is] = [it.expected, it.actual].map((minor) => readableAmount(minor, currency));
    return `${it.name === 'net' ? 'net' : headingOf(it.name)} ${was} → ${is} ${currency}`;
  });
  return `${name}, ${moved.join(', ')}${where}`;
}
