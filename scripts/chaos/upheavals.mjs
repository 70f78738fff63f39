/** Upheavals of the database or of the connection to it, which affect every process at once: each kind is named, weighted, and drawn from the seed. */

/** @typedef {import('./draws.mjs').Draws} Draws */
/** @typedef {import('./servers.mjs').Site} Site */

/**
 * @typedef {object} Upheaval
 * @property {string} kind the name of the kind
 * @property {number} afterMs after the beginning of the stage, or the end of the previous upheaval
 * @property {number} lastsMs how long it lasts; 0 where it is over at once
 * @property {string} [table] that is locked
 * @property {number} [lossMs] the commits of the primary in this time before its death are lost
 */

/**
 * @typedef {object} UpheavalKind
 * @property {string} name
 * @property {number} weight
 * @property {'server' | 'replica'} [needs] a server of our own, or one with a replica; a connection is enough without it
 * @property {boolean} [lasts]
 * @property {(draws: Draws) => Partial<Upheaval>} [draw]
 * @property {(site: Site, upheaval: Upheaval, over: () => Promise<void>) => Promise<void>} strike `over` waits until it has lasted long enough
 */

const TABLES = [
  'settlement_line',
  'run_partition',
  'job_instance',
  'settlement_certificate',
  'sale_entry',
  'feed_import',
  'business_date',
];
/** @param {Draws} draws */
const anyTable = (draws) => ({ table: draws.pick(TABLES) });

/** @type {readonly UpheavalKind[]} */
export const UPHEAVALS = [
  { name: 'every connection cut', weight: 2, strike: async ({ wire }) => wire.cutAll() },
  { name: 'restart', weight: 2, needs: 'server', strike: ({ server }) => server.restart() },
  {
    name: 'outage',
    weight: 3,
    lasts: true,
    strike: async ({ wire }, _upheaval, over) => {
      wire.goDown();
      await over();
      wire.comeBack();
    },
  },
  {
    name: 'outage of the server',
    weight: 2,
    needs: 'server',
    lasts: true,
    strike: async ({ server }, _upheaval, over) => {
      await server.kill();
      await over();
      await server.start();
    },
  },
  {
    name: 'freeze without a cut',
    weight: 3,
    lasts: true,
    strike: async ({ wire }, _upheaval, over) => {
      wire.freeze();
      await over();
      wire.thaw();
    },
  },
  {
    name: 'frozen server',
    weight: 1,
    needs: 'server',
    lasts: true,
    strike: async ({ server }, _upheaval, over) => {
      server.send('SIGSTOP');
      await over();
      server.send('SIGCONT');
    },
  },
  {
    name: 'read-only',
    weight: 3,
    needs: 'server',
    lasts: true,
    strike: async ({ server }, _upheaval, over) => {
      await server.asAdmin(async (admin) => {
        await admin.query('SET GLOBAL read_only = 1');
        await over();
        await admin.query('SET GLOBAL read_only = 0');
      });
    },
  },
  {
    name: 'table lock',
    weight: 2,
    lasts: true,
    draw: anyTable,
    strike: ({ server, database }, { table }, over) =>
      server.asAdmin(async (admin) => {
        await admin.query(`LOCK TABLES \`${database}\`.${table} WRITE`);
        await over();
        await admin.query('UNLOCK TABLES');
      }),
  },
  {
    name: 'metadata lock',
    weight: 2,
    lasts: true,
    draw: anyTable,
    // A change of the table waits for a reader, and all others wait for the change.
    strike: ({ server, database }, { table }, over) =>
      server.asAdmin(async (reader) => {
        await reader.query('BEGIN');
        await reader.query(`SELECT 1 FROM \`${database}\`.${table} LIMIT 1`);
        await server.asAdmin(async (changer) => {
          const changed = changer.query(`ALTER TABLE \`${database}\`.${table} COMMENT ''`);
          await over();
          await reader.query('ROLLBACK');
          await changed;
        });
      }),
  },
  {
    name: 'row locks',
    weight: 1,
    lasts: true,
    draw: (draws) => ({ table: draws.pick(['run_partition', 'job_instance', 'business_date', 'feed_import']) }),
    strike: ({ server, database }, { table }, over) =>
      server.asAdmin(async (admin) => {
        await admin.query('BEGIN');
        await admin.query(`SELECT 1 FROM \`${database}\`.${table} FOR UPDATE`);
        await over();
        await admin.query('ROLLBACK');
      }),
  },
  {
    name: 'failover',
    weight: 2,
    needs: 'replica',
    draw: (draws) => ({ lossMs: draws.pick([0, 50, 200, 600, 1_200]) }),
    strike: (site, { lossMs = 0 }) => site.failOver(lossMs),
  },
];

/** @param {string} name */
const upheavalNamed = (name) => {
  const kind = UPHEAVALS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`there is no upheaval named ${name}`);
  return kind;
};

/**
 * Draws one.
 * @param {Draws} draws
 * @param {{ own: boolean, replica: boolean, long: boolean }} may whether the server is ours, whether it has a replica, whether it may last minutes
 * @returns {Upheaval}
 */
export function drawUpheaval(draws, { own, replica, long }) {
  const kinds = UPHEAVALS.filter(
    ({ needs }) => needs === undefined || (needs === 'server' ? own && !replica : replica),
  );
  return draw(draws, draws.weighted(kinds), long);
}

/**
 * Draws the failover of a round with a replica.
 * @param {Draws} draws
 */
export const drawFailover = (draws) => draw(draws, upheavalNamed('failover'), false);

/** @param {Draws} draws @param {UpheavalKind} kind @param {boolean} long @returns {Upheaval} */
function draw(draws, kind, long) {
  const lastsMs = long ? draws.between(10_000, 180_000) : draws.between(200, 3_000);
  return {
    kind: kind.name,
    afterMs: draws.between(50, 900),
    lastsMs: kind.lasts === true ? lastsMs : 0,
    ...kind.draw?.(draws),
  };
}

/** @param {Upheaval} upheaval */
export function describeUpheaval({ kind, afterMs, lastsMs, table, lossMs }) {
  const parts = [
    kind,
    table && `of ${table}`,
    lossMs !== undefined && `that loses ${lossMs} ms`,
    `after ${afterMs} ms`,
  ];
  return [...parts, lastsMs > 0 && `for ${lastsMs} ms`].filter(Boolean).join(' ');
}

/**
 * Strikes with one after the other, each at its time after the previous one, and returns when the last is over. When `ended` is aborted those that have not
 * begun are left out; one that has begun lasts as long as it was drawn.
 * @param {Site} site
 * @param {readonly Upheaval[]} upheavals
 * @param {AbortSignal} ended
 * @param {(kind: string) => void} count is called for each one that struck
 */
export async function strikeAll(site, upheavals, ended, count) {
  for (const upheaval of upheavals) {
    if (await sleptThrough(upheaval.afterMs, ended)) return;
    count(upheaval.kind);
    await upheavalNamed(upheaval.kind).strike(site, upheaval, () => pause(upheaval.lastsMs));
  }
}

/** @param {number} ms */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Sleeps, or until the signal; true when that came first.
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<boolean>}
 */
function sleptThrough(ms, signal) {
  if (signal.aborted) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
