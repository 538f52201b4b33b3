/**
 * Policy gradient (REINFORCE, Williams 1992) for the cart-pole of Barto, Sutton and Anderson (1983), as in Gymnasium's CartPole-v1: push a cart left or
 * right so that its pole stays upright for 500 steps.
 *
 *     npx tsx examples/cart-pole.ts
 */
import { fileURLToPath } from 'node:url';
import { Adam, Dense, Generator, oneHot, Sequential, seed, tensor } from 'ndgrad';

const STEPS = 500;
type State = [x: number, speed: number, angle: number, turn: number];

/** The state 0.02 s later. */
function move([x, speed, angle, turn]: State, action: number): State {
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const force = ((action === 1 ? 10 : -10) + 0.05 * turn ** 2 * sin) / 1.1;
  const spin = (9.8 * sin - cos * force) / (0.5 * (4 / 3 - (0.1 * cos ** 2) / 1.1));
  const push = force - (0.05 * spin * cos) / 1.1;
  return [x + 0.02 * speed, speed + 0.02 * push, angle + 0.02 * turn, turn + 0.02 * spin];
}

const hasFallen = ([x, , angle]: State): boolean => Math.abs(x) > 2.4 || Math.abs(angle) > Math.PI / 15;

/** Returns the mean number of steps in the last ten rounds. */
export async function trainCartPole({ rounds = 80, episodes = 16 } = {}): Promise<number> {
  seed(1);
  const random = new Generator(2);
  const policy = new Sequential([new Dense(4, 64, { activation: 'tanh' }), new Dense(64, 2)]);
  const optimizer = new Adam(policy.parameters(), { learningRate: 0.01 });
  const lengths: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // Rows beyond the end of an episode have the weight 0, so that all rounds have one shape, and one plan.
    const states = new Float32Array(STEPS * episodes * 4);
    const actions = new Int32Array(STEPS * episodes);
    const ends = new Array<number>(episodes).fill(STEPS);
    const start = random.uniform([episodes, 4], -0.05, 0.05).toArray() as number[][];
    const carts = start as State[];
    const chances = random.uniform([STEPS, episodes]).dataSync();
    for (let t = 0; t < STEPS && ends.some((end) => end === STEPS); t++) {
      const probabilities = policy.call(tensor(carts)).softmax().dataSync();
      carts.forEach((cart, i) => {
        if (ends[i]! < STEPS) return;
        const row = t * episodes + i;
        actions[row] = Number(chances[row]! > probabilities[2 * i]!);
        states.set(cart, row * 4);
        carts[i] = move(cart, actions[row]!);
        if (hasFallen(carts[i]!)) ends[i] = t + 1;
      });
    }
    // The discounted rewards that follow a step, standardized.
    const returns = new Float32Array(STEPS * episodes);
    ends.forEach((end, i) => {
      for (let t = end - 1, sum = 0; t >= 0; t--) returns[t * episodes + i] = sum = 1 + 0.99 * sum;
    });
    const played = returns.filter((value) => value > 0);
    const mean = played.reduce((a, b) => a + b) / played.length;
    const deviation = Math.sqrt(played.reduce((a, b) => a + (b - mean) ** 2, 0) / played.length);
    const weights = returns.map((value) => (value > 0 ? (value - mean) / (deviation + 1e-8) : 0));
    const logits = policy.call(tensor(states, { shape: [STEPS * episodes, 4] }));
    const chosen = logits
      .logSoftmax()
      .mul(oneHot(tensor(actions), 2))
      .sum(1);
    await optimizer.minimize(
      chosen
        .mul(tensor(weights))
        .sum()
        .mul(-1 / played.length),
    );
    lengths.push(ends.reduce((a, b) => a + b) / episodes);
    if (round % 10 === 9) console.log(`round ${round + 1}: ${lengths.at(-1)!.toFixed(0)} steps`);
  }
  const last = lengths.slice(-10);
  return last.reduce((a, b) => a + b) / last.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await trainCartPole());
