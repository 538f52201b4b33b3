import type uPlot from 'uplot';
import { StateError } from '../ir/errors.ts';
import { errorMessage } from '../util/error-message.ts';
import { type Color, type Frame, short } from './frame.ts';

/** The rules of uPlot's own style sheet that these charts need. */
export const PLOT_STYLE = `
.uplot, .uplot * { box-sizing: border-box; }
.uplot { width: min-content; line-height: 1.5; }
.u-wrap { position: relative; user-select: none; }
.u-over, .u-under { position: absolute; }
.uplot canvas { display: block; position: relative; width: 100%; height: 100%; }
.u-axis { position: absolute; }
.u-cursor-x, .u-cursor-y { position: absolute; left: 0; top: 0; pointer-events: none; will-change: transform; }
.u-hz .u-cursor-x { height: 100%; border-right: 1px dashed var(--muted); }
.u-cursor-y, .u-select { display: none; }
.u-cursor-pt { position: absolute; top: 0; left: 0; border-radius: 50%; pointer-events: none; background: var(--point) !important; border: 0 solid; }
.u-over .u-off { display: none; }
.u-legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0; padding: 0; }
.u-legend .u-series { display: inline-flex; align-items: center; cursor: pointer; }
.u-legend th { display: inline-flex; align-items: center; font-weight: 400; padding: 0; }
.u-legend .u-marker { width: 12px; height: 3px; border-radius: 2px; margin-right: 6px; border: 0 !important; }
.u-legend .u-value { font-variant-numeric: tabular-nums; color: var(--muted); padding: 0 0 0 6px; }
.u-legend .u-series.u-off { opacity: 0.4; }
.u-legend .u-series:first-child .u-marker { display: none; }
.u-legend tbody { display: contents; }
`;

/** Taken when the module is loaded, as the timers of this library are. */
const { requestAnimationFrame } = globalThis;

export interface Line {
  readonly label: string;
  readonly color: Color;
  /** A thin line, for values of single batches. */
  readonly thin?: boolean;
  readonly dash?: readonly number[];
}

export interface PlotOptions {
  readonly height: number;
  readonly xLabel: string;
  /** Whether both axes go from 0 to 1; by default to the values. */
  readonly unitSquare?: boolean;
}

async function loadUplot(operation: string): Promise<typeof uPlot> {
  try {
    return (await import('uplot')).default;
  } catch (cause) {
    throw new StateError(
      `[${operation}] uplot can't be loaded (${errorMessage(cause)}). Install it: npm i uplot.`,
      { cause },
    );
  }
}

/** Lines over one axis, drawn by uPlot at most once per frame. */
export class LinePlot {
  readonly #frame: Frame;
  readonly #Plot: typeof uPlot;
  readonly #options: PlotOptions;
  #plot: uPlot | null = null;
  #lines: readonly Line[] = [];
  #columns: uPlot.AlignedData = [[]];
  #isDue = false;

  private constructor(frame: Frame, Plot: typeof uPlot, options: PlotOptions) {
    this.#frame = frame;
    this.#Plot = Plot;
    this.#options = options;
    frame.onChange(() => {
      const width = this.#width;
      if (width === 0) return;
      if (this.#plot?.width !== width) this.#plot?.setSize({ width, height: options.height });
      this.#plot?.redraw();
    });
  }

  static async open(operation: string, frame: Frame, options: PlotOptions): Promise<LinePlot> {
    return new LinePlot(frame, await loadUplot(operation), options);
  }

  get #width(): number {
    return this.#frame.body.clientWidth;
  }

  /** The x values, and a column of values or nulls for each line. */
  show(lines: readonly Line[], columns: readonly (readonly (number | null)[])[]): void {
    const isSame = lines.map(({ label }) => label).join() === this.#lines.map(({ label }) => label).join();
    if (!isSame) {
      this.#plot?.destroy();
      this.#plot = null;
      this.#lines = lines;
    }
    this.#columns = columns as uPlot.AlignedData;
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (this.#plot === null) this.#plot = this.#make();
      else this.#plot.setData(this.#columns);
    });
  }

  #make(): uPlot {
    const { height, unitSquare = false, xLabel } = this.#options;
    const color = (name: Color) => (): string => this.#frame.color(name);
    const axis: uPlot.Axis = {
      stroke: color('muted'),
      grid: { stroke: color('grid'), width: 1 },
      ticks: { stroke: color('grid'), width: 1, size: 4 },
      font: '12px system-ui, sans-serif',
      labelFont: '12px system-ui, sans-serif',
      labelSize: 20,
    };
    const range: uPlot.Scale.Range = [0, 1];
    const plot = new this.#Plot(
      {
        padding: [8, 8, 0, 0],
        width: Math.max(this.#width, 120),
        height,
        scales: { x: { time: false, ...(unitSquare && { range }) }, y: unitSquare ? { range } : {} },
        axes: [
          { ...axis, label: xLabel, size: 34 },
          { ...axis, size: 52 },
        ],
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        series: [
          { label: xLabel, value: latest },
          ...this.#lines.map(
            ({ label, color: name, thin = false, dash }): uPlot.Series => ({
              label,
              stroke: color(name),
              width: thin ? 1 : 2,
              alpha: thin ? 0.45 : 1,
              spanGaps: true,
              points: { show: false },
              ...(dash && { dash: [...dash] }),
              value: latest,
            }),
          ),
        ],
      },
      this.#columns,
      this.#frame.body,
    );
    // Variables follow the scheme, unlike the colors that uPlot would write.
    const markers = plot.root.querySelectorAll<HTMLElement>('.u-marker');
    this.#lines.forEach(({ color, thin = false }, i) => {
      markers[i + 1]!.style.cssText = `background: var(--${color}); opacity: ${thin ? 0.45 : 1}`;
    });
    return plot;
  }
}

/** The value of a line under the cursor, or the last one before it; without a cursor the last one. */
function latest(plot: uPlot, _value: number | null, series: number, index: number | null): string {
  const column = plot.data[series]!;
  for (let i = index ?? column.length - 1; i >= 0; i--) {
    const value = column[i];
    if (value !== null && value !== undefined) return short(value);
  }
  return '';
}
