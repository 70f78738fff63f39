/** The number of a file of transfers as the bank and people know it: `F12`. */

export const fileNumber = (fileId: number): string => `F${fileId}`;

/** The id of a file number; undefined: it is none of ours. */
export function readFileNumber(text: string): number | undefined {
  const match = /^F([1-9]\d{0,14})$/.exec(text);
  return match === null ? undefined : Number(match[1]);
}
