#!/usr/bin/env node
/**
 * The demo's report as a picture of a terminal, for the README:
 *
 *   node scripts/picture.mjs > docs/demo.svg
 *
 * The report is the text between the marks `demo-report` in docs/benchmarks.md. Put the output of a newer `npm run demo` there, then make
 * the picture again.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, ScriptError } from './script.mjs';

const COMMAND = 'npm run demo';
const [LINE_HEIGHT, CHARACTER_WIDTH, MARGIN, BAR] = [18, 7.83, 20, 36];

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** @param {string[]} lines */
function terminal(lines) {
  const width = Math.ceil(2 * MARGIN + Math.max(...lines.map((line) => line.length)) * CHARACTER_WIDTH);
  const height = BAR + lines.length * LINE_HEIGHT + MARGIN;
  const lights = ['#ff5f56', '#ffbd2e', '#27c93f'].map(
    (colour, at) => `  <circle cx="${MARGIN + at * 20}" cy="18" r="6" fill="${colour}"/>`,
  );
  const rows = lines.map((line, at) => {
    const colour = at === 0 ? ' fill="#7ee787"' : '';
    return `  <text x="${MARGIN}" y="${BAR + (at + 1) * LINE_HEIGHT}"${colour} xml:space="preserve">${escaped(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" fill="#e6edf3">
  <title>The report of ${COMMAND}</title>
  <rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
${[...lights, ...rows].join('\n')}
</svg>
`;
}

await run(async () => {
  const page = readFileSync(join(root, 'docs/benchmarks.md'), 'utf8');
  const report = /<!-- demo-report:begin -->\n```text\n(.*?)```\n/s.exec(page)?.[1];
  if (report === undefined) throw new ScriptError('docs/benchmarks.md has no demo-report.');
  process.stdout.write(terminal([`$ ${COMMAND}`, '', ...report.trimEnd().split('\n')]));
  return 0;
});
