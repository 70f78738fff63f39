/** A horizontal bar chart as SVG: enough for a README, legible in light and dark. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly note: string;
  readonly kind: 'field' | 'product' | 'floor';
}

const COLOURS: Record<Bar['kind'], string> = { field: '#9aa4b2', product: '#2f6fdb', floor: '#3a9d5d' };
const [WIDTH, LABEL_WIDTH, VALUE_WIDTH, ROW_HEIGHT, TOP] = [900, 330, 140, 34, 52];

/** One bar a value, all on one linear scale from 0. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const largest = Math.max(...bars.map(({ value }) => value));
  const height = TOP + bars.length * ROW_HEIGHT + 12;
  const rows = bars.map(({ label, value, note, kind }, at) => {
    const y = TOP + at * ROW_HEIGHT;
    const width = Math.max(1, ((WIDTH - LABEL_WIDTH - VALUE_WIDTH) * value) / largest);
    const text = `${Math.round(value).toLocaleString('en-US')}${note === '' ? '' : ` (${note})`}`;
    return `  <text x="${LABEL_WIDTH - 10}" y="${y + 17}" text-anchor="end">${escaped(label)}</text>
  <rect x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="24" rx="2" fill="${COLOURS[kind]}"/>
  <text x="${(LABEL_WIDTH + width + 8).toFixed(1)}" y="${y + 17}">${text}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13">
  <rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
  <text x="16" y="28" font-size="16" font-weight="600">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
