// A picture that code of anybody drew, as an address for an <img>: there an SVG neither runs scripts nor loads anything.
import type { Plot } from '#shared/sandbox.ts';

const tokens = {
  '--plot-ink': '--color-ink-2',
  '--plot-title': '--color-ink',
  '--plot-line': '--color-line',
  '--plot-axis': '--color-line-control',
};

/** Charts of `llmos.plot` take the colours of the page; other pictures keep their own. */
export const isOwnChart = (plot: Plot, head = new TextDecoder().decode(plot.data.subarray(0, 400))): boolean =>
  plot.mime === 'image/svg+xml' && /^<svg [^>]*data-llmos="chart"/.test(head);

export function addressOf(plot: Plot, colourOf: (token: string) => string): string {
  if (!isOwnChart(plot)) return URL.createObjectURL(new Blob([plot.data], { type: plot.mime }));
  const colours = Object.entries(tokens)
    .map(([name, token]) => `${name}:${colourOf(token).replace(/[^#\w(),.% -]/g, '')}`)
    .join(';');
  const text = new TextDecoder().decode(plot.data).replace('<svg ', `<svg style="${colours}" `);
  return URL.createObjectURL(new Blob([text], { type: plot.mime }));
}
