/** Load on one address, and what it was answered. */
import autocannon from 'autocannon';
import { type Spread, spreadOf } from './measure.js';

export interface LoadSample {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface LoadResult {
  readonly requestsPerSecond: Spread;
  readonly p50: Spread;
  readonly p95: Spread;
  readonly p99: Spread;
}

/** Keeps `connections` busy for some seconds. Throws unless every answer is a 200. */
export async function load(
  url: string,
  connections: number,
  seconds: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<LoadSample> {
  const times: number[] = [];
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
  if (result.non2xx > 0 || result.errors > 0 || times.length === 0)
    throw new Error(`${url}: ${result.non2xx} answers were no success, ${result.errors} requests failed`);
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;
  return { requestsPerSecond: times.length / elapsed, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export const resultOf = (samples: readonly LoadSample[]): LoadResult => ({
  requestsPerSecond: spreadOf(samples.map((sample) => sample.requestsPerSecond)),
  p50: spreadOf(samples.map((sample) => sample.p50)),
  p95: spreadOf(samples.map((sample) => sample.p95)),
  p99: spreadOf(samples.map((sample) => sample.p99)),
});
