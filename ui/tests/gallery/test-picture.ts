// Pictures for the gallery: people by number, and a screen with code on it.

import { ScriptedCapturing, ScriptedPictures } from '../scripted-media';
import type { Size } from '../../src/media/sizes';

const people = import.meta.glob<string>('./people/*.svg', {
  query: '?url',
  import: 'default',
  eager: true,
});
const urls = Object.values(people);

async function image(index: number): Promise<HTMLImageElement> {
  const loaded = new Image();
  loaded.src = urls[index % urls.length] ?? '';
  await loaded.decode();
  return loaded;
}

/** A person, filling all of it. */
async function paintPerson(context: CanvasRenderingContext2D, size: Size, index: number): Promise<void> {
  context.drawImage(await image(index), 0, 0, size.width, size.height);
}

const CODE = `/// Disjoint, sorted, half-open. Merging is set union.
pub struct IntervalSet { spans: Vec<Span> }

impl IntervalSet {
    pub fn union(&self, other: &Self) -> Self {
        let mut all: Vec<_> = self.spans.iter()
            .chain(&other.spans).copied().collect();
        all.sort_unstable_by_key(|s| s.start);

        let mut out: Vec<Span> = Vec::with_capacity(all.len());
        for s in all {
            match out.last_mut() {
                // touching counts as one: [0, 5) and [5, 9) are [0, 9)
                Some(p) if s.start <= p.end => p.end = p.end.max(s.end),
                _ => out.push(s),
            }
        }
        Self { spans: out }
    }
}`;

/** An editor. */
function paintScreen(context: CanvasRenderingContext2D, { width, height }: Size): void {
  context.fillStyle = '#14161d';
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#1b1e27';
  context.fillRect(0, 0, width, 64);
  context.fillRect(0, 64, 300, height);
  context.font = '26px monospace';
  context.fillStyle = '#aab2c0';
  context.fillText('interval_set.rs', 340, 41);
  CODE.split('\n').forEach((line, index) => {
    context.fillStyle = line.trim().startsWith('//') ? '#7d8799' : '#d7dce5';
    context.fillText(line, 400, 130 + index * 44);
    context.fillStyle = '#566072';
    context.fillText(String(index + 1).padStart(2), 340, 130 + index * 44);
  });
}

/** Tracks are called `camera-3` and `screen-1`; one called `never` stays without a picture. */
export const testPictures = (): ScriptedPictures =>
  new ScriptedPictures((context, size, trackId) =>
    trackId === 'never'
      ? new Promise<void>(() => undefined)
      : trackId.startsWith('screen')
        ? paintScreen(context, size)
        : paintPerson(context, size, Number(trackId.split('-')[1])),
  );

/** A camera that shows a person. */
async function testCamera(): Promise<MediaStream> {
  const canvas = document.createElement('canvas');
  canvas.width = 1280;
  canvas.height = 720;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  const size = { width: canvas.width, height: canvas.height };
  await paintPerson(context, size, 4);
  const stream = canvas.captureStream(10);
  // A canvas is captured when it is drawn on.
  setInterval(() => void paintPerson(context, size, 4), 100);
  return stream;
}

/** Two cameras of which one works, or what a scene wants instead. */
export const testCapturing = (): ScriptedCapturing =>
  new ScriptedCapturing(
    [
      { id: 'front', name: 'Integrated camera' },
      { id: 'usb', name: 'Logitech BRIO (046d:085e)' },
    ],
    testCamera,
    testCamera,
  );
