/** Informs buyers by mail, where that is configured. Events that operators have to know raise an alarm at once, by a check of its condition. */
import { readAccount } from '../../../core/accounts/stores/account.js';
import { raiseAlarm } from '../../../core/alarms/change-alarms.js';
import { type AlarmSettings, givenBackCauses, type WatchedKind } from '../../../core/alarms/conditions.js';
import type { AlarmCause } from '../../../core/alarms/rules/alarm.js';
import { watchAlarms } from '../../../core/alarms/watch-alarms.js';
import { type Consumer, consumer, type EventContext } from '../../../core/outbox/consumer.js';
import type { EventOf, EventType } from '../../../core/outbox/rules/events.js';
import type { MailSender } from '../../../infra/mail.js';
import { type BuyerMessage, buyerMessage } from './messages.js';

export interface Notifying {
  /** Null: no mail is sent. */
  readonly mail: MailSender | null;
  readonly installationId: string;
  readonly settings: AlarmSettings;
}

/** Events after which an alarm may be due, and its kind. */
const ALARMS: Partial<Record<EventType, WatchedKind>> = {
  'payment.unclear': 'payment-unclear',
  'outbox.given-up': 'dead-letters',
};

export const notifications = (notifying: Notifying): Consumer =>
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
      'webhook.disabled',
    ],
    deliver: async (event, context) => {
      const toBuyer = buyerMessage(event);
      if (toBuyer !== undefined) await mailBuyer(notifying, toBuyer, context);
      const kind = ALARMS[event.type];
      if (kind !== undefined) await watchAlarms(context.db, notifying.settings, [kind]);
      if (event.type === 'payment.cancelled-elsewhere')
        for (const cause of await givenBackCauses(context.db, [event.payload.paymentId]))
          await raiseAlarm(context.db, { kind: 'payment-given-back', ...cause });
      if (event.type === 'webhook.disabled') await raiseAlarm(context.db, disabledWebhook(event.payload));
    },
  });

const disabledWebhook = ({
  endpointId,
  sellerId,
  host,
  error,
}: EventOf<'webhook.disabled'>['payload']): AlarmCause => ({
  kind: 'webhook-disabled',
  subject: String(endpointId),
  summary: `Webhook endpoint ${endpointId} of ${sellerId ?? 'the platform'} (${host}) was disabled: nothing could be delivered to it for too long. Last error: ${error}`,
});

async function mailBuyer(
  { mail, installationId }: Notifying,
  { buyerId, subject, text }: BuyerMessage,
  { db, eventId, log }: EventContext,
): Promise<void> {
  if (mail === null) return;
  const account = await readAccount(db, buyerId);
  if (account === undefined) return log('warn', { buyerId }, 'there is nobody to write to');
  await mail.send({ to: account.email, subject, text, id: `event-${eventId}.${installationId}` });
}
