/** What can become of a payout: every step from one state to another. docs/payouts.md has the same table. */

export const PAYOUT_STATUSES = [
  'CALCULATED',
  'HELD',
  'APPROVED',
  'EXPORTED',
  'SENT',
  'PAID',
  'FAILED',
  'RETURNED',
  'CANCELLED',
] as const;
export type PayoutStatus = (typeof PAYOUT_STATUSES)[number];

/** Each action: the states in which it is possible, and the state after it. */
export const TRANSITIONS = {
  hold: { from: ['CALCULATED', 'APPROVED'], to: 'HELD' },
  release: { from: ['HELD'], to: 'CALCULATED' },
  approve: { from: ['CALCULATED'], to: 'APPROVED' },
  /** The bank account that the payout goes to is another: it names that one now, and an approval is void. */
  change: { from: ['CALCULATED', 'APPROVED', 'EXPORTED'], to: 'CALCULATED' },
  export: { from: ['APPROVED'], to: 'EXPORTED' },
  /** Its file does not go to the bank. */
  'void-file': { from: ['EXPORTED'], to: 'APPROVED' },
  /** The file went to the bank, or the provider is asked. */
  send: { from: ['EXPORTED', 'APPROVED'], to: 'SENT' },
  pay: { from: ['SENT'], to: 'PAID' },
  fail: { from: ['SENT'], to: 'FAILED' },
  return: { from: ['PAID'], to: 'RETURNED' },
  /** A transfer that was taken for lost is at the provider after all. */
  find: { from: ['FAILED'], to: 'SENT' },
  retry: { from: ['FAILED', 'RETURNED'], to: 'CALCULATED' },
  cancel: { from: ['CALCULATED', 'HELD', 'APPROVED', 'FAILED', 'RETURNED'], to: 'CANCELLED' },
} as const satisfies Record<string, { readonly from: readonly PayoutStatus[]; readonly to: PayoutStatus }>;

export type PayoutAction = keyof typeof TRANSITIONS;

/** Whether the action is possible in the state. */
export const mayDo = (action: PayoutAction, status: PayoutStatus): boolean =>
  (TRANSITIONS[action].from as readonly PayoutStatus[]).includes(status);

/** Payouts that have claimed money which is still on the account of what the seller is owed. */
export const CLAIMING: readonly PayoutStatus[] = ['CALCULATED', 'HELD', 'APPROVED', 'EXPORTED', 'FAILED', 'RETURNED'];
