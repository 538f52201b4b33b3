/** The name of a checkpoint: `checkpoint-000012.safetensors`. */
export const fileName = (n: number): string => `checkpoint-${String(n).padStart(6, '0')}.safetensors`;

/** The number in the name of a checkpoint; null for other names. */
export function fileNumber(name: string): number | null {
  const digits = /^checkpoint-(\d{6,15})\.safetensors$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
