/** Prometheus metrics: requests by route, the connection pool, and the state of the batch. */
import type { Request, RequestHandler, Response } from 'express';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { CHAIN_JOBS } from '../../core/jobs/rules/chain.js';
import { type BatchGauges, readBatchGauges, type StatusCount } from '../../core/jobs/stores/batch-gauges.js';
import { readStoppedSteps } from '../../core/jobs/stores/chain.js';
import { type OutboxGauges, readOutboxGauges } from '../../core/outbox/stores/outbox-gauges.js';
import { blockingRun, type ScheduleSettings } from '../../core/settlement/due-date.js';
import { countRecentExceptions } from '../../core/settlement/stores/exception.js';
import type { Db } from '../../infra/database.js';
import { addProviderMetrics, type WatchedProviders } from '../../infra/outbound/provider-metrics.js';
import { openRegistry } from '../../infra/process-metrics.js';
import { type DutyRecord, readDuties } from '../../infra/stores/duty.js';
import type { Admission } from './admission.js';
import { requestState } from './request-state.js';

export interface Metrics {
  /** Times a request whose answer is sent. */
  readonly observe: (req: Request, res: Response) => void;
  /** Adds the metrics of these providers. It is called once. */
  readonly watchProviders: (payments: WatchedProviders) => void;
  /** Adds the number of calls that are being carried out. It is called once. */
  readonly watchAdmission: (admission: Admission) => void;
  /** The text that Prometheus reads. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

/** The batch's numbers are read at most this often (ms). */
const GAUGES_MS = 5_000;

export function openMetrics(db: Db, schedule: ScheduleSettings): Metrics {
  const registry = openRegistry([db]);
  const seconds = new Histogram({
    name: 'magam_http_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [registry],
  });
  addBatchGauges(registry, db, schedule);
  addDutyMetrics(registry, db);
  addOutboxGauges(registry, db);
  return {
    observe: ({ method }, res) => {
      const { route = 'other', startedAt } = requestState(res);
      seconds.observe({ method, route, status: res.statusCode }, (performance.now() - startedAt) / 1_000);
    },
    watchProviders: (payments) => addProviderMetrics(registry, [payments]),
    watchAdmission: (admission) => addAdmissionGauge(registry, admission),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function addAdmissionGauge(registry: Registry, admission: Admission): void {
  new Gauge({
    name: 'magam_http_calls_in_flight',
    help: 'Calls that the server carries out at this moment, without event streams and downloads.',
    registers: [registry],
    collect() {
      this.set(admission.inFlight);
    },
  });
}

function addBatchGauges(registry: Registry, db: Db, schedule: ScheduleSettings): void {
  const read = nowAndThen(() => readBatchGauges(db, CHAIN_JOBS));
  const readExceptions = nowAndThen(() => countRecentExceptions(db));
  const readBlocked = nowAndThen(async () => {
    const waits =
      (await blockingRun(db, schedule)) !== undefined || (await readStoppedSteps(db, CHAIN_JOBS.slice(1))).length > 0;
    return waits ? 1 : 0;
  });
  const byStatus = (name: string, help: string, pick: (gauges: BatchGauges) => readonly StatusCount[]) =>
    new Gauge({
      name,
      help,
      labelNames: ['job', 'status'],
      registers: [registry],
      async collect() {
        this.reset();
        const gauges = await read();
        for (const { job, status, count } of gauges === undefined ? [] : pick(gauges)) this.set({ job, status }, count);
      },
    });
  byStatus('magam_runs', 'Runs by job and status.', ({ runs }) => runs);
  byStatus('magam_partitions', 'Partitions of unfinished runs by job and status.', ({ partitions }) => partitions);
  new Gauge({
    name: 'magam_schedule_blocked',
    help: '1 while the schedule, or a step of the chain, waits for a run that was stopped, which a person has to resume or to discard.',
    registers: [registry],
    async collect() {
      this.reset();
      const blocked = await readBlocked();
      if (blocked !== undefined) this.set(blocked);
    },
  });
  new Gauge({
    name: 'magam_parked_entries',
    help: 'Entries of the last 32 settled dates that are parked.',
    registers: [registry],
    async collect() {
      this.reset();
      const exceptions = await readExceptions();
      if (exceptions !== undefined) this.set(exceptions);
    },
  });
}

/** The results of the duties of all runners and servers, as recorded in the database. */
function addDutyMetrics(registry: Registry, db: Db): void {
  const read = nowAndThen(() => readDuties(db));
  const gauge = (name: string, help: string, pick: (duty: DutyRecord) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['duty'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const duty of (await read()) ?? []) {
          const value = pick(duty);
          if (value !== null) this.set({ duty: duty.name }, value);
        }
      },
    });
  const counter = (name: string, help: string, pick: (duty: DutyRecord) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['duty'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const duty of (await read()) ?? []) this.inc({ duty: duty.name }, pick(duty));
      },
    });
  gauge(
    'magam_duty_last_success_timestamp_seconds',
    'When the duty last succeeded, in seconds since 1970.',
    ({ succeededAt }) => succeededAt,
  );
  gauge(
    'magam_duty_overdue_seconds',
    'For how long the duty has been due; 0 while it is not.',
    ({ overdueSeconds }) => overdueSeconds,
  );
  counter('magam_duty_failures_total', 'Times that the duty has failed.', ({ failures }) => failures);
  counter('magam_duty_rows_total', 'Rows that the duty has dealt with.', ({ rowsDone }) => rowsDone);
}

/** How far the consumers of events are behind. */
function addOutboxGauges(registry: Registry, db: Db): void {
  const read = nowAndThen(() => readOutboxGauges(db));
  const gauge = (name: string, help: string, pick: (gauges: OutboxGauges) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['consumer'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const gauges of (await read()) ?? []) this.set({ consumer: gauges.consumer }, pick(gauges));
      },
    });
  gauge(
    'magam_outbox_lag_seconds',
    'Age of the oldest event that the consumer has neither processed nor given up; 0: there is none.',
    ({ lagSeconds }) => lagSeconds,
  );
  gauge(
    'magam_outbox_waiting_events',
    'Events that the consumer has neither processed nor given up, counted up to 100,000.',
    ({ waiting }) => waiting,
  );
  gauge('magam_outbox_dead_letters', 'Events that the consumer has given up.', ({ deadLetters }) => deadLetters);
}

/** The numbers that were read within the last seconds, or new ones. Undefined without a database: these numbers are left out, and the other metrics are served. */
function nowAndThen<T>(read: () => Promise<T>): () => Promise<T | undefined> {
  let known: Promise<T> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (known === undefined || performance.now() - readAt > GAUGES_MS) {
      readAt = performance.now();
      known = read();
    }
    return known.catch(() => undefined);
  };
}

/** Answers a scrape on a port of its own. */
export const sendMetrics =
  (metrics: Metrics): RequestHandler =>
  async (_req, res) => {
    res
      .set('Cache-Control', 'no-store')
      .set('Content-Type', metrics.contentType)
      .send(await metrics.text());
  };
