/** The result of the settle bench: its shape, its ratios and aims, and the three files it becomes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RowWriter } from '../infra/stores/row-writer.js';
import { barChart } from './chart.js';
import type { FloorKind } from './floor.js';
import type { ImportSample } from './import-file.js';
import type { KeysetResult } from './keyset.js';
import type { Rung } from './ladder.js';
import { type Aim, aimsTable, type Machine, machineText, mebibytes, number, orDash, range, table } from './markdown.js';
import { mediansOf, type Spread, spreadOf } from './measure.js';
import type { Usage } from './report-usage.js';
import type { Cost, ServerDescription } from './server.js';

export interface FloorSample {
  readonly kind: FloorKind;
  readonly cost: Cost;
}

export interface SettleSample {
  readonly writer: RowWriter;
  /** Sales and refunds. */
  readonly entries: number;
  /** Seconds by stage, as the command reports them. */
  readonly stages: Readonly<Record<string, number>>;
  /** The seconds of the whole command, from the start of its process to its end. */
  readonly cost: Cost;
  readonly usage: Usage;
}

export interface SettleBench {
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly server: ServerDescription;
  readonly parameters: {
    readonly lines: number;
    readonly entries: number;
    readonly sellers: number;
    readonly rounds: number;
    readonly workers: number;
    readonly gridSize: number;
    readonly chunkRows: number;
    readonly ladderLines: number;
  };
  readonly seedSeconds: number;
  readonly floor: readonly FloorSample[];
  readonly settle: readonly SettleSample[];
  readonly ladder: readonly Rung[];
  readonly keyset: KeysetResult;
  /** One for each round, of the date that the product's own choice of writer had settled just before. */
  readonly verify: readonly { readonly cost: Cost; readonly usage: Usage }[];
  readonly import: ImportSample & { readonly lines: number; readonly fileBytes: number };
  readonly scale: { readonly factor: number; readonly sample: SettleSample } | null;
}

/** One subject that was measured in every round. */
interface Measured {
  readonly name: string;
  readonly seconds: Spread;
  readonly cost: Record<'seconds' | 'serverCpuSeconds' | 'bytesReceived' | 'redoBytes' | 'statements', number | null>;
  readonly clientCpuSeconds: number | null;
}

const CHUNK_STAGE = 'lines';

const floorOf = (bench: SettleBench, kind: FloorKind): FloorSample[] =>
  bench.floor.filter((sample) => sample.kind === kind);
const settledBy = (bench: SettleBench, writer: RowWriter): SettleSample[] =>
  bench.settle.filter((sample) => sample.writer === writer);
const writersOf = (bench: SettleBench): RowWriter[] => [...new Set(bench.settle.map(({ writer }) => writer))];
const stageSeconds = (samples: readonly SettleSample[], stage: string): Spread =>
  spreadOf(samples.map(({ stages }) => stages[stage] ?? Number.NaN));
const wholeSeconds = (samples: readonly { cost: Cost }[]): Spread => spreadOf(samples.map(({ cost }) => cost.seconds));

function measured(bench: SettleBench): Measured[] {
  const floors = (['copy', 'produce'] as const).map((kind) => {
    const samples = floorOf(bench, kind);
    const name =
      kind === 'copy'
        ? 'floor, copy: INSERT … SELECT of finished lines'
        : 'floor, produce: INSERT … SELECT that computes them';
    return {
      name,
      seconds: wholeSeconds(samples),
      cost: mediansOf(samples.map(({ cost }) => cost)),
      clientCpuSeconds: null,
    };
  });
  const products = writersOf(bench).flatMap((writer) => {
    const samples = settledBy(bench, writer);
    const name = writer === 'load' ? 'LOAD DATA LOCAL' : 'multi-row INSERT';
    const clientCpuSeconds = spreadOf(samples.map(({ usage }) => usage.cpuSeconds)).median;
    const nothing = { seconds: null, serverCpuSeconds: null, bytesReceived: null, redoBytes: null, statements: null };
    return [
      {
        name: `magam settle, stage lines, ${name}`,
        seconds: stageSeconds(samples, CHUNK_STAGE),
        cost: nothing,
        clientCpuSeconds: null,
      },
      {
        name: `magam settle, whole command, ${name}`,
        seconds: wholeSeconds(samples),
        cost: mediansOf(samples.map(({ cost }) => cost)),
        clientCpuSeconds,
      },
    ];
  });
  return [...floors, ...products];
}

