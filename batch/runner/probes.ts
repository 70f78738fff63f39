/** What a runner tells on a port of its own: /metrics for Prometheus, /healthz and /readyz for whoever watches over processes. Nobody is asked for a token. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../../infra/config.js';
import type { Db } from '../../infra/database.js';
import { errorText } from '../../infra/database-errors.js';
import { type Listening, listen } from '../../infra/listening.js';
import { addProviderMetrics, type WatchedProviders } from '../../infra/outbound/provider-metrics.js';
import { openRegistry } from '../../infra/process-metrics.js';
import { type ReadinessContext, readinessOf } from '../../infra/readiness.js';

export interface ProbesContext extends Omit<ReadinessContext, 'outbound' | 'timeZone'> {
  readonly config: Pick<Config, 'host' | 'timeZone'>;
  /** All pools of the runner. */
  readonly pools: readonly Db[];
  /** The providers that the runner calls. */
  readonly providers: readonly WatchedProviders[];
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
}

/** Listens. Throws CONFIG_INVALID when the port cannot be opened. */
export async function serveProbes(context: ProbesContext, port: number): Promise<Listening> {
  const { config, pools, providers, log } = context;
  const registry = openRegistry(pools);
  addProviderMetrics(registry, providers);
  const outbound = providers.flatMap(({ clients }) => clients);
  const ready = readinessOf({ ...context, timeZone: config.timeZone, outbound });
  const answers: Readonly<Record<string, () => Promise<Answer>>> = {
    '/metrics': async () => ({ status: 200, type: registry.contentType, text: await registry.metrics() }),
    '/healthz': async () => json(200, { status: 'ok' }),
    '/readyz': async () => {
      const body = await ready();
      return json(body.status === 'ok' || body.status === 'degraded' ? 200 : 503, body);
    },
  };
  const server = await listen((req, res) => void answer(req, res), config.host, port, 'MAGAM_RUNNER_METRICS_PORT');
  log('info', { host: config.host, port: server.port }, 'the runner serves metrics');
  return server;

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      const path = new URL(req.url ?? '/', 'http://runner').pathname;
      const of = req.method === 'GET' && Object.hasOwn(answers, path) ? answers[path] : undefined;
      send(res, (await of?.()) ?? { status: 404, type: 'text/plain', text: 'not found\n' });
    } catch (error) {
      log('error', { error: errorText(error) }, 'a probe could not be answered');
      send(res, { status: 500, type: 'text/plain', text: 'internal error\n' });
    }
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const json = (status: number, body: object): Answer => ({
  status,
  type: 'application/json',
  text: JSON.stringify(body),
});

function send(res: ServerResponse, { status, type, text }: Answer): void {
  res.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  res.end(text);
}
