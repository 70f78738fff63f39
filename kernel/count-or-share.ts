/** A limit that people state as a number of things, or as a share of all of them: `25`, `0.5%`. */
export type CountOrShare = { readonly count: number } | { readonly percent: number };

/** Reads such a limit; undefined when the text is not one. */
export function parseCountOrShare(text: string): CountOrShare | undefined {
  if (/^\d{1,12}$/.test(text)) return { count: Number(text) };
  const percent = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text)?.[1];
  return percent === undefined || Number(percent) > 100 ? undefined : { percent: Number(percent) };
}

export const exceeds = (count: number, total: number, limit: CountOrShare): boolean =>
  'count' in limit ? count > limit.count : count * 100 > total * limit.percent;

export const limitText = (limit: CountOrShare): string => ('count' in limit ? `${limit.count}` : `${limit.percent}%`);
