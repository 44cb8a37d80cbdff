// What page and worker say to each other. The worker has the socket: pictures go from it to
// the decoder without a detour over the page.

import type { Fit, Size } from './sizes';
import type { AppMessage, PageMessage, Source } from './wire';

/** Page to worker. */
export type Errand =
  | { do: 'connect'; url: string }
  | { do: 'attach'; surface: number; trackId: string; canvas: OffscreenCanvas; fit: Fit }
  | { do: 'resize'; surface: number; tile: Size }
  | { do: 'detach'; surface: number }
  | { do: 'tell'; message: PageMessage }
  /** `message` has room for the header before the picture. */
  | { do: 'send'; source: Source; isKey: boolean; atUs: number; message: ArrayBuffer }
  | { do: 'close' };

/** Worker to page. */
export type Report =
  | { say: 'open' }
  | { say: 'closed' }
  | { say: 'first'; surface: number }
  | { say: 'size'; trackId: string; size: Size }
  | { say: 'app'; message: AppMessage }
  /** A picture could not be sent: the next one must be a keyframe. */
  | { say: 'keyframe'; source: Source };
