/** The kinds of things that entries of the audit log are about. */
export const AUDIT_SUBJECTS = [
  'account',
  'api-key',
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
  'webhook-endpoint',
] as const;

export type AuditSubject = (typeof AUDIT_SUBJECTS)[number];
