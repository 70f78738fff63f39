/**
 * A TCP proxy in front of the database that understands just enough of the client's packets to cut a connection at a chosen
 * statement: before the server gets it, after the server has got it but before its answer comes back, or in the middle of it.
 */
import { connect, createServer } from 'node:net';

/**
 * @typedef {'before' | 'answer' | 'middle' | 'pass'} CutPlace `pass` cuts nothing: the statement is only counted
 * @typedef {object} Cut
 * @property {RegExp} statement of a COM_QUERY; only its first 200 bytes are looked at
 * @property {CutPlace} place
 * @property {number} nth strikes at the nth such statement, counted over all connections
 * @property {RegExp} [inTransactionOf] only where the connection's transaction has a statement like this behind it
 */

const COM_QUERY = 3;

/**
 * Starts a proxy on a free port of 127.0.0.1.
 * @param {string} databaseUrl
 * @param {Cut[]} cuts each strikes once
 */
export async function startProxy(databaseUrl, cuts) {
  let target = new URL(databaseUrl);
  const waiting = cuts.map((cut) => ({ ...cut, left: cut.nth }));
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  const counts = { cut: 0 };

  /**
   * @param {string} statement
   * @param {readonly string[]} transaction
   */
  const strike = (statement, transaction) => {
    for (const cut of waiting) {
      const { inTransactionOf: behind } = cut;
      if (cut.left === 0 || !cut.statement.test(statement)) continue;
      if (behind !== undefined && !transaction.some((earlier) => behind.test(earlier))) continue;
      cut.left -= 1;
      if (cut.left > 0) continue;
      counts.cut += 1;
      return cut.place;
    }
    return undefined;
  };

  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 3306), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    const cutBoth = () => {
      client.destroy();
      upstream.destroy();
    };
    let mute = false;
    upstream.on('data', (data) => {
      if (!mute) client.write(data);
      else cutBoth(); // the server has answered, so it has done it: now the answer is lost
    });
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
    const packets = new ClientPackets();
    /** @type {string[]} */
    let transaction = [];
    /** @param {string} statement */
    const look = (statement) => {
      if (/^BEGIN/.test(statement)) transaction = [];
      const place = strike(statement, transaction);
      transaction.push(statement);
      return place;
    };
    client.on('data', (data) => {
      const places = packets.add(data).map(look);
      const place = places.find((found) => found !== undefined);
      if (place === 'before') return cutBoth();
      if (place === 'middle') return void upstream.write(data.subarray(0, Math.ceil(data.length / 2)), cutBoth);
      if (place === 'answer') mute = true;
      upstream.write(data);
    });
  });
  await new Promise((/** @type {(value: void) => void} */ resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    /** How many cuts have struck. */
    cuts: () => counts.cut,
    /**
     * New connections go to another server from now on, as after a failover; those that there are stay.
     * @param {string} url
     */
    pointTo: (url) => {
      target = new URL(url);
    },
    /** Cuts every connection there is, wherever it is. */
    cutAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Finds the statements in the client's stream, however the packets are cut up on their way. */
class ClientPackets {
  /** Bytes of the packet in hand that are still to come. */
  #left = 0;
  #header = Buffer.alloc(0);
  #head = Buffer.alloc(0);
  #expectsHead = false;

  /**
   * @param {Buffer} data
   * @returns {string[]} the statements whose beginning is in this data
   */
  add(data) {
    const statements = [];
    for (let at = 0; at < data.length; ) {
      if (this.#left === 0) {
        const take = Math.min(4 - this.#header.length, data.length - at);
        this.#header = Buffer.concat([this.#header, data.subarray(at, at + take)]);
        at += take;
        if (this.#header.length < 4) continue;
        this.#left = this.#header.readUIntLE(0, 3);
        this.#expectsHead = this.#header[3] === 0; // sequence 0: a command begins
        this.#head = Buffer.alloc(0);
        this.#header = Buffer.alloc(0);
        continue;
      }
      const part = data.subarray(at, at + this.#left);
      if (this.#expectsHead) {
        this.#head = Buffer.concat([this.#head, part.subarray(0, 201 - this.#head.length)]);
        if (this.#head.length === 201 || this.#left === part.length) {
          this.#expectsHead = false;
          if (this.#head[0] === COM_QUERY) statements.push(statementIn(this.#head));
        }
      }
      this.#left -= part.length;
      at += part.length;
    }
    return statements;
  }
}

/**
 * The text of a COM_QUERY. On MySQL the counts of query attributes (none, in one set) stand before it.
 * @param {Buffer} payload
 */
const statementIn = (payload) => payload.toString('latin1', payload[1] === 0 && payload[2] === 1 ? 3 : 1);
