/** Load on one address of a server, and what it was answered. */
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

/** Keeps `connections` busy for some seconds. Throws unless every answer is a 200. */
export async function load(
  server: ApiUnderMeasurement,
  path: string,
  connections: number,
  seconds: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<LoadSample> {
  const url = `${server.url}${path}`;
  const times: number[] = [];
  const cpuBefore = server.cpuSeconds();
  const started = performance.now();
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon({ url, connections, duration: seconds, headers }, (error, finished) =>
      error === null ? resolve(finished) : reject(error),
    );
    run.on('response', (_client, status, _bytes, ms) => {
      if (status === 200) times.push(ms);
    });
  });
  const elapsed = (performance.now() - started) / 1_000;
  const cpuAfter = server.cpuSeconds();
  if (result.non2xx > 0 || result.errors > 0 || times.length === 0)
    throw new Error(`${url}: ${result.non2xx} answers were no success, ${result.errors} requests failed`);
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;
  const cpuMicros = cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1e6) / times.length;
  return { requestsPerSecond: times.length / elapsed, cpuMicros, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
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
