/**
 * Where a text stops being JSON. `JSON.parse` of Node 20 names the offending token but mostly not its position, and a person
 * with a hand-written file needs the line.
 */
export interface TextPosition {
  /** Both from 1; the column counts UTF-16 code units. */
  readonly line: number;
  readonly column: number;
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER_OR_WORD = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** The offset behind what `pattern` matches at `offset`, or −1. */
function after(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** Reads the string that begins at `offset`: the offset behind it, or where it breaks off as `broken`. */
function readString(text: string, offset: number): { end: number } | { broken: number } {
  let at = offset + 1;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') return { end: at + 1 };
    if (character < ' ') return { broken: at };
    const end = character === '\\' ? after(ESCAPE, text, at) : at + 1;
    if (end === -1) return { broken: at };
    at = end;
  }
  return { broken: at };
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end';

/** The offset of the first character that no JSON text could have there; the text's length when it only ends too early. */
function errorOffset(text: string): number {
  const open: string[] = [];
  let expected: Expected = 'value';
  let at = after(SPACE, text, 0);
  for (; at < text.length; at = after(SPACE, text, at)) {
    const character = text.charAt(at);
    const wantsKey: boolean = expected === 'key' || expected === 'key or }';
    const wantsValue: boolean = expected === 'value' || expected === 'value or ]';
    const closes: boolean = character === (open.at(-1) === '{' ? '}' : ']') && open.length > 0;
    if (closes && (expected === ', or end' || expected === 'value or ]' || expected === 'key or }')) {
      open.pop();
      expected = ', or end';
      at += 1;
    } else if (character === '"' && (wantsKey || wantsValue)) {
      const string = readString(text, at);
      if ('broken' in string) return string.broken;
      expected = wantsKey ? ':' : ', or end';
      at = string.end;
    } else if (wantsValue && (character === '{' || character === '[')) {
      open.push(character);
      expected = character === '{' ? 'key or }' : 'value or ]';
      at += 1;
    } else if (wantsValue) {
      const end = after(NUMBER_OR_WORD, text, at);
      if (end === -1) return at;
      expected = ', or end';
      at = end;
    } else if (character === ':' && expected === ':') {
      expected = 'value';
      at += 1;
    } else if (character === ',' && expected === ', or end' && open.length > 0) {
      expected = open.at(-1) === '{' ? 'key' : 'value';
      at += 1;
    } else {
      return at;
    }
  }
  return at;
}

/** The place of the first error in a text that is not JSON. */
export function jsonErrorPosition(text: string): TextPosition {
  const lines = text.slice(0, errorOffset(text)).split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}
