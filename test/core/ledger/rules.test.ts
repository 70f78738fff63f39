/** The rules of the ledger: what each event posts, and which refusal comes first. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ACCOUNT_KIND_NAMES,
  ACCOUNT_KINDS,
  type AccountRef,
  accountName,
  FILE_SHOP,
  type NewPosting,
  onNormalSide,
} from '../../../core/ledger/rules/accounts.js';
import {
  POSTING_RULES,
  postingsOf,
  RULE_NAMES,
  type RuleName,
  ruleOf,
} from '../../../core/ledger/rules/posting-rules.js';
import { judgeExisting, judgeNew, type NewTransaction } from '../../../core/ledger/rules/transaction.js';
import { amountsOf, someEvent } from './ledger-events.js';

const about = { sellerId: 'S1', currency: 'KRW', provider: 'TOSS' };
const account = (kind: AccountRef['kind'], currency = 'KRW'): AccountRef => ({ kind, owner: 'S1', currency });
const open = { closed: false, balanceMinor: 0n };

/** The cells of the rows of the docs that begin with a name in back quotes. */
const documented = readFileSync(new URL('../../../docs/ledger.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()));
const namesIn = (cell = ''): string[] => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name).sort();

describe('docs/ledger.md', () => {
  it('has every posting rule with its accounts, debits apart from credits', () => {
    const rows = documented.flatMap(([, event = '', debit, credit]) => {
      const [, name = ''] = /^`([A-Z_]+)`/.exec(event) ?? [];
      return RULE_NAMES.some((rule) => rule === name) && debit?.startsWith('`')
        ? [[name, namesIn(debit), namesIn(credit)]]
        : [];
    });
    const sideOf = (name: RuleName, side: 1 | -1) =>
      ruleOf(name)
        .legs.filter(([, amounts]) => Object.values(amounts)[0] === side)
        .map(([account]) => account)
        .sort();
    // Its row says that it moves the accounts of the settlement.
    const expected = RULE_NAMES.filter((name) => name !== 'REFUND_AFTER_SETTLEMENT').map((name) => [
      name,
      sideOf(name, 1),
      sideOf(name, -1),
    ]);
    expect(rows.sort()).toEqual(expected.sort());
    expect(ruleOf('REFUND_AFTER_SETTLEMENT').legs).toEqual(ruleOf('SETTLEMENT').legs);
  });

  it('has every account with its owner, its side and whether it may fall below zero', () => {
    const rows = documented.flatMap(([, kind, owner = '', side, belowZero = '']) =>
      side === 'debit' || side === 'credit' ? [[namesIn(kind)[0], owner, side, belowZero !== 'yes']] : [],
    );
    const owners = { seller: 'seller', provider: 'payment provider', shop: `\`${FILE_SHOP}\``, platform: 'platform' };
    const expected = Object.entries(ACCOUNT_KINDS).map(([kind, { ownedBy, normalSide, floor }]) => [
      kind,
      owners[ownedBy],
      normalSide,
      floor,
    ]);
    expect(rows.sort()).toEqual(expected.sort());
  });
});

describe('the posting rules', () => {
  it.each(RULE_NAMES)('%s takes each of its amounts as often as it gives it', (name) => {
    const sums = new Map<string, number>();
    for (const [, signs] of ruleOf(name).legs)
      for (const [amount, sign] of Object.entries(signs)) sums.set(amount, (sums.get(amount) ?? 0) + sign);
    expect([...sums.values()].every((sum) => sum === 0)).toBe(true);
    expect(new Set(ruleOf(name).legs.map(([kind]) => kind)).size).toBe(ruleOf(name).legs.length);
  });

  it('use every kind of account', () => {
    const used = new Set(RULE_NAMES.flatMap((name) => ruleOf(name).legs.map(([kind]) => kind)));
    expect([...used].sort()).toEqual([...ACCOUNT_KIND_NAMES].sort());
  });

  it('a settlement parts what was paid into net, fee, VAT and PG fee: VAT on top and VAT contained', () => {
    const amounts = { shopPaid: 10_000n, filePaid: 0n, platformDiscount: 500n, pgFee: 290n, pgFeeVat: 29n };
    const byKind = (more: Record<string, bigint>) =>
      Object.fromEntries(
        postingsOf('SETTLEMENT', about, { ...amounts, ...more }).map((one) => [one.account.kind, one.amountMinor]),
      );
    // 10,500 = net 9,081 + fee 1,000 + VAT on top 100 + PG fee 290 + 29
    expect(byKind({ net: 9_081n, feeVat: 100n })).toEqual({
      BUYER_FUNDS_HELD: 10_000n,
      PROMOTION_COST: 500n,
      SELLER_PAYABLE: -9_081n,
      FEE_REVENUE: -1_000n,
      VAT_PAYABLE: -129n,
      PG_COST: -290n,
    });
    // 10,500 = net 9,181 + fee 1,000 (of it VAT 91) + PG fee 290 + 29
    expect(byKind({ net: 9_181n, feeVat: 91n })).toMatchObject({ FEE_REVENUE: -909n, VAT_PAYABLE: -120n });
  });

  it('names whose an account is: the seller, the provider, the shop of the files, or nobody', () => {
    expect(postingsOf('PAYMENT', about, { amount: 1n }).map((one) => one.account.owner)).toEqual(['TOSS', 'S1']);
    expect(postingsOf('PAYMENT_BY_HAND', about, { amount: 1n }).map((one) => one.account.owner)).toEqual(['', 'S1']);
    expect(() => postingsOf('PAYMENT', { sellerId: 'S1', currency: 'KRW' }, { amount: 1n })).toThrow('provider');
    expect(() => postingsOf('PAYMENT', about, {})).toThrow('amount');
  });

  it('leave out legs of nothing', () => {
    expect(postingsOf('RESERVE', about, { amount: 0n })).toEqual([]);
  });
});

describe('a new transaction', () => {
  const posting = (kind: AccountRef['kind'], amountMinor: bigint, currency?: string): NewPosting => ({
    account: account(kind, currency),
    amountMinor,
  });
  const transaction = (postings: NewPosting[], kind: NewTransaction['kind'] = 'RESERVE'): NewTransaction => ({
    ...{ key: 'k', kind, sellerId: 'S1', effectiveOn: '2026-05-04', postings, requestedBy: 'test' },
  });
  const two = [posting('SELLER_PAYABLE', 5n), posting('SELLER_RESERVE', -5n)];
  const refused = (postings: NewPosting[], state = open, kind?: NewTransaction['kind']) =>
    judgeNew(transaction(postings, kind), () => state)?.refused;
  const closed = { closed: true, balanceMinor: 0n };
  const [payable = posting('BANK', 1n)] = two;

  it.each<[string, string | undefined, NewPosting[], typeof open]>([
    ['of one posting, although it is unbalanced, too', 'LEDGER_POSTINGS_INVALID', [payable], closed],
    ['of nothing', 'LEDGER_POSTINGS_INVALID', [], open],
    ['with a posting of zero', 'LEDGER_POSTINGS_INVALID', [...two, posting('BANK', 0n)], open],
    ['with an account twice', 'LEDGER_POSTINGS_INVALID', [...two, payable], open],
    ['unbalanced, although an account is closed', 'LEDGER_UNBALANCED', [payable, posting('BANK', -4n)], closed],
    ['of more credit than debit', 'LEDGER_UNBALANCED', [payable, posting('BANK', -6n)], open],
    [
      'balanced over two currencies only',
      'LEDGER_UNBALANCED',
      [posting('SELLER_PAYABLE', 5n), posting('PAYOUT_IN_TRANSIT', -5n, 'USD')],
      open,
    ],
    ['to a closed account, although the limit is exceeded', 'LEDGER_ACCOUNT_CLOSED', two, closed],
    ['beyond the limit', 'LEDGER_LIMIT_EXCEEDED', two, { closed: false, balanceMinor: -4n }],
    ['to the limit', undefined, two, { closed: false, balanceMinor: -5n }],
  ])('%s is %s', (_what, code, postings, state) => expect(refused(postings, state)).toBe(code));

  it('may take the payable below zero by a clawback, and what is below zero may be filled up', () => {
    const clawback = [payable, posting('PROVIDER_RECEIVABLE', -5n)];
    expect(refused(clawback, open, 'CHARGEBACK')).toBeUndefined();
    expect(refused(clawback, open, 'REVERSAL')).toBe('LEDGER_LIMIT_EXCEEDED');
    const ofReserve = [posting('SELLER_RESERVE', 5n), posting('PROVIDER_RECEIVABLE', -5n)];
    expect(refused(ofReserve, open, 'CHARGEBACK')).toBe('LEDGER_LIMIT_EXCEEDED');
    const filling = [posting('ADJUSTMENTS', 2n), posting('SELLER_PAYABLE', -2n)];
    expect(refused(filling, { closed: false, balanceMinor: 7n }, 'ADJUSTMENT_TO_SELLER')).toBeUndefined();
  });

  it('only chargebacks, adjustments from the seller, refunds after the settlement and payouts overdraw, and only the payable', () => {
    const overdrawing = RULE_NAMES.filter((name) => ruleOf(name).overdraws.length > 0);
    const expected = [
      ...([
        'REFUND_AFTER_SETTLEMENT',
        'PAYOUT_SENT',
        'CHARGEBACK',
        'CHARGEBACK_FEE',
        'ADJUSTMENT_FROM_SELLER',
      ] as const),
    ];
    expect(overdrawing).toEqual(expected);
    for (const name of expected) expect(POSTING_RULES[name].overdraws).toEqual(['SELLER_PAYABLE']);
  });

  it('under a key that is taken is the same, or differs in its amount, or otherwise', () => {
    const mine = transaction(two);
    const other = [posting('SELLER_PAYABLE', 6n), posting('SELLER_RESERVE', -6n)];
    const judged = (posted: NewTransaction) => judgeExisting('k', mine, posted)?.refused;
    expect(judged(transaction([...two].reverse()))).toBeUndefined();
    expect(judged(transaction(other))).toBe('LEDGER_EXISTS_OTHER_AMOUNT');
    expect(judged({ ...mine, effectiveOn: '2026-05-05' })).toBe('LEDGER_EXISTS_OTHERWISE');
    expect(judged({ ...mine, sellerId: 'S2' })).toBe('LEDGER_EXISTS_OTHERWISE');
    expect(judged(transaction(two, 'ROUNDING'))).toBe('LEDGER_EXISTS_OTHERWISE');
    expect(judged(transaction([payable, posting('BANK', -5n)]))).toBe('LEDGER_EXISTS_OTHERWISE');
    expect(judged(transaction([...other, posting('BANK', 1n)]))).toBe('LEDGER_EXISTS_OTHERWISE');
  });
});

describe('any sequence of events', () => {
  it('keeps the limits, and the trial balance is zero', () => {
    fc.assert(
      fc.property(fc.array(someEvent, { maxLength: 300 }), (events) => {
        const balances = new Map<string, bigint>();
        const overdrawn = new Set<string>();
        for (const [at, event] of events.entries()) {
          const postings = postingsOf(event.rule, event, amountsOf(event));
          const made = { key: String(at), kind: event.rule, sellerId: event.sellerId, effectiveOn: '2026-05-04' };
          const wanted: NewTransaction = { ...made, postings, requestedBy: 'test' };
          const stateOf = (ref: AccountRef) => ({ closed: false, balanceMinor: balances.get(accountName(ref)) ?? 0n });
          const refusal = judgeNew(wanted, stateOf);
          if (refusal !== undefined) {
            expect(['LEDGER_LIMIT_EXCEEDED', 'LEDGER_POSTINGS_INVALID']).toContain(refusal.refused);
            continue;
          }
          for (const { account: ref, amountMinor } of postings) {
            balances.set(accountName(ref), stateOf(ref).balanceMinor + amountMinor);
            if ((ruleOf(event.rule).overdraws as readonly string[]).includes(ref.kind)) overdrawn.add(accountName(ref));
          }
        }
        const sums = new Map<string, bigint>();
        for (const [name, balance] of balances) {
          const kind = name.slice(0, name.indexOf(' ')) as AccountRef['kind'];
          const currency = name.slice(-3);
          sums.set(currency, (sums.get(currency) ?? 0n) + balance);
          if (ACCOUNT_KINDS[kind].floor && !overdrawn.has(name))
            expect(onNormalSide(kind, balance)).toBeGreaterThanOrEqual(0n);
        }
        expect([...sums.values()].every((sum) => sum === 0n)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
