/**
 * Faults on demand: errors of a provider, for the next calls or for a share of them. The faults of a share are drawn from a seed, so the same calls in the
 * same order get the same faults again.
 */
import * as z from 'zod';

const FAULT_KINDS = [
  /** Answers after `ms`. */
  'delay',
  /** The bank refuses; `code` is the provider's code, by default a usual one. */
  'decline',
  /** Answers with an error without doing anything: the provider's usual 500, or the error that `code` names. */
  'error-before',
  /** The same after the call was carried out. */
  'error-after',
  /** Cuts the connection without doing anything. */
  'cut-before',
  /** Carries out the call and cuts the connection instead of answering. */
  'cut-after',
] as const;

const WEBHOOK_FAULT_KINDS = [
  /** Never sends it. */
  'lose',
  /** Sends it twice. */
  'duplicate',
  /** Sends it after `ms`. */
  'late',
  /** Holds it back until the next webhook of any payment was sent, at most for `ms`. */
  'reorder',
] as const;

const faultFields = {
  provider: z.enum(['TOSS', 'PORTONE', 'KAKAOPAY', 'TOSS_PAYOUT']).optional(),
  /** The number of next calls; absent: all. */
  times: z.number().int().min(1).max(1_000_000).optional(),
  /** The share of the calls, from 0 to 1; absent: each. */
  rate: z.number().min(0).max(1).optional(),
  ms: z.number().int().min(0).max(600_000).optional(),
};

export const faultRule = z.discriminatedUnion('on', [
  z.strictObject({
    ...faultFields,
    on: z.literal('call'),
    /** Absent: every operation of the provider. */
    operation: z.enum(['open', 'confirm', 'inquire', 'cancel', 'send']).optional(),
    kind: z.enum(FAULT_KINDS),
    code: z.string().min(1).max(64).optional(),
  }),
  z.strictObject({
    ...faultFields,
    on: z.literal('webhook'),
    /** Absent: webhooks of every type (`PAYMENT_STATUS_CHANGED`, `Transaction.Paid` …). */
    type: z.string().min(1).max(64).optional(),
    kind: z.enum(WEBHOOK_FAULT_KINDS),
  }),
]);
export const faultRules = z.array(faultRule).max(100);
export type FaultRule = z.infer<typeof faultRule>;
export type CallFault = Extract<FaultRule, { on: 'call' }>;
export type WebhookFault = Extract<FaultRule, { on: 'webhook' }>;
/** `send`: a payout to a seller. */
export type Operation = 'open' | 'confirm' | 'inquire' | 'cancel' | 'send';

export class Faults {
  private rules: { readonly rule: FaultRule; left: number }[] = [];
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed;
  }

  /** Replaces the current faults. The draws for shares begin again from the seed. */
  set(rules: readonly FaultRule[]): void {
    this.state = this.seed;
    this.rules = rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }));
  }

  get(): FaultRule[] {
    return this.rules.map(({ rule, left }) => (rule.times === undefined ? rule : { ...rule, times: left }));
  }

  /** The faults of this call: the first rule that fits of each kind. Only calls that move money are declined. */
  ofCall(provider: string, operation: Operation): CallFault[] {
    if (this.rules.length === 0) return [];
    const movesMoney = operation === 'confirm' || operation === 'cancel' || operation === 'send';
    return this.take(
      (rule): rule is CallFault =>
        rule.on === 'call' &&
        of(rule, provider) &&
        (rule.operation === undefined || rule.operation === operation) &&
        (rule.kind !== 'decline' || movesMoney),
    );
  }

  ofWebhook(provider: string, type: string): WebhookFault[] {
    return this.take(
      (rule): rule is WebhookFault =>
        rule.on === 'webhook' && of(rule, provider) && (rule.type === undefined || rule.type === type),
    );
  }

  private take<Rule extends FaultRule>(fits: (rule: FaultRule) => rule is Rule): Rule[] {
    const taken = new Map<string, Rule>();
    for (const one of this.rules) {
      const { rule } = one;
      if (!fits(rule) || taken.has(rule.kind)) continue;
      if (rule.rate !== undefined && this.draw() >= rule.rate) continue;
      one.left -= 1;
      taken.set(rule.kind, rule);
    }
    this.rules = this.rules.filter(({ left }) => left > 0);
    return [...taken.values()];
  }

  /** From 0 to 1 (mulberry32). */
  private draw(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

const of = (rule: FaultRule, provider: string): boolean => rule.provider === undefined || rule.provider === provider;

/**
 * The faults that a call itself requests, in the header `x-sandbox-fault`: `cut-after`, or `delay:2000, decline:REJECT_CARD_COMPANY`. Unknown names are
 * ignored.
 */
export function faultsOfHeader(header: string | undefined): CallFault[] {
  if (header === undefined) return [];
  return header.split(',').flatMap((one) => {
    const [kind, value] = one.trim().split(':', 2);
    const more = value === undefined ? {} : kind === 'delay' ? { ms: Number(value) } : { code: value };
    const rule = faultRule.safeParse({ on: 'call', kind, ...more });
    return rule.success && rule.data.on === 'call' ? [rule.data] : [];
  });
}
