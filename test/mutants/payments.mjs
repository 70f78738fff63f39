/** What is charged, what goes back, and what follows from it: once, and never without being known. */
const states = { file: 'core/payments/rules/payment-state.ts', tests: 'test/core/payments/rules.test.ts', quick: true };
const judge = { ...states, file: 'core/payments/rules/judge-charge.ts' };
const settle = { file: 'core/payments/settle-payment.ts', tests: 'test/core/payments/unclear.test.ts' };
const confirm = { file: 'core/payments/confirm-payment.ts', tests: 'test/core/payments/confirm.test.ts' };
const cancel = { file: 'core/payments/carry-out-cancel.ts', tests: 'test/core/payments/cancel.test.ts' };
const webhook = { file: 'core/payments/receive-webhook.ts', tests: 'test/core/payments/webhooks.test.ts' };
const consume = { file: 'core/outbox/consume.ts', tests: 'test/core/outbox/consume.test.ts' };
const look = { file: 'core/outbox/look-again.ts', tests: 'test/core/outbox/relay.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...states,
    name: 'a charge that is seen late does not count after a decline',
    from: "const UNCHARGED = ['READY', 'IN_PROGRESS', 'UNKNOWN', 'DECLINED', 'EXPIRED'] as const;",
    to: "const UNCHARGED = ['READY', 'IN_PROGRESS', 'UNKNOWN', 'EXPIRED'] as const;",
  },
  {
    ...states,
    name: 'a paid payment is confirmed again',
    from: "CONFIRM: { from: OPEN, to: 'IN_PROGRESS'",
    to: "CONFIRM: { from: [...OPEN, 'DONE'], to: 'IN_PROGRESS'",
  },
  {
    ...judge,
    name: 'a charge of another amount is accepted',
    from: "if (charged.amountMinor !== asked.amountMinor) return 'AMOUNT_MISMATCH';",
    to: '',
  },
  {
    ...judge,
    name: 'a charge in another currency is accepted',
    from: "if (charged.currency !== asked.currency) return 'CURRENCY_MISMATCH';",
    to: '',
  },
  {
    ...judge,
    name: 'a charge that is not what the orders cost is accepted',
    from: 'dueMinor !== undefined && dueMinor !== charged.amountMinor',
    to: 'dueMinor !== undefined && dueMinor > charged.amountMinor',
  },
  {
    ...settle,
    name: 'whoever is not the one that asks may decline',
    from: 'payment.askedBy !== finding.asker || !isUncharged(payment.status)',
    to: '!isUncharged(payment.status)',
    only: 'cannot decline any more what somebody else asks about',
  },
  {
    ...settle,
    name: 'a first charge leaves the place of the other payment of its checkout taken',
    from: 'if (!payment.live) await freeLivePlace(tx, checkout.checkoutId);',
    to: '',
    only: 'of a second provider counts when it is the first to be known',
  },
  {
    ...settle,
    name: 'all of a charge that is not accepted goes back, also what is back already',
    from: 'const rest = found.amountMinor - found.cancelledMinor;',
    to: 'const rest = found.amountMinor;',
    tests: 'test/core/payments/confirm.test.ts',
    only: 'a charge that does not fit',
  },
  {
    ...settle,
    name: 'a charge of an expired checkout is accepted',
    from: "return status === 'EXPIRED' || expired || finding.late === true ? 'CHECKOUT_EXPIRED' : undefined;",
    to: 'return undefined;',
    only: 'a charge that comes late',
  },
  {
    ...settle,
    name: 'an answer about the payment of somebody else is taken',
    from: 'found !== null && found.reference === payment.reference && hasCharged(found)',
    to: 'found !== null && hasCharged(found)',
    tests: 'test/core/payments/confirm.test.ts',
    only: 'that is of another payment is neither accepted nor given back',
  },
  {
    ...settle,
    name: 'a call that may have arrived is taken for one that did not',
    from: "outcome.outcome === 'away' && finding.asked === 'charge' && !finding.again",
    to: "outcome.outcome !== 'declined' && finding.asked === 'charge'",
    only: 'after the charge is unknown until it is looked up',
  },
  {
    ...confirm,
    name: 'a second confirmation charges beside the first',
    from: "return { todo: 'nothing', payment };",
    to: "return { todo: 'charge', payment };",
    only: 'is charged once by twenty at the same moment',
  },
  {
    ...confirm,
    name: 'an amount is charged that is not due any more',
    from: 'if (payment.amountMinor !== dueMinor)',
    to: 'if (payment.amountMinor < dueMinor)',
    only: 'of an amount that a cancellation has lowered',
  },
  {
    ...confirm,
    file: 'core/payments/ask-provider.ts',
    name: 'each try to charge has an idempotency key of its own',
    from: 'provider.confirm(askOf(payment), approval, payment.reference)',
    to: 'provider.confirm(askOf(payment), approval, payment.reference + Math.random())',
    tests: 'test/core/payments/unclear.test.ts',
    only: 'is charged after it was looked up, under the same key',
  },
  {
    ...cancel,
    name: 'the parts of a charge have one idempotency key',
    from: 'idempotencyKeyOf(payment, cancel)',
    to: 'payment.reference',
    only: 'in parts gives each part back once',
  },
  {
    ...cancel,
    name: 'money is back because an answer came',
    from: 'found.value.cancelledMinor >= backMinor',
    to: 'backMinor >= 0',
    only: 'is not back because an answer came',
  },
  {
    ...cancel,
    name: 'a part goes back before an older one',
    from: 'if (first?.cancelId !== cancelId) {',
    to: 'if (first === undefined) {',
    only: 'in parts gives each part back once',
  },
  {
    ...cancel,
    name: 'a cancellation that was refused is asked for under the same key for ever',
    from: 'Math.floor(attempts / TRIES_OF_A_KEY)',
    to: 'Math.floor(attempts / (TRIES_OF_A_KEY * 1_000))',
    only: 'that the provider declined for a moment',
  },
  {
    ...webhook,
    name: 'what a look-up found before the webhook came counts',
    from: 'if (!(payment.beingAsked && isAsked(payment.status)))',
    to: 'if (!payment.beingAsked)',
    only: 'that comes while the payment is looked up',
  },
  {
    ...webhook,
    name: 'a webhook counts as often as it comes',
    from: 'if (!(await insertWebhook(tx, { provider, eventKey: sha256(eventId), type, paymentId }))) return undefined;',
    to: 'await insertWebhook(tx, { provider, eventKey: sha256(eventId), type, paymentId });',
    only: 'counts once, however often it comes',
  },
  {
    ...consume,
    name: 'an event is handled before its inbox says so',
    from: 'await insertDone(tx, consumer.name, eventIds);',
    to: '',
    only: 'does each event once, however often it is hinted at',
  },
  {
    ...consume,
    name: 'an event that somebody delivers is delivered beside it',
    from: '(await claimAttempt(context.db, keyOf(consumer, event), event.attempts, leaseMs)) ? recorded + 1 : undefined',
    to: '(await claimAttempt(context.db, keyOf(consumer, event), event.attempts, leaseMs)) ? recorded + 1 : recorded + 1',
    only: 'leaves out what somebody has begun to deliver since it was read',
  },
  {
    ...consume,
    name: 'a broken event takes its neighbours with it',
    from: 'if (isAway(error)) throw error;\n    return false;',
    to: 'throw error;',
    only: 'a broken event keeps no other from its turn',
  },
  {
    ...look,
    name: 'the cursor passes an event that is about to commit',
    from: 'if ((await countShared(tx, after, through)) !== passed) return false;',
    to: '',
    only: 'never moves the cursor past an event that is not committed yet',
  },
  {
    file: 'core/outbox/relay.ts',
    tests: 'test/core/outbox/relay.test.ts',
    name: 'events are marked before they are sent',
    from: 'if (wanted.length > 0) await send(name, inHints(wanted));',
    to: 'if (wanted.length > 0) void send(name, inHints(wanted)).catch(() => undefined);',
    only: 'marks nothing that may not have been sent',
  },
  {
    file: 'core/outbox/rules/follow.ts',
    tests: 'test/core/outbox/rules.test.ts',
    quick: true,
    name: 'the cursor passes events that are missing',
    from: 'page.findIndex(({ missing, ageMs }) => missing || ageMs < passedMs)',
    to: 'page.findIndex(({ ageMs }) => ageMs < passedMs)',
  },
  {
    file: 'core/payments/return-money.ts',
    tests: 'test/core/payments/cancel.test.ts',
    name: 'what was paid through a provider is back at once',
    from: 'payment === undefined || payment.provider === NO_PROVIDER',
    to: "payment === undefined || payment.provider !== ''",
    only: 'waits for the provider, and has ended when the money is back',
  },
];
