/** Load on one address of a server, and the answers. */
import autocannon from 'autocannon';
import type { ApiUnderMeasurement } from './api-process.js';
import { type Spread, spreadOf } from './measure.js';

export interface LoadSample {
  readonly requestsPerSecond: number;
  /** CPU time of the server's process for a request (µs); null where it cannot be read. */
  readonly cpuMicros: number | null;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface LoadResult {
  readonly requestsPerSecond: Spread;
  readonly cpuMicros: Spread | null;
  readonly p50: Spread;
  readonly p95: Spread;
  readonly p99: Spread;
}

interface Request {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The request, fixed or made anew each time, and the expected answer. */
export interface Asked {
  readonly method?: 'GET' | 'POST';
  readonly status?: number;
  readonly request: Request | (() => Request);
}

interface Extent {
  readonly connections: number;
  /** Ends after this many seconds, or … */
  readonly seconds?: number;
  /** … after this many answers. */
  readonly answers?: number;
  /** The most requests a second. */
  readonly perSecond?: number;
}

export interface RunningLoad {
  readonly sample: Promise<LoadSample & { readonly answers: number }>;
  readonly stop: () => void;
}

/** Loads a server. The sample fails unless every answer has the status that was expected. */
export function startLoad(
  server: ApiUnderMeasurement,
  { method = 'GET', status = 200, request }: Asked,
  { connections, seconds, answers, perSecond }: Extent,
): RunningLoad {
  const times: number[] = [];
  const others = new Map<number, number>();
  const cpuBefore = server.cpuSeconds();
  const started = performance.now();
  let run: autocannon.Instance | undefined;
  let last = started; // the load itself ends on a whole second
  const finished = new Promise<autocannon.Result>((resolve, reject) => {
    run = autocannon(
      {
        url: server.url,
        connections,
        ...(answers === undefined ? { duration: seconds ?? 1 } : { amount: Math.max(answers, connections) }),
        ...(perSecond === undefined ? {} : { overallRate: perSecond }),
        requests: [
          typeof request === 'function'
            ? { method, setupRequest: (made) => ({ ...made, ...request() }) }
            : { method, ...request },
        ],
      },
      (error, result) => (error === null ? resolve(result) : reject(error)),
    );
    run.on('response', (_client, got, _bytes, ms) => {
      last = performance.now();
      if (got === status) times.push(ms);
      else others.set(got, (others.get(got) ?? 0) + 1);
    });
  });
  const sampled = async (): Promise<LoadSample & { readonly answers: number }> => {
    const { errors } = await finished;
    const elapsed = (last - started) / 1_000;
    const cpuAfter = server.cpuSeconds();
    if (others.size > 0 || errors > 0 || times.length === 0)
      throw new Error(`${server.url}: ${errors} requests failed, and others than ${status}: ${[...others]}`);
    times.sort((a, b) => a - b);
    const at = (part: number): number =>
      times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;
    const cpuMicros = cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1e6) / times.length;
    const percentiles = { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
    return { answers: times.length, requestsPerSecond: times.length / elapsed, cpuMicros, ...percentiles };
  };
  return { sample: sampled(), stop: () => run?.stop() };
}

/** Keeps `connections` busy for some seconds. Throws unless every answer is a 200. */
export async function load(
  server: ApiUnderMeasurement,
  path: string,
  connections: number,
  seconds: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<LoadSample> {
  return startLoad(server, { request: { path, headers } }, { connections, seconds }).sample;
}

/** This many answers a connection come before the measurement, so that connections are open and code is compiled. */
const WARM_ANSWERS = 3;

/** Loads a server for about this many seconds. Every request is answered, so that rows can be counted: `answers` includes those before the measurement. */
export async function loadAndFinish(
  server: ApiUnderMeasurement,
  asked: Asked,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<{ readonly sample: LoadSample; readonly answers: number }> {
  const warm = await startLoad(server, asked, { connections, answers: WARM_ANSWERS * connections }).sample;
  const answers = Math.ceil(warm.requestsPerSecond * seconds);
  const sample = await startLoad(server, asked, { connections, answers }).sample;
  return { sample, answers: warm.answers + sample.answers };
}

export function resultOf(samples: readonly LoadSample[]): LoadResult {
  const cpu = samples.map(({ cpuMicros }) => cpuMicros).filter((micros) => micros !== null);
  return {
    requestsPerSecond: spreadOf(samples.map((sample) => sample.requestsPerSecond)),
    cpuMicros: cpu.length === samples.length ? spreadOf(cpu) : null,
    p50: spreadOf(samples.map((sample) => sample.p50)),
    p95: spreadOf(samples.map((sample) => sample.p95)),
    p99: spreadOf(samples.map((sample) => sample.p99)),
  };
}
