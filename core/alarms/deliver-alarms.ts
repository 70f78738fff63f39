/** Turns the events of alarms into messages, with a consumer for each channel, so that a channel that is away does not hold up the others. */

import type { ConsumeContext } from '../outbox/consume.js';
import { type Consumer, consumer } from '../outbox/consumer.js';
import { lookAgain } from '../outbox/look-again.js';
import { registerConsumer } from '../outbox/stores/outbox-consumer.js';
import { ALARM_CHANNELS, type AlarmChannels } from './alarm-channels.js';
import { readAlarm } from './stores/alarm.js';

/** A channel that takes longer than this has failed (ms). */
const WITHIN_MS = 30_000;

/** @param installationId keeps ids of messages apart from those of other databases */
export const alarmConsumers = (channels: AlarmChannels, installationId: string): Consumer[] =>
  ALARM_CHANNELS.map((name) =>
    consumer({
      name,
      from: 'beginning',
      events: ['alarm.opened', 'alarm.resolved'],
      withinMs: WITHIN_MS,
      deliver: async ({ payload: { alarmId } }, { db, eventId, signal }) => {
        const alarm = await readAlarm(db, alarmId);
        if (alarm !== undefined) await channels[name]?.(`alarm-${eventId}.${installationId}`, alarm, signal);
      },
    }),
  );

/** Sends all waiting messages; needs no hint and no runner. @returns how many messages were accepted */
export async function deliverAlarms(context: ConsumeContext, consumers: readonly Consumer[]): Promise<number> {
  let sent = 0;
  for (const one of consumers) {
    await registerConsumer(context.db, one);
    sent += await lookAgain(context, one, { forgottenMs: 0 });
  }
  return sent;
}
