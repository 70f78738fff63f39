/** `magam doctor`: checks everything that the program depends on, and says for each what it found and what to do. */
import type { Command } from 'commander';
import colours from 'picocolors';
import type { Config } from '../../infra/config.js';
import { openDatabase } from '../../infra/database.js';
import { armFaults } from '../../infra/faults.js';
import { serviceUrls, wantsJson } from '../context.js';
import { print, printJson } from '../output.js';
import { type Finding, failureText, fault, looked, type State } from './finding.js';
import { checkAlarmChannels, checkBuild, checkDisk, checkKeys, checkNode, checkSettings } from './program.js';
import { checkDatabase, checkRedis } from './services.js';

/** How long it waits for a service that does not answer (s). */
const ANSWER_SECONDS = 5;

export function doctorCommand(doctor: Command): void {
  doctor.action(async (_options, command: Command) => {
    const findings = await examine();
    const isWell = findings.every(({ state }) => state !== 'fault');
    if (wantsJson(command)) printJson({ ok: isWell, checks: findings });
    else show(findings);
    if (!isWell) process.exitCode = 1;
  });
}

async function examine(): Promise<Finding[]> {
  const { config, findings } = checkSettings();
  const program = [
    checkNode(),
    ...(await checkBuild()),
    ...findings,
    ...(await looked('temporary disk', () => checkDisk('temporary disk'))),
  ];
  if (config === undefined) {
    const rest = fault(
      'services',
      'Database and Redis were not checked.',
      'Correct the settings first, then run magam doctor again.',
    );
    return [...program, rest];
  }
  armFaults(config.fault);
  return [...program, ...checkKeys(config), checkAlarmChannels(config), ...(await examineServices(config))];
}

async function examineServices(config: Config): Promise<Finding[]> {
  let urls: { readonly databaseUrl: string; readonly redisUrl: string };
  try {
    urls = await serviceUrls(config);
  } catch (error) {
    return [
      fault(
        'services',
        failureText(error),
        'Read what the launcher says above, or set MAGAM_DATABASE_URL and MAGAM_REDIS_URL.',
      ),
    ];
  }
  const db = openDatabase(urls.databaseUrl, {
    poolMax: 2,
    answerSeconds: ANSWER_SECONDS,
    connectionWaitSeconds: ANSWER_SECONDS,
  });
  try {
    const [database, redis] = await Promise.all([
      checkDatabase(db, config),
      checkRedis(urls.redisUrl, config.queueRedisUrl),
    ]);
    return [...database, ...redis];
  } finally {
    await db.destroy();
  }
}

const COLOURS: Readonly<Record<State, (text: string) => string>> = {
  ok: colours.green,
  warning: colours.yellow,
  fault: colours.red,
};

function show(findings: readonly Finding[]): void {
  for (const { check, state, found, action } of findings) {
    print(`${COLOURS[state](state.padEnd(7))}  ${check}: ${found}`);
    if (action !== null) print(`         What to do: ${action}`);
  }
  const count = (state: State): number => findings.filter((finding) => finding.state === state).length;
  print(`\n${count('fault')} at fault, ${count('warning')} to look at, ${count('ok')} in order.`);
}
