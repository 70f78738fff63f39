/** The lines of the logs: level names, ISO times, no secrets; the same for servers and runners. */
import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { openLog } from '../../api/main.js';
import { openPlainLog, openProcessLog } from '../../infra/log.js';

function collected(): { readonly stream: Writable; readonly lines: () => Record<string, unknown>[] } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return {
    stream,
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const LINE = { level: 'warn', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/), msg: 'said' };

describe('a line', () => {
  it('of a runner has the name of its level and its time in ISO 8601, and no secret', () => {
    const { stream, lines } = collected();
    openProcessLog('info', 'runner', stream).warn({ date: '2026-03-02', deep: { password: 'x' } }, 'said');
    expect(lines()).toMatchObject([{ ...LINE, name: 'runner', date: '2026-03-02', deep: { password: '[secret]' } }]);
  });

  it('of a server has them, too, whichever of its loggers it comes from', () => {
    const { stream, lines } = collected();
    const { log, requests } = openLog('info', stream);
    log.warn('said');
    requests.warn('said');
    openPlainLog('error', 'api', stream).warn('not said');
    expect(lines()).toMatchObject([
      { ...LINE, name: 'api' },
      { ...LINE, name: 'api' },
    ]);
  });
});
