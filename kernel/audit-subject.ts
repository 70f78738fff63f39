/** What the audit log tells of. */
export const AUDIT_SUBJECTS = [
  'account',
  'calendar',
  'category',
  'checkout',
  'dead-letter',
  'drop',
  'feed-import',
  'import',
  'ledger-account',
  'ledger-transaction',
  'order',
  'payment',
  'policy-draft',
  'product',
  'promotion',
  'review',
  'run',
  'seller',
  'unit',
] as const;

export type AuditSubject = (typeof AUDIT_SUBJECTS)[number];
