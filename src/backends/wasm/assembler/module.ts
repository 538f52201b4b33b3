import { Bytes } from './bytes.ts';
import { type Callable, Code } from './code.ts';
import { typeCodes, type ValueType } from './types.ts';

const FUNCTION = 0x60;
const I32 = typeCodes.i32;
/** 4 GiB, the limit of 32-bit addresses, in pages of 64 KiB. */
export const MAX_PAGES = 65536;

/**
 * A WebAssembly module under construction. It imports one memory (`env.memory`) and constants (i32 globals of `env`), has
 * variables (other i32 globals), and exports some of its functions.
 */
export class WasmModule {
  readonly #shared: boolean;
  readonly #globals: readonly string[];
  readonly #types: string[] = [];
  readonly #functionTypes: number[] = [];
  /** The number of the module's own globals. */
  #variables = 0;
  readonly #bodies: (Bytes | null)[] = [];
  readonly #exports: (readonly [name: string, index: number])[] = [];

  /** `shared`: whether the imported memory is shared. */
  constructor(shared: boolean, globals: readonly string[] = []) {
    this.#shared = shared;
    this.#globals = globals;
  }

  /** Adds a function; `build` emits its body. */
  function(
    params: readonly ValueType[],
    results: readonly ValueType[],
    build: (code: Code, ...params: Code['params'][number][]) => void,
  ): Callable {
    const index = this.#bodies.push(null) - 1;
    this.#functionTypes.push(this.#type(params, results));
    const code = new Code(params, results);
    build(code, ...code.params);
    this.#bodies[index] = code.encode();
    return { index, params, results };
  }

  /** Adds a variable (i32 global, 0 at first) of the instance, and so of the thread, and returns its index. */
  variable(): number {
    return this.#globals.length + this.#variables++;
  }

  export(name: string, callable: Callable): void {
    this.#exports.push([name, callable.index]);
  }

  encode(): Uint8Array<ArrayBuffer> {
    const out = new Bytes();
    out.raw(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    section(out, 1, this.#types, (s, type) => {
      s.byte(FUNCTION);
      for (const types of type.split(':')) {
        s.unsigned(types.length);
        for (const letter of types) s.byte(letter.charCodeAt(0));
      }
    });
    section(out, 2, ['memory', ...this.#globals], (s, name) => {
      s.name('env');
      s.name(name);
      if (name === 'memory') {
        s.raw(Uint8Array.of(0x02, this.#shared ? 0x03 : 0x01));
        s.unsigned(0);
        s.unsigned(MAX_PAGES);
      } else {
        s.raw(Uint8Array.of(0x03, I32, 0x00));
      }
    });
    section(out, 3, this.#functionTypes, (s, type) => s.unsigned(type));
    if (this.#variables > 0) {
      section(out, 6, Array(this.#variables).fill(0), (s, value) => {
        s.raw(Uint8Array.of(I32, 0x01, 0x41, value, 0x0b));
      });
    }
    section(out, 7, this.#exports, (s, [name, index]) => {
      s.name(name);
      s.byte(0x00);
      s.unsigned(index);
    });
    section(out, 10, this.#bodies, (s, body) => {
      s.unsigned(body!.length);
      s.append(body!);
    });
    return out.toArray();
  }

  /** The index of a function type; types are kept as strings of type codes. */
  #type(params: readonly ValueType[], results: readonly ValueType[]): number {
    const text = [params, results]
      .map((types) => String.fromCharCode(...types.map((type) => typeCodes[type])))
      .join(':');
    const known = this.#types.indexOf(text);
    return known >= 0 ? known : this.#types.push(text) - 1;
  }
}

/** Appends a section: its id, its length in bytes, and a list of items. */
function section<T>(out: Bytes, id: number, items: readonly T[], write: (to: Bytes, item: T) => void): void {
  const content = new Bytes();
  content.unsigned(items.length);
  for (const item of items) write(content, item);
  out.byte(id);
  out.unsigned(content.length);
  out.append(content);
}
