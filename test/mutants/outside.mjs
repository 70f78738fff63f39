// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are pieces of the sources
/** What is not trusted or not waited for: entries in Redis, and the services that are called. */
const lookAside = { tests: 'test/infra/cache/look-aside.test.ts' };
const seal = { ...lookAside, file: 'infra/cache/seal.ts' };
const cache = { ...lookAside, file: 'infra/cache/look-aside.ts' };
const generations = { ...lookAside, file: 'infra/cache/generations.ts' };
const counts = { file: 'infra/cache/brief-counts.ts', tests: 'test/infra/cache/brief-counts.test.ts' };
const gate = { file: 'infra/outbound/gate.ts', tests: 'test/infra/outbound/gate.test.ts', quick: true };
const breaker = { file: 'infra/outbound/breaker.ts', tests: 'test/infra/outbound/breaker.test.ts', quick: true };
const exchange = { file: 'infra/outbound/exchange.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...seal,
    name: 'a copy of the database reads what another has cached',
    from: 'sha256(database).slice(0, 12)',
    to: 'sha256(database.slice(0, 0)).slice(0, 12)',
    only: 'to a copy of the database',
  },
  {
    ...seal,
    name: 'an entry is good under the name of another',
    from: '`${realm}\\0${name}\\0`',
    to: '`${realm}\\0${name.length < 0}\\0`',
    only: 'forges no entry',
  },
  {
    ...cache,
    name: 'an entry that anybody wrote is believed',
    from: 'if (stored.slice(0, SIGNED_FROM) !== `2 ${seal.sign(name, signed)} `) return undefined;',
    to: 'if (seal.sign(name, signed) === stored) return undefined;',
    only: 'forges no entry',
  },
  {
    ...cache,
    name: 'an entry lives as long as it says',
    from: 'lifeMs > 0 && lifeMs <= this.options.ttlMs * (1 + SPREAD) + CLOCKS_MS',
    to: 'lifeMs > 0',
    only: 'claims to live longer',
  },
  {
    ...generations,
    name: 'words are kept for what does not exist',
    from: 'if (isKept(loaded)) lifeMs = WORD_MS;',
    to: 'lifeMs = isKept(loaded) ? WORD_MS : WORD_MS;',
    only: 'keeps no word for an object that does not exist',
  },
  {
    ...generations,
    name: 'an entry is served whose eviction has not arrived',
    from: 'if (this.unsent.size > 0 && tags.some((tag) => this.unsent.has(tag))) return undefined;',
    to: '',
    equivalent: 'an eviction that failed is tried again before the rest is over, in which nothing is read from Redis',
  },
  {
    ...counts,
    name: 'a number that anybody wrote is believed',
    from: 'inTime && this.signed(id, `${count} ${ends}`) === text',
    to: 'inTime',
    only: 'where somebody forged them',
  },
  {
    ...counts,
    name: 'a number lives as long as it says',
    from: ' && lifeMs <= this.options.lifeMs + laterMs;',
    to: ' && laterMs >= 0;',
    only: 'where somebody forged them',
  },
  {
    ...gate,
    name: 'any number of calls wait for their turn',
    quick: false, // its test waits for an answer until jest ends it
    from: "if (this.waiting >= this.settings.queueMax) return { turnedAway: 'queue-full' };",
    to: '',
  },
  {
    ...gate,
    name: 'a call is begun that has been turned away',
    from: 'if (left) return undefined;',
    to: '',
    only: 'never begins that work',
  },
  {
    ...breaker,
    name: 'calls from before the breaker opened count after it',
    from: 'if (era !== this.era) return;',
    to: '',
  },
  {
    ...breaker,
    name: 'a service that was away gets all calls at once',
    from: 'this.probing + this.counted.length < this.settings.probes',
    to: 'this.probing >= 0',
  },
  {
    ...breaker,
    name: 'a few bad calls open the breaker',
    from: 'this.counted.length >= callsMin && this.isBad',
    to: 'callsMin > 0 && this.isBad',
  },
  {
    ...exchange,
    tests: 'test/infra/outbound/outbound-client.test.ts',
    name: 'an answer is as long as it likes',
    from: 'if (this.bytes <= BODY_BYTES_MAX) this.chunks',
    to: 'if (this.bytes > 0) this.chunks',
    only: 'more than 1 MiB',
  },
  {
    ...exchange,
    tests: 'test/infra/outbound/exchange.test.ts',
    name: 'a call that was given up is sent later',
    from: "if (this.ended) controller.abort(new Error('given up before it was sent'));",
    to: '',
  },
];
