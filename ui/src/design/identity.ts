// A face for a name, where no participant (with initials and a hue from the core) is at hand.

/** One or two letters for `name`. */
export function initialsOf(name: string): string {
  const parts = name
    .trim()
    .split(/\s+/u)
    .filter((part) => /[\p{L}\p{N}]/u.test(part));
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : parts;
  const initials = letters.map((part) => [...(part ?? '').replace(/^[^\p{L}\p{N}]+/u, '')][0] ?? '').join('');
  return initials.toLocaleUpperCase() || '?';
}

/** A hue in degrees for `text`, always the same one. */
export function hueOf(text: string): number {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16777619) >>> 0;
  }
  // FNV alone gives neighbours like user-1 and user-2 hues of two kinds only.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) % 360;
}
