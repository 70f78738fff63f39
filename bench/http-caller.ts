/** Single calls of a server over persistent connections, for loads in which no two calls are the same. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Ask {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answered {
  /** 0: the connection was cut, or could not be made. */
  readonly status: number;
  readonly text: string;
}

export class HttpCaller {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly url: string) {}

  /** Posts. Never throws. */
  post({ path, headers, body }: Ask): Promise<Answered> {
    return new Promise((resolve) => {
      const lost = (error: Error): void => resolve({ status: 0, text: error.message });
      const take = (answer: IncomingMessage): void =>
        void text(answer).then((said) => resolve({ status: answer.statusCode ?? 0, text: said }), lost);
      request(`${this.url}${path}`, { agent: this.agent, method: 'POST', headers })
        .on('response', take)
        .on('error', lost)
        .end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Lets this many callers work on the items one after the other until none is left. */
export async function eachBy<T>(
  callers: number,
  things: readonly T[],
  work: (thing: T) => Promise<unknown>,
): Promise<void> {
  const next = things.values();
  const call = async (): Promise<void> => {
    for (const thing of next) await work(thing);
  };
  await Promise.all(Array.from({ length: callers }, call));
}
