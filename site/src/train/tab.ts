import './train.css';
import { download } from 'ndgrad/browser';
import type { App, Tab } from '../app.ts';
import { defaultShards } from '../digits/load.ts';
import { button, element } from '../dom.ts';
import { type Breakage, breakages, tellingWarnings, whatHappened } from './break-it.ts';
import { type Configuration, defaults, digitCount, fromTexts, toTexts } from './configuration.ts';
import {
  type CheckpointFolder,
  forgetTraining,
  interruptedTraining,
  noteTraining,
  takeFolder,
} from './interrupted.ts';
import { formatNetwork } from './network/layer-spec.ts';
import { programFor } from './program.ts';
import type { Report } from './reports.ts';
import { Results } from './results/results.ts';
import { SettingsForm } from './settings-form.ts';
import { modelFile, type Outcome, TrainingRun } from './training-run.ts';

/** Milliseconds between two pictures of the first layer. */
const FIRST_LAYER_INTERVAL = 400;

/** The tab in which a network is put together and trained. */
export function createTrainTab(root: HTMLElement, app: App): Tab {
  const { settings } = app;
  let run: TrainingRun | null = null;
  /** The latest training, which may have ended. */
  let shown: TrainingRun | null = null;
  let state: 'idle' | 'running' | 'paused' = 'idle';
  let outcome: Outcome | null = null;
  let breakage: Breakage | null = null;
  let before: Configuration | null = null;
  let warnings: string[] = [];
  let isVisible = false;

  const results = new Results({
    firstLayer: askForFirstLayer,
    kernelTimes: () => run?.measureKernels(),
  });
  const form = new SettingsForm(
    fromTexts((name) => settings.read(name), { ...defaults, shards: defaultShards() }),
    changed,
    (rate) => void run?.setLearningRate(rate),
  );

  // Controls

  const train = button('Train', trainOrPause, 'primary');
  const step = button('Step', () => stepBy(1));
  step.title = 'Train on one batch, then pause';
  const steps = button('10 steps', () => stepBy(10));
  const stop = button('Stop', () => run?.stop());
  const beginNow = button('', () => run?.beginNow());
  beginNow.title = 'Every epoch trains on these digits, and the link keeps their number.';
  beginNow.hidden = true;
  const controls = element(
    'div',
    { className: 'row', role: 'group', 'aria-label': 'Training' },
    train,
    step,
    steps,
    stop,
    beginNow,
  );
  const broken = element('section', { className: 'card stack', hidden: true });
  const finished = element('section', { className: 'card stack', hidden: true });
  const program = element('pre', { tabIndex: 0, role: 'region', 'aria-label': 'The program' });
  const copyProgram = button('Copy', () => copy(program.textContent!, copyProgram));

  root.append(
    element('div', { className: 'card bar' }, controls, results.state),
    element(
      'div',
      { className: 'split' },
      element('div', { className: 'stack' }, form.root, breakList()),
      element(
        'div',
        { className: 'stack' },
        results.root,
        element(
          'details',
          { className: 'card' },
          element('summary', {}, 'The same in TypeScript'),
          element('div', { className: 'row' }, copyProgram),
          program,
        ),
      ),
    ),
  );
  results.notes.append(broken, finished);
  update();

  setInterval(() => {
    if (isVisible && state === 'running') askForFirstLayer();
  }, FIRST_LAYER_INTERVAL);

  const interrupted = interruptedTraining();
  if (interrupted !== null && sameTexts(interrupted, form.value)) void start({ resume: true });

  // Settings

  function changed(configuration: Configuration): void {
    settings.write({ ...toTexts(configuration), hash: null });
    update();
  }

  function update(): void {
    form.lock(state !== 'idle');
    train.textContent = { idle: 'Train', running: 'Pause', paused: 'Go on' }[state];
    // Between a click and the beginning of a training there is nothing to control.
    train.disabled = state === 'idle' ? form.problem !== null : run === null;
    for (const each of [step, steps]) each.disabled = state === 'running' || train.disabled;
    stop.disabled = run === null;
    program.textContent = form.problem === null ? programFor(form.value) : '';
    for (const each of root.querySelectorAll<HTMLButtonElement>('.break button'))
      each.disabled = state !== 'idle';
  }

  // Training

  async function trainOrPause(): Promise<void> {
    if (state === 'idle') return start({});
    if (state === 'running') {
      state = 'paused';
      update();
      await run?.pause();
      askForFirstLayer();
    } else {
      state = 'running';
      update();
      await run?.resume();
    }
  }

  async function stepBy(batches: number): Promise<void> {
    if (state === 'idle') return start({ steps: batches });
    await run?.step(batches);
    askForFirstLayer();
  }

  /** @param steps trains on so many batches, then pauses. @param resume goes on from a checkpoint. */
  async function start({
    steps = null,
    resume = false,
  }: {
    steps?: number | null;
    resume?: boolean;
  }): Promise<void> {
    const configuration = form.value;
    state = steps === null ? 'running' : 'paused';
    finished.hidden = true;
    broken.hidden = breakage === null;
    warnings = [];
    outcome = null;
    update();
    results.begin(configuration);
    const folder = await takeFolder();
    if (folder.name !== null) noteTraining(configuration);
    try {
      outcome = await trainWith(configuration, folder, steps, resume);
      await showOutcome(outcome);
    } catch (error) {
      results.say(`Training failed: ${(error as Error).message}`);
    } finally {
      forgetTraining();
      folder.release();
      beginNow.hidden = true;
      results.plan.allow(false);
      run = null;
      state = 'idle';
      update();
    }
  }

  async function trainWith(
    configuration: Configuration,
    { name }: CheckpointFolder,
    steps: number | null,
    resume: boolean,
  ): Promise<Outcome> {
    const options = { checkpoints: name, resume, callbacks: results.callbacks, onReport: show };
    run = new TrainingRun(configuration, options);
    shown = run;
    update();
    if (steps !== null) void run.step(steps).then(askForFirstLayer);
    const { outcome } = run;
    try {
      return await outcome;
    } catch (error) {
      // The checkpoint is of another training, such as one of another tab.
      if (!resume || (error as Error).name !== 'ValueError') throw error;
      return trainWith(configuration, { name, release() {} }, steps, false);
    }
  }

  function askForFirstLayer(): void {
    shown?.askForFirstLayer(results.firstLayer.place);
  }

  function show(report: Report): void {
    if (report.kind === 'warning') warnings.push(report.text);
    beginNow.hidden = report.kind !== 'loading' || report.shards === 0;
    if (report.kind === 'loading') beginNow.textContent = `Begin with ${digitCount(report.shards)} digits`;
    if (report.kind === 'prepared' && report.shards !== form.value.shards) {
      form.show({ ...form.value, shards: report.shards });
      changed(form.value);
      if (interruptedTraining() !== null) noteTraining(form.value);
    }
    results.show(report);
  }

  async function showOutcome(outcome: Outcome): Promise<void> {
    const { configuration, hash, history } = outcome;
    form.show(configuration);
    settings.write(toTexts(configuration));
    askForFirstLayer();
    const accuracy = history.history.val_accuracy?.at(-1);
    const text =
      accuracy === undefined
        ? 'No epoch was finished'
        : `${(100 * accuracy).toFixed(2)} % of the test digits are right`;
    results.say(
      `${text}${history.stopped === undefined ? '' : `. Training ended early: ${history.stopped}`}`,
    );
    const bytes = await modelFile(outcome);
    app.trained.value = {
      bytes,
      description: `${formatNetwork(configuration.network) || 'softmax regression'}, ${text}`,
      ink: configuration.pixels === 'scaled' ? 1 : 255,
    };
    const isComplete = history.stopped === undefined;
    const copyLink = button('Copy link', () => copy(linkTo(hash, isComplete), copyLink));
    const expected = settings.read('hash');
    finished.replaceChildren(
      element('h3', {}, 'The trained network'),
      element(
        'p',
        {},
        'Parameter hash (SHA-256 of the weights): ',
        element('code', { id: 'hash' }, hash ?? 'needs https'),
      ),
      ...(expected === null || hash === null
        ? []
        : [
            element(
              'p',
              { id: 'same' },
              expected === hash
                ? '✓ The same bits as those of the link.'
                : '✗ Other bits than those of the link.',
            ),
          ]),
      element(
        'p',
        { className: 'muted' },
        isComplete
          ? 'Training from the link gives this hash in any browser and with any number of threads.'
          : 'Training was stopped before its end, so the link does not give this hash.',
      ),
      element(
        'div',
        { className: 'row' },
        copyLink,
        button('Download the model', () => download(bytes, 'model.safetensors')),
        button('Download the weights', () => download(outcome.weights, 'weights.safetensors')),
      ),
    );
    finished.hidden = false;
    if (breakage !== null) explain(breakage, outcome);
  }

  function linkTo(hash: string | null, isComplete: boolean): string {
    if (hash !== null && isComplete) settings.write({ hash });
    return location.href;
  }

  // Break it

  function breakList(): HTMLElement {
    return element(
      'section',
      { className: 'card stack break' },
      element('h2', {}, 'Break it'),
      element('p', { className: 'muted' }, 'Ruin training on purpose, and read what happened.'),
      element(
        'div',
        { className: 'row' },
        ...Object.values(breakages).map((each) => button(each.title, () => breakWith(each))),
      ),
    );
  }

  async function breakWith(chosen: Breakage): Promise<void> {
    before ??= form.value;
    breakage = chosen;
    form.show({ ...before, rateChanges: [], ...chosen.changes });
    changed(form.value);
    broken.replaceChildren(element('h3', {}, chosen.title), element('p', {}, 'Training runs …'));
    await start({});
    breakage = null;
  }

  function explain({ title, why }: Breakage, outcome: Outcome): void {
    const repair = button('Repair it', () => {
      broken.hidden = true;
      form.show(before!);
      before = null;
      changed(form.value);
      void start({});
    });
    broken.replaceChildren(
      element('h3', {}, title),
      element('h4', {}, 'What happened'),
      list(whatHappened(outcome)),
      element('h4', {}, 'What diagnostics of ndgrad found'),
      list(tellingWarnings(warnings)),
      element('h4', {}, 'Why'),
      ...why.map((text) => element('p', {}, text)),
      element('div', { className: 'row' }, repair),
    );
  }

  return {
    show() {
      isVisible = true;
    },
    hide() {
      isVisible = false;
    },
  };
}

const sameTexts = (a: Configuration, b: Configuration): boolean =>
  JSON.stringify(toTexts(a)) === JSON.stringify(toTexts(b));

const list = (texts: readonly string[]): HTMLElement =>
  element('ul', {}, ...texts.map((text) => element('li', {}, text)));

/** Copies a text, and says so on the button. */
async function copy(text: string, pressed: HTMLButtonElement): Promise<void> {
  const before = pressed.textContent;
  // Pages that are not secure have no clipboard, and users may refuse it.
  const isCopied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  pressed.textContent = isCopied ? 'Copied' : 'The browser does not allow it';
  setTimeout(() => {
    pressed.textContent = before;
  }, 1500);
}
