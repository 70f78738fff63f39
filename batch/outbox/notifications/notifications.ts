/** Tells buyers by mail and operators in Slack, where these are configured. */
import { readAccount } from '../../../core/accounts/stores/account.js';
import { type Consumer, consumer, type EventContext } from '../../../core/outbox/consumer.js';
import type { MailSender } from '../../../infra/mail.js';
import { type BuyerMessage, buyerMessage, operatorMessage } from './messages.js';

export interface Channels {
  /** Null: no mail is sent. */
  readonly mail: MailSender | null;
  /** Posts to the operators' channel; null: there is none. */
  readonly slack: ((text: string, signal: AbortSignal) => Promise<void>) | null;
  readonly installationId: string;
}

export const notifications = (channels: Channels): Consumer =>
  consumer({
    name: 'notifications',
    from: 'beginning',
    events: [
      'payment.succeeded',
      'payment.failed',
      'payment.cancelled',
      'order.expired',
      'payment.unclear',
      'payment.cancelled-elsewhere',
      'outbox.given-up',
    ],
    deliver: async (event, context) => {
      const toBuyer = buyerMessage(event);
      if (toBuyer !== undefined) await mailBuyer(channels, toBuyer, context);
      const toOperators = operatorMessage(event);
      if (toOperators !== undefined) await channels.slack?.(toOperators, context.signal);
    },
  });

async function mailBuyer(
  { mail, installationId }: Channels,
  { buyerId, subject, text }: BuyerMessage,
  { db, eventId, log }: EventContext,
): Promise<void> {
  if (mail === null) return;
  const account = await readAccount(db, buyerId);
  if (account === undefined) return log('warn', { buyerId }, 'there is nobody to write to');
  await mail.send({ to: account.email, subject, text, id: `event-${eventId}.${installationId}` });
}
