/** Payouts (지급대행) of Toss Payments, version 2: https://docs.tosspayments.com/guides/v2/payouts. docs/payouts-providers.md says which parts were checked. */
import * as z from 'zod';
import type { OutboundClient } from '../../../../infra/outbound/outbound-client.js';
import type { TossPayoutSettings } from '../../../../infra/payout-provider-settings.js';
import { isBusinessDate } from '../../../../kernel/business-date.js';
import type {
  InquiryOutcome,
  KnownTransfer,
  PayoutProvider,
  SendOutcome,
  TransferInquiry,
  TransferOrder,
  UnknownTransfer,
} from '../provider.js';
import { type Answer, type Refused, TossPayoutCalls } from './toss-payout-calls.js';
import { REFUSALS } from './toss-payout-codes.js';
import { pageOf, payoutSchema, sellerSchema, type TossPayout, type TossSeller } from './toss-payout-schemas.js';

/** Characters of what the seller reads on its bank statement. */
const REMARK_LENGTH_MAX = 7;
const PAGE_ITEMS = 100;
/** Pages of a list that are read in search of one item. */
const PAGES_MAX = 1_000;
/** The largest number of seller ids in memory; all are dropped when there are more. */
const SELLERS_MAX = 100_000;

export const TOSS_PAYOUT = 'TOSS_PAYOUT';
export const TOSS_CURRENCIES: readonly string[] = ['KRW'];

export class TossPayoutProvider implements PayoutProvider {
  readonly name = TOSS_PAYOUT;
  readonly currencies = TOSS_CURRENCIES;
  private readonly calls: TossPayoutCalls;
  /** The ids of sellers by our references. */
  private readonly sellerIds = new Map<string, string>();

  constructor(settings: TossPayoutSettings, client: OutboundClient, now: () => number) {
    this.calls = new TossPayoutCalls(settings, client, now);
  }

  async send(order: TransferOrder): Promise<SendOutcome> {
    const seller = await this.sellerOf(order.payee);
    if (seller.kind === 'unclear') return { outcome: 'away', said: seller.said };
    if (seller.kind === 'refused') return refused(seller);
    const refusal = refusalOf(order, seller.value);
    if (refusal !== undefined) return refused(refusal);
    const payout = {
      refPayoutId: order.reference,
      destination: seller.value.id,
      scheduleType: 'EXPRESS',
      amount: { currency: order.currency, value: Number(order.amountMinor) },
      transactionDescription: [...order.remark].slice(0, REMARK_LENGTH_MAX).join(''),
    };
    const answer = await this.calls.post('/v2/payouts', [payout], order.reference, listOrOne);
    if (answer.kind === 'unclear') return { outcome: answer.sent ? 'unknown' : 'away', said: answer.said };
    if (answer.kind === 'refused') return refused(answer);
    const made = answer.value.find(({ refPayoutId }) => refPayoutId === order.reference);
    return made === undefined
      ? unknown('REFERENCE_DIFFERS', 'the answer is about another transfer')
      : knownOf(made, order);
  }

  async inquire(inquiry: TransferInquiry): Promise<InquiryOutcome> {
    const answer =
      inquiry.providerKey === null
        ? await this.search('/v2/payouts', payoutSchema, ({ refPayoutId }) => refPayoutId === inquiry.reference)
        : await this.calls.get(`/v2/payouts/${encodeURIComponent(inquiry.providerKey)}`, payoutSchema);
    if (answer.kind === 'unclear') return { outcome: 'unknown', said: answer.said };
    if (answer.kind === 'refused') return unknown(answer.said.code, answer.said.message);
    if (answer.value === undefined) return { outcome: 'missing' };
    if (answer.value.refPayoutId !== inquiry.reference)
      return unknown('REFERENCE_DIFFERS', 'the answer is about another transfer');
    return knownOf(answer.value, inquiry);
  }

