/**
 * The answers of callers of a provider in trouble, over the product's own client with its default limits: one that becomes slow and fails three
 * calls of four, and one that drops a fifth of the connections.
 */
import { randomUUID } from 'node:crypto';
import type { PaymentProvider, ProviderOutcome } from '../core/payments/providers/provider.js';
import { paymentProviders } from '../core/payments/providers/registry.js';
import { readConfig } from '../infra/config.js';
import type { BreakerState } from '../infra/outbound/breaker.js';
import type { FaultRule } from '../sandbox/faults.js';
import { eachBy } from './http-caller.js';
import { say, secondsSince } from './measure.js';
import type { OutsideWorld } from './outside-world.js';
import { percentile } from './stock-report.js';

const AMOUNT = 39_000;
const URLS = { success: 'http://127.0.0.1/success', fail: 'http://127.0.0.1/fail' };
type Named = 'TOSS' | 'KAKAOPAY';

/** A payment that its buyer has approved; charged by `confirm`. */
interface Visit {
  readonly confirm: () => Promise<ProviderOutcome<unknown>>;
  readonly inquire: () => Promise<ProviderOutcome<{ readonly status: string } | null>>;
}

async function visit(world: OutsideWorld, provider: PaymentProvider): Promise<Visit> {
  const reference = randomUUID();
  const ask = { reference, buyer: 'account-1', amountMinor: AMOUNT, currency: 'KRW', orderName: 'bench' };
  if (provider.name === 'TOSS') {
    const providerKey = await world.approve({ provider: 'TOSS', reference, amount: AMOUNT });
    const asked = { ...ask, providerKey };
    return {
      confirm: () => provider.confirm(asked, { providerKey, token: null }, reference),
      inquire: () => provider.inquire(asked),
    };
  }
  const opened = await provider.open({ ...ask, providerKey: null }, URLS);
  if (opened.outcome !== 'done') throw new Error(`not opened: ${opened.failure.code}`);
  const { providerKey } = opened.value;
  const token = await world.approveOpened(providerKey ?? '');
  const asked = { ...ask, providerKey };
  return {
    confirm: () => provider.confirm(asked, { providerKey: null, token }, reference),
    inquire: () => provider.inquire(asked),
  };
}

function openOutside(world: OutsideWorld, more: Readonly<Record<string, string>> = {}) {
  const outside = paymentProviders(readConfig({ ...world.environment, ...more }));
  const stateOf = (name: Named): BreakerState =>
    outside.clients
      .flatMap((client) => client.states())
      .find(({ service, kind }) => service === name && kind === 'confirmation')?.breaker as BreakerState;
  return { ...outside, stateOf };
}