/** The aims of the project, each with what was measured: met when `value` is at most `limit`. */
function aimsOf(bench: SettleBench): Aim[] {
  const copy = wholeSeconds(floorOf(bench, 'copy')).median;
  const produce = wholeSeconds(floorOf(bench, 'produce')).median;
  const aims: Aim[] = [];
  for (const writer of writersOf(bench)) {
    const samples = settledBy(bench, writer);
    const limit = writer === 'load' ? 1.3 : 1.6;
    const lines = stageSeconds(samples, CHUNK_STAGE).median;
    const whole = wholeSeconds(samples).median;
    for (const [floor, seconds] of [
      ['produce', produce],
      ['copy', copy],
    ] as const) {
      aims.push({ aim: `writing the lines (${writer}) / floor (${floor})`, limit, value: lines / seconds, unit: '×' });
      aims.push({ aim: `whole command (${writer}) / floor (${floor})`, limit: 2.2, value: whole / seconds, unit: '×' });
    }
  }
  const own = writersOf(bench).at(-1) as RowWriter; // the writer that the product chooses by itself
  aims.push({
    aim: `magam verify / magam settle (${own})`,
    limit: 0.8,
    value: wholeSeconds(bench.verify).median / wholeSeconds(settledBy(bench, own)).median,
    unit: '×',
  });
  const { first, last } = bench.keyset;
  aims.push({
    aim: 'read of the last chunk / first chunk, time',
    limit: 1.2,
    value: last.ms.median / first.ms.median,
    unit: '×',
  });
  aims.push({
    aim: 'read of the last chunk / first chunk, rows touched',
    limit: 1.01,
    value: last.rowsTouched / first.rowsTouched,
    unit: '×',
  });
  const peak = Math.max(
    ...[...bench.settle, ...(bench.scale === null ? [] : [bench.scale.sample])].map(
      ({ usage }) => usage.peakMemoryBytes,
    ),
  );
  aims.push({ aim: 'peak memory of the settle process', limit: 300, value: peak / 2 ** 20, unit: ' MiB' });
  if (bench.scale !== null) {
    const { factor, sample } = bench.scale;
    const value = sample.cost.seconds / wholeSeconds(settledBy(bench, sample.writer)).median;
    aims.push({ aim: `${factor} times the lines, whole command`, limit: factor * 1.1, value, unit: '×' });
  }
  return aims;
}

/** Prints the table and writes it as Markdown, the samples as JSON and the chart as SVG into the folder. */
export async function writeReport(bench: SettleBench, folder: string): Promise<void> {
  const name = `settle-${bench.server.engine.toLowerCase()}-${bench.server.release}`;
  const markdown = markdownOf(bench, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...bench, aims: aimsOf(bench) }, null, 2)}\n`);
  writeFileSync(join(folder, `${name}.md`), markdown);
  writeFileSync(join(folder, `${name}.svg`), chartOf(bench));
  process.stdout.write(
    `${markdown}\nWritten: ${['md', 'json', 'svg'].map((type) => join(folder, `${name}.${type}`)).join(', ')}\n`,
  );
}

function markdownOf(bench: SettleBench, name: string): string {
  const { machine, server, parameters } = bench;
  return `# Settling ${number(parameters.lines)} lines on ${server.engine} ${server.version}

${machineText(machine)};
${bench.measuredAt}. ${number(parameters.entries)} entries with the refunds, ${parameters.workers} worker threads and connections, grid ${parameters.gridSize}, chunks
of ${number(parameters.chunkRows)}. Medians of ${parameters.rounds} rounds in turn (smallest–largest). docs/benchmarks.md says what each row is.

![lines per second](${name}.svg)

## Product and floor

${productTable(bench)}

## Aims

${aimsTable(aimsOf(bench))}

${cpuSentences(bench)}

## The ladder

${ladderTable(bench)}

Each rung was measured on its first ${number(parameters.ladderLines)} lines; the rest is projected from pages read at nine places of the whole date.

## Keyset reads

${table(
  ['page of the date', 'ms', 'rows touched'],
  [
    [`first ${number(bench.keyset.pageRows)}`, range(bench.keyset.first.ms), number(bench.keyset.first.rowsTouched)],
    [`last ${number(bench.keyset.pageRows)}`, range(bench.keyset.last.ms), number(bench.keyset.last.rowsTouched)],
  ],
)}

## Beside it

${besideTable(bench)}

## Server settings

${table(['variable', 'value'], Object.entries(server.settings))}
`;
}

/** CPU seconds are steadier than wall time, and do not depend on how well client and server share the cores. */
function cpuSentences(bench: SettleBench): string {
  const serverCpu = (samples: readonly { cost: Cost }[]): number | null =>
    mediansOf(samples.map(({ cost }) => cost)).serverCpuSeconds;
  const [copy, produce] = [serverCpu(floorOf(bench, 'copy')), serverCpu(floorOf(bench, 'produce'))];
  if (copy === null || produce === null) return 'CPU seconds of the server could not be read.';
  const sentences = writersOf(bench).map((writer) => {
    const samples = settledBy(bench, writer);
    const server = serverCpu(samples) ?? Number.NaN;
    const both = server + spreadOf(samples.map(({ usage }) => usage.cpuSeconds)).median;
    return (
      `CPU seconds (${writer}): the server's are ${number(server / produce, 2)} × those of the floor (produce) and ${number(server / copy, 2)} × (copy); ` +
      `with the command's own, ${number(both / produce, 2)} × and ${number(both / copy, 2)} ×.`
    );
  });
  return sentences.join('\n');
}

