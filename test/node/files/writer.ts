// Writes files one after the other until it is killed. Each has random bytes and their SHA-256.
import { createHash, randomBytes } from 'node:crypto';
import { folderStore } from 'ndgrad/node';

const store = folderStore(process.argv[2]!);
for (let i = 0; ; i++) {
  const parts = Array.from({ length: 8 }, () => randomBytes(200_000));
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  await store.write(`file-${i % 2}`, [...parts, hash.digest()]);
  if (i === 0) process.send?.('begun');
}
