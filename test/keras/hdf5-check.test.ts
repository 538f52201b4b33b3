import { expect, test } from 'vitest';
import { openHdf5 } from '../../src/keras/hdf5.ts';
import { fixture } from './support.ts';

// Files that would make the reader work for hours or take all memory.

const file = fixture('functional.h5');
const view = new DataView(file.buffer);

/** The position of this text, such as the signature of a structure. */
function find(text: string, from = 0): number {
  for (let at = from; at < file.length; at++)
    if ([...text].every((c, i) => file[at + i] === c.charCodeAt(0))) return at;
  throw new Error(`no ${text}`);
}

const changed = (change: (bytes: DataView) => void, size = file.length): Uint8Array => {
  const bytes = new Uint8Array(size);
  bytes.set(file);
  change(new DataView(bytes.buffer));
  return bytes;
};

const message = (bytes: Uint8Array): string => {
  try {
    openHdf5('test', bytes);
    return 'no error';
  } catch (error) {
    return (error as Error).message;
  }
};

test('a tree whose nodes are read again and again is refused', () => {
  const root = find('TREE');
  // A megabyte of entries that all lead to one node.
  const size = file.length + 2_000_000;
  const wide = changed((bytes) => {
    const node = file.length;
    bytes.setBigUint64(find('TREE') + 32, BigInt(node), true);
    bytes.setUint8(root + 5, 2);
    bytes.setUint32(node, 0x45455254, true);
    bytes.setUint8(node + 5, 1);
    bytes.setUint16(node + 6, 0xffff, true);
    for (let i = 0; i < 0xffff; i++) bytes.setBigUint64(node + 32 + 16 * i, BigInt(root), true);
  }, size);
  expect(message(wide)).toMatch("[test] got an HDF5 file that can't be read: 'a tree in a circle'.");
  expect(message(changed((bytes) => bytes.setUint16(root + 6, 0xffff, true)))).toMatch(
    'a tree larger than the file',
  );
  expect(message(changed((bytes) => bytes.setUint8(root, 0)))).toMatch("'no tree'");
});

test('headers whose continuations multiply are refused', () => {
  // Version 2: every block is the rest of the file, which is full of continuations to other blocks.
  const blocks = 20_000;
  const bytes = new Uint8Array(64 + 20 * blocks + 100);
  const data = new DataView(bytes.buffer);
  bytes.set([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 2, 8, 8, 0]);
  data.setBigUint64(36, 48n, true);
  bytes.set([0x4f, 0x48, 0x44, 0x52, 2, 2], 48);
  const first = 58;
  data.setUint32(54, 20 * blocks, true);
  for (let i = 0; i < blocks; i++) {
    const at = first + 20 * i;
    data.setUint8(at, 16);
    data.setUint16(at + 1, 16, true);
    data.setBigUint64(at + 4, BigInt(at - 4), true);
    data.setBigUint64(at + 12, BigInt(20 * (blocks - i)), true);
  }
  expect(message(bytes)).toMatch("[test] got an HDF5 file that can't be read: 'more than 65535 messages'.");
});

test('attributes with more values than their message has are refused', () => {
  // layer_names has one axis: its size follows the dataspace's version, 8 bytes long, and the datatype.
  const name = find('layer_names');
  const size = [...new Array(64).keys()]
    .map((i) => name + i)
    .find((at) => view.getBigUint64(at, true) === 6n)!;
  const large = changed((bytes) => bytes.setBigUint64(size, 30_000_000n, true));
  expect(() => openHdf5('test', large).group('model_weights')).toThrow(
    'an attribute larger than its message',
  );
});

test('the files of Keras pass, and addresses beyond the end are refused', () => {
  for (const name of ['functional.h5', 'sequential.h5', 'latest.h5', 'half.h5'])
    expect(openHdf5('test', fixture(name)).names).toContain('model_weights');
  const header = Number(view.getBigUint64(64, true));
  expect(message(changed((bytes) => bytes.setBigUint64(64, BigInt(file.length + 100), true)))).toMatch(
    '[test] got',
  );
  expect(message(changed((bytes) => bytes.setUint8(header, 77)))).toMatch('[test] got');
});