  /** The seller as the provider knows it now. */
  private async sellerOf(reference: string): Promise<Answer<TossSeller>> {
    const id = this.sellerIds.get(reference);
    if (id !== undefined) return this.calls.get(`/v2/sellers/${encodeURIComponent(id)}`, sellerSchema);
    const found = await this.search('/v2/sellers', sellerSchema, (seller) => {
      if (this.sellerIds.size >= SELLERS_MAX) this.sellerIds.clear();
      this.sellerIds.set(seller.refSellerId, seller.id);
      return seller.refSellerId === reference;
    });
    if (found.kind !== 'value') return found;
    return found.value === undefined
      ? {
          kind: 'refused',
          reason: 'PAYEE_MISSING',
          said: { code: 'NOT_FOUND_SELLER', message: `no seller ${reference}` },
        }
      : { kind: 'value', value: found.value };
  }

  /** Goes through a list, page by page. A list without an end is unclear. */
  private async search<Item extends { readonly id: string }>(
    path: string,
    item: z.ZodType<Item>,
    isIt: (item: Item) => boolean,
  ): Promise<Answer<Item | undefined>> {
    let after: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const cursor = after === undefined ? '' : `&startingAfter=${encodeURIComponent(after)}`;
      const answer = await this.calls.get(`${path}?limit=${PAGE_ITEMS}${cursor}`, pageOf(item));
      if (answer.kind !== 'value') return answer;
      const { items, hasNext } = answer.value;
      const found = items.find(isIt);
      const last = items.at(-1)?.id;
      if (found !== undefined || !hasNext || last === undefined) return { kind: 'value', value: found };
      after = last;
    }
    return { kind: 'unclear', sent: true, said: { code: 'LIST_TOO_LONG', message: `${path} has too many pages` } };
  }
}

const listOrOne = z.object({ items: z.array(payoutSchema) }).transform(({ items }) => items);

const unknown = (code: string, message: string): UnknownTransfer => ({ outcome: 'unknown', said: { code, message } });

const refused = ({ reason, said }: Refused): KnownTransfer => ({ outcome: 'failed', reason, said, providerKey: null });

/** Why the provider's record of the seller does not allow a transfer; undefined: it does. */
function refusalOf(order: TransferOrder, { account, status }: TossSeller): Refused | undefined {
  const no = (reason: Refused['reason'], code: string, message: string): Refused => ({
    kind: 'refused',
    ...{ reason, said: { code, message } },
  });
  const { bankCode, accountNumber, holderName } = account;
  const same =
    bankCode === order.bankCode && holderName === order.holder && sameNumber(accountNumber, order.accountNumber);
  if (!same) return no('PAYEE_DIFFERS', 'ACCOUNT_DIFFERS', `the seller ${order.payee} has another bank account`);
  if (status === 'APPROVED' || status === 'PARTIALLY_APPROVED') return undefined;
  return no('PAYEE_NOT_APPROVED', status, `the seller ${order.payee} is ${status}`);
}

/** Whether two account numbers are the same; the provider may show one with asterisks. */
const sameNumber = (shown: string, number: string): boolean =>
  shown.length === number.length && [...shown].every((digit, i) => digit === '*' || digit === number[i]);

function knownOf(
  { id, status, payoutDate, amount, error }: TossPayout,
  { amountMinor, currency }: Pick<TransferInquiry, 'amountMinor' | 'currency'>,
): KnownTransfer | UnknownTransfer {
  if (amount.currency !== currency || amount.value !== Number(amountMinor))
    return unknown('AMOUNT_DIFFERS', `the provider transfers ${amount.value} ${amount.currency}`);
  switch (status) {
    case 'REQUESTED':
    case 'IN_PROGRESS':
      return { outcome: 'sent', providerKey: id };
    case 'COMPLETED':
      return isBusinessDate(payoutDate)
        ? { outcome: 'paid', providerKey: id, paidOn: payoutDate }
        : unknown('DATE_INVALID', 'the provider names no day on which it was paid');
    case 'CANCELED':
      return {
        ...{ outcome: 'failed', reason: 'CANCELLED_AT_PROVIDER', providerKey: id },
        said: { code: 'CANCELED', message: 'the transfer was cancelled at the provider' },
      };
    case 'FAILED': {
      const { code, message } = error ?? { code: 'FAILED', message: '' };
      const reason = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
      return { outcome: 'failed', reason: reason ?? 'PROVIDER_REFUSED', said: { code, message }, providerKey: id };
    }
  }
}
