// The backend inside the desktop app. The only file that imports Tauri (beside the
// generated bindings).

import { Channel } from '@tauri-apps/api/core';
import { type Backend, BackendError } from './backend';
import { commands, type CommandError } from './bindings';

type Outcome<T> = { status: 'ok'; data: T } | { status: 'error'; error: CommandError };

async function accepted<T>(outcome: Promise<Outcome<T>>): Promise<T> {
  const settled = await outcome;
  if (settled.status === 'error') throw new BackendError(settled.error);
  return settled.data;
}

function channelTo<T>(listener: (message: T) => void): Channel<T> {
  const channel = new Channel<T>();
  channel.onmessage = listener;
  return channel;
}

/** The backend that calls the Rust side of this window. */
export function tauriBackend(): Backend {
  return {
    appInfo: () => commands.appInfo(),
    home: () => commands.home(),
    watchHome: async (onChange) => void (await accepted(commands.homeEvents(channelTo(onChange)))),
    setDisplayName: (name) => accepted(commands.setDisplayName(name)),
    lookUp: (text, server) => accepted(commands.lookUp(text, server)),
    join: async (target, allowPlain) => void (await accepted(commands.join(target, allowPlain))),
    host: async (request) => void (await accepted(commands.host(request))),
    watchSession: async (onEvent) => void (await accepted(commands.session(channelTo(onEvent)))),
    act: async (intent) => void (await accepted(commands.act(intent))),
    settings: () => commands.settings(),
    setSettings: (settings) => commands.setSettings(settings),
    reach: () => commands.reach(),
    setOpenToNetwork: (open) => accepted(commands.setOpenToNetwork(open)),
    sessionBooks: (sessionId) => accepted(commands.sessionBooks(sessionId)),
    saveReceipt: (sessionId) => accepted(commands.saveReceipt(sessionId)),
    savePollResults: (pollId) => accepted(commands.savePollResults(pollId)),
    insights: (sessionId) => accepted(commands.insights(sessionId)),
    saveInsights: (sessionId) => accepted(commands.saveInsights(sessionId)),
    activitySources: () => commands.activitySources(),
    saveLog: () => accepted(commands.saveLog()),
    forgetRecent: (sessionId) => commands.forgetRecent(sessionId),
    forgetRefused: () => commands.forgetRefused(),
    dismissLink: () => commands.dismissLink(),
    windowVisible: async (visible) => void (await commands.windowVisible(visible)),
    copyText: async (text) => void (await accepted(commands.copyText(text))),
    openLink: async (url) => void (await accepted(commands.openLink(url))),
    mediaSocket: () => accepted(commands.mediaSocket()),
    chooseSound: (microphone, loudspeaker) => commands.chooseSound(microphone, loudspeaker),
    allowCamera: () => commands.allowCamera(),
  };
}
