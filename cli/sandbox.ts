/** `magam sandbox`: stand-ins for payment providers, a mail server and Slack, for development. */
import { type Command, InvalidArgumentError } from 'commander';
import { readConfig } from '../infra/config.js';
import { errorText } from '../infra/database-errors.js';
import { MagamError } from '../kernel/errors.js';
import { runSandbox } from '../sandbox/main.js';
import { wholeNumber } from './context.js';
import { note } from './output.js';

interface SandboxCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly mailPort: number;
  readonly seed: number;
  readonly webhooks: string;
}

export function sandboxCommand(sandbox: Command): void {
  sandbox
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <n>', 'for HTTP; 0 takes any', wholeNumber('--port', 0, 65_535), 9_200)
    .option('--mail-port <n>', 'for SMTP; 0 takes any', wholeNumber('--mail-port', 0, 65_535), 9_225)
    .option('--seed <n>', 'seed for the random choice of calls that get a fault', wholeNumber('--seed', 0, 2 ** 31), 1)
    .option('--webhooks <url>', 'the API that webhooks are sent to', address, 'http://127.0.0.1:8080')
    .action(async (options: SandboxCommandOptions) => {
      if (readConfig().production)
        throw new MagamError(
          'CONFIG_INVALID',
          'The sandbox is refused with NODE_ENV=production, because its payments are not real.',
        );
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
      const { webhooks: webhookTarget, ...rest } = options;
      try {
        await runSandbox({ ...rest, webhookTarget }, stop.signal, ({ url, mailPort }) =>
          note(`The sandbox listens on ${url} (mail: port ${mailPort}); docs/sandbox.md lists its calls.`),
        );
      } catch (error) {
        throw new MagamError('CONFIG_INVALID', `The sandbox cannot listen: ${errorText(error)}.`, {
          settings: ['--port', '--mail-port'],
        });
      }
    });
}

function address(value: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value.replace(/\/$/, '');
  throw new InvalidArgumentError('It must be an address that begins with http:// or https://.');
}
