/** Numbers that look drawn by lot and are the same on every machine. */

/** Draws of the thing with this number, each from 0 to below: a counter that begins anywhere, scrambled. */
export function drawsOf(number: number): (below: number) => number {
  let state = scramble(number);
  return (below) => {
    state = (state + 0x9e3779b9) | 0;
    return Math.floor((scramble(state) / 2 ** 32) * below);
  };
}

/** A bijection of the 32-bit integers that leaves no pattern (rounds of Ettinger's triple32). */
function scramble(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

export const pick = <T>(from: readonly T[], draw: (below: number) => number): T => from[draw(from.length)] as T;
