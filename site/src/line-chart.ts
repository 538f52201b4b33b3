import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { element } from './dom.ts';

export interface ChartLine {
  readonly label: string;
  /** A color of the page: the name of a CSS variable. */
  readonly color: string;
  /** The points of the line. */
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const HEIGHT = 240;

/** Lines of different lengths over one axis, for the eye and for screen readers. */
export class LineChart {
  readonly root = element('div', { className: 'line-chart', role: 'img' });
  readonly #xLabel: string;
  #plot: uPlot | null = null;
  #lines: readonly ChartLine[] = [];

  constructor(xLabel: string) {
    this.#xLabel = xLabel;
    const redraw = (): void => this.#draw();
    new ResizeObserver(redraw).observe(this.root);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  }

  /** @param description what screen readers say. */
  show(lines: readonly ChartLine[], description: string): void {
    this.#lines = lines;
    this.root.ariaLabel = description;
    this.#draw();
  }

  #draw(): void {
    const width = this.root.clientWidth;
    this.#plot?.destroy();
    this.#plot = null;
    if (width === 0 || this.#lines.length === 0) return;
    const color = (name: string): string => {
      // uPlot draws on a canvas, which does not know light-dark().
      this.root.style.color = `var(${name})`;
      const { color } = getComputedStyle(this.root);
      this.root.style.color = '';
      return color;
    };
    const axis: uPlot.Axis = {
      stroke: color('--muted'),
      grid: { stroke: color('--line'), width: 1 },
      ticks: { stroke: color('--line'), width: 1, size: 4 },
      font: '12px system-ui, sans-serif',
      labelFont: '12px system-ui, sans-serif',
      labelSize: 20,
    };
    const series = this.#lines.map(({ label, color: name }) => ({
      label,
      stroke: color(name),
      width: 2,
      spanGaps: true,
      points: { show: this.#lines.some(({ x }) => x.length === 1) },
    }));
    this.#plot = new uPlot(
      {
        width,
        height: HEIGHT,
        scales: { x: { time: false } },
        axes: [
          { ...axis, label: this.#xLabel, size: 34, incrs: [1, 2, 5, 10, 20, 50, 100] },
          { ...axis, size: 52 },
        ],
        cursor: { drag: { x: false, y: false } },
        // Values are those under the mouse.
        legend: { live: matchMedia('(hover: hover)').matches },
        series: [{ label: this.#xLabel }, ...series],
      },
      this.#columns(),
      this.root,
    );
  }

  /** All values of x, and the value of each line there. */
  #columns(): uPlot.AlignedData {
    const xs = [...new Set(this.#lines.flatMap(({ x }) => x))].sort((a, b) => a - b);
    const columns = this.#lines.map(({ x, y }) => {
      const values = new Map(x.map((at, i) => [at, y[i]!]));
      return xs.map((at) => values.get(at) ?? null);
    });
    return [xs, ...columns];
  }
}
