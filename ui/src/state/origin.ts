/** An address as people type it, with its scheme: `kulti.dev` means `https://kulti.dev`. */
export function withScheme(address: string): string {
  const trimmed = address.trim().replace(/\/+$/, '');
  return trimmed === '' || /^[a-z]+:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
}

/** The origin of a server's address as people type it; null when it is none. */
export function originOf(address: string): string | null {
  try {
    const url = new URL(withScheme(address));
    return ['http:', 'https:'].includes(url.protocol) && url.hostname !== '' ? url.origin : null;
  } catch {
    return null;
  }
}
