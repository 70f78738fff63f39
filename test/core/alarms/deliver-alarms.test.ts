/** What the channels of alarms get: Slack and a webhook over real HTTP servers, mail over a real SMTP server. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { watchAlarmsDuty } from '../../../batch/duties/alarms.js';
import { alarmChannels } from '../../../core/alarms/alarm-channels.js';
import { raiseAlarm, resolveAlarm } from '../../../core/alarms/change-alarms.js';
import { alarmConsumers, deliverAlarms } from '../../../core/alarms/deliver-alarms.js';
import { readOpenAlarms } from '../../../core/alarms/stores/alarm.js';
import { watchAlarms } from '../../../core/alarms/watch-alarms.js';
import { readConfig } from '../../../infra/config.js';
import { change } from '../../../infra/database.js';
import { openMail } from '../../../infra/mail.js';
import { alarmSettings, alarmsOf, emptyAlarms } from '../../support/alarms.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { attemptsOf, consuming, letDue } from '../../support/outbox.js';
import { type Outside, startOutside, text } from '../../support/outside.js';
import {
  type MailReceiver,
  type SlackReceiver,
  startMailReceiver,
  startSlackReceiver,
} from '../../support/receivers.js';

let database: TestDatabase;
let slack: SlackReceiver;
let webhook: Outside;
let smtp: MailReceiver;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await emptyAlarms(database.db);
  [slack, webhook, smtp] = await Promise.all([startSlackReceiver(), startOutside(), startMailReceiver()]);
});
afterEach(() => Promise.all([slack.stop(), webhook.close(), smtp.stop()]));

/** Sends what waits, to the channels that are configured. */
async function deliver(
  given: { readonly slackUrl?: null; readonly webhookUrl?: null; readonly mailTo?: [] } = {},
  by: typeof deliverAlarms = deliverAlarms,
): Promise<number> {
  const mail = openMail(smtp.url, 'Magam <magam@shop.example>');
  const alarms = {
    ...alarmSettings().alarms,
    slackUrl: slack.url,
    webhookUrl: `${webhook.url}/secret`,
    mailTo: ['one@x.example', 'two@x.example'],
  };
  try {
    return await by(consuming(database.db), alarmConsumers(alarmChannels({ ...alarms, ...given }, mail), 'here'));
  } finally {
    mail.close();
  }
}
const raise = () =>
  raiseAlarm(database.db, { kind: 'command-failed', subject: 'settle', summary: 'It said <!channel> & "no".' });
async function resolveAll(): Promise<void> {
  for (const { alarmId } of await readOpenAlarms(database.db)) await resolveAlarm(database.db, alarmId);
}

it('each channel gets an alarm and its end, once', async () => {
  await raise();
  expect(await deliver()).toBe(3);
  expect(await deliver()).toBe(0);
  await resolveAll();
  expect(await deliver()).toBe(3);
  expect(slack.texts).toEqual([
    expect.stringMatching(
      /^ALARM: It said &lt;!channel&gt; &amp; "no"\.\nWhat to do: .*\nAlarm \d+ \(command-failed: settle\) has been open since \S+Z\.$/,
    ),
    expect.stringMatching(/^OVER: It said &lt;!channel&gt;/),
  ]);
  const [opened, resolved] = webhook.received;
  expect(opened?.body).toEqual({
    id: expect.stringMatching(/^alarm-\d+\.here$/),
    alarm: {
      alarmId: expect.any(Number),
      kind: 'command-failed',
      subject: 'settle',
      status: 'OPEN',
      summary: 'It said <!channel> & "no".',
      action: expect.stringContaining('magam cron'),
      openedAt: expect.stringMatching(/Z$/),
      resolvedAt: null,
    },
  });
  expect(opened?.headers['idempotency-key']).toBe(opened?.body.id);
  expect(resolved?.body).toMatchObject({ alarm: { status: 'RESOLVED', resolvedAt: expect.stringMatching(/Z$/) } });
  expect(resolved?.body.id).not.toBe(opened?.body.id);
  expect(smtp.mails.map(({ to }) => to)).toEqual([
    ['one@x.example', 'two@x.example'],
    ['one@x.example', 'two@x.example'],
  ]);
  expect(smtp.mails[0]?.message).toContain('Subject: [Magam] ALARM: command-failed settle');
  expect(smtp.mails[0]?.message).toMatch(new RegExp(`Message-ID: <${opened?.body.id}@shop.example>`, 'i'));
});

it('a channel that is away does not hold up the others, and gets the message later under the same id', async () => {
  webhook.answer(text(503, 'later'), text(200, 'ok'));
  await raise();
  expect(await deliver()).toBe(2);
  expect(await attemptsOf(database.db, 'alarm-webhook')).toMatchObject([
    { status: 'WAITING', attempts: 1, error: 'the webhook for alarms answered 503' },
  ]);
  expect(await deliver()).toBe(0);
  await letDue(database.db);
  expect(await deliver()).toBe(1);
  const [first, second] = webhook.received;
  expect(second?.body.id).toBe(first?.body.id);
  expect([slack.texts.length, smtp.mails.length]).toEqual([1, 1]);
});

it('what cannot be looked at keeps no message from being sent', async () => {
  await raise();
  await change(database.db, 'RENAME TABLE settlement_exception TO settlement_exception_away');
  const config = readConfig({ NODE_ENV: 'test' });
  const watching = deliver({}, (context, alarmConsumers) =>
    watchAlarmsDuty.run({ ...context, config, alarmConsumers }),
  ).finally(() => change(database.db, 'RENAME TABLE settlement_exception_away TO settlement_exception'));
  await expect(watching).rejects.toThrow('settlement_exception');
  expect(slack.texts).toHaveLength(1);
});

it('an error says nothing of the address of a webhook', async () => {
  await Promise.all([slack.stop(), webhook.close()]);
  await raise();
  await deliver();
  const tried = [
    ...(await attemptsOf(database.db, 'alarm-slack')),
    ...(await attemptsOf(database.db, 'alarm-webhook')),
  ];
  expect(tried.map(({ status }) => status)).toEqual(['WAITING', 'WAITING']);
  expect(JSON.stringify(tried)).not.toContain('secret');
  [slack, webhook] = await Promise.all([startSlackReceiver(), startOutside()]);
});

it('a late message does not report an alarm as open that is over', async () => {
  slack.answer(500);
  await raise();
  await deliver();
  await resolveAll();
  slack.answer(200);
  await letDue(database.db);
  await deliver();
  expect(slack.texts).toHaveLength(2);
  for (const sent of slack.texts) expect(sent).toMatch(/^OVER: /);
});

it('a message that is given up raises an alarm, which the other channels send', async () => {
  slack.answer(500);
  await raise();
  await deliver();
  await change(database.db, `UPDATE outbox_attempt SET attempts = 13 WHERE consumer = 'alarm-slack'`);
  await letDue(database.db);
  await deliver();
  for (let look = 0; look < 3; look += 1) {
    await watchAlarms(database.db, alarmSettings(), ['dead-letters']);
    await deliver();
  }
  expect(await alarmsOf(database.db)).toEqual(['command-failed settle OPEN', 'dead-letters alarm-slack OPEN']);
  expect(webhook.received.map(({ body }) => body.alarm.subject)).toEqual(['settle', 'alarm-slack']);
});

it('a channel that is not configured gets nothing, and not later either', async () => {
  await raise();
  expect(await deliver({ slackUrl: null, webhookUrl: null, mailTo: [] })).toBe(3);
  expect(await deliver()).toBe(0);
  expect([slack.texts, webhook.received, smtp.mails]).toEqual([[], [], []]);
});
