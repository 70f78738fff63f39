/** How long a download waits for a reader, by a clock of its own. */
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { streamedFile } from '../../../api/edge/download.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A download of this many pieces to a reader who takes one whenever `take` is called. */
function downloading(pieces: number) {
  let take = (): void => undefined;
  const reader = new Writable({
    highWaterMark: 1,
    write: (_piece, _encoding, done) => {
      take = done;
    },
  });
  const { write } = streamedFile('text/plain', 'pieces.txt', async (sink) => {
    for (let left = pieces; left > 0; left -= 1) await sink('piece');
  });
  const state = { ended: undefined as undefined | 'whole' | Error, take: () => take() };
  void write(reader, new AbortController().signal).then(
    () => {
      state.ended = 'whole';
    },
    (error: Error) => {
      state.ended = error;
    },
  );
  return state;
}

it('a reader that takes nothing for a minute is cut off', async () => {
  const download = downloading(2);
  await jest.advanceTimersByTimeAsync(59_999);
  expect(download.ended).toBeUndefined();
  await jest.advanceTimersByTimeAsync(1);
  expect(download.ended).toMatchObject({ message: 'the reader of a download does not read' });
});

it('a reader that takes a piece within each minute gets all of them', async () => {
  const download = downloading(5);
  for (let piece = 0; piece < 5; piece += 1) {
    expect(download.ended).toBeUndefined();
    await jest.advanceTimersByTimeAsync(59_000);
    download.take();
  }
  await jest.advanceTimersByTimeAsync(0);
  expect(download.ended).toBe('whole');
});
