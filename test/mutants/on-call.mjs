// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are pieces of the sources
/** What operators are told: alarms, and the duties that look for them. */
const alarmTests = 'test/core/alarms/watch-alarms.test.ts';
const alarm = { file: 'core/alarms/stores/alarm.ts', tests: alarmTests };
const watch = { file: 'core/alarms/watch-alarms.ts', tests: alarmTests };
const conditions = { file: 'core/alarms/conditions.ts', tests: alarmTests };
const found = { file: 'core/alarms/stores/condition.ts', tests: alarmTests };
const deliver = { tests: 'test/core/alarms/deliver-alarms.test.ts' };
const duty = { file: 'batch/duties/duty-loop.ts', tests: 'test/batch/duties/duty-loop.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...alarm,
    name: 'a second message about one cause',
    from: '`${kind} ${storedSubject(subject)}`;',
    to: '`${kind} ${storedSubject(subject)} ${process.hrtime.bigint()}`;',
    only: 'however many look at once',
  },
  {
    ...alarm,
    name: 'one end of an alarm is told several times',
    from: "WHERE alarm_id = ? AND status = 'OPEN'`;\n  return",
    to: 'WHERE alarm_id = ?`;\n  return',
    only: 'ended by one of those',
  },
  {
    ...alarm,
    name: 'a subject is as long as it likes',
    from: 'cut(subject.trim(), SUBJECT_MAX)',
    to: 'subject.trim()',
    only: 'longer than their columns',
  },
  {
    ...alarm,
    name: 'a summary is as long as it likes',
    from: 'cut(summary, SUMMARY_MAX)',
    to: 'summary',
    only: 'longer than their columns',
  },
  {
    ...alarm,
    name: 'open alarms are purged',
    from: 'WHERE resolved_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY LIMIT ?',
    to: 'WHERE opened_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY LIMIT ?',
    only: 'are purged',
  },
  {
    ...watch,
    name: 'a condition that cannot be read keeps the others from being looked at',
    from: 'failure ??= { error };',
    to: 'throw error;',
    only: 'does not keep others from being checked',
  },
  {
    ...watch,
    name: 'a condition that cannot be read is passed over in silence',
    from: 'if (failure !== undefined) throw failure.error;',
    to: '',
    only: 'does not keep others from being checked',
  },
  {
    ...conditions,
    name: 'a run that is tried again is no alarm any more',
    from: '  staying: await runsIn(db, open, beingTried),',
    to: '  staying: await runsIn(db, open.slice(open.length), beingTried),',
    only: 'stays an alarm while it is tried again',
  },
  {
    ...conditions,
    name: 'parked entries of an old date are forgotten',
    from: "[...beingTried, 'COMPLETED_WITH_EXCEPTIONS']",
    to: 'beingTried',
    only: 'no longer among the latest',
  },
  {
    ...conditions,
    name: 'an outage opens an alarm for each of its dates',
    from: 'dates.slice(0, OVERDUE_MAX).map',
    to: 'dates.map',
    only: 'is raised for the ten earliest',
  },
  {
    ...conditions,
    name: 'an earlier date that is late ends the alarm of a later one',
    from: 'staying: open.filter((subject) => stillOpen.has(subject)),',
    to: 'staying: [],',
    only: 'is raised for the ten earliest',
  },
  {
    ...conditions,
    name: 'dates are overdue though nobody wants to be told',
    from: 'const dates = dateMinutes === 0 ? [] : ',
    to: 'const dates = ',
    only: 'none at all where the setting is 0',
  },
  {
    ...conditions,
    name: 'the runner is missed though nobody wants to be told',
    from: 'const silent = runnerMinutes > 0 && ',
    to: 'const silent = ',
    only: 'does not count the time in which nobody looked',
  },
  {
    ...conditions,
    name: 'an outage of the database counts as the silence of the runner',
    from: ' - (duties.get(WATCH_ALARMS) ?? 0);',
    to: ';',
    only: 'does not count the time in which nobody looked',
  },
  {
    ...found,
    name: 'parked entries that were settled since are an alarm',
    from: ' AND x.settled_generation IS NULL',
    to: '',
    only: 'until none is left',
  },
  {
    ...found,
    name: 'parked entries of a run under way are an alarm',
    from: "WHERE d.status = 'COMPLETED_WITH_EXCEPTIONS' AND x",
    to: 'WHERE x',
    only: 'are none yet',
  },
  {
    ...deliver,
    file: 'core/alarms/alarm-channels.ts',
    name: 'a message that is told again has another id',
    from: "signal, { 'idempotency-key': id })",
    to: "signal, { 'idempotency-key': String(Math.random()) })",
  },
  {
    ...deliver,
    file: 'infra/webhook.ts',
    name: 'a receiver that refuses counts as told',
    from: 'if (statusCode < 200 || statusCode > 299) throw new Error(`${receiver} answered ${statusCode}`);',
    to: '',
  },
  {
    ...deliver,
    file: 'infra/webhook.ts',
    name: 'what others wrote speaks to a whole channel of Slack',
    from: '{ text: escapeForSlack(text) }',
    to: '{ text }',
  },
  {
    ...deliver,
    file: 'batch/duties/alarms.ts',
    name: 'alarms are not sent where a condition cannot be read',
    from: '    try {\n      return await watchAlarms(db, config);\n    } finally {\n      await deliverAlarms({ db, log, signal }, alarmConsumers);\n    }',
    to: '    const changed = await watchAlarms(db, config);\n    await deliverAlarms({ db, log, signal }, alarmConsumers);\n    return changed;',
    only: 'keeps no message from being sent',
  },
  {
    ...duty,
    name: 'a duty is done once more by whoever waited for the lease',
    from: 'if ((await dueDuties(db, [duty.name])).length === 0) return;',
    to: '',
    only: 'that another process did just before',
  },
  {
    ...duty,
    name: 'whoever has lost a duty notes that it is done',
    from: 'if (!(await fenceLeadership(tx, leaseOf(name), owner, epoch))) return false;',
    to: '',
    only: 'whose lease somebody else has taken',
  },
  {
    ...duty,
    name: 'a duty takes as long as it likes',
    from: 'if (now - takenAt > limitMs) giveUp',
    to: 'if (now - takenAt < 0) giveUp',
    only: 'that takes too long',
  },
  {
    ...duty,
    name: 'a duty goes on whose lease is somebody else’s',
    from: "else giveUp('another process has taken it');",
    to: 'else heldSince = now;',
    only: 'whose lease somebody else has taken',
  },
  {
    ...duty,
    name: 'duties are done under another time zone',
    from: 'if (due.size > 0) await readPlatformTime(db, config.timeZone);',
    to: '',
    only: 'with another time zone',
  },
  {
    ...duty,
    name: 'a duty of a process that stops counts as failed',
    from: 'if (context.signal.aborted) return;',
    to: '',
    only: 'when the process is to stop',
  },
  {
    ...duty,
    name: 'a process that stops keeps the lease',
    from: 'await resignLeadership(db, lease, owner).catch(() => undefined);',
    to: '',
    only: 'when the process is to stop',
  },
];
