import { extname } from 'node:path';
import { type DecodedPng, decode as decodePng } from 'fast-png';
import jpeg from 'jpeg-js';

import type { Ink } from './centered.ts';

/** @throws Error unless it is a PNG or JPEG file that can be read. */
export function decodeImage(path: string, bytes: Uint8Array): Ink {
  const extension = extname(path).toLowerCase();
  if (extension === '.png') return inkOf(decodePng(bytes));
  if (extension === '.jpg' || extension === '.jpeg')
    return inkOf({ ...jpeg.decode(bytes, { useTArray: true }), channels: 4, depth: 8 });
  throw new Error(`got the ending '${extension}', wanted .png, .jpg or .jpeg`);
}

/** The distance from the color of the paper, which is that of the border. */
function inkOf({
  width,
  height,
  data,
  channels,
  depth,
  palette,
}: Pick<DecodedPng, 'width' | 'height' | 'channels' | 'depth' | 'palette'> & {
  readonly data: ArrayLike<number>;
}): Ink {
  if (depth < 8) throw new Error(`got ${depth} bits per channel, wanted 8 or 16`);
  const largest = 2 ** depth - 1;
  const brightness = new Float64Array(width * height);
  for (let i = 0; i < brightness.length; i++) {
    const entry = palette?.[data[i]!];
    const at = (c: number): number => (entry ? entry[c]! / 255 : data[channels * i + c]! / largest);
    const count = entry ? entry.length : channels;
    const gray = count < 3 ? at(0) : 0.299 * at(0) + 0.587 * at(1) + 0.114 * at(2);
    const opacity = count % 2 === 0 ? at(count - 1) : 1;
    brightness[i] = gray * opacity + 1 - opacity; // transparent pixels are white
  }
  const border: number[] = [];
  for (let x = 0; x < width; x++) border.push(brightness[x]!, brightness[(height - 1) * width + x]!);
  for (let y = 0; y < height; y++) border.push(brightness[y * width]!, brightness[(y + 1) * width - 1]!);
  const paper = border.sort((a, b) => a - b)[border.length >> 1]!;
  return { width, height, values: brightness.map((value) => Math.abs(value - paper)) };
}
