/** The breaker through all its states, by a clock of the test. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../../infra/config.js';
import { Breaker, type CallResult, type EndCall } from '../../../infra/outbound/breaker.js';

const settings = readConfig({}).outbound.breaker;

let time: number;
let breaker: Breaker;
beforeEach(() => {
  time = 1_000;
  breaker = new Breaker(settings, () => time);
});

function begin(): EndCall {
  const end = breaker.begin();
  if (end === undefined) throw new Error('the breaker let no call through');
  return end;
}

function calls(count: number, result: CallResult, tookMs = 1): void {
  for (let call = 0; call < count; call += 1) {
    const end = begin();
    time += tookMs;
    end(result);
  }
}

function open(): void {
  calls(20, 'failed');
  expect(breaker.state).toBe('open');
}

describe('a closed breaker', () => {
  it('opens at 60 percent of failures, from the 20th call on', () => {
    calls(8, 'good');
    calls(11, 'failed');
    expect(breaker.state).toBe('closed');
    calls(1, 'failed');
    expect(breaker.state).toBe('open');
  });

  it('stays closed below that', () => {
    calls(9, 'good');
    calls(11, 'failed');
    expect(breaker.state).toBe('closed');
  });

  it('does not open by a few calls, however bad', () => {
    calls(19, 'failed', 60_000);
    expect(breaker.state).toBe('closed');
  });

  it('looks at the last 40 calls alone', () => {
    calls(100, 'good');
    calls(23, 'failed');
    expect(breaker.state).toBe('closed');
    calls(1, 'failed');
    expect(breaker.state).toBe('open');
  });

  it('opens when half of the calls were slow, although all of them were good', () => {
    calls(10, 'good');
    calls(9, 'good', settings.slowMs + 1);
    expect(breaker.state).toBe('closed');
    calls(1, 'good', settings.slowMs + 1);
    expect(breaker.state).toBe('open');
  });

  it('takes a call for slow only when it took longer than the limit', () => {
    calls(40, 'good', settings.slowMs);
    expect(breaker.state).toBe('closed');
  });

  it('does not count a call that says nothing about the service', () => {
    calls(19, 'failed');
    calls(50, 'ignored');
    expect(breaker.state).toBe('closed');
    calls(1, 'failed');
    expect(breaker.state).toBe('open');
  });
});

describe('an open breaker', () => {
  it('lets nothing through, and turns half-open by itself after 10 s', () => {
    open();
    expect([breaker.admits(), breaker.begin()]).toEqual([false, undefined]);
    time += settings.openMs - 1;
    expect(breaker.state).toBe('open');
    time += 1;
    expect(breaker.state).toBe('half-open');
  });

  it('is not moved by calls that began before it opened', () => {
    const early = [begin(), begin()];
    open();
    for (const end of early) end('good');
    time += settings.openMs;
    const late = begin();
    expect(breaker.state).toBe('half-open');
    late('good');
    expect(breaker.state).toBe('half-open');
  });
});

describe('a half-open breaker', () => {
  const halfOpen = (): void => {
    open();
    time += settings.openMs;
  };

  it('lets 10 calls through, and no more before they have ended', () => {
    halfOpen();
    const probes = Array.from({ length: 10 }, begin);
    expect([breaker.admits(), breaker.begin()]).toEqual([false, undefined]);
    probes[0]?.('good');
    expect(breaker.begin()).toBeUndefined();
    for (const end of probes.slice(1)) end('good');
    expect([breaker.state, breaker.admits()]).toEqual(['closed', true]);
  });

  it('closes when fewer than 60 percent of them failed, and begins a new window', () => {
    halfOpen();
    calls(5, 'failed');
    calls(5, 'good');
    expect(breaker.state).toBe('closed');
    calls(19, 'failed');
    expect(breaker.state).toBe('closed');
  });

  it('opens again for another 10 s as soon as that many have failed', () => {
    halfOpen();
    calls(5, 'failed');
    expect(breaker.state).toBe('half-open');
    calls(1, 'failed');
    expect(breaker.state).toBe('open');
    time += settings.openMs - 1;
    expect(breaker.state).toBe('open');
    time += 1;
    expect(breaker.state).toBe('half-open');
  });

  it('opens again when half of them were slow', () => {
    halfOpen();
    calls(5, 'good', settings.slowMs + 1);
    expect(breaker.state).toBe('open');
  });

  it('gets the place of a call back that its caller gave up', () => {
    halfOpen();
    const probes = Array.from({ length: 10 }, begin);
    expect(breaker.begin()).toBeUndefined();
    probes[0]?.('ignored');
    expect(breaker.begin()).toEqual(expect.any(Function));
    expect(breaker.begin()).toBeUndefined();
  });

  it('is not closed by the end of a call that began while it was closed', () => {
    const early = Array.from({ length: 10 }, begin);
    halfOpen();
    expect(breaker.state).toBe('half-open');
    for (const end of early) end('good');
    expect(breaker.state).toBe('half-open');
  });
});
