/** The states of orders: every step from every state by everybody. */
import { describe, expect, it } from '@jest/globals';
import { afterStep, CAUSES, causeOf, ORDER_STATUSES, ORDER_STEPS } from '../../../../core/orders/rules/order-state.js';
import { isRefusal } from '../../../../kernel/errors.js';

/** step, state before → state after: b(uyer), s(eller), o(perator), s(y)stem */
const table = `
PAY            PENDING_PAYMENT PAID            o y
EXPIRE         PENDING_PAYMENT EXPIRED         y
PREPARE        PAID            PREPARING       s o
SHIP           PREPARING       SHIPPED         s o
DELIVER        SHIPPED         DELIVERED       s o
CONFIRM        DELIVERED       CONFIRMED       b o y
CANCEL_PART    PENDING_PAYMENT PENDING_PAYMENT b s o
CANCEL_PART    PAID            PAID            b s o
CANCEL_PART    PREPARING       PREPARING       b s o
CANCEL         PENDING_PAYMENT CANCELLED       b s o
CANCEL         PAID            CANCELLING      b s o
CANCEL         PREPARING       CANCELLING      b s o
MONEY_RETURNED CANCELLING      CANCELLED       y
RETURN_PART    CONFIRMED       PARTLY_REFUNDED s o
RETURN_PART    PARTLY_REFUNDED PARTLY_REFUNDED s o
RETURN         CONFIRMED       REFUNDED        s o
RETURN         PARTLY_REFUNDED REFUNDED        s o`;
const letters = { buyer: 'b', seller: 's', operator: 'o', system: 'y' } as const;
const rows = table
  .trim()
  .split('\n')
  .map((row) => row.split(/\s+/));

describe('an order', () => {
  it('goes from one state to another as the table says, and in no other way', () => {
    for (const step of ORDER_STEPS)
      for (const status of ORDER_STATUSES)
        for (const cause of CAUSES) {
          const row = rows.find(([name, from]) => name === step && from === status);
          const outcome = afterStep(status, step, cause);
          const said = isRefusal(outcome) ? outcome.refused : outcome;
          const allowed = row?.slice(3).includes(letters[cause]) === true;
          const expected = row === undefined ? 'ORDER_STATE_CONFLICT' : allowed ? row[2] : 'FORBIDDEN';
          expect([step, status, cause, said]).toEqual([step, status, cause, expected]);
        }
  });

  it('is acted on by accounts according to their role', () => {
    expect((['buyer', 'seller', 'operator', 'admin'] as const).map(causeOf)).toEqual([
      'buyer',
      'seller',
      'operator',
      'operator',
    ]);
  });
});
