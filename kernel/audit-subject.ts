/** What the audit log tells of. */
export const AUDIT_SUBJECTS = [
  'account',
  'calendar',
  'category',
  'checkout',
  'date',
  'dead-letter',
  'drop',
  'encryption-key',
  'feed-import',
  'import',
  'invitation',
  'order',
  'payment',
  'policy',
  'policy-draft',
  'product',
  'promotion',
  'review',
  'run',
  'seller',
  'stock',
  'unit',
] as const;

export type AuditSubject = (typeof AUDIT_SUBJECTS)[number];
