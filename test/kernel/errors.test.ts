import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type ErrorCode, errors } from '../../kernel/errors.js';

const root = new URL('../../', import.meta.url);

interface DocumentedError {
  readonly code: string;
  readonly exit: number;
  readonly http: number;
  readonly meaning: string;
  readonly advice: string;
}

/** The rows of the tables in docs/errors.md. */
function documented(): DocumentedError[] {
  const lines = readFileSync(new URL('docs/errors.md', root), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
    const [code = '', exit, http, meaning = '', advice = ''] = cells;
    if (!/^`[A-Z_]+`$/.test(code)) return [];
    return { code: code.slice(1, -1), exit: Number(exit), http: Number(http), meaning, advice };
  });
}

/** The text of every source file but the registry itself. */
function sources(): string {
  const folders = ['kernel', 'infra', 'core', 'batch', 'api', 'cli'];
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  );
  return files
    .filter((file) => !file.startsWith('kernel/error'))
    .map((file) => readFileSync(new URL(file, root), 'utf8'))
    .join('\n');
}

const inEnglish = ({ exit, http, meaning, whatToDo }: (typeof errors)[ErrorCode]) => ({
  exit,
  http,
  meaning,
  whatToDo,
});

/** Advice without its links: the name of a page of docs, or words with the page behind them. */
const withoutLinks = (advice: string): string =>
  advice.replace(/\[([^\]]+)\]\(([^)#]+)[^)]*\)/g, (_all, text: string, page: string) =>
    text === page ? `docs/${page}` : `${text} (docs/${page})`,
  );

const codes = Object.keys(errors) as ErrorCode[];

describe('docs/errors.md', () => {
  it('lists the codes of the registry, each once', () => {
    const listed = documented().map(({ code }) => code);
    expect([...listed].sort()).toEqual([...codes].sort());
  });

  it('says the same of each code as the registry', () => {
    for (const { code, exit, http, meaning, advice } of documented()) {
      expect({ exit, http, meaning, whatToDo: withoutLinks(advice) }).toEqual(inEnglish(errors[code as ErrorCode]));
    }
  });

  it('says of each code what to do', () => {
    for (const { code, advice } of documented())
      expect({ code, advice }).toEqual({ code, advice: expect.stringMatching(/\w.*\.$/) });
  });
});

describe('the registry', () => {
  it('has no code that the sources do not use', () => {
    const words = new Set(sources().match(/\b[A-Z][A-Z_]+\b/g));
    expect(codes.filter((code) => !words.has(code))).toEqual([]);
  });

  it('has a sentence and a plausible status for each code', () => {
    for (const code of codes) {
      const { http, meaning } = errors[code];
      expect(meaning).toMatch(/^[A-Z].*\.$/);
      expect(http).toBeGreaterThanOrEqual(400);
      expect(http).toBeLessThan(600);
    }
  });
});
