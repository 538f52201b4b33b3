/** A setting as text, in which all numbers differ. Functions come from the program and can't be compared. */
export function settingText(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Object.is(value, -0)) return '-0';
  if (Array.isArray(value)) return `[${value.map(settingText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries.map(([name, item]) => `${name}: ${settingText(item)}`).join(', ')}}`;
}
