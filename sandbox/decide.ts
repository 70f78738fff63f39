/** What the buyer decides in a provider's window, and where it sends the buyer then. */
import type { Book, ProviderName, SandboxPayment } from './book.js';
import { tellPortone } from './portone/portone.js';
import type { World } from './provider-call.js';

export type Decision = 'approve' | 'decline';

/** The prefix of the keys that each provider gives; KakaoPay gives them in `ready`. */
const KEYS: Readonly<Record<ProviderName, (number: number) => string>> = {
  TOSS: (number) => `tviva_sandbox_${number}`,
  PORTONE: (number) => `tx-sandbox-${number}`,
  KAKAOPAY: (number) => `T${String(number).padStart(19, '0')}`,
};

export interface Asked {
  readonly provider: ProviderName;
  readonly reference: string;
  readonly amount: number;
  readonly currency: string;
  readonly orderName: string;
  readonly buyer: string;
  readonly successUrl: string;
  readonly failUrl: string;
}

/** The buyer opens the window. A new window is a new payment, except at PortOne, where an open one is shown again. */
export function openWindow(book: Book, asked: Asked): SandboxPayment {
  const open = asked.provider === 'PORTONE' ? book.byReference('PORTONE', asked.reference) : undefined;
  const { provider } = asked;
  return open ?? book.open({ ...asked, key: book.nextKey(provider, KEYS[provider]) });
}

/** Takes the buyer's decision; what was decided before stays. At PortOne an approval charges. @returns where the buyer goes */
export function decide(world: World, payment: SandboxPayment, decision: Decision): string {
  if (payment.status === 'OPEN') {
    const refusing = payment.provider === 'PORTONE' ? world.faults.ofCall('PORTONE', 'confirm') : [];
    const declined = refusing.find(({ kind }) => kind === 'decline');
    if (decision === 'decline') fail(world, payment, 'PAY_PROCESS_CANCELED');
    else if (declined !== undefined) fail(world, payment, declined.code ?? 'REJECT_CARD_COMPANY');
    else approve(world, payment);
  }
  return addressAfter(payment);
}

function approve(world: World, payment: SandboxPayment): void {
  if (payment.provider === 'PORTONE') {
    world.book.charge(payment);
    tellPortone(world, payment, 'Transaction.Paid');
    return;
  }
  payment.status = 'APPROVED';
  if (payment.provider === 'KAKAOPAY') payment.token = `pg_token_${payment.key}`;
}

function fail(world: World, payment: SandboxPayment, code: string): void {
  payment.status = 'DECLINED';
  payment.failure = { code: payment.provider === 'KAKAOPAY' ? 'QUIT' : code, message: '결제가 취소되었습니다.' };
  if (payment.provider === 'PORTONE') tellPortone(world, payment, 'Transaction.Failed');
}

function addressAfter({
  provider,
  key,
  reference,
  amount,
  status,
  token,
  failure,
  ...payment
}: SandboxPayment): string {
  const declined = status === 'DECLINED';
  const address = new URL(declined ? payment.failUrl : payment.successUrl);
  const values: Record<ProviderName, Readonly<Record<string, string>>> = {
    TOSS: declined
      ? { code: failure?.code ?? '', message: failure?.message ?? '', orderId: reference }
      : { paymentType: 'NORMAL', orderId: reference, paymentKey: key, amount: String(amount) },
    PORTONE: {
      transactionType: 'PAYMENT',
      txId: key,
      paymentId: reference,
      ...(declined ? { code: 'FAILURE_TYPE_PG', message: failure?.message ?? '' } : {}),
    },
    KAKAOPAY: declined ? {} : { pg_token: token ?? '' },
  };
  for (const [name, value] of Object.entries(values[provider])) address.searchParams.set(name, value);
  return address.href;
}
