/** What `magam explain` prints for people: amounts as people write them. */
import type { ScopeCandidates } from '../core/policies/rules/policy-candidates.js';
import type { LineExplanation, Replay } from '../core/settlement/explain-line.js';
import type { Step } from '../core/settlement/rules/explanation.js';
import { FIGURE_NAMES, type Figures } from '../core/settlement/rules/figures.js';
import type { RefundStory, SaleStory } from '../core/settlement/stores/line-story.js';
import type { OrderLine } from '../core/settlement/stores/order-story.js';
import { count, money, print, printTable } from './output.js';

const STATES = { SETTLED: 'settled', PARKED: 'parked', NOT_SETTLED: 'not settled yet' } as const;

export function printLines(orderId: string, lines: readonly OrderLine[]): void {
  print(`Order ${orderId}:`);
  printTable(
    ['line', '', 'seller', 'quantity', 'date', 'state', 'net to the seller'],
    lines.map(({ lineId, refundId, sellerId, currency, quantity, settledOn, state, net, exception }) => [
      lineId,
      refundId === null ? 'sale' : `refund ${refundId}`,
      sellerId,
      count(quantity),
      settledOn,
      exception === null ? STATES[state] : `${STATES[state]}: ${exception}`,
      net === null ? '' : money(net, currency),
    ]),
    ['quantity', 'net to the seller'],
  );
  print('\nmagam explain ORDER_ID LINE_ID shows every step of one.');
}

export function printStory({ sale, refunds }: LineExplanation): void {
  const { stored } = sale;
  print(`Sale: order ${stored.orderId}, line ${stored.lineId}, entry ${stored.entryId}`);
  print(
    `  seller ${stored.sellerId}, product ${stored.productId || '(none)'}, category ${stored.category || '(none)'}`,
  );
  print(
    `  ordered ${stored.orderedOn}, confirmed ${stored.occurredOn}, ${stored.quantity} × ${money(stored.unitPrice, stored.currency)}`,
  );
  printOutcome(stored, sale.replay);
  for (const refund of refunds) {
    const { refundId, entryId, occurredOn, quantity, priorQuantity, reason } = refund.stored;
    print(`\nRefund: ${refundId}, entry ${entryId}, ${occurredOn}${reason === '' ? '' : `, reason: ${reason}`}`);
    print(`  ${quantity} of ${stored.quantity} units, after ${priorQuantity} units that were refunded before`);
    printOutcome(refund.stored, refund.replay);
  }
}

function printOutcome(stored: SaleStory | RefundStory, replay: Replay): void {
  const { line, exception } = stored;
  if (line !== null) {
    const certificate = line.certificateHash ?? '(not certified yet)';
    print(`  settled on ${stored.settledOn}, generation ${line.generation}, certificate ${certificate}`);
  } else {
    const parked =
      exception === null
        ? 'not settled yet'
        : `PARKED: ${exception.code} ${storedDetails(exception.details, stored.currency)}`;
    print(`  ${parked}; settlement date ${stored.settledOn}`);
    print('  The following is not stored: it is what the policies known now would give.');
  }
  if (replay.scopes !== null) printChoice(replay.scopes, replay.policyRevision, stored as SaleStory);
  const policy = replay.policy === null ? 'none' : `${replay.policy.code} version ${replay.policy.version}`;
  print(`\nPolicy: ${policy}${replay.scopes === null ? ' (that of the sale)' : ''}`);
  if (replay.refusal !== null)
    print(`Refused: ${replay.refusal.refused} ${detailsText(replay.refusal.details, stored.currency)}`);
  if (replay.figures !== null) printFigures(replay, replay.figures, stored);
  for (const { what, expected, actual } of replay.differences) {
    const [is, gives] = [actual, expected].map((value) => (isFigure(what) ? money(value, stored.currency) : value));
    print(`DIFFERENCE: ${what} is ${is}, the replay gives ${gives}`);
  }
}

function printFigures(replay: Replay, figures: Figures, { line, currency }: SaleStory | RefundStory): void {
  const shown = ({ value, counts }: Step) => (value === null ? null : counts ? count(value) : money(value, currency));
  print(`\nSteps (floor() and roundings are to ${money(1, currency)}, or to the unit that they name):`);
  printTable(
    ['', 'figure', 'rule', 'exact', 'value'],
    replay.steps.map((step) => [
      step.symbol,
      step.name,
      step.formula,
      step.exact === null ? null : exactMoney(step.exact, currency),
      shown(step),
    ]),
    ['exact', 'value'],
  );
  if (line !== null) {
    const rows = FIGURE_NAMES.map((name) => {
      const [replayed, kept] = [figures[name], line.figures[name]];
      return [name, money(replayed, currency), money(kept, currency), replayed === kept ? 'equal' : 'DIFFERS'];
    });
    print();
    printTable(['figure', 'replayed', 'stored', ''], rows, ['replayed', 'stored']);
  }
  print(`Net to the seller: ${money(figures.net, currency)}`);
}

function printChoice(scopes: readonly ScopeCandidates[], revision: number | null, sale: SaleStory): void {
  const known = revision === null ? 'known now' : `known when the run was planned (revision ${revision})`;
  print(`\nPolicies in ${sale.currency} ${known}, for an order of ${sale.orderedOn}, most specific first:`);
  let won = false;
  const rows = scopes.flatMap(({ scope, candidates }) => {
    if (candidates.length === 0) return [[scope, '(no policy)', '', '']];
    return candidates.map((candidate) => {
      const wins = candidate.inForce && !won;
      won ||= candidate.inForce;
      const verdict = wins ? 'WINS' : candidate.inForce ? 'in force, less specific' : 'not in force';
      const dates = `${candidate.effectiveFrom} to ${candidate.inForceThrough ?? 'open'}`;
      return [scope, `${candidate.code} version ${candidate.version}`, dates, verdict];
    });
  });
  printTable(['scope', 'policy', 'in force', ''], rows);
}

const isFigure = (name: string): boolean => (FIGURE_NAMES as readonly string[]).includes(name);

/** The details of a refusal as JSON, with its amounts as people write them. */
const detailsText = (details: object, currency: string): string =>
  JSON.stringify(details, (name, value) =>
    typeof value === 'number' && (isFigure(name) || name === 'unitPrice') ? money(value, currency) : value,
  );

/** The same for the details of an exception. A long text of them was cut off when it was stored, and is shown as it is. */
function storedDetails(text: string, currency: string): string {
  try {
    return detailsText(JSON.parse(text), currency);
  } catch {
    return text;
  }
}

/** The number of decimals, beyond those of the currency, that are shown of a value before rounding. */
const FINER = 6;

/** A value before rounding (an integer or a fraction `n/d` of minor units) in major units; `…` if it has more decimals. */
function exactMoney(fraction: string, currency: string): string {
  const [n = '0', d = '1'] = fraction.split('/');
  const scaled = BigInt(n) * 10n ** BigInt(FINER);
  const cut = scaled / BigInt(d);
  const finer = String(cut % 10n ** BigInt(FINER)).padStart(FINER, '0');
  const goesOn = cut * BigInt(d) !== scaled;
  const decimals = goesOn ? `${finer}…` : finer.replace(/0+$/, '');
  const whole = money(cut / 10n ** BigInt(FINER), currency);
  if (decimals === '') return whole;
  const [amount = ''] = whole.split(' ');
  return `${amount}${amount.includes('.') ? '' : '.'}${decimals} ${currency}`;
}
