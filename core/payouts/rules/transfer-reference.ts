/** What names one attempt of a payout to banks and providers. */

const REFERENCE = /^P([1-9]\d{0,14})-([1-9]\d{0,2})$/;

/** `P12-1`: the first attempt of payout 12. A retry has another reference, so no bank and no provider takes it for the attempt before. */
export function transferReference(payoutId: number, attempt: number): string {
  const reference = `P${payoutId}-${attempt}`;
  if (!REFERENCE.test(reference))
    throw new Error(`payout ${payoutId}, attempt ${attempt} cannot be named in a transfer`);
  return reference;
}

/** The payout and the attempt that a reference names; undefined: it is no reference of ours. */
export function readTransferReference(
  reference: string,
): { readonly payoutId: number; readonly attempt: number } | undefined {
  const match = REFERENCE.exec(reference);
  return match === null ? undefined : { payoutId: Number(match[1]), attempt: Number(match[2]) };
}
