/** `magam runner`: the daemon. */
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { runDuties } from '../batch/duties/duty-loop.js';
import { runnerDuties } from '../batch/duties/registry.js';
import { WorkerPools } from '../batch/engine/worker-pool.js';
import { jobs } from '../batch/jobs/registry.js';
import { runOutbox } from '../batch/outbox/outbox-loop.js';
import { outboxConsumers } from '../batch/outbox/registry.js';
import { runRunner } from '../batch/runner/runner.js';
import { runTasks } from '../batch/tasks/task-loop.js';
import { runWebhooks } from '../batch/webhooks/webhook-loop.js';
import { alarmChannels } from '../core/alarms/alarm-channels.js';
import { alarmConsumers } from '../core/alarms/deliver-alarms.js';
import { CatalogueCache } from '../core/catalogue/catalogue-cache.js';
import { paymentProviders } from '../core/payments/providers/registry.js';
import { payoutProviders } from '../core/payouts/providers/registry.js';
import { type Db, openDatabase } from '../infra/database.js';
import type { Listening } from '../infra/listening.js';
import { openProcessLog } from '../infra/log.js';
import { lineByLine } from '../infra/log-output.js';
import { logOfLoops, noticeOfDatabase, noticeOfRedis } from '../infra/outage-notice.js';
import { type HintQueue, openQueue } from '../infra/queue.js';
import { openRedis } from '../infra/redis.js';
import { readInstallationId } from '../infra/stores/installation.js';
import { listenForWakes } from '../infra/wake.js';
import { Bell } from './bell.js';
import { type CommandContext, migrationsFolder, withDatabase } from './context.js';

/** Connections of the runs. */
export const RUN_CONNECTIONS = 8;
/** Connections of the tasks' own pool: an import takes up to four, a verification one, a heartbeat one. */
const TASK_CONNECTIONS = 8;
/** Connections of the duties: each runs one statement at a time, and renews its lease now and then. */
const DUTY_CONNECTIONS = 4;
/** Connections of the outbox: the relay, and for each consumer a read of its rows and two hints. */
const OUTBOX_CONNECTIONS = 8;
/** Connections of the webhooks: an endpoint runs one statement at a time, and seldom any. */
const WEBHOOK_CONNECTIONS = 2;
const CONNECTIONS = [TASK_CONNECTIONS, DUTY_CONNECTIONS, OUTBOX_CONNECTIONS, WEBHOOK_CONNECTIONS];
/** The transactions of a frozen runner end before other processes give up waiting for its row locks (30 s). */
const TASK_SILENCE_SECONDS = 10;

export function runnerCommand(runner: Command): void {
  runner.action(async (_options, command: Command) => {
    await withDatabase(
      command,
      (context) =>
        serveRunner(context, openProcessLog(context.config.logLevel, 'runner', lineByLine(process.stderr.fd))),
      { poolMax: () => RUN_CONNECTIONS, leased: true },
    );
  });
}

/** Works with all loops of a runner until the signal, and closes what it has opened; the database of the context stays open. */
export async function serveRunner(
  {
    config,
    db,
    databaseUrl,
    redisUrl,
    queueRedisUrl,
    signal,
  }: Pick<CommandContext, 'config' | 'db' | 'databaseUrl' | 'redisUrl' | 'queueRedisUrl' | 'signal'>,
  logger: Logger,
): Promise<void> {
  const bell = new Bell(signal);
  const installationId = await readInstallationId(db); // everything that is opened below has to be closed again
  const pools = new WorkerPools(config, databaseUrl);
  const open = (poolMax: number) =>
    openDatabase(databaseUrl, {
      poolMax,
      silenceSeconds: TASK_SILENCE_SECONDS,
      answerSeconds: config.answerMs / 1_000,
    });
  const [taskDb, dutyDb, outboxDb, webhookDb] = CONNECTIONS.map(open) as [Db, Db, Db, Db];
  const database = noticeOfDatabase(logger, db);
  const cache = noticeOfRedis(logger, 'Redis', () => redis.client.ping());
  const redis = openRedis(redisUrl, installationId, cache.disconnected);
  const hangUp = listenForWakes(redisUrl, bell.ring, cache.disconnected);
  let queue: HintQueue | undefined;
  const hints =
    queueRedisUrl === redisUrl ? cache : noticeOfRedis(logger, 'Redis of the hints', async () => queue?.ping());
  const mail = config.mail && (await import('../infra/mail.js')).openMail(config.mail.url, config.mail.from);
  const payments = paymentProviders(config);
  const { providers } = payments;
  const payouts = payoutProviders(config);
  const alarms = alarmConsumers(alarmChannels(config.alarms, mail), installationId);
  const mailing = { mail, installationId, settings: config, publicUrl: config.accounts.publicUrl };
  const consumers = outboxConsumers(mailing, { config, providers }, alarms, config.timeZone);
  const shared = { config, pools, signal, idle: bell.wait, log: logOfLoops(logger, { database, hints }) };
  const probesPort = config.runnerMetricsPort;
  let probes: Listening | undefined;
  try {
    if (probesPort !== null) {
      const { serveProbes } = await import('../batch/runner/probes.js'); // its package is loaded only where it is used
      probes = await serveProbes(
        {
          ...{ config, db, redis, migrationsFolder, draining: signal, log: shared.log },
          pools: [db, taskDb, dutyDb, outboxDb, webhookDb],
          providers: [payments, payouts],
        },
        probesPort,
      );
    }
    queue = openQueue(queueRedisUrl, installationId, hints.disconnected); // runOutbox closes it
    await Promise.all([
      runRunner({ ...shared, db, jobs }),
      runTasks({ ...shared, db: taskDb }),
      runWebhooks({ ...shared, db: webhookDb }),
      runOutbox({ ...shared, db: outboxDb, queue }, consumers),
      runDuties(
        {
          ...shared,
          db: dutyDb,
          catalogue: new CatalogueCache(redis),
          providers,
          payoutProviders: payouts.providers,
          alarmConsumers: alarms,
        },
        runnerDuties,
        bell.wait,
      ),
    ]);
  } finally {
    await probes?.stop(0, 1_000);
    for (const notice of [database, cache, hints]) notice.close();
    hangUp();
    redis.close();
    mail?.close();
    const closing = [taskDb, dutyDb, outboxDb, webhookDb].map((pool) => pool.destroy());
    await Promise.all([pools.close(), ...closing, payments.close(), payouts.close()]);
  }
}
