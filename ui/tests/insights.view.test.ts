import { fireEvent, render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import type { PermissionsView } from '../src/bridge/backend';
import Shell from '../src/App.svelte';
import { App } from '../src/state/app.svelte';
import { sessionView } from './gallery/scenes/summary';
import { classOf24, small } from './insights-figures';
import { ScriptedBackend, type Script } from './scripted-backend';

const NONE: PermissionsView = {
  manageStage: false,
  markHelpful: false,
  changeRole: false,
  removeOthers: false,
  lowerHands: false,
  endSession: false,
  pollWrite: false,
};

/** Long enough for a loaded machine; nothing waits so long when all is well. */
const soon = { timeout: 20_000 };
vi.setConfig({ testTimeout: 30_000 });

async function room(can: Partial<PermissionsView>, script: Script = {}) {
  const backend = new ScriptedBackend({
    home: { inSession: true },
    insights: async () => classOf24,
    saveInsights: async () => '/home/jonas/Downloads/kulti-insights.csv',
    ...script,
  });
  const app = new App(backend);
  render(Shell, { props: { app } });
  await app.start();
  backend.play(
    { slice: 'session', value: { ...sessionView, can: { ...NONE, ...can } } },
    { slice: 'grid', value: { page: 0, pages: 1, total: 0, pageSize: 9, tiles: [] } },
  );
  await tick();
  return { app, backend };
}

describe('insights in the room', () => {
  it('are a tab for hosts, and asked for only while it is open', async () => {
    const { backend } = await room({ endSession: true });
    expect(backend.called('insights')).toEqual([]);
    await fireEvent.click(screen.getByText('Insights'));
    await vi.waitFor(() => expect(screen.getByTestId('insights-active').textContent).toContain('18'), soon);
    expect(backend.called('insights')).toEqual([['s1']]);
    expect(screen.getByText('38 min')).toBeTruthy();
    expect(screen.getByText('78%')).toBeTruthy();
  });

  it('are not there for others', async () => {
    const { backend } = await room({});
    expect(screen.queryByText('Insights')).toBeNull();
    await fireEvent.keyDown(document.body, { key: 'i' });
    await tick();
    expect(screen.queryByTestId('insights-board')).toBeNull();
    expect(backend.called('insights')).toEqual([]);
  });

  it('open large with I, are exported, and close with Esc', async () => {
    const { backend } = await room({ endSession: true });
    await fireEvent.keyDown(document.body, { key: 'i' });
    await vi.waitFor(() => expect(screen.getByText('113 messages from 15 people')).toBeTruthy(), soon);
    await fireEvent.click(screen.getByText('Export CSV'));
    expect(backend.called('saveInsights')).toEqual([['s1']]);
    await fireEvent.keyDown(document.body, { key: 'Escape' });
    await tick();
    expect(screen.queryByTestId('insights-board')).toBeNull();
  });

  it('show nobody’s own time', async () => {
    await room({ endSession: true }, { insights: async () => small });
    await fireEvent.keyDown(document.body, { key: 'i' });
    await vi.waitFor(() => expect(screen.getByText(/it would be that person’s own time/)).toBeTruthy(), soon);
  });
});

describe('diagnostics', () => {
  it('warn of a full store, and save the log', async () => {
    const { app, backend } = await room({}, { saveLog: async () => '/tmp/kulti-log.txt' });
    backend.play({
      slice: 'diagnostics',
      value: {
        roundTripsMs: [24, 25],
        connectedAtMs: 1,
        reconnects: 1,
        lostMs: 5_000,
        clockOffsetMs: null,
        idleLimitMs: 900_000,
        store: {
          keys: 93,
          keyLimit: 100,
          keysWarnAt: 90,
          bytes: 10,
          byteLimit: 65_536,
          bytesWarnAt: 61_440,
          largestKey: 'uiState',
          largestBytes: 10,
          full: false,
        },
        ignored: 1,
        lastIgnored: [{ name: 'Eve', atMs: 0 }],
      },
    });
    app.openSettings('diagnostics');
    await tick();
    expect(screen.getByText('93 of 100')).toBeTruthy();
    expect(screen.getByText('The session store is almost full.')).toBeTruthy();
    expect(screen.getByText(/Eve tried to change the stage/)).toBeTruthy();
    await fireEvent.click(screen.getByText('Export log'));
    await vi.waitFor(() => expect(screen.getByText('Saved: /tmp/kulti-log.txt')).toBeTruthy(), soon);
  });
});
