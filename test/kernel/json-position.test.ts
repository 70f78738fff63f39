import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonErrorPosition } from '../../kernel/json-position.js';

describe('jsonErrorPosition', () => {
  it.each([
    ['', 1, 1],
    ['   ', 1, 4],
    ['{', 1, 2],
    ['{"a":}', 1, 6],
    ['{"a":1,}', 1, 8],
    ['{"a" 1}', 1, 6],
    ["{'a': 1}", 1, 2],
    ['{a: 1}', 1, 2],
    ['[1,]', 1, 4],
    ['[1 2]', 1, 4],
    ['[1}', 1, 3],
    ['{"a":1]', 1, 7],
    ['1 2', 1, 3],
    ['}', 1, 1],
    ['01', 1, 2],
    ['"a\nb"', 1, 3],
    ['"\\x"', 1, 2],
    ['"abc', 1, 5],
    ['nul', 1, 1],
    ['{"a": 1,\n  "b": tru,\n  "c": 2}', 2, 8],
    ['{\r\n"a": "x",\r\n}', 3, 1],
    ['// policies\n{}', 1, 1],
  ])('%j breaks at %d:%d', (text, line, column) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(jsonErrorPosition(text)).toEqual({ line, column });
  });

  it('reads all that is JSON to its end', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (text, indent) => {
        const json = JSON.stringify(JSON.parse(text), null, indent);
        const lines = json.split('\n');
        expect(jsonErrorPosition(json)).toEqual({ line: lines.length, column: (lines.at(-1) ?? '').length + 1 });
      }),
    );
  });

  it('does not go deeper than the stack', () => {
    expect(jsonErrorPosition('['.repeat(200_000))).toEqual({ line: 1, column: 200_001 });
  });
});
