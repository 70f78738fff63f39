/** A rush: all visitors come at the same moment, each over a separate connection. A tenth of them order the same unit; the others read its page. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Db, pause } from '../infra/database.js';
import type { ApiUnderMeasurement } from './api-process.js';
import type { Buyer, Buyers } from './buyers.js';
import { secondsSince } from './measure.js';
import { checkoutRequest } from './order-checkouts.js';
import { countSold, type Shop } from './shop.js';
import { percentile } from './stock-report.js';

/** Milliseconds from the common arrival to the last answer. */
interface Waited {
  readonly answers: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Rush {
  readonly visitors: number;
  readonly units: number;
  readonly seconds: number;
  readonly checkouts: Waited;
  readonly pages: Waited;
  readonly questions: Waited;
  readonly ordered: number;
  readonly refused: number;
  /** Answers that asked for another try (503), or connections that were cut; the visitor did try again. */
  readonly again: number;
  /** By the rows. */
  readonly sold: number;
  readonly oversold: number;
}

interface Plan {
  readonly db: Db;
  readonly shop: Shop;
  readonly buyers: Buyers;
  readonly product: ApiUnderMeasurement;
  readonly visitors: number;
  readonly units: number;
}

interface Ask {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Every tenth visitor orders. */
const ORDER_EACH = 10;

async function exchange(url: string, { path, headers = {}, body }: Ask): Promise<{ status: number; text: string }> {
  const sent = request(`${url}${path}`, { agent: false, method: body === undefined ? 'GET' : 'POST', headers });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, text: await text(answer) };
}

type Kind = 'checkouts' | 'pages' | 'questions';

class Visits {
  private readonly started = performance.now();
  private readonly millis: Readonly<Record<Kind, number[]>> = { checkouts: [], pages: [], questions: [] };
  again = 0;

  constructor(private readonly url: string) {}

  /** Sends a request, and sends it again after a moment while the server is busy, under the same key. */
  async visit(kind: Kind, ask: Ask): Promise<{ status: number; text: string }> {
    for (;;) {
      const answer = await exchange(this.url, ask).catch(() => undefined);
      if (answer !== undefined && answer.status !== 503) {
        this.millis[kind].push(performance.now() - this.started);
        return answer;
      }
      this.again += 1;
      await pause(500 + Math.random() * 1_000);
    }
  }

  waited(kind: Kind): Waited {
    const millis = this.millis[kind];
    const at = (percent: number): number => percentile(millis, percent);
    return { answers: millis.length, p50: at(50), p95: at(95), p99: at(99) };
  }

  get seconds(): number {
    return secondsSince(this.started);
  }
}

/** Throws when a visitor should not get the answer. */
export async function measureRush({ db, shop, buyers, product, visitors, units }: Plan): Promise<Rush> {
  const unitId = await shop.hotUnit(units);
  const { productId = 0 } = shop.units.find((unit) => unit.unitId === unitId) ?? {};
  const signedIn = await buyers.signIn();
  const visits = new Visits(product.url);
  const statuses: number[] = [];
  const look = async (kind: Kind, path: string): Promise<void> => {
    const { status, text: said } = await visits.visit(kind, { path });
    if (status !== 200) throw new Error(`${path}: ${status} ${said}`);
  };
  const visitor = async (number: number): Promise<void> => {
    if (number % ORDER_EACH === 0) {
      const buyer = signedIn[number / ORDER_EACH] as Buyer;
      const answer = await visits.visit('checkouts', checkoutRequest(buyer, [{ unitId, quantity: 1 }]));
      if (answer.status !== 201 && !answer.text.includes('INSUFFICIENT_STOCK'))
        throw new Error(`a checkout: ${answer.status} ${answer.text}`);
      statuses.push(answer.status);
    } else if (number % 2 === 0) await look('pages', `/v1/products/${productId}`);
    else await look('questions', `/v1/stock?units=${unitId}`);
  };
  await Promise.all(Array.from({ length: visitors }, (_, number) => visitor(number)));
  const { seconds, again } = visits;
  const ordered = statuses.filter((status) => status === 201).length;
  return {
    visitors,
    units,
    seconds,
    checkouts: visits.waited('checkouts'),
    pages: visits.waited('pages'),
    questions: visits.waited('questions'),
    ordered,
    refused: statuses.length - ordered,
    again,
    ...(await countSold(db, unitId)),
  };
}
