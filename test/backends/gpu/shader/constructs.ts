/** A function `apply` that uses every construct of the subset of WGSL. */
export const constructs = `// A comment.
fn apply(u: u32) -> u32 {
  return twice(u) + arrays(u) + loops(u) + vectors(u) + u32(choices(i32(u & 63u)));
}

const STEP: u32 = 0x10u;
const SHIFT: f32 = -0.25;

fn twice(u: u32) -> u32 {
  return u * 2u;
}

fn arrays(u: u32) -> u32 {
  var plain: array<u32, 5>;
  var given: array<f32, 3> = array<f32, 3>(0.5, 1.5, 2.5);
  var lines: array<vec4<f32>, 2>;
  for (var i: i32 = 0; i < 5; i += 1) {
    plain[i] += u32(i) * u;
  }
  lines[1].y = given[u & 1u];
  lines[1][2] = 8.0;
  return plain[0] + plain[4] + u32(lines[1].y * 2.0 + lines[1].z + lines[0].x);
}

fn loops(u: u32) -> u32 {
  var sum: u32 = 0u;
  var left: u32 = u & 31u;
  while (left > 0u) {
    left -= 1u;
    if (left == 7u) {
      continue;
    } else if (left < 3u) {
      break;
    } else {
      sum += left;
    }
  }
  for (var i: u32 = 0u; i <= STEP; i += 4u) {
    if (i == 12u || !(i < 100u)) {
      break;
    }
    sum ^= i << 3u;
  }
  count(sum);
  return sum;
}

fn count(sum: u32) {
  var s: u32 = sum;
  if (s == 0u) {
    return;
  }
  s >>= 1u;
}

fn vectors(u: u32) -> u32 {
  let a: vec4<f32> = vec4<f32>(1.0, 2.0, 3.0, f32(u & 255u));
  let b: vec4<f32> = select(vec4<f32>(4.0), -a, (u & 1u) == 1u);
  let c: vec4<f32> = max(a * 2.0, floor(b / vec4<f32>(2.0))) - b;
  var d: f32;
  d += c.x + c[1] * 2.0 + c.z * 4.0 + c.w + SHIFT * 4.0;
  return u32(trunc(abs(d)));
}

fn choices(i: i32) -> i32 {
  let negative: i32 = - -i - 40;
  let bits: u32 = bitcast<u32>(f32(negative)) ^ bitcast<u32>(~negative);
  let back: i32 = bitcast<i32>(bitcast<f32>(bits & 0x3fffffffu)) & 0xffff;
  let truth: bool = ((i & 1) == 1 && i != 5) || bool(i / 60);
  return select(back, abs(negative) % 7, truth) + i32(truth) + max(negative, -3) + i32(sqrt(16.0)) - (negative >> 2u);
}
`;

const float = new Float32Array(1);
const bitsOfFloat = new Uint32Array(float.buffer);

/** The result of `apply`, computed in JavaScript. */
export function applied(u: number): number {
  return (u * 2 + arrays(u) + loops(u) + vectors(u) + choices(u & 63)) >>> 0;
}

function arrays(u: number): number {
  return Math.imul(4, u) + [1, 3][u & 1]! + 8;
}

function loops(u: number): number {
  let sum = 0;
  for (let left = (u & 31) - 1; left >= 3; left--) if (left !== 7) sum += left;
  return sum ^ (4 << 3) ^ (8 << 3);
}

function vectors(u: number): number {
  const a = [1, 2, 3, u & 255];
  const c = a.map((x) => {
    const b = u & 1 ? -x : 4;
    return Math.max(x * 2, Math.floor(b / 2)) - b;
  });
  return Math.trunc(Math.abs(c[0]! + c[1]! * 2 + c[2]! * 4 + c[3]! - 1));
}

function choices(i: number): number {
  const negative = i - 40;
  float[0] = negative;
  const back = (bitsOfFloat[0]! ^ ~negative) & 0xffff;
  const truth = (i % 2 === 1 && i !== 5) || i >= 60;
  return (truth ? (Math.abs(negative) % 7) + 1 : back) + Math.max(negative, -3) + 4 - (negative >> 2);
}
