/**
 * A TCP proxy in front of the database that understands just enough of the client's packets to cut a connection at a chosen
 * statement: before the server gets it, after the server has got it but before its answer comes back, or in the middle of it.
 */
import { connect, createServer } from 'node:net';
import { ClientPackets } from './client-packets.mjs';
import { Sluice } from './sluice.mjs';

/**
 * @typedef {'before' | 'answer' | 'middle' | 'pass' | 'down' | 'freeze'} CutPlace `pass` cuts nothing: the statement is only counted. `down`: every
 *   connection is cut, and no other is taken. `freeze`: nothing more passes in either direction, as if the proxy were stopped
 * @typedef {object} Cut
 * @property {RegExp} statement of a COM_QUERY; only its first 200 bytes are looked at
 * @property {CutPlace} place
 * @property {number} nth strikes at the nth such statement, counted over all connections
 * @property {RegExp} [inTransactionOf] only where the connection's transaction has a statement like this behind it
 */

/**
 * Starts a proxy on a free port of 127.0.0.1.
 * @param {string} databaseUrl
 * @param {Cut[]} cuts each strikes once
 */
export async function startProxy(databaseUrl, cuts) {
  let target = new URL(databaseUrl);
  const sluice = new Sluice();
  const counts = { cut: 0 };
  /** @type {string[]} */
  const seen = [];

  const strike = striker(cuts, () => {
    counts.cut += 1;
  });

  /** @param {import('node:net').Socket} client */
  const accept = (client) => {
    if (sluice.admits(client, () => join(client))) join(client);
  };
  /** @param {import('node:net').Socket} client */
  const join = (client) => {
    const upstream = connect(Number(target.port || 3306), target.hostname);
    sluice.add(upstream);
    for (const socket of [client, upstream]) socket.setNoDelay(true);
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
      seen.push(statement);
      const place = strike(statement, transaction);
      transaction.push(statement);
      return place;
    };
    client.on('data', (data) => {
      const places = packets.add(data).map(look);
      const place = places.find((found) => found !== undefined);
      if (place === 'before') return cutBoth();
      if (place === 'down') return sluice.goDown();
      if (place === 'freeze') return sluice.freeze(() => upstream.write(data));
      if (place === 'middle') return void upstream.write(data.subarray(0, Math.ceil(data.length / 2)), cutBoth);
      if (place === 'answer') mute = true;
      upstream.write(data);
    });
  };
  const server = createServer(accept);
  await new Promise((/** @type {(value: void) => void} */ resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    /** How many cuts have struck. */
    cuts: () => counts.cut,
    /** The beginnings of all statements so far. */
    statements: () => seen,
    /**
     * New connections go to another server from now on, as after a failover; existing ones stay.
     * @param {string} url
     */
    pointTo: (url) => {
      target = new URL(url);
    },
    cutAll: sluice.cutAll,
    goDown: sluice.goDown,
    comeBack: sluice.comeBack,
    freeze: () => sluice.freeze(),
    thaw: sluice.thaw,
    close: async () => {
      sluice.cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Which cut strikes at a statement, each once.
 * @param {Cut[]} cuts
 * @param {() => void} onCut
 * @returns {(statement: string, transaction: readonly string[]) => CutPlace | undefined}
 */
function striker(cuts, onCut) {
  const waiting = cuts.map((cut) => ({ ...cut, left: cut.nth }));
  return (statement, transaction) => {
    for (const cut of waiting) {
      const { inTransactionOf: behind } = cut;
      if (cut.left === 0 || !cut.statement.test(statement)) continue;
      if (behind !== undefined && !transaction.some((earlier) => behind.test(earlier))) continue;
      cut.left -= 1;
      if (cut.left > 0) continue;
      onCut();
      return cut.place;
    }
    return undefined;
  };
}
