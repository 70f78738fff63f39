/** Samples and their statistics. The machine is noisy, so there are medians with their range, and CPU seconds beside wall time. */

/** Median and range of repeated measurements of one thing. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: readonly number[];
}

/** Summarises at least one sample. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN, samples };
}

/** The medians of each field over objects of the same shape; null where a field was not measured. */
export function mediansOf<K extends string>(
  samples: readonly Readonly<Record<K, number | null>>[],
): Record<K, number | null> {
  const names = Object.keys(samples[0] ?? {}) as K[];
  return Object.fromEntries(
    names.map((name) => {
      const values = samples.map((sample) => sample[name]).filter((value) => value !== null);
      return [name, values.length === 0 ? null : spreadOf(values as number[]).median];
    }),
  ) as Record<K, number | null>;
}

/** The growth of a cost: it is proportional to size^exponent between the two sizes. */
export const exponentOf = (small: { size: number; cost: number }, large: { size: number; cost: number }): number =>
  Math.log(large.cost / small.cost) / Math.log(large.size / small.size);

/** Seconds since an instant of `performance.now()`. */
export const secondsSince = (instant: number): number => (performance.now() - instant) / 1_000;

/** Reports progress on standard error; standard output belongs to the result. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);
