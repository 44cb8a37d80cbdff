import { describe, expect, it } from 'vitest';
import { type Screen, ShownProof } from '../src/state/shown-proof';

/** A screen whose frames and visibility are in the hands of the test. */
class TestScreen implements Screen {
  isVisible = true;
  #frames = new Map<number, () => void>();
  #next = 1;

  visible() {
    return this.isVisible;
  }
  nextFrame(then: () => void) {
    this.#frames.set(this.#next, then);
    return this.#next++;
  }
  cancelFrame(frame: number) {
    this.#frames.delete(frame);
  }
  /** Draws one frame. */
  async draw() {
    const frames = [...this.#frames.values()];
    this.#frames.clear();
    for (const frame of frames) frame();
    await Promise.resolve();
    await Promise.resolve();
  }
}

function proof(drawn = () => true, refuse = () => false) {
  const screen = new TestScreen();
  const told: string[] = [];
  const report = () => {
    told.push('shown');
    return refuse() ? Promise.reject(new Error('scripted')) : Promise.resolve();
  };
  return { screen, told, proof: new ShownProof(drawn, report, screen) };
}

describe('the proof that the question was shown', () => {
  it('tells it after two frames, and not before', async () => {
    const { screen, told, proof: it } = proof();
    it.look();
    expect(told).toEqual([]);
    await screen.draw();
    expect(told).toEqual([]);
    await screen.draw();
    expect(told).toEqual(['shown']);
  });

  it('tells it once, however often it looks', async () => {
    const { screen, told, proof: it } = proof();
    for (let round = 0; round < 5; round += 1) {
      it.look();
      it.look();
      await screen.draw();
    }
    expect(told).toEqual(['shown']);
  });

  it('tells nothing on a hidden page, and tells it when the page is seen', async () => {
    const { screen, told, proof: it } = proof();
    screen.isVisible = false;
    it.look();
    await screen.draw();
    await screen.draw();
    expect(told).toEqual([]);
    screen.isVisible = true;
    it.look();
    await screen.draw();
    await screen.draw();
    expect(told).toEqual(['shown']);
  });

  it('tells nothing when the page is hidden between the frames, until it is seen again', async () => {
    const { screen, told, proof: it } = proof();
    it.look();
    await screen.draw();
    screen.isVisible = false;
    await screen.draw();
    expect(told).toEqual([]);
    screen.isVisible = true;
    it.look();
    await screen.draw();
    await screen.draw();
    expect(told).toEqual(['shown']);
  });

  it('tells nothing while something covers it', async () => {
    let covered = true;
    const { screen, told, proof: it } = proof(() => !covered);
    it.look();
    await screen.draw();
    await screen.draw();
    expect(told).toEqual([]);
    covered = false;
    it.look();
    await screen.draw();
    await screen.draw();
    expect(told).toEqual(['shown']);
  });

  it('tells nothing once the question is gone', async () => {
    const { screen, told, proof: it } = proof();
    it.look();
    await screen.draw();
    it.stop();
    await screen.draw();
    it.look();
    await screen.draw();
    await screen.draw();
    expect(told).toEqual([]);
  });

  it('tells it again when that was not heard', async () => {
    let deaf = true;
    const {
      screen,
      told,
      proof: it,
    } = proof(
      () => true,
      () => deaf,
    );
    it.look();
    await screen.draw();
    await screen.draw();
    deaf = false;
    await Promise.resolve();
    it.look();
    await screen.draw();
    await screen.draw();
    expect(told).toEqual(['shown', 'shown']);
    it.look();
    await screen.draw();
    await screen.draw();
    expect(told).toHaveLength(2);
  });
});
