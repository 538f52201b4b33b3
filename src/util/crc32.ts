/** The checksums of the bytes 0 to 255, each followed by 0 to 7 zeros. */
let tables: Uint32Array | undefined;

function makeTables(): Uint32Array {
  const t = new Uint32Array(8 * 256);
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    t[n] = crc;
  }
  for (let n = 256; n < t.length; n++) t[n] = t[t[n - 256]! & 255]! ^ (t[n - 256]! >>> 8);
  return t;
}

/**
 * The checksum of gzip and zip (RFC 1952, 8), eight bytes at a time (Kounavis & Berry 2008, "slicing-by-8").
 *
 * @param before the checksum of the bytes before these; 0 by default.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  tables ??= makeTables();
  const t = tables;
  let crc = ~before;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    crc =
      t[1792 + (low & 255)]! ^
      t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = t[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
