import { StateError } from '../ir/errors.ts';
import { errorMessage } from '../util/error-message.ts';

// koffi calls functions of libmpi. Handles of Open MPI are the addresses of objects, which the library exports.

/** The arguments after the name, of each function that is used here. Addresses are passed as `void*`. */
const SIGNATURES = {
  MPI_Get_library_version: 'void* text, void* length',
  MPI_Init_thread: 'void* count, void* arguments, int required, void* provided',
  MPI_Comm_set_errhandler: 'void* communicator, void* handler',
  MPI_Comm_rank: 'void* communicator, void* rank',
  MPI_Comm_size: 'void* communicator, void* size',
  MPI_Isend: 'void* data, int count, void* type, int rank, int tag, void* communicator, void* request',
  MPI_Irecv: 'void* data, int count, void* type, int rank, int tag, void* communicator, void* request',
  MPI_Iprobe: 'int rank, int tag, void* communicator, void* flag, void* status',
  MPI_Test: 'void* request, void* flag, void* status',
  MPI_Testall: 'int count, void* requests, void* flag, void* statuses',
  MPI_Error_string: 'int code, void* text, void* length',
  MPI_Abort: 'void* communicator, int code',
  MPI_Finalize: '',
} as const;

const OBJECTS = {
  world: 'ompi_mpi_comm_world',
  byte: 'ompi_mpi_byte',
  uint16: 'ompi_mpi_unsigned_short',
  float: 'ompi_mpi_float',
  errorsReturn: 'ompi_mpi_errors_return',
} as const;

/** The name of a function of MPI. */
export type MpiFunction = keyof typeof SIGNATURES;
export type MpiArgument = ArrayBufferView | bigint | number | null;

/** What is used of koffi. */
export interface Koffi {
  load(
    path: string,
    options: { readonly global: boolean },
  ): {
    func(declaration: string): (...args: readonly MpiArgument[]) => number;
    symbol(name: string): unknown;
  };
}

const TEXT_LENGTH = 8192;

/** The MPI library of this process. */
export class MpiLibrary {
  readonly #functions: Readonly<Record<MpiFunction, (...args: readonly MpiArgument[]) => number>>;
  readonly objects: Readonly<Record<keyof typeof OBJECTS, bigint>>;

  private constructor(
    functions: Readonly<Record<MpiFunction, (...args: readonly MpiArgument[]) => number>>,
    objects: Readonly<Record<keyof typeof OBJECTS, bigint>>,
  ) {
    this.#functions = functions;
    this.objects = objects;
  }

  /**
   * Loads the library.
   *
   * @param path of libmpi; where the system finds it by default.
   * @throws StateError that says what to install.
   */
  static async open(
    path: string | undefined,
    platform: string = process.platform,
    load: () => Promise<object> = () => import('koffi'),
  ): Promise<MpiLibrary> {
    const koffi = await load().catch((cause: unknown) => {
      const reason = errorMessage(cause).split('\n', 1)[0];
      throw new StateError(`[mpi] koffi can't be loaded (${reason}). Install it: npm i koffi.`, { cause });
    });
    const paths = path === undefined ? pathsOn(platform) : [path];
    const library = loadFirst(('default' in koffi ? koffi.default : koffi) as Koffi, paths);
    const version = versionOf(library);
    if (!version.startsWith('Open MPI'))
      throw new StateError(
        `[mpi] got the library '${version}', wanted Open MPI 4 or 5. Install it, or pass the path of its libmpi: mpi({ library }).`,
      );
    const functions = Object.fromEntries(
      Object.entries(SIGNATURES).map(([name, args]) => [name, library.func(`int ${name}(${args})`)]),
    );
    const objects = Object.fromEntries(
      Object.entries(OBJECTS).map(([name, symbol]) => [name, library.symbol(symbol)]),
    );
    return new MpiLibrary(functions as never, objects as never);
  }

  /** @throws StateError with the library's message unless the function succeeds. */
  call(name: MpiFunction, ...args: readonly MpiArgument[]): void {
    const code = this.#functions[name](...args);
    if (code === 0) return;
    const text = readText((...out) => this.#functions.MPI_Error_string(code, ...out));
    throw new StateError(`[mpi] ${name} failed: ${text}. Look for messages of Open MPI above.`);
  }

  /** Whether the function succeeds, for calls at the end of a process, where other ranks may have ended already. */
  succeeds(name: MpiFunction, ...args: readonly MpiArgument[]): boolean {
    return this.#functions[name](...args) === 0;
  }

  /** The number that a function writes. */
  number(name: 'MPI_Comm_rank' | 'MPI_Comm_size'): number {
    const value = new Int32Array(1);
    this.call(name, this.objects.world, value);
    return value[0]!;
  }
}

const pathsOn = (platform: string): string[] =>
  platform === 'darwin'
    ? ['libmpi.40.dylib', '/opt/homebrew/lib/libmpi.40.dylib', '/usr/local/lib/libmpi.40.dylib']
    : ['libmpi.so.40', 'libmpi.so'];

/** Open MPI's plug-ins look for its symbols among the global ones. */
function loadFirst(koffi: Koffi, paths: readonly string[]): ReturnType<Koffi['load']> {
  const reasons: string[] = [];
  for (const path of paths) {
    try {
      return koffi.load(path, { global: true });
    } catch (error) {
      reasons.push(errorMessage(error).replace(/\.$/, ''));
    }
  }
  throw new StateError(
    `[mpi] found no MPI library (${reasons.join('; ')}). Install Open MPI (Debian: openmpi-bin, libopenmpi3; macOS: brew install ` +
      'open-mpi), or pass the path of its libmpi: mpi({ library }).',
  );
}

const versionOf = (library: ReturnType<Koffi['load']>): string => {
  try {
    const read = library.func(`int MPI_Get_library_version(${SIGNATURES.MPI_Get_library_version})`);
    return readText(read).split(',', 1)[0]!;
  } catch {
    return 'without MPI_Get_library_version';
  }
};

function readText(read: (text: Uint8Array, length: Int32Array) => number): string {
  const text = new Uint8Array(TEXT_LENGTH);
  const length = new Int32Array(1);
  read(text, length);
  return new TextDecoder().decode(text.subarray(0, length[0]));
}
