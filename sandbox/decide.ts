/** The buyer's decision in a provider's window, and the address to which the buyer is sent then. */
import type { Response } from 'express';
import type { NewPayment, ProviderName, SandboxPayment } from './book.js';
import type { CallFault } from './faults.js';
import { portoneError, tellPortone } from './portone/portone.js';
import { type World, withFaults } from './provider-call.js';

export type Decision = 'approve' | 'decline';

export type Asked = Omit<NewPayment, 'key'>;

/** The buyer opens the window. A new window is a new payment, except at PortOne, where an open or paid payment is shown again. */
export function openWindow(world: World, asked: Asked): SandboxPayment {
  const { book } = world;
  if (asked.provider !== 'PORTONE') return book.open({ ...asked, key: book.newKey(asked.provider) });
  const open = book.byReference('PORTONE', asked.reference);
  if (open !== undefined && open.status !== 'DECLINED') return open;
  const payment = book.open({ ...asked, key: book.newKey('PORTONE') });
  tellPortone(world, payment, 'Transaction.Ready');
  return payment;
}

/**
 * Takes the buyer's decision; an earlier decision stays. At PortOne an approval charges.
 * @param code the provider's code for the decline; absent: the buyer has changed their mind
 * @returns where the buyer goes
 */
export function decide(world: World, payment: SandboxPayment, decision: Decision, code?: string): string {
  const declineWith = faultsOf(world, payment, decision).find(({ kind }) => kind === 'decline');
  return apply(world, payment, decision, code, declineWith);
}

/** The same over HTTP: where the approval charges, the faults of a confirmation apply to it. `say` answers without a fault. */
export async function decideOver(
  world: World,
  payment: SandboxPayment,
  decided: { readonly decision: Decision; readonly code?: string | undefined },
  res: Response,
  say: (sentTo: string) => void,
): Promise<void> {
  const { decision, code } = decided;
  await withFaults(world, faultsOf(world, payment, decision), res, {
    broken: portoneError,
    handle: (declineWith) => apply(world, payment, decision, code, declineWith),
    say,
  });
}

const faultsOf = ({ faults }: World, payment: SandboxPayment, decision: Decision): CallFault[] =>
  payment.provider === 'PORTONE' && payment.status === 'OPEN' && decision === 'approve'
    ? faults.ofCall('PORTONE', 'confirm')
    : [];

function apply(
  world: World,
  payment: SandboxPayment,
  decision: Decision,
  code: string | undefined,
  declineWith: CallFault | undefined,
): string {
  if (payment.status === 'OPEN') {
    if (decision === 'decline') fail(world, payment, code ?? QUIT[payment.provider]);
    else if (declineWith !== undefined) fail(world, payment, declineWith.code ?? 'REJECT_CARD_COMPANY');
    else approve(world, payment);
  }
  return addressAfter(payment);
}

/** The code for a buyer who has changed their mind. */
const QUIT: Readonly<Record<ProviderName, string>> = {
  TOSS: 'PAY_PROCESS_CANCELED',
  PORTONE: 'PAY_PROCESS_CANCELED',
  KAKAOPAY: 'QUIT',
};

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
  const message = code === QUIT[payment.provider] ? '결제가 취소되었습니다.' : '결제에 실패했습니다.';
  payment.failure = { code, message };
  if (payment.provider === 'PORTONE') tellPortone(world, payment, 'Transaction.Failed');
}

function addressAfter(payment: SandboxPayment): string {
  const { provider, status, failure } = payment;
  const quit = failure?.code === QUIT[provider];
  const declinedUrl = quit ? (payment.cancelUrl ?? payment.failUrl) : payment.failUrl;
  const address = new URL(status === 'DECLINED' ? declinedUrl : payment.successUrl);
  for (const [name, value] of Object.entries(valuesAfter(payment, quit))) address.searchParams.set(name, value);
  return address.href;
}

/** The parameters that the provider adds to the return address. */
function valuesAfter(payment: SandboxPayment, quit: boolean): Readonly<Record<string, string>> {
  const { provider, key, reference, amount, status, token, failure } = payment;
  const declined = status === 'DECLINED';
  const { code = '', message = '' } = failure ?? {};
  switch (provider) {
    case 'TOSS':
      if (!declined) return { paymentType: 'NORMAL', orderId: reference, paymentKey: key, amount: String(amount) };
      // https://docs.tosspayments.com/reference/error-codes: a window that the buyer has closed names no order.
      return quit ? { code, message } : { code, message, orderId: reference };
    case 'PORTONE':
      return {
        transactionType: 'PAYMENT',
        txId: key,
        paymentId: reference,
        ...(declined ? { code: 'FAILURE_TYPE_PG', message } : {}),
      };
    case 'KAKAOPAY':
      return declined ? {} : { pg_token: token ?? '' };
  }
}
