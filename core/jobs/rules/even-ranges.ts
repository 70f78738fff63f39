/** How the work of a plan is divided among its partitions. */

/** Ids in (lo, hi], and how many of them there are. */
interface EvenRange {
  readonly lo: number;
  readonly hi: number;
  readonly entries: number;
}

/** At most `gridSize` ranges with equal numbers of ids, give or take one. @param ids ascending */
export function evenRanges(ids: readonly number[], gridSize: number): EvenRange[] {
  const parts = Math.min(gridSize, ids.length);
  return Array.from({ length: parts }, (_, part) => {
    const [before, end] = [Math.floor((ids.length * part) / parts), Math.floor((ids.length * (part + 1)) / parts)];
    return { lo: ids[before - 1] ?? 0, hi: ids[end - 1] as number, entries: end - before };
  });
}
