import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from '../../../../scripts/browser/chromium.ts';

const executablePath = findChromium();

/** Why there is no browser, for the name of a skipped test; null if there is one. */
export const browserMissing: string | null = executablePath === null ? 'no Chromium found in PATH' : null;

// Without a browser tests are skipped; in CI that is an error.
if (browserMissing !== null && process.env.CI) throw new Error(`${browserMissing}, and CI skips no test`);

export interface FragmentShaders {
  /** Runs a fragment shader that computes `count` results from unsigned integers. Returns the bits of the results. */
  readonly compute: (shader: string, data: Uint32Array, count: number) => Promise<Uint32Array<ArrayBuffer>>;
  readonly close: () => Promise<void>;
}

/** Opens WebGL2 in headless Chromium. Shaders read `words`, a texture with the data, and write a `uvec4`. */
export async function openFragmentShaders(): Promise<FragmentShaders> {
  const browser: Browser = await chromium.launch({ executablePath: executablePath!, args: CHROMIUM_FLAGS });
  const page: Page = await browser.newPage();
  return {
    compute: async (shader, data, count) => {
      const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
      const got = await page.evaluate(draw, { shader, text, count, width: WIDTH });
      return new Uint32Array(Uint8Array.from(Buffer.from(got, 'base64')).buffer);
    },
    close: () => browser.close(),
  };
}

/** Texels per row of every texture. */
export const WIDTH = 256;

/** Runs in the page, so it uses nothing from this file. */
function draw({
  shader,
  text,
  count,
  width,
}: {
  shader: string;
  text: string;
  count: number;
  width: number;
}) {
  const gl = document.createElement('canvas').getContext('webgl2');
  if (gl === null) throw new Error('no WebGL2');
  const program = gl.createProgram();
  const vertex =
    '#version 300 es\nvoid main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }';
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, shader],
  ] as const) {
    const made = gl.createShader(type)!;
    gl.shaderSource(made, source);
    gl.compileShader(made);
    if (!gl.getShaderParameter(made, gl.COMPILE_STATUS)) throw new Error(`${gl.getShaderInfoLog(made)}`);
    gl.attachShader(program, made);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`${gl.getProgramInfoLog(program)}`);
  const texture = (height: number, words: Uint32Array | null) => {
    const made = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, made);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32UI, width, height, 0, gl.RED_INTEGER, gl.UNSIGNED_INT, words);
    return made;
  };
  const rows = count / width;
  const target = texture(rows, null);
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  texture(bytes.length / 4 / width, new Uint32Array(bytes.buffer));
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target, 0);
  gl.viewport(0, 0, width, rows);
  gl.useProgram(program);
  gl.drawArrays(gl.TRIANGLES, 0, 3);
  const pixels = new Uint32Array(4 * count);
  gl.readPixels(0, 0, width, rows, gl.RGBA_INTEGER, gl.UNSIGNED_INT, pixels);
  if (gl.getError() !== gl.NO_ERROR) throw new Error('a WebGL error');
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  const results = new Uint8Array(pixels.filter((_, i) => i % 4 === 0).buffer);
  let string = '';
  for (const byte of results) string += String.fromCharCode(byte);
  return btoa(string);
}
