/** The Redis servers of docker-compose.yml: both have a limit of memory, and only the one without hints may drop keys. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const textOf = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

/** The lines of a service, which are those that are set in further than its name. */
const service = (name: string): string =>
  new RegExp(`^  ${name}:\\n((?:    .*\\n|\\n)+)`, 'm').exec(textOf('docker-compose.yml'))?.[1] ?? '';

it.each([
  ['redis', 'allkeys-lru', 'MAGAM_REDIS_URL'],
  ['queue-redis', 'noeviction', 'MAGAM_QUEUE_REDIS_URL'],
])('%s has a limit of memory and %s, and the port of %s', (name, policy, setting) => {
  const text = service(name);
  expect(text).toMatch(/"--maxmemory", "\d+mb"/);
  expect(text).toContain(`"--maxmemory-policy", "${policy}"`);
  const port = new RegExp(`^${setting}=redis://127\\.0\\.0\\.1:(\\d+)/`, 'm').exec(textOf('.env.example'))?.[1];
  expect(text).toContain(`"127.0.0.1:${port}:6379"`);
});
