// jsfive follows the addresses in a file without limits. These checks come before it: they refuse what makes its work or its
// memory more than proportional to the size of the file.
//
// Source: The HDF Group, "HDF5 File Format Specification", version 3.0.

const LINK_INFO = 2;
const ATTRIBUTE = 12;
const CONTINUATION = 16;
const SYMBOL_TABLE = 17;
const UNDEFINED = 0xffff_ffff_ffff_ffffn;
const MAX_MESSAGES = 0xffff;
const TREE = 0x45455254;
/** A heap of h5py has 4 columns, and a row more for each doubling of its size. */
const MAX_COLUMNS = 16;
const MAX_ROWS = 64;

interface Message {
  readonly type: number;
  readonly start: number;
  readonly size: number;
}

const fault = (what: string): RangeError => new RangeError(what);
const uint64 = (file: DataView, at: number): number => Number(file.getBigUint64(at, true));

/**
 * Checks the object whose header is at this address: the number of messages in the header, and the tree or the heap of the
 * links of a group.
 *
 * @throws RangeError for addresses outside of the file too.
 */
export function checkObject(file: DataView, address: number): void {
  const messages = messagesOf(file, address);
  for (const what of [SYMBOL_TABLE, LINK_INFO])
    if (messages.filter(({ type }) => type === what).length > 1)
      throw fault('a group with two lists of links');
  for (const { type, start, size } of messages) {
    if (type === ATTRIBUTE) checkAttribute(file, start, size);
    if (type === SYMBOL_TABLE) checkTree(file, uint64(file, start));
    if (type === LINK_INFO) {
      const at = start + 2 + (file.getUint8(start + 1) & 1 ? 8 : 0);
      if (file.getBigUint64(at, true) !== UNDEFINED) checkHeap(file, uint64(file, at));
    }
  }
}

function messagesOf(file: DataView, address: number): Message[] {
  const isFirst = file.getUint8(address) === 1;
  const flags = isFirst ? 0 : file.getUint8(address + 5);
  const order = flags & 4 ? 2 : 0;
  const sizeAt = address + 6 + (flags & 32 ? 16 : 0);
  const width = isFirst ? 0 : 1 << (flags & 3);
  const blocks: [start: number, size: number][] = [
    isFirst
      ? [address + 16, file.getUint32(address + 8, true)]
      : [sizeAt + width, sizeOf(file, sizeAt, width)],
  ];
  const known = new Set(blocks.map(([start]) => start));
  const head = isFirst ? 8 : 4 + order;
  const most = isFirst ? file.getUint16(address + 2, true) : MAX_MESSAGES;
  const messages: Message[] = [];
  for (const [from, size] of blocks) {
    for (let at = from; at < from + size - (isFirst ? 0 : 4); ) {
      if (messages.length === most) {
        if (isFirst) return messages;
        throw fault(`more than ${most} messages`);
      }
      const type = isFirst ? file.getUint16(at, true) : file.getUint8(at);
      const start = at + head;
      const length = file.getUint16(at + (isFirst ? 2 : 1), true);
      messages.push({ type, start, size: length });
      if (type === CONTINUATION) {
        // In version 2 a signature comes first.
        const next = uint64(file, start) + (isFirst ? 0 : 4);
        if (!known.has(next)) blocks.push([next, uint64(file, start + 8) - (isFirst ? 0 : 4)]);
        known.add(next);
      }
      at = start + length;
    }
  }
  return messages;
}

const sizeOf = (file: DataView, at: number, width: number): number =>
  width === 1
    ? file.getUint8(at)
    : width === 2
      ? file.getUint16(at, true)
      : width === 4
        ? file.getUint32(at, true)
        : uint64(file, at);

/** The values of an attribute lie in its message. */
function checkAttribute(file: DataView, start: number, size: number): void {
  const isFirst = file.getUint8(start) === 1;
  const [name, type, space] = [2, 4, 6].map((at) => {
    const length = file.getUint16(start + at, true);
    return isFirst ? Math.ceil(length / 8) * 8 : length;
  }) as [number, number, number];
  const typeAt = start + (isFirst ? 8 : 9) + name;
  const spaceAt = typeAt + type;
  const firstDimension = spaceAt + (file.getUint8(spaceAt) === 1 ? 8 : 4);
  let length = Math.max(1, file.getUint32(typeAt + 4, true));
  for (let i = 0; i < file.getUint8(spaceAt + 1); i++) length *= uint64(file, firstDimension + 8 * i);
  if (!(spaceAt + space + length <= start + size)) throw fault('an attribute larger than its message');
}

/** Every node of a tree is read once, and all together fit into the file. */
function checkTree(file: DataView, root: number): void {
  const nodes = [root];
  const known = new Set(nodes);
  let entries = 0;
  for (const node of nodes) {
    if (file.getUint32(node, true) !== TREE) throw fault('no tree');
    const count = file.getUint16(node + 6, true);
    entries += count;
    if (16 * entries > file.byteLength) throw fault('a tree larger than the file');
    if (file.getUint8(node + 5) === 0) continue;
    for (let i = 0; i < count; i++) {
      const child = uint64(file, node + 32 + 16 * i);
      if (known.has(child)) throw fault('a tree in a circle');
      known.add(child);
      nodes.push(child);
    }
  }
}

function checkHeap(file: DataView, address: number): void {
  const [columns, rows] = [file.getUint16(address + 110, true), file.getUint16(address + 140, true)];
  if (columns > MAX_COLUMNS || rows > MAX_ROWS) throw fault(`a heap with ${rows} rows of ${columns}`);
}

/** The address of the header of the root group. */
export const rootAddress = (file: DataView): number => uint64(file, file.getUint8(8) === 0 ? 64 : 36);
