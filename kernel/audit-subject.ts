/** What the audit log tells of. */
export const AUDIT_SUBJECTS = [
  'account',
  'business-calendar',
  'calendar',
  'category',
  'checkout',
  'dead-letter',
  'drop',
  'feed-import',
  'import',
  'order',
  'payment',
  'policy-draft',
  'product',
  'promotion',
  'review',
  'run',
  'seller',
  'terms',
  'unit',
] as const;

export type AuditSubject = (typeof AUDIT_SUBJECTS)[number];
