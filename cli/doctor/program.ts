/** The program itself: Node, its build, its settings, its keys, the disk that it writes to. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { type Config, readConfig, unknownSettings } from '../../infra/config.js';
import { isLoopback, publishedKeys } from '../../infra/key-settings.js';
import { PROGRAM } from '../../infra/version.js';
import { MagamError } from '../../kernel/errors.js';
import { packageFile, scriptFile } from '../context.js';
import { type Finding, failureText, fault, looked, ok, warning } from './finding.js';

export function checkNode(version = process.versions.node): Finding {
  const { engines } = JSON.parse(readFileSync(packageFile, 'utf8')) as { engines: { node: string } };
  const wanted = engines.node.replace('>=', '');
  const [major = 0, minor = 0] = wanted.split('.').map(Number);
  const [haveMajor = 0, haveMinor = 0] = version.split('.').map(Number);
  const found = `${PROGRAM} on Node ${version}`;
  return haveMajor > major || (haveMajor === major && haveMinor >= minor)
    ? ok('node', found)
    : fault('node', found, `Install Node ${wanted} or newer.`);
}

const inProcess = promisify(execFile);

/** Whether the running program was built from the sources beside it. */
export const checkBuild = (): Promise<Finding[]> =>
  looked('build', async () => {
    const { stdout } = await inProcess(process.execPath, [scriptFile('setup.mjs'), '--missing']);
    return buildFinding(stdout.trim());
  });

/** @param missing what the set-up script says is missing or outdated: `packages`, `build` or nothing */
export function buildFinding(missing: string): Finding {
  const build = 'Run npm run build, and start the servers and runners again.';
  switch (missing) {
    case '':
      return ok('build', 'The program is as new as its sources.');
    case 'build':
      return fault('build', 'The program is older than its sources.', build);
    default:
      return fault(
        'build',
        'The installed packages are older than package-lock.json.',
        'Run npm ci, then npm run build.',
      );
  }
}

/** Of the launcher of private services. */
const LAUNCHER_SETTINGS = ['MAGAM_HOME', 'MAGAM_NO_INSTALL', 'MAGAM_PROGRAM_PATH'];

/** The settings, if they can be read, and what is wrong with them. */
export function checkSettings(): { readonly config: Config | undefined; readonly findings: readonly Finding[] } {
  const unknown = unknownSettings(LAUNCHER_SETTINGS);
  const misspelt = unknown.map((name) =>
    warning(
      'settings',
      `${name} is set, but there is no such setting.`,
      `Correct its name (docs/configuration.md), or remove it.`,
    ),
  );
  try {
    const config = readConfig();
    const found = config.production ? 'NODE_ENV=production' : 'not production: NODE_ENV is not production';
    return { config, findings: [ok('settings', `All settings can be read (${found}).`), ...misspelt] };
  } catch (error) {
    const settings = error instanceof MagamError ? (error.details.settings as string[] | undefined) : undefined;
    const wrong = (settings ?? [failureText(error)]).map((text) =>
      fault('settings', `${text}.`, 'Correct the setting; docs/configuration.md lists all settings.'),
    );
    return { config: undefined, findings: [...wrong, ...misspelt] };
  }
}

/** Keys that are published, and keys that are missing. */
export function checkKeys(config: Config): Finding[] {
  const published = publishedKeys(config);
  const action = `Set ${published.join(' and ')} (docs/operations.md#the-http-server), with the same value for all servers.`;
  const found = `${published.join(' and ')} ${published.length === 1 ? 'has its default' : 'have their defaults'}, which everybody knows.`;
  const refused = config.production || !isLoopback(config.host);
  const secret = refused ? fault('keys', found, action) : warning('keys', found, action);
  const signing =
    config.signingKeyPem === null
      ? warning(
          'signing',
          'Certificates are not signed.',
          'Set MAGAM_SIGNING_KEY where dates are settled (docs/operations.md#signing-keys).',
        )
      : ok('signing', 'Certificates are signed.');
  return [published.length === 0 ? ok('keys', 'The keys are your own.') : secret, signing];
}

/** Where alarms are sent. */
export function checkAlarmChannels({ alarms: { slackUrl, webhookUrl, mailTo } }: Config): Finding {
  const channels = [
    ...(slackUrl === null ? [] : ['Slack']),
    ...(webhookUrl === null ? [] : ['a webhook']),
    ...mailTo.map((address) => `mail to ${address}`),
  ];
  return channels.length > 0
    ? ok('alarm channels', channels.join(', '))
    : warning(
        'alarm channels',
        'Alarms are sent to nobody.',
        'Set MAGAM_SLACK_WEBHOOK_URL, MAGAM_ALARM_WEBHOOK_URL or MAGAM_ALARM_MAIL_TO (docs/alarms.md).',
      );
}

const GIB = 1024 ** 3;

/** The free space on the disk of a folder. Imports keep their data in the system's temporary folder. */
export async function checkDisk(check: string, folder = tmpdir()): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return diskFinding(check, folder, bavail * bsize, blocks * bsize);
}

/** @param freeBytes the space that a process without privileges may use */
export function diskFinding(check: string, folder: string, freeBytes: number, allBytes: number): Finding {
  const percent = allBytes === 0 ? 100 : Math.floor((100 * freeBytes) / allBytes);
  const found = `${(freeBytes / GIB).toFixed(1)} GiB (${percent} %) free in ${folder}`;
  const action = 'Free some space: a full disk stops every write.';
  if (freeBytes < GIB) return fault(check, found, action);
  return percent < 10 && freeBytes < 20 * GIB ? warning(check, found, action) : ok(check, found);
}
