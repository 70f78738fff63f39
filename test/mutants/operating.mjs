// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are pieces of the sources
/** What operators give: `magam cron`, `alarms`, `doctor` and `keys rotate`. */
const cron = { file: 'cli/cron.ts', tests: 'test/cli/cron.test.ts' };
const outcome = { ...cron, file: 'cli/cron-outcome.ts', only: 'the outcome' };
const alarms = { file: 'cli/alarms.ts', tests: 'test/cli/alarms.test.ts' };
const direct = { file: 'cli/direct-alarm.ts', tests: 'test/cli/alarms.test.ts' };
const doctor = { tests: 'test/cli/doctor.test.ts' };
const machine = { ...doctor, only: 'what a machine of a test cannot be' };
const keySettings = { file: 'infra/key-settings.ts', tests: 'test/infra/key-settings.test.ts', quick: true };
const encryption = { file: 'infra/encryption.ts', tests: 'test/infra/encryption.test.ts', quick: true };
const rotate = { file: 'cli/keys.ts', tests: 'test/cli/keys.test.ts' };
const rotation = { file: 'infra/key-rotation.ts', tests: 'test/cli/keys.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...cron,
    name: 'cron starts a command that is still running',
    from: "'--conflict-exit-code', String(LOCKED), lock",
    to: "'--conflict-exit-code', String(LOCKED), `${lock}.${process.pid}`",
    only: 'that is still running',
  },
  {
    ...cron,
    name: 'cron runs itself',
    from: "if (words[0] === 'cron' || words[0] === 'alarms')",
    to: "if (words[0] === 'cron of cron')",
    only: 'does not run itself',
  },
  {
    ...cron,
    name: 'alarms that cannot be checked change the exit code',
    from: '    note(`The alarms could not be checked: ${errorText(error)}`);',
    to: '    throw error;',
    only: 'tells without the database',
    equivalent: 'what fails on the way to the database is told by another note before',
  },
  {
    ...cron,
    name: 'without the database nobody is told',
    from: 'if (!succeeded(outcome)) await raiseDirectly(config, cause);',
    to: '',
    only: 'tells without the database',
  },
  {
    ...cron,
    name: 'what cron is told does not reach the command',
    from: 'void child.kill(signal);',
    to: 'void child;',
    only: 'passes on signals',
  },
  { ...outcome, name: 'parked entries are a failure of the command', from: '[0, 3, 5]', to: '[0, 5]' },
  { ...outcome, name: 'a difference is no failure of the command', from: '[0, 3, 5]', to: '[0, 3, 4, 5]' },
  { ...outcome, name: 'a word of the command breaks the line', from: ".replace(/\\p{C}+/gu, ' ')", to: '' },
  {
    ...direct,
    name: 'an alarm without a database is told each time',
    from: 'told.channels.includes(name) || (await',
    to: '(await',
    only: 'tells directly that it cannot look, once',
  },
  {
    ...direct,
    name: 'an alarm that nobody heard is not told again',
    from: 'heard: ALARM_CHANNELS.filter((_name, index) => tried[index])',
    to: 'heard: ALARM_CHANNELS',
    only: 'where it was not heard',
  },
  {
    ...direct,
    name: 'the folder of somebody else is used',
    from: 'if (!found.isDirectory() || found.uid !== userInfo().uid)',
    to: 'if (found.uid < 0)',
  },
  {
    ...alarms,
    name: 'alarms check ends well while alarms are open',
    from: 'process.exitCode = errors.ALARMS_OPEN.exit;',
    to: '',
    only: 'exits with 1 while there are any',
  },
  {
    ...machine,
    file: 'cli/doctor/program.ts',
    name: 'doctor takes any Node',
    from: '(haveMajor === major && haveMinor >= minor)',
    to: 'haveMajor === major',
  },
  {
    ...machine,
    file: 'cli/doctor/program.ts',
    name: 'doctor misses a disk that is full',
    from: 'if (freeBytes < GIB) return fault',
    to: 'if (freeBytes < 0) return fault',
  },
  {
    ...machine,
    file: 'cli/doctor/services.ts',
    name: 'doctor misses a session in another isolation',
    from: "isolation === 'READ-COMMITTED' && ",
    to: '',
  },
  {
    ...machine,
    file: 'cli/doctor/services.ts',
    name: 'doctor misses a server that takes no writes',
    from: '...(readOnly\n',
    to: '...(false\n',
  },
  {
    ...machine,
    file: 'cli/doctor/services.ts',
    name: 'doctor misses a server that forgets commits',
    from: 'flushAtCommit === 1 && maxPacketBytes',
    to: 'maxPacketBytes',
  },
  {
    ...doctor,
    file: 'cli/doctor/program.ts',
    name: 'doctor misses keys that everybody knows in production',
    from: 'const refused = config.production || !isLoopback(config.host);',
    to: 'const refused = false;',
    only: 'keys that everybody knows',
  },
  {
    ...doctor,
    file: 'cli/doctor/services.ts',
    name: 'doctor misses an account that may not write',
    from: "if (missing.length === 0) return [ok('privileges'",
    to: "if (missing.length < 9) return [ok('privileges'",
    only: 'an account that may only read',
  },
  {
    ...doctor,
    file: 'cli/doctor/services.ts',
    name: 'doctor misses a Redis that may forget',
    from: "evictionPolicy === 'noeviction' || !holdsHints",
    to: "evictionPolicy !== ''",
    only: 'a Redis that may forget',
  },
  {
    ...doctor,
    file: 'cli/doctor/services.ts',
    name: 'doctor misses the clock of Redis',
    from: 'Math.abs(clockAheadMs) > CLOCK_MS',
    to: 'Math.abs(clockAheadMs) < 0',
    only: 'sees that its clock is',
  },
  {
    ...doctor,
    file: 'cli/doctor/services.ts',
    name: 'doctor misses the clock of the database',
    from: "return notice === undefined ? ok('clock', found)",
    to: "return notice === undefined || notice !== '' ? ok('clock', found)",
    only: 'sees that its clock is',
  },
  {
    ...doctor,
    file: 'cli/doctor/program.ts',
    name: 'doctor misses a build that is older than its sources',
    from: "case 'build':\n",
    to: "case 'nothing':\n",
    only: 'what a machine of a test cannot be',
  },
  {
    ...rotation,
    name: 'a rotation replaces what was written meanwhile',
    from: '= ? AND ${sealed} = ? AND ${keyId} = ?`,\n      [value.sealed, value.keyId, row.id, row.sealed, row.keyId],',
    to: '= ?`,\n      [value.sealed, value.keyId, row.id],',
    only: 'replaces no value that was changed',
  },
  {
    ...rotation,
    name: 'a rotation does not name what stands under an unknown key',
    from: 'tally.unknown += former.length - readable.length;',
    to: '',
    only: 'names those under an unknown key',
  },
  {
    ...rotation,
    name: 'a rotation does not name what was damaged',
    from: 'tally.damaged += readable.length - renewed.length;',
    to: '',
    only: 'names those under an unknown key',
  },
  {
    ...rotate,
    name: 'a rotation goes on after it was stopped',
    from: "if (signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped; the same command continues.');",
    to: '',
    only: 'when it is told to stop',
  },
  {
    ...rotate,
    name: 'former keys of webhooks are forgotten in a rotation',
    from: '  ...WEBHOOK_SECRETS,\n',
    to: '',
    only: 'knows every column',
  },
  {
    ...keySettings,
    name: 'keys that everybody knows serve the network',
    from: 'if (!config.production && isLoopback(config.host)) return;',
    to: 'if (!config.production) return;',
  },
  {
    ...keySettings,
    name: 'a published key counts as a former one',
    from: '[tokenKey, ...formerTokenKeys].includes(PUBLISHED_TOKEN_KEY)',
    to: 'tokenKey === PUBLISHED_TOKEN_KEY',
  },
  {
    ...keySettings,
    name: 'a name that begins like a loopback address is one',
    from: "if (isIP(address) === 0) return address === 'localhost';",
    to: '',
  },
  {
    ...keySettings,
    name: 'a short key of tokens',
    from: 'key.length >= TOKEN_KEY_CHARACTERS',
    to: 'key.length > 0',
  },
  {
    ...keySettings,
    name: 'a short key of encryption',
    from: 'key.length === 32)',
    to: 'key.length > 0)',
  },
  {
    ...encryption,
    name: 'a ciphertext counts in another row',
    from: '    .setAAD(Buffer.from(boundTo))\n    .setAuthTag',
    to: '    .setAAD(Buffer.from(boundTo.slice(0, 3)))\n    .setAuthTag',
  },
];
