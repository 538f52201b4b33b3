/** The first message of each exchange, of each rank to each other one. */
export interface Opening {
  readonly hasFailed: boolean;
  /** The point of the program that the rank has reached. */
  readonly where: string;
  /** The length of the rank's message; of a rank that has failed, of the message of its error. */
  readonly length: number;
  /** This message; null if it is too long for the opening and follows. */
  readonly message: Uint8Array | null;
}

/** All openings have the same length, which MPI sends at once. Messages of up to so many bytes are in them. */
export const OPENING_BYTES = 1024;
const WHERE = 8;
const MESSAGE = 64;
export const MESSAGE_BYTES = OPENING_BYTES - MESSAGE;

export function writeOpening(hasFailed: boolean, where: string, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(OPENING_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, hasFailed ? 1 : 0);
  view.setUint32(4, message.length, true);
  new TextEncoder().encodeInto(where, bytes.subarray(WHERE, MESSAGE));
  if (message.length <= MESSAGE_BYTES) bytes.set(message, MESSAGE);
  return bytes;
}

export function readOpening(bytes: Uint8Array): Opening {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const where = new TextDecoder().decode(bytes.subarray(WHERE, MESSAGE)).replace(/\0+$/, '');
  const length = view.getUint32(4, true);
  const message = length <= MESSAGE_BYTES ? bytes.subarray(MESSAGE, MESSAGE + length) : null;
  return { hasFailed: view.getUint8(0) === 1, where, length, message };
}
