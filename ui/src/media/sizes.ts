// Sizes of pictures, in pixels.

/** Width and height. */
export interface Size {
  width: number;
  height: number;
}

/** How a picture fills its tile: cropped to fill all of it, or whole. */
export type Fit = 'cover' | 'contain';

/**
 * How large `frame` is painted for a tile of `tile` device pixels: no larger than it is
 * shown, since each pixel costs, and never larger than it came. The page's CSS does the rest.
 */
export function paintSize(frame: Size, tile: Size, fit: Fit): Size {
  const ratios = [tile.width / frame.width, tile.height / frame.height];
  const scale = Math.min(1, fit === 'cover' ? Math.max(...ratios) : Math.min(...ratios));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: side(frame.width), height: side(frame.height) };
}

/**
 * How large a captured picture is encoded where `wanted` is the most: its own shape, never
 * larger than it is, and even, as VP8 subsamples colours by two.
 */
export function encodeSize(captured: Size, wanted: Size): Size {
  const scale = Math.min(1, wanted.width / captured.width, wanted.height / captured.height);
  const even = (length: number) => Math.max(2, Math.round((length * scale) / 2) * 2);
  return { width: even(captured.width), height: even(captured.height) };
}

/**
 * Whether a shared screen stands at its own size, one pixel to one: letters stay sharp. A
 * picture much smaller than its place is enlarged all the same.
 */
export function standsAtOwnSize(frame: Size, tile: Size): boolean {
  const scale = Math.min(tile.width / frame.width, tile.height / frame.height);
  return scale >= 1 && scale < 1.3;
}
