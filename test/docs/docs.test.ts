/** README and docs against the program: links, commands, options, settings and exit codes, both ways. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { magam } from '../support/magam.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (path) => path.endsWith('.md'),
);
const readme = read('README.md');
const reference = read('docs/cli.md');

const withoutCode = (text: string): string => text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '`code`');

/** The anchor that a heading gets: its words in lower case, joined by hyphens. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** Why a link of a page leads nowhere; undefined when it does not. */
function brokenLink(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined; // another site
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : relative(root, join(root, dirname(page), file));
  if (!existsSync(join(root, target))) return `${page}: ${link}: there is no such file`;
  if (anchor === undefined || statSync(join(root, target)).isDirectory()) return undefined;
  return anchorsOf(target).includes(anchor) ? undefined : `${page}: ${link}: there is no such heading`;
}

interface DocumentedCommand {
  readonly usage: string;
  readonly options: readonly string[];
}

/** The commands of the reference by name: heading and the options in the first column of its table. */
function documentedCommands(): Map<string, DocumentedCommand> {
  const [general = '', ...sections] = reference.replace(/^## Exit codes$.*/ms, '').split(/^### /m);
  const all = optionsOfTable(general);
  return new Map([
    ['', { usage: '', options: all }],
    ...sections.map((section): [string, DocumentedCommand] => {
      const usage = /^`magam ([^`]+)`$/m.exec(section)?.[1] ?? '';
      return [commandName(usage), { usage, options: optionsOfTable(section) }];
    }),
  ]);
}

const optionsOfTable = (text: string): string[] =>
  [...text.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option = '']) => option).sort();
const commandName = (usage: string): string => usage.replace(/ [A-Z_ [\]]+$/, '');

interface ActualCommand extends DocumentedCommand {
  readonly children: readonly string[];
}

/** `--help` of a command. Nothing listens at the database's address, because help needs none. */
async function helpOf(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await magam('mysql://nobody@127.0.0.1:1/none', [...words, '--help']);
  expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' });
  return stdout;
}

/** What `--help` of a command shows. */
async function actualCommand(words: readonly string[]): Promise<ActualCommand> {
  const help = await helpOf(words);
  const section = (name: string): string =>
    new RegExp(`^${name}:\\n(.*?)(?:\\n\\n|$(?![^]))`, 'ms').exec(help)?.[1] ?? '';
  const options = [...section('Options').matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option = '']) => option);
  const children = [...section('Commands').matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name);
  const usage = (/^Usage: magam (.*)$/m.exec(help)?.[1] ?? '').replace(/\[(options|command)\]/g, '');
  const shown = usage.match(/<[a-z-]+>|\[[a-z-]+\]/g) ?? [];
  const given = shown.map((name) => name.replace(/[<>]/g, '').toUpperCase().replaceAll('-', '_'));
  return {
    usage: [...words, ...given].join(' '),
    options: options.filter((option) => words.length === 0 || option !== '--help').sort(),
    children: children.filter((name) => name !== 'help'),
  };
}

/** Commands that only group others. */
const GROUPS: readonly string[] = [
  'policies',
  'terms',
  'business-days',
  'import',
  'stock',
  'payments',
  'ledger',
  'adjustments',
  'payouts',
  'statements',
  'tax-invoices',
];

/** Every command that can be given by name; those that only group others cannot. */
async function actualCommands(): Promise<Map<string, DocumentedCommand>> {
  const found = new Map<string, DocumentedCommand>();
  const visit = async (words: readonly string[]): Promise<void> => {
    const { usage, options, children } = await actualCommand(words);
    const onlyGroups = GROUPS.includes(words.join(' '));
    if (!onlyGroups) found.set(words.join(' '), { usage, options });
    for (const child of children) await visit([...words, child]);
  };
  await visit([]);
  return found;
}

/** Calls of `magam` in code spans and in code blocks, of which those in `text` show output. */
function mentionedCalls(text: string): string[] {
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```/gms)].flatMap(([, language, code = '']) =>
    language === 'text' ? [] : code.split('\n'),
  );
  const spans = [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...spans].flatMap((code) => {
    const call = /(?:^|\s)(?:magam|bin\/magam\.mjs) +([a-z].*)$/.exec(code)?.[1];
    return call === undefined ? [] : [call.replace(/ [|>#&;].*$/, '').replace(/[;.,]$/, '')];
  });
}

/** Why a call of `magam` is not possible; undefined when it is. */
function impossibleCall(call: string, commands: ReadonlyMap<string, DocumentedCommand>): string | undefined {
  const [own = '', inner] = call.startsWith('cron ') ? call.split(/ --(?: |$)/) : [call];
  return (
    impossibleWords(own, commands) ??
    (inner === undefined || inner === '' ? undefined : impossibleWords(inner, commands))
  );
}

function impossibleWords(call: string, commands: ReadonlyMap<string, DocumentedCommand>): string | undefined {
  const [first = '', second = ''] = call.split(' ');
  if (first === 'help' || GROUPS.includes(call)) return undefined;
  const name = [`${first} ${second}`, first].find((candidate) => commands.has(candidate));
  const command = commands.get(name ?? '');
  const strayWord = name === first && command?.usage === name && /^[a-z]/.test(second);
  if (name === undefined || command === undefined || strayWord) return `there is no command: magam ${call}`;
  const known = [...command.options, ...(commands.get('')?.options ?? [])];
  const options = [...call.matchAll(/(?:^| )(--[a-z-]+)/g)].map(([, option = '']) => option);
  const unknown = options.filter((option) => !known.includes(option));
  return unknown.length === 0 ? undefined : `magam ${name} does not take ${unknown.join(', ')}: ${call}`;
}

const namesIn = (text: string): string[] => [...new Set(text.match(/\bMAGAM_[A-Z_]+\b/g))].sort();

describe('links', () => {
  it.each(pages)('of %s lead somewhere', (page) => {
    const links = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    expect(links.flatMap((link) => brokenLink(page, link) ?? [])).toEqual([]);
  });

  it('of the README lead to every page of docs', () => {
    expect(pages.filter((page) => page !== 'README.md' && !readme.includes(`](${page})`))).toEqual([]);
  });
});

describe('the README', () => {
  it('has at most 200 lines', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  });

  it('shows the report of the demo as a picture', () => {
    const picture = execFileSync(process.execPath, [join(root, 'scripts/picture.mjs')], { encoding: 'utf8' });
    expect(read('docs/demo.svg')).toBe(picture);
    expect(readme).toContain('](docs/demo.svg)');
  });
});

describe('commands', () => {
  let commands: Map<string, DocumentedCommand>;
  beforeAll(async () => {
    commands = await actualCommands();
  });

  it('in the reference are those that --help shows, with the same arguments and options', () => {
    expect(Object.fromEntries(documentedCommands())).toEqual(Object.fromEntries(commands));
  });

  it.each(pages)('that %s mentions are possible', (page) => {
    expect(mentionedCalls(read(page)).flatMap((call) => impossibleCall(call, commands) ?? [])).toEqual([]);
  });

  it('exit with the codes that the reference lists', async () => {
    const listed = /^## Exit codes$(.*)/ms.exec(reference)?.[1] ?? '';
    const shown = /Exit codes: (.*?)\n\n/s.exec(await helpOf([]))?.[1] ?? '';
    const codes = [...listed.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
    expect(codes).toEqual([...shown.matchAll(/(?:^|[,\n] ?)(\d+) [a-z]/g)].map(([, code]) => code));
  });

  it('of npm in the documents exist', () => {
    const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
    const used = pages.flatMap((page) => [...read(page).matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => name));
    expect(used.filter((name) => !scripts.includes(name))).toEqual([]);
  });
});

describe('settings', () => {
  /** Strikes at named points for tests; refused in production, so no setting of a user. */
  const notDocumented = 'MAGAM_FAULT';
  const sources = [
    'infra/config.ts',
    'infra/account-settings.ts',
    'infra/edge-settings.ts',
    'infra/key-settings.ts',
    'infra/payment-provider-settings.ts',
    'infra/payout-provider-settings.ts',
    'infra/outbound/outbound-settings.ts',
    'infra/integration-settings.ts',
    'infra/platform-settings.ts',
  ];
  const ofProduct = namesIn(sources.map(read).join('\n')).filter((name) => name !== notDocumented);
  const ofLauncher = ['MAGAM_HOME', 'MAGAM_NO_INSTALL'];
  const all = [...ofProduct, ...ofLauncher].sort();

  it('of the launcher are read by it', () => {
    const scripts = readdirSync(join(root, 'scripts/services')).map((name) => read(`scripts/services/${name}`));
    expect(ofLauncher.filter((name) => !scripts.some((text) => text.includes(name)))).toEqual([]);
  });

  it('stand in the table of settings, all of them and no other', () => {
    const rows = [...read('docs/configuration.md').matchAll(/^\| `(MAGAM_[A-Z_]+)`/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(all);
  });

  it('stand in .env.example, all of them and no other', () => {
    const lines = [...read('.env.example').matchAll(/^(MAGAM_[A-Z_]+)=/gm)].map(([, name]) => name);
    expect(lines.sort()).toEqual(all);
  });

  it('that the documents mention exist', () => {
    const mentioned = pages.flatMap((page) => namesIn(read(page)).map((name) => ({ page, name })));
    const known = [...all, notDocumented];
    expect(mentioned.filter(({ name }) => !known.includes(name))).toEqual([]);
  });
});
