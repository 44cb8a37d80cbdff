import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionBooks } from '../src/bridge/backend';
import { Books } from '../src/state/books.svelte';
import { difference } from '../src/state/stay';
import { booked, booksOf } from './gallery/scenes/summary';
import { refusal, ScriptedBackend } from './scripted-backend';

const minute = 60_000;
const spans = booked([20], [2, 'hidden'], [10]);

function asking(...answers: (SessionBooks | Error)[]) {
  const backend = new ScriptedBackend({
    sessionBooks: async () => {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error || !answer) throw answer;
      return answer;
    },
  });
  const account = new Books(backend, 's1');
  return { backend, account, asked: () => backend.called('sessionBooks').length };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the books', () => {
  it('are asked for once when they are settled', async () => {
    const { account, asked } = asking(booksOf(spans));
    await account.ask();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asked()).toBe(1);
    expect(account.books?.activeMs).toBe(30 * minute);
  });

  it('are asked for again, ever more seldom, until they are', async () => {
    const { account, asked } = asking(
      booksOf(spans, { settled: false }),
      booksOf(spans, { settled: false }),
      booksOf(spans, { settled: false }),
      booksOf(spans),
    );
    await account.ask();
    await vi.advanceTimersByTimeAsync(1_999);
    expect(asked()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked()).toBe(2);
    await vi.advanceTimersByTimeAsync(3_999);
    expect(asked()).toBe(2);
    await vi.advanceTimersByTimeAsync(8_001);
    expect(asked()).toBe(4);
    expect(account.books?.settled).toBe(true);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asked()).toBe(4);
  });

  it('are never asked for more seldom than once a minute while they are not settled', async () => {
    const { account, asked } = asking(booksOf(spans, { settled: false }));
    await account.ask();
    await vi.advanceTimersByTimeAsync(3_600_000);
    const before = asked();
    await vi.advanceTimersByTimeAsync(10 * minute);
    expect(asked() - before).toBe(10);
  });

  it('keep what was known when the server is gone, and come back by themselves', async () => {
    const { account } = asking(
      booksOf(spans, { settled: false }),
      refusal('serverUnreachable'),
      booksOf(spans),
    );
    await account.ask();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(account.error?.code).toBe('serverUnreachable');
    expect(account.books?.settled).toBe(false);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(account.error).toBeNull();
    expect(account.books?.settled).toBe(true);
  });

  it('are not asked for again when that is no use, unless the person wants it', async () => {
    const { account, asked } = asking(refusal('keyringLocked'), booksOf(spans));
    await account.ask();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asked()).toBe(1);
    await account.refresh();
    expect(account.books?.settled).toBe(true);
  });

  it('are not asked for when nobody looks any more', async () => {
    const { account, asked } = asking(booksOf(spans, { settled: false }));
    await account.ask();
    account.close();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asked()).toBe(1);
  });

  it('give the path of the receipt, or say why there is none', async () => {
    const backend = new ScriptedBackend({ saveReceipt: async () => '/tmp/receipt.json' });
    const account = new Books(backend, 's1');
    await account.saveReceipt();
    expect(account.receipt).toEqual({ at: 'saved', path: '/tmp/receipt.json' });
    const refused = new Books(new ScriptedBackend(), 's1');
    await refused.saveReceipt();
    expect(refused.receipt).toMatchObject({ at: 'failed', error: { code: 'serverUnreachable' } });
  });
});

describe('what this computer counted, beside the books', () => {
  const books = booksOf(booked([20], [3, 'notVouchedFor'], [10], [2, 'cap'], [1, 'notReported']));

  it('is the same within a second', () => {
    expect(difference({ activeMs: 30 * minute + 900 }, books)).toEqual({ kind: 'none' });
  });

  it('says by how much the books are short, and why', () => {
    expect(difference({ activeMs: 36 * minute }, books)).toEqual({
      kind: 'less',
      byMs: 6 * minute,
      notReportedMs: minute,
      notVouchedForMs: 3 * minute,
      capMs: 2 * minute,
    });
  });

  it('can be less than the books: another device, an earlier stay', () => {
    expect(difference({ activeMs: 10 * minute }, books)).toEqual({ kind: 'more', byMs: 20 * minute });
  });
});
