/** Confirmations and cancellations over HTTP: the product, and the two usual mistakes. */
import { readOutboxGauges } from '../core/outbox/stores/outbox-gauges.js';
import { type Db, pause, select } from '../infra/database.js';
import type { ApiUnderMeasurement } from './api-process.js';
import { type Ask, eachBy, HttpCaller } from './http-caller.js';
import type { LoadSample } from './http-load.js';
import { say, secondsSince } from './measure.js';
import { type Approved, cancellationOf, confirmationOf, type Till } from './payment-till.js';
import { percentile } from './stock-report.js';

export const TARGETS = ['product', 'held', 'inside'] as const;
export type Target = (typeof TARGETS)[number];

/** The result of a target in one round. */
export interface ConfirmationSample extends LoadSample {
  /** Times that a buyer was asked to try again, and did so under the same key; the wait is part of the answer's time. */
  readonly again: number;
  /** From the last answer until all following work was done (s). */
  readonly followedSeconds: number;
}

export interface DelayRounds {
  /** How long the provider takes for a call (ms). */
  readonly delayMs: number;
  readonly confirmations: Readonly<Record<Target, ConfirmationSample[]>>;
  readonly cancellations: Readonly<Record<'product' | 'inside', ConfirmationSample[]>>;
}

interface Plan {
  readonly db: Db;
  readonly till: Till;
  readonly servers: Readonly<Record<Target, ApiUnderMeasurement>>;
  readonly connections: number;
  readonly rounds: number;
  /** Confirmations of a measurement. */
  readonly confirmations: number;
  readonly delaysMs: readonly number[];
}

/** The share of a measurement that is cancelled afterwards. */
const CANCELLED = 1 / 3;
const WARM = 60;

/** The time between two tries of a buyer who was asked to try again (ms). */
const AGAIN_MS = 200;

type Load = Omit<ConfirmationSample, 'followedSeconds'>;

/** Sends each, this many at a time. Throws unless each is answered with 200, or with 202, which follows a connection that was cut after the charge. */
async function load(server: ApiUnderMeasurement, asks: readonly Ask[], connections: number): Promise<Load> {
  const caller = new HttpCaller(server.url);
  const millis: number[] = [];
  let again = 0;
  const cpuBefore = server.cpuSeconds();
  const started = performance.now();
  await eachBy(connections, asks, async (ask) => {
    const from = performance.now();
    for (;;) {
      const { status, text } = await caller.post(ask);
      if (status === 200 || status === 202) break;
      if (status !== 503) throw new Error(`${ask.path}: ${status} ${text}`);
      again += 1;
      await pause(AGAIN_MS);
    }
    millis.push(performance.now() - from);
  });
  const seconds = secondsSince(started);
  const cpuAfter = server.cpuSeconds();
  caller.close();
  const at = (percent: number): number => percentile(millis, percent);
  return {
    requestsPerSecond: asks.length / seconds,
    cpuMicros: cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1e6) / asks.length,
    p50: at(50),
    p95: at(95),
    p99: at(99),
    again,
  };
}

/** Waits until the runner has done all following work. @returns how long that took (s) */
export async function allFollowed(db: Db): Promise<number> {
  const started = performance.now();
  for (;;) {
    const gauges = await readOutboxGauges(db);
    const dead = gauges.find(({ deadLetters }) => deadLetters > 0);
    if (dead !== undefined) throw new Error(`${dead.consumer} has given events up`);
    if (gauges.every(({ waiting }) => waiting === 0)) return secondsSince(started);
    await pause(50);
  }
}

/** A payment whose outcome is unknown after this long stays unknown (s). */
const LONGEST_SECONDS = 600;

/** Waits until no payment is open any more: a duty looks up those with an unknown outcome. */
export async function allKnown(db: Db): Promise<void> {
  const started = performance.now();
  const sql = `SELECT COUNT(*) AS open FROM payment WHERE status IN ('IN_PROGRESS', 'UNKNOWN')`;
  for (;;) {
    const [row] = await select<{ open: number }>(db, sql);
    if (row?.open === 0) return;
    if (secondsSince(started) > LONGEST_SECONDS) throw new Error(`${row?.open} payments are never known`);
    await pause(100);
  }
}

async function measured(plan: Plan, server: ApiUnderMeasurement, asks: readonly Ask[]): Promise<ConfirmationSample> {
  const sample = await load(server, asks, plan.connections);
  return { ...sample, followedSeconds: await allFollowed(plan.db) };
}

/** Connections are open and code is compiled before it is measured. */
async function warmUp({ till, servers, connections, db }: Plan): Promise<void> {
  for (const target of TARGETS) {
    const payments = await till.prepare(WARM);
    await load(servers[target], payments.map(confirmationOf), connections);
    if (target !== 'held') await load(servers[target], payments.map(cancellationOf), connections);
  }
  await allFollowed(db);
}

async function measureTarget(plan: Plan, target: Target, into: DelayRounds): Promise<void> {
  const { till, servers, confirmations } = plan;
  const payments = await till.prepare(confirmations);
  into.confirmations[target].push(await measured(plan, servers[target], payments.map(confirmationOf)));
  await allKnown(plan.db);
  await till.requireCharged(payments);
  if (target === 'held') return;
  const cancelled = payments.slice(0, Math.ceil(confirmations * CANCELLED));
  into.cancellations[target].push(await measured(plan, servers[target], cancelled.map(cancellationOf)));
  await requireGivenBack(till, cancelled);
}

async function requireGivenBack(till: Till, payments: readonly Approved[]): Promise<void> {
  const back = new Set((await till.world.book()).filter(({ kind }) => kind === 'CANCEL').map((line) => line.reference));
  const rows = await till.read(payments);
  const wrong = rows.filter(({ reference, status }) => status !== 'CANCELLED' || !back.has(reference));
  if (wrong.length > 0)
    throw new Error(`the money of ${wrong.length} payments is not back: ${JSON.stringify(wrong[0])}`);
}

/** Each round begins with another target, so that none always has the coldest caches. */
const inTurn = (round: number): Target[] => TARGETS.map((_, at) => TARGETS[(at + round) % TARGETS.length] as Target);

export async function measureConfirmations(plan: Plan): Promise<DelayRounds[]> {
  say('Warming up …');
  await warmUp(plan);
  const delays = plan.delaysMs.map(
    (delayMs): DelayRounds => ({
      delayMs,
      confirmations: { product: [], held: [], inside: [] },
      cancellations: { product: [], inside: [] },
    }),
  );
  for (let round = 1; round <= plan.rounds; round += 1)
    for (const delay of delays) {
      await plan.till.world.setFaults(delay.delayMs === 0 ? [] : [{ on: 'call', kind: 'delay', ms: delay.delayMs }]);
      for (const target of inTurn(round)) {
        say(`Round ${round}: confirmations at a provider that takes ${delay.delayMs} ms, ${target} …`);
        await measureTarget(plan, target, delay);
      }
    }
  await plan.till.world.setFaults([]);
  return delays;
}
