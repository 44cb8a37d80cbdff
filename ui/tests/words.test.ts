import { describe, expect, it } from 'vitest';
import type { EndReason, ErrorCode, Notice } from '../src/bridge/backend';
import { noticeToast } from '../src/state/notices';
import { words } from '../src/words/en';

/** Every sentence of the catalogue that needs no parameter. */
function plainSentences(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value && typeof value === 'object' ? Object.values(value).flatMap(plainSentences) : [];
}

describe('the catalogue', () => {
  it('is calm: no exclamation marks, no dots after labels of one word', () => {
    for (const sentence of plainSentences(words)) {
      expect(sentence).not.toMatch(/!|\boops\b/i);
      expect(sentence).not.toMatch(/^\S+\.$/);
    }
  });

  const codes = Object.keys(words.errors) as ErrorCode[];
  it.each(codes)('says for %s what happened and what to do', (code) => {
    for (const context of [{}, { text: 'VIBE-9X4F', server: 'kulti.dev' }]) {
      const { what, todo } = words.errors[code](context);
      for (const sentence of [what, todo]) {
        expect(sentence).toMatch(/^(kulti\.dev|[A-Z]).*\.$/);
        expect(sentence).not.toMatch(/undefined|null/);
      }
    }
  });

  it('names the code that was not found', () => {
    expect(words.errors.noSuchSession({ text: 'VIBE-9X4F' }).what).toBe(
      'No live session has the code VIBE-9X4F.',
    );
  });

  it('says why a stay ended', () => {
    const said = (reason: EndReason) => words.summary.ended(reason, 'Mara Okafor');
    expect(said({ kind: 'left' })).toBe('You left the session');
    expect(said({ kind: 'sessionEnded' })).toBe('Session ended by Mara Okafor');
    expect(said({ kind: 'removed', by: null, reason: '' })).toBe('You were removed from the session');
    expect(said({ kind: 'removed', by: 'Mara', reason: '' })).toBe('Mara removed you from the session');
    expect(words.summary.ended({ kind: 'sessionEnded' }, '')).toBe('The session has ended');
  });
});

describe('notices', () => {
  const text = (notice: Notice) => noticeToast(notice, () => undefined)?.text;

  it('count who came in one sentence', () => {
    expect(text({ kind: 'peopleJoined', name: 'Mara', count: 1 })).toBe('Mara joined');
    expect(text({ kind: 'peopleJoined', name: 'Mara', count: 2 })).toBe('Mara and 1 other joined');
    expect(text({ kind: 'peopleJoined', name: 'Mara', count: 4 })).toBe('Mara and 3 others joined');
  });

  it('leave a new credit to the counter', () => {
    expect(noticeToast({ kind: 'creditEarned', credits: 3 }, () => undefined)).toBeNull();
  });

  it('leave an invitation to its dialog, and tell what came of mine', () => {
    expect(text({ kind: 'roleInvite', name: 'Mara', role: 'presenter' })).toBeUndefined();
    const jonas = { name: 'Jonas', role: 'presenter' };
    expect(text({ kind: 'invitationAccepted', ...jonas })).toBe('Jonas presents now');
    expect(text({ kind: 'invitationDeclined', ...jonas })).toBe('Jonas prefers not to, for now');
    expect(text({ kind: 'invitationUnanswered', ...jonas })).toBe('Jonas has not answered the invitation');
  });

  it('tell who turned the key', () => {
    expect(text({ kind: 'lockChanged', name: 'Mara', locked: true })).toBe('Mara locked the session');
    expect(text({ kind: 'lockChanged', name: null, locked: false })).toBe('The session was unlocked');
  });
});
