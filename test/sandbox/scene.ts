/** A sandbox of its own for a test file, and clients that speak to it as a shop does. */
import { SANDBOX_KEYS } from '../../sandbox/keys.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/server.js';

export interface Said {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is the test's business
  readonly body: any;
}

export interface Scene {
  readonly sandbox: Sandbox;
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Said>;
  /** A payment that its buyer has approved. @returns the provider's name of it */
  readonly approved: (provider: 'TOSS' | 'PORTONE', reference: string, amount?: number) => Promise<string>;
}

export async function openScene(options: SandboxOptions = {}): Promise<Scene> {
  const sandbox = await startSandbox(options);
  const call: Scene['call'] = async (method, path, body, headers = {}) => {
    const answer = await fetch(`${sandbox.url}${path}`, {
      method,
      redirect: 'manual',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = answer.headers.get('content-type')?.includes('json') === true;
    return { status: answer.status, body: json ? JSON.parse(text) : text };
  };
  return {
    sandbox,
    call,
    approved: async (provider, reference, amount = 39_000) => {
      const made = await call('POST', '/sandbox/payments', { provider, reference, amount, decision: 'approve' });
      return made.body.key;
    },
  };
}

/** Sends a call that its provider does not answer before the sandbox closes. Resolves when it has come there. */
export async function leaveWaiting({ sandbox }: Scene, send: () => Promise<unknown>): Promise<void> {
  sandbox.faults.set([{ on: 'call', kind: 'delay', ms: 600_000, times: 1 }]);
  void send().catch(() => undefined);
  while (sandbox.faults.get().length > 0) await new Promise(setImmediate);
}

const { toss, portone, kakaopay } = SANDBOX_KEYS;
export const TOSS = { authorization: `Basic ${Buffer.from(`${toss.secretKey}:`).toString('base64')}` };
export const PORTONE = { authorization: `PortOne ${portone.apiSecret}` };
export const KAKAOPAY = { authorization: `SECRET_KEY ${kakaopay.secretKey}` };