function productTable(bench: SettleBench): string {
  const { entries } = bench.parameters;
  return table(
    ['', 'seconds', 'lines/s', 'server CPU s', 'client CPU s', 'MiB received', 'MiB redo', 'statements'],
    measured(bench).map(({ name, seconds, cost, clientCpuSeconds }) => [
      name,
      range(seconds),
      number(entries / seconds.median),
      orDash(cost.serverCpuSeconds),
      orDash(clientCpuSeconds),
      orDash(mebibytes(cost.bytesReceived)),
      orDash(mebibytes(cost.redoBytes)),
      orDash(cost.statements, 0),
    ]),
  );
}

function ladderTable(bench: SettleBench): string {
  const rungs = bench.ladder.map((rung) => [
    rung.name,
    `${number(rung.measuredLines)} in ${number(rung.cost.seconds, 1)} s`,
    number(rung.measuredLines / rung.cost.seconds),
    number(rung.firstPageMs, 1),
    number(rung.lastPageMs, 1),
    `${number(rung.projectedSeconds, 1)} s (projected)`,
    number(rung.growthExponent, 2),
  ]);
  const { first, last } = bench.keyset;
  const products = writersOf(bench).map((writer) => {
    const seconds = wholeSeconds(settledBy(bench, writer)).median;
    return [
      `magam settle, ${writer}, ${bench.parameters.workers} threads`,
      `${number(bench.parameters.lines)} in ${number(seconds, 1)} s`,
      number(bench.parameters.lines / seconds),
      number(first.ms.median, 1),
      number(last.ms.median, 1),
      `${number(seconds, 1)} s (measured)`,
      bench.scale?.sample.writer === writer
        ? number(Math.log(bench.scale.sample.cost.seconds / seconds) / Math.log(bench.scale.factor), 2)
        : '–',
    ];
  });
  return table(
    [
      '',
      'measured',
      'lines/s',
      'first page ms',
      'last page ms',
      `${number(bench.parameters.lines)} lines`,
      'grows with lines^',
    ],
    [...rungs, ...products],
  );
}

function besideTable(bench: SettleBench): string {
  const { verify, import: imported, scale } = bench;
  const row = (name: string, lines: number, { cost, usage }: { cost: Cost; usage: Usage }): string[] => [
    name,
    number(cost.seconds, 1),
    number(lines / cost.seconds),
    orDash(cost.serverCpuSeconds),
    number(usage.cpuSeconds, 1),
    number(usage.peakMemoryBytes / 2 ** 20),
  ];
  const rows = [
    ...verify.map((sample, i) => row(`magam verify, round ${i + 1}`, bench.parameters.entries, sample)),
    row(`magam import lines, ${number(imported.fileBytes / 1e6)} MB`, imported.lines, imported),
    ...writersOf(bench).map((writer) => {
      const samples = settledBy(bench, writer);
      return row(`magam settle, ${writer}, first round`, bench.parameters.entries, samples[0] as SettleSample);
    }),
  ];
  if (scale !== null)
    rows.push(
      row(`magam settle, ${number(bench.parameters.lines * scale.factor)} lines`, scale.sample.entries, scale.sample),
    );
  return table(['command', 'seconds', 'lines/s', 'server CPU s', 'client CPU s', 'peak MiB'], rows);
}

function chartOf(bench: SettleBench): string {
  const { lines, entries } = bench.parameters;
  const bars = [
    ...bench.ladder.map((rung) => ({
      label: rung.name,
      value: lines / rung.projectedSeconds,
      note: 'projected',
      kind: 'field' as const,
    })),
    ...writersOf(bench).map((writer) => ({
      label: `magam settle, whole command, ${writer === 'load' ? 'LOAD DATA' : 'INSERT'}`,
      value: entries / wholeSeconds(settledBy(bench, writer)).median,
      note: '',
      kind: 'product' as const,
    })),
    ...(['produce', 'copy'] as const).map((kind) => ({
      label: kind === 'copy' ? 'floor: the database copies finished lines' : 'floor: the database computes them in SQL',
      value: entries / wholeSeconds(floorOf(bench, kind)).median,
      note: '',
      kind: 'floor' as const,
    })),
  ];
  return barChart(
    `Lines settled per second, ${bench.server.engine} ${bench.server.version}, ${number(lines)} lines`,
    bars,
  );
}
