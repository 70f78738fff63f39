/** Runs the built `magam` as a user does: a process of its own, with the environment that a test gives it. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface Outcome {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as the one JSON document it is under --json. */
  json<T = Record<string, unknown>>(): T;
}

export interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Resolves when standard error has this text, rejects when the process ends without having said it. */
  saying(text: string): Promise<void>;
}

const program = new URL('../../bin/magam.mjs', import.meta.url).pathname;

export function startMagam(args: readonly string[], environment: Readonly<Record<string, string>>): Started {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr, json: <T>() => JSON.parse(stdout) as T });
    });
  });
  const saying = async (text: string): Promise<void> => {
    let over = false;
    void ended.then(() => {
      over = true;
    });
    while (!stderr.includes(text)) {
      if (over) throw new Error(`magam ended without saying ${text}: ${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { process: child, ended, saying };
}

export const runMagam = (args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Outcome> =>
  startMagam(args, environment).ended;
