/** The life of an order: every state, every step from one to another, and who may take it. */
import { isStaff, type Role } from '../../../kernel/access.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';

export const ORDER_STATUSES = [
  'PENDING_PAYMENT',
  'PAID',
  'PREPARING',
  'SHIPPED',
  'DELIVERED',
  'CONFIRMED',
  'CANCELLING',
  'CANCELLED',
  'PARTLY_REFUNDED',
  'REFUNDED',
  'EXPIRED',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** Who causes a step. `system` means a duty, or a consequence of another step. */
export const CAUSES = ['buyer', 'seller', 'operator', 'system'] as const;
export type Cause = (typeof CAUSES)[number];

export const causeOf = (role: Role): Cause => (isStaff(role) ? 'operator' : role === 'seller' ? 'seller' : 'buyer');

/** CANCEL_PART and RETURN_PART leave units in the order, CANCEL and RETURN none. MONEY_RETURNED ends a cancellation of what was paid. */
export const ORDER_STEPS = [
  'PLACE',
  'PAY',
  'EXPIRE',
  'PREPARE',
  'SHIP',
  'DELIVER',
  'CONFIRM',
  'CANCEL_PART',
  'CANCEL',
  'MONEY_RETURNED',
  'RETURN_PART',
  'RETURN',
] as const;
export type OrderStep = (typeof ORDER_STEPS)[number];

interface Transition {
  /** Null: the order begins. */
  readonly from: OrderStatus | null;
  readonly to: OrderStatus;
  readonly by: readonly Cause[];
}

const anybody = ['buyer', 'seller', 'operator'] as const;
const merchant = ['seller', 'operator'] as const;

/** Every transition. A return is entered by the seller, who has the goods back, or by an operator. */
const TRANSITIONS: Readonly<Record<OrderStep, readonly Transition[]>> = {
  PLACE: [{ from: null, to: 'PENDING_PAYMENT', by: ['buyer'] }],
  PAY: [{ from: 'PENDING_PAYMENT', to: 'PAID', by: ['operator', 'system'] }],
  EXPIRE: [{ from: 'PENDING_PAYMENT', to: 'EXPIRED', by: ['system'] }],
  PREPARE: [{ from: 'PAID', to: 'PREPARING', by: merchant }],
  SHIP: [{ from: 'PREPARING', to: 'SHIPPED', by: merchant }],
  DELIVER: [{ from: 'SHIPPED', to: 'DELIVERED', by: merchant }],
  CONFIRM: [{ from: 'DELIVERED', to: 'CONFIRMED', by: ['buyer', 'operator', 'system'] }],
  CANCEL_PART: [
    { from: 'PENDING_PAYMENT', to: 'PENDING_PAYMENT', by: anybody },
    { from: 'PAID', to: 'PAID', by: anybody },
    { from: 'PREPARING', to: 'PREPARING', by: anybody },
  ],
  CANCEL: [
    { from: 'PENDING_PAYMENT', to: 'CANCELLED', by: anybody },
    { from: 'PAID', to: 'CANCELLING', by: anybody },
    { from: 'PREPARING', to: 'CANCELLING', by: anybody },
  ],
  MONEY_RETURNED: [{ from: 'CANCELLING', to: 'CANCELLED', by: ['system'] }],
  RETURN_PART: [
    { from: 'CONFIRMED', to: 'PARTLY_REFUNDED', by: merchant },
    { from: 'PARTLY_REFUNDED', to: 'PARTLY_REFUNDED', by: merchant },
  ],
  RETURN: [
    { from: 'CONFIRMED', to: 'REFUNDED', by: merchant },
    { from: 'PARTLY_REFUNDED', to: 'REFUNDED', by: merchant },
  ],
};

/** The state after a step. Refuses with ORDER_STATE_CONFLICT (a step that the state does not allow) or FORBIDDEN (not for this one to take). */
export function afterStep(status: OrderStatus, step: OrderStep, cause: Cause): OrderStatus | Refusal {
  const transition = TRANSITIONS[step].find(({ from }) => from === status);
  if (transition === undefined) {
    const allowed = TRANSITIONS[step].map(({ from }) => from);
    return refuse('ORDER_STATE_CONFLICT', { status, step, allowed });
  }
  return transition.by.includes(cause) ? transition.to : refuse('FORBIDDEN', { step, cause });
}
