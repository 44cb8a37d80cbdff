import type { PauseReason } from '../../bridge/backend';
import { counted, number, secondsLeft, wholeMinutes, shortLength } from '../format';
import { pause, roleName } from './room';

const minutesKept = (activeMs: number) =>
  `your ${counted(wholeMinutes(activeMs), 'minute', 'minutes')} are kept`;

/** The room: header, shelf, grid, dock, panel. */
export const live = {
  joining: 'Joining',
  joiningDetail: 'Connecting to the session.',
  unnamed: 'Session',
  hosting: 'You are hosting',
  hostedBy: (host: string) => `${host} is hosting`,
  minutes: (ms: number) => `${number(wholeMinutes(ms))} min`,
  offline: 'Offline',
  copyCode: (code: string) => `Copy room code ${code}`,
  codeCopied: 'Room code copied',
  linkCopied: 'Link copied',
  copyLink: 'Copy link',
  activeLabel: (active: number, total: number) => `${number(active)} of ${number(total)} people active`,
  activeOf: 'of',
  activeWord: 'active',

  counting: 'Counting',
  hostingState: 'Hosting',
  nextIn: (time: string) => `next in ${time}`,
  perMinute: (credits: number) => `${number(credits)} a minute`,
  onThisComputer: 'on this computer, for now',
  startsWhenYouJoin: 'Starts when you join',
  pausedBy: (reason: PauseReason) => `Paused: ${pause.reason(reason)}`,
  minutesKept,
  creditsLabel: (credits: number, state: string, next: string) =>
    `${counted(credits, 'credit', 'credits')}. ${state}. ${next}`,
  countedOf: (activeMs: number, elapsedMs: number) =>
    `${number(wholeMinutes(activeMs))} of ${counted(wholeMinutes(elapsedMs), 'minute', 'minutes')} counted`,
  countedOfShort: (activeMs: number, elapsedMs: number) =>
    elapsedMs < 60_000
      ? `${shortLength(activeMs)} of ${shortLength(elapsedMs)} counted`
      : `${number(wholeMinutes(activeMs))} of ${number(wholeMinutes(elapsedMs))} min counted`,

  credits: {
    title: 'Your credits',
    estimated: 'This session, estimated',
    unit: 'credits',
    since: (from: string) => `${from} to now`,
    rate: (perMinute: number) => `${counted(perMinute, 'credit', 'credits')} a minute`,
    rateWatching: 'while the window is on screen and you are there.',
    rateHosting: 'while you host.',
  },

  shelf: {
    reconnecting: 'Reconnecting',
    stillCounts: (ms: number) => `Your time still counts for the next ${secondsLeft(ms)} s.`,
    noConnection: 'No connection',
    tryingAgain: 'Trying again now.',
    tryingAgainIn: (ms: number) => `Trying again in ${secondsLeft(ms)} s.`,
    tryNow: 'Try now',
    connectedAgain: 'Connected again',
    bridged: (ms: number) => `${secondsLeft(ms)} s were bridged and counted. Nothing is missing.`,
    notBridged: (minutes: string) => `${minutes} did not count. Everything that you missed is here.`,
    notCounting: (reason: PauseReason) => `Paused: ${pause.reason(reason)}`,
    since: (time: string) => `Since ${time}.`,
    resumeHint: {
      hidden: 'It counts again by itself as soon as the window is on screen.',
      locked: 'It counts again by itself when you unlock it.',
      asleep: 'It counts again by itself when the computer wakes up.',
      nobodyThere: 'Press a key or move the mouse, and it counts again.',
      connectionLost: 'It counts again by itself as soon as the connection is back.',
    } satisfies Record<PauseReason, string>,
    gotIt: 'Got it',
    announcementFrom: (author: string) => `Announcement from ${author}`,
  },

  grid: {
    label: 'Participants',
    you: 'You',
    host: 'Host',
    presenter: 'Presenter',
    away: 'Away',
    tileLabel: (name: string, parts: readonly string[]) => [name, ...parts].join(', '),
    youSuffix: (name: string) => `${name} (you)`,
    states: { active: 'active', away: 'away', unknown: 'presence not known' },
    hand: (place: string) => `hand raised, ${place}`,
    actionsFor: (name: string) => `Actions for ${name}`,
    spotlight: 'Spotlight for everyone',
    pinnedForMe: 'Pinned for you',
    inTheSpotlight: 'in the spotlight',
    remove: 'Remove',
    unpin: 'Unpin',
    waiting: 'Nobody else is here yet.',
    waitingHost: 'Share the code and people can join.',
  },

  menu: {
    inviteToPresent: 'Invite to present',
    makeViewer: 'Make a viewer',
    spotlight: 'Spotlight for everyone',
    endSpotlight: 'End spotlight',
    pinForMe: 'Pin for me',
    unpinForMe: 'Unpin for me',
    lowerHand: 'Lower hand',
    remove: 'Remove from session',
    role: roleName,
  },

  pager: {
    label: 'Pages of people',
    previous: 'Previous page',
    next: 'Next page',
    page: (page: number, pages: number) => `Page ${number(page)} of ${number(pages)}`,
    participants: (total: number) => `(${counted(total, 'participant', 'participants')})`,
  },

  dock: {
    label: 'Controls',
    raiseHand: 'Raise hand, H',
    lowerHand: 'Lower hand, H',
    announce: 'Announce, A',
    insights: 'Insights, I',
    showPanel: 'Show side panel, \\',
    hidePanel: 'Hide side panel, \\',
    leave: 'Leave',
    end: 'End',
    settings: 'Settings',
  },

  announce: {
    title: 'Announce to everyone',
    label: 'Announcement',
    count: (length: number) => `${number(length)} / 500`,
    hint: 'A notification reaches people whose window is not in front.',
    send: 'Send',
    sendTo: (people: number) => `Send to ${number(people)}`,
    current: 'Shown now',
    takeBack: 'Take back',
  },

  panel: {
    label: 'Side panel',
    chat: 'Chat',
    polls: 'Polls',
    people: 'People',
    insights: 'Insights',
    close: 'Hide side panel',
    unread: (count: number) => `${counted(count, 'unread message', 'unread messages')}`,
  },

  leave: {
    title: 'Leave the session?',
    body: (activeMs: number) =>
      `${counted(wholeMinutes(activeMs), 'minute', 'minutes')} counted so far. You can join again with the same code.`,
    confirm: 'Leave',
    stay: 'Stay',
  },
  end: {
    title: 'End the session?',
    body: (others: number) =>
      others === 0
        ? 'Nobody else is here. Your credits are settled now.'
        : `${counted(others, 'other person is', 'other people are')} here. It ends for everyone, and credits are settled now.`,
    endForAll: 'End for everyone',
    leaveOnly: 'Leave, and let it go on',
    stay: 'Stay',
  },
  removal: {
    title: (name: string) => `Remove ${name}?`,
    confirm: 'Remove',
    keep: 'Cancel',
  },
};
