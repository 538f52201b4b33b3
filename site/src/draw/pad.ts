import { element } from '../dom.ts';
import { Drawing, type Point, type Stroke } from './strokes.ts';

/** The width of the pen on the paper, whose width is 1. */
const PEN = 0.075;

/** How far an arrow key moves the pen; with Shift it is the second number. */
const STEPS = [0.04, 0.01] as const;

const MOVES: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The pen that the keyboard moves. */
interface Pen {
  readonly at: Point;
  readonly isDown: boolean;
}

const START: Pen = { at: [0.5, 0.2], isDown: false };

/** Paper on which one draws with the mouse, fingers, a pen or the keyboard. */
export class Pad {
  /** The id of the element that explains the keys. */
  static readonly keysId = 'draw-keys';

  readonly element: HTMLElement;
  readonly #canvas = element('canvas', { className: 'paper', tabIndex: 0 });
  readonly #hint = element('p', { className: 'hint muted' }, 'Draw a digit here');
  readonly #drawing = new Drawing();
  readonly #onChange: (isFinished: boolean) => void;
  /** The pointer that draws; others are ignored. */
  #pointer: number | null = null;
  /** Null until a key is pressed. */
  #pen: Pen | null = null;

  /** @param onChange is called when the drawing changes; a stroke that is being drawn is not finished. */
  constructor(onChange: (isFinished: boolean) => void) {
    this.#onChange = onChange;
    const canvas = this.#canvas;
    canvas.role = 'application';
    canvas.ariaLabel = 'Paper for a digit';
    canvas.setAttribute('aria-describedby', Pad.keysId);
    canvas.addEventListener('pointerdown', (event) => this.#pointerDown(event));
    canvas.addEventListener('pointermove', (event) => this.#pointerMove(event));
    for (const name of ['pointerup', 'pointercancel'] as const)
      canvas.addEventListener(name, (event) => this.#pointerUp(event));
    canvas.addEventListener('keydown', (event) => this.#keyDown(event));
    canvas.addEventListener('blur', () => {
      const wasDown = this.#pen?.isDown === true;
      this.#pen = null;
      if (wasDown) this.#changed(true);
      else this.paint();
    });
    this.element = element('div', { className: 'pad' }, canvas, this.#hint);
    new ResizeObserver(() => this.paint()).observe(canvas);
  }

  get strokes(): readonly Stroke[] {
    return this.#drawing.strokes;
  }

  get canUndo(): boolean {
    return this.#drawing.canUndo;
  }

  undo(): void {
    this.#liftPen();
    this.#drawing.undo();
    this.#changed(true);
  }

  clear(): void {
    this.#liftPen();
    this.#drawing.clear();
    this.#changed(true);
  }

  /** Draws the strokes, in the text color of the paper. */
  paint(): void {
    const canvas = this.#canvas;
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (side === 0) return;
    if (canvas.width !== side) [canvas.width, canvas.height] = [side, side];
    const context = canvas.getContext('2d')!;
    context.clearRect(0, 0, side, side);
    context.lineCap = context.lineJoin = 'round';
    context.lineWidth = PEN * side;
    context.strokeStyle = getComputedStyle(canvas).color;
    for (const stroke of this.strokes) {
      context.beginPath();
      stroke.forEach(([x, y], i) => {
        // A line to its own start is a dot.
        if (i === 0) context.moveTo(x * side, y * side);
        context.lineTo(x * side, y * side);
      });
      context.stroke();
    }
    this.#hint.hidden = this.strokes.length > 0 || this.#pen !== null;
    if (this.#pen === null) return;
    const { at, isDown } = this.#pen;
    context.lineWidth = 2 * devicePixelRatio;
    context.beginPath();
    context.arc(at[0] * side, at[1] * side, ((isDown ? PEN : 2 * PEN) * side) / 2, 0, 2 * Math.PI);
    context.stroke();
  }

  #changed(isFinished: boolean): void {
    this.paint();
    this.#onChange(isFinished);
  }

  #pointerDown(event: PointerEvent): void {
    if (this.#pointer !== null || event.button !== 0) return;
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pen = null;
    this.#drawing.begin(this.#place(event));
    this.#changed(false);
  }

  #pointerMove(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    // A browser gives one event for several places of a fast pointer.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length > 0 ? events : [event]) this.#drawing.extend(this.#place(each));
    this.#changed(false);
  }

  #pointerUp(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#changed(true);
  }

  #place({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [within((clientX - left) / width), within((clientY - top) / height)];
  }

  #keyDown(event: KeyboardEvent): void {
    if (this.#pointer !== null) return;
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const isCommand = ctrlKey || metaKey;
    const move = MOVES[key];
    if (isCommand && key === 'z') this.undo();
    else if (isCommand || altKey) return;
    else if (move !== undefined) this.#movePen(move, STEPS[shiftKey ? 1 : 0]);
    else if (key === ' ' || key === 'Enter') this.#turnPen();
    else if (key === 'Backspace') this.undo();
    else if (key === 'Delete') this.clear();
    else return;
    event.preventDefault();
  }

  #movePen(move: Point, step: number): void {
    const { at, isDown } = this.#pen ?? START;
    const to: Point = [within(at[0] + step * move[0]), within(at[1] + step * move[1])];
    this.#pen = { at: to, isDown };
    if (isDown) this.#drawing.extend(to);
    this.#changed(false);
  }

  /** Puts the pen down, or lifts it. */
  #turnPen(): void {
    const { at, isDown } = this.#pen ?? START;
    this.#pen = { at, isDown: !isDown };
    if (!isDown) this.#drawing.begin(at);
    this.#changed(isDown);
  }

  #liftPen(): void {
    if (this.#pen !== null) this.#pen = { at: this.#pen.at, isDown: false };
  }
}

const within = (x: number): number => Math.min(1, Math.max(0, x));