/** Answers of callers that began while the breaker was in this state. */
export interface StateAnswers {
  readonly answers: number;
  readonly charged: number;
  /** Certainly nothing was charged, and the caller may try again. */
  readonly away: number;
  readonly unknown: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export const PERIODS = ['well', 'closed', 'open', 'half-open', 'well again'] as const;
type Period = (typeof PERIODS)[number];
export type Outage = Readonly<Partial<Record<Period, StateAnswers>>>;

export interface OutagePlan {
  readonly world: OutsideWorld;
  readonly callers: number;
  /** How long the provider works, and then is in trouble (s). */
  readonly wellSeconds: number;
  readonly troubleSeconds: number;
  readonly slowMs: number;
}

/** A caller reads the answer, and calls again after this (ms). */
const AGAIN_MS = 1_000;
const NEVER_OPEN = { MAGAM_OUTBOUND_BREAKER_WINDOW: '10000', MAGAM_OUTBOUND_BREAKER_CALLS_MIN: '10000' };

interface Call {
  readonly period: Period;
  readonly outcome: string;
  readonly millis: number;
}

async function callThrough(
  plan: OutagePlan,
  settings: Readonly<Record<string, string>>,
  during: During,
): Promise<Outage> {
  const outside = openOutside(plan.world, settings);
  const toss = outside.providers.get('TOSS') as PaymentProvider;
  const calls: Call[] = [];
  const caller = async (): Promise<void> => {
    let next: Visit | undefined;
    while (!during.over) {
      next ??= await visit(plan.world, toss);
      const state = outside.stateOf('TOSS');
      const period = state === 'closed' ? during.phase : state;
      const from = performance.now();
      const { outcome } = await next.confirm();
      calls.push({ period, outcome, millis: performance.now() - from });
      if (outcome !== 'away') next = undefined;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  await Promise.all(Array.from({ length: plan.callers }, caller));
  await outside.close();
  return Object.fromEntries(
    PERIODS.map((period) => [period, answersOf(calls.filter((call) => call.period === period))]),
  );
}

function answersOf(calls: readonly Call[]): StateAnswers | undefined {
  if (calls.length === 0) return undefined;
  const counted = (outcome: string): number => calls.filter((call) => call.outcome === outcome).length;
  const at = (percent: number): number =>
    percentile(
      calls.map(({ millis }) => millis),
      percent,
    );
  return {
    answers: calls.length,
    charged: counted('done'),
    away: counted('away'),
    unknown: counted('unknown'),
    p50: at(50),
    p95: at(95),
    p99: at(99),
  };
}

/** The state of the provider. */
interface During {
  phase: 'well' | 'closed' | 'well again';
  over: boolean;
}

/** The product's callers, and as many without a breaker, at the same time. */
export async function measureOutage(
  plan: OutagePlan,
): Promise<{ readonly product: Outage; readonly noBreaker: Outage }> {
  const { world, wellSeconds, troubleSeconds, slowMs } = plan;
  say(`${plan.callers} callers of a provider that becomes slow and fails three calls of four …`);
  const during: During = { phase: 'well', over: false };
  const later = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const both = Promise.all([callThrough(plan, {}, during), callThrough(plan, NEVER_OPEN, during)]);
  await later(wellSeconds);
  during.phase = 'closed';
  const trouble = { on: 'call', provider: 'TOSS', operation: 'confirm' } as const;
  await world.setFaults([
    { ...trouble, kind: 'delay', ms: slowMs },
    { ...trouble, kind: 'error-before', rate: 0.75 },
  ]);
  await later(troubleSeconds);
  await world.setFaults([]);
  during.phase = 'well again';
  await later(wellSeconds + readConfig().outbound.breaker.openMs / 1_000);
  during.over = true;
  const [product, noBreaker] = await both;
  return { product, noBreaker };
}

export interface Drops {
  readonly provider: Named;
  readonly calls: number;
  /** The percentage of confirmations whose outcome the caller does not know: with the tries that the rules allow, and without a second one. */
  readonly failed: number;
  readonly failedOnce: number;
  /** And after one look-up. */
  readonly leftAfterLookUp: number;
  readonly seconds: number;
  /** Payments that were charged twice. */
  readonly twice: number;
}

/** One call of five loses its connection: half of them before the charge, half after it. */
const DROPPED: readonly FaultRule[] = [
  { on: 'call', operation: 'confirm', kind: 'cut-before', rate: 0.1 },
  { on: 'call', operation: 'confirm', kind: 'cut-after', rate: 0.1 / 0.9 },
];

interface DropPlan {
  readonly world: OutsideWorld;
  readonly calls: number;
  readonly callers: number;
}

/** Confirms each. @returns those whose outcome is not known, and how long it took */
async function confirmAll({ world, calls, callers }: DropPlan, provider: PaymentProvider) {
  await world.setFaults([]);
  const visits: Visit[] = [];
  await eachBy(16, Array.from({ length: calls }), async () => visits.push(await visit(world, provider)));
  await world.setFaults(DROPPED);
  const unclear: Visit[] = [];
  const started = performance.now();
  await eachBy(callers, visits, async (one) => {
    if ((await one.confirm()).outcome !== 'done') unclear.push(one);
  });
  return { unclear, seconds: secondsSince(started) };
}

async function measureDropsOf(plan: DropPlan, name: Named): Promise<Drops> {
  say(`${plan.calls} confirmations at ${name}, of which a fifth loses its connection …`);
  const { world, calls } = plan;
  await world.reset();
  const percent = (count: number): number => (100 * count) / calls;
  const run = async (settings: Readonly<Record<string, string>>) => {
    const outside = openOutside(world, settings);
    try {
      const { unclear, seconds } = await confirmAll(plan, outside.providers.get(name) as PaymentProvider);
      let left = 0;
      await eachBy(16, unclear, async (one) => {
        if ((await one.inquire()).outcome !== 'done') left += 1;
      });
      return { failed: percent(unclear.length), left: percent(left), seconds };
    } finally {
      await outside.close();
    }
  };
  const product = await run({});
  const once = await run({ MAGAM_OUTBOUND_TRIES: '1' });
  const charges = (await world.book()).map(({ reference }) => reference);
  return {
    provider: name,
    calls,
    failed: product.failed,
    failedOnce: once.failed,
    leftAfterLookUp: product.left,
    seconds: product.seconds,
    twice: charges.length - new Set(charges).size,
  };
}

/** Toss takes an idempotency key, so a call may be sent again after it was sent; KakaoPay takes none. */
export async function measureDrops(plan: DropPlan): Promise<Drops[]> {
  const drops = [await measureDropsOf(plan, 'TOSS'), await measureDropsOf(plan, 'KAKAOPAY')];
  await plan.world.reset();
  return drops;
}
