/** Where a popover hangs: below or above its anchor, aligned with its start or end. */
export type Side = 'below-start' | 'below-end' | 'above-start' | 'above-end';

/** Free space kept to the anchor and to the window's edges, in px. */
const GAP = 8;

/** The window position of `popover` beside `anchor`; on the other side where there is more room. */
export function placeBeside(
  anchor: DOMRect,
  popover: HTMLElement,
  side: Side,
): { left: number; top: number; maxHeight: number } {
  const width = popover.offsetWidth;
  const height = popover.scrollHeight;
  const roomBelow = innerHeight - anchor.bottom - 2 * GAP;
  const roomAbove = anchor.top - 2 * GAP;
  const prefersBelow = side.startsWith('below');
  const below = prefersBelow
    ? height <= roomBelow || roomBelow >= roomAbove
    : height > roomAbove && roomBelow > roomAbove;
  const maxHeight = Math.max(0, below ? roomBelow : roomAbove);
  const shown = Math.min(height, maxHeight);
  const wanted = side.endsWith('end') ? anchor.right - width : anchor.left;
  return {
    left: Math.max(GAP, Math.min(wanted, innerWidth - width - GAP)),
    top: below ? anchor.bottom + GAP : anchor.top - GAP - shown,
    maxHeight,
  };
}
