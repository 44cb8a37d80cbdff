import { tick } from 'svelte';
import type { PollOptionView, PollQuestionView, PollsView, PollView } from '../../../src/bridge/backend';
import { HOST, person, room } from './room';
import { click, type Scene, type Scenes, settled } from './scene';

/** Options with their votes; shares as the core computes them. */
export function options(texts: string[], votes?: number[], percents?: number[]): PollOptionView[] {
  const most = Math.max(...(votes ?? [0]));
  return texts.map((text, index) => ({
    number: index + 1,
    text,
    votes: votes?.[index] ?? null,
    percent: percents?.[index] ?? null,
    leading: most > 0 && votes?.[index] === most,
    mine: false,
    right: false,
  }));
}

export function question(
  text: string,
  given: PollOptionView[],
  more: Partial<PollQuestionView> = {},
): PollQuestionView {
  const counted = given.every((option) => option.votes !== null);
  const selections = counted ? given.reduce((sum, option) => sum + (option.votes ?? 0), 0) : null;
  return {
    number: 1,
    text,
    kind: 'one',
    changeable: true,
    options: given,
    voters: selections,
    selections,
    correct: null,
    answered: given.some((option) => option.mine),
    words: '',
    ...more,
  };
}

export function poll(title: string, questions: PollQuestionView[], more: Partial<PollView> = {}): PollView {
  return {
    pollId: `poll-${title}`,
    title,
    quiz: false,
    stage: 'running',
    author: 'Mara Okafor',
    anonymous: false,
    liveResults: true,
    seconds: null,
    secondsLeft: null,
    startedAtMs: 1,
    mayVote: true,
    seesResults: true,
    loaded: true,
    questions: questions.map((one, index) => ({ ...one, number: index + 1 })),
    voters: questions[0]?.voters ?? null,
    of: 23,
    vote: { state: 'nothing' },
    ranking: [],
    ...more,
  };
}

export function pollsView(polls: PollView[], more: Partial<PollsView> = {}): PollsView {
  return { known: true, polls, saving: { state: 'nothing' }, savingNumber: 0, inspected: null, ...more };
}

const mine = (list: PollOptionView[], ...numbers: number[]) =>
  list.map((option) => ({ ...option, mine: numbers.includes(option.number) }));
const right = (list: PollOptionView[], ...numbers: number[]) =>
  list.map((option) => ({ ...option, right: numbers.includes(option.number) }));

const MERGE = 'What does merging [0, 5) and [5, 9) give?';
const MERGES = [
  'One interval, [0, 9)',
  'Two intervals that touch',
  'An error: they overlap',
  'Depends on which came first',
];
const USED = 'Have you used property tests before?';
const USES = ['Never', 'Once or twice', 'All the time'];

const unanswered = poll(MERGE, [question(MERGE, options(MERGES))], {
  seconds: 120,
  secondsLeft: 48,
  liveResults: false,
  seesResults: false,
  voters: null,
});
const voting = (state: PollView['vote'], live = false): PollView => ({
  ...unanswered,
  liveResults: live,
  seesResults: live,
  voters: live ? 18 : null,
  questions: [
    question(MERGE, mine(live ? options(MERGES, [10, 5, 2, 1], [56, 28, 11, 5]) : options(MERGES), 1)),
  ],
  vote: state,
});
const counted = poll(MERGE, [question(MERGE, options(MERGES, [10, 5, 2, 1], [56, 28, 11, 5]))], {
  seconds: 120,
  secondsLeft: 48,
  liveResults: false,
  mayVote: false,
});
const closed = poll(USED, [question(USED, mine(options(USES, [12, 6, 3], [57, 29, 14]), 2))], {
  stage: 'closed',
  vote: { state: 'counted' },
});
const several = (chosen: boolean): PollView => {
  const texts = ['The parser', 'The merge', 'The store', 'Deploying it'];
  const list = options(texts, [14, 11, 6, 2], [78, 61, 33, 11]);
  return poll('Which parts should we go through again?', [
    question('Which parts should we go through again?', chosen ? mine(list, 1, 2) : list, {
      kind: 'several',
      voters: 18,
    }),
  ]);
};
const quizQuestions = (votes: boolean): PollQuestionView[] => {
  const bits = options(
    ['255', '256', '257'],
    votes ? [2, 15, 1] : undefined,
    votes ? [11, 83, 6] : undefined,
  );
  const list = options(
    ['It never counts twice', 'It is faster than a list', 'It needs no clock'],
    votes ? [16, 4, 7] : undefined,
    votes ? [89, 22, 39] : undefined,
  );
  return [
    question('How many values has a byte?', votes ? mine(right(bits, 2), 2) : bits, {
      changeable: false,
      correct: votes ? 15 : null,
    }),
    question('What is true of a union of intervals?', votes ? mine(right(list, 1, 3), 1) : list, {
      kind: 'several',
      changeable: false,
      voters: votes ? 18 : null,
      correct: votes ? 6 : null,
    }),
  ];
};
const ranking = [4, 11, 0, 7, 9].map((who, index) => {
  const { name, initials, hue, isLocal } = person(who);
  return {
    place: [1, 2, 2, 4, 5][index] ?? 5,
    name,
    initials,
    hue,
    mine: isLocal,
    score: 2,
    correct: index < 3 ? 2 : 1,
    timeMs: 21_000 + index * 4_300,
  };
});
const quizRunning = poll('What we did today', quizQuestions(false), {
  quiz: true,
  liveResults: false,
  seesResults: false,
  voters: null,
});
const quizClosed = poll('What we did today', quizQuestions(true), { quiz: true, stage: 'closed', ranking });
const draft = (title: string): PollView =>
  poll(title, [question(title, options(['Yes', 'No']))], { stage: 'draft' });
const waitingFor = [3, 4, 10, 13, 17].map((who) => {
  const { userId, name, initials, hue } = person(who);
  return { userId, name, initials, hue };
});

function scene(view: PollsView, host: boolean, after?: () => Promise<void>): Scene {
  const base = room({ count: 24, ...(host ? { session: HOST } : {}) });
  return {
    ...base,
    play: async (stage) => {
      await base.play?.(stage);
      stage.backend.play({ slice: 'polls', value: view });
      await tick();
      await click('.ctl[aria-label^=Polls]');
      await settled();
      await after?.();
    },
  };
}

/** Types into the field that `selector` finds. */
async function type(selector: string, text: string, at = 0): Promise<void> {
  const field = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(selector)[at];
  if (!field) throw new Error(`the scene has no ${selector}`);
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await settled();
}

async function write(): Promise<void> {
  await click('.panel-foot .btn');
  await type('.panel textarea', MERGE);
  for (const [index, text] of MERGES.slice(0, 2).entries()) await type('.options input.input', text, index);
}

export const pollScenes: Scenes = {
  'polls-empty': scene(pollsView([]), false),
  'polls-empty-host': scene(pollsView([]), true),
  'polls-loading': scene(pollsView([], { known: false }), false),
  'polls-vote': scene(pollsView([unanswered, closed]), false),
  'polls-vote-sending': scene(pollsView([voting({ state: 'sending' })]), false),
  'polls-vote-retrying': scene(pollsView([voting({ state: 'retrying' })]), false),
  'polls-vote-counted': scene(pollsView([voting({ state: 'counted' }), closed]), false),
  'polls-vote-live': scene(pollsView([voting({ state: 'counted' }, true)]), false),
  'polls-vote-refused': scene(
    pollsView([{ ...unanswered, vote: { state: 'refused', message: 'the poll takes no votes' } }]),
    false,
  ),
  'polls-several': scene(pollsView([several(false)]), false, async () => {
    await click('.option:nth-of-type(1)');
    await click('.option:nth-of-type(2)');
  }),
  'polls-several-counted': scene(pollsView([{ ...several(true), vote: { state: 'counted' } }]), false),
  'polls-quiz': scene(pollsView([quizRunning]), false, () => click('.option:nth-of-type(2)')),
  'polls-quiz-closed': scene(pollsView([quizClosed, closed]), false),
  'polls-host': scene(
    pollsView([
      counted,
      draft('Which test should we write next?'),
      draft('Pace: too slow, right, too fast'),
      closed,
    ]),
    true,
  ),
  'polls-host-who': scene(
    pollsView([counted], {
      inspected: { pollId: counted.pollId, known: true, waiting: 5, waitingFor },
    }),
    true,
  ),
  'polls-host-closed': scene(pollsView([quizClosed, closed]), true),
  'polls-host-new': scene(pollsView([]), true, write),
  'polls-host-new-quiz': scene(pollsView([closed]), true, async () => {
    await write();
    await click('.segments [role=radio]:nth-child(2)');
    await click('.options input[type=radio]');
    for (const button of document.querySelectorAll<HTMLElement>('.panel .btn-quiet'))
      if (button.textContent?.includes('Add a question')) button.click();
    await settled();
  }),
  'polls-host-new-wrong': {
    ...scene(pollsView([]), true),
    play: async (stage) => {
      await scene(pollsView([]), true, write).play?.(stage);
      await click('.foot .btn-primary');
      const savingNumber = stage.app.session.pollWriting.waiting ?? 0;
      const message = 'Two options are the same: One interval, [0, 9)';
      const value = pollsView([], { saving: { state: 'failed', message }, savingNumber });
      stage.backend.play({ slice: 'polls', value });
      await settled();
    },
  },
  'polls-dock': {
    ...room({ count: 24 }),
    play: async (stage) => {
      await room({ count: 24 }).play?.(stage);
      stage.backend.play({ slice: 'polls', value: pollsView([unanswered]) });
      stage.backend.play({
        slice: 'notice',
        value: {
          kind: 'pollStarted',
          pollId: unanswered.pollId,
          author: 'Mara Okafor',
          title: MERGE,
          quiz: false,
        },
      });
    },
  },
};
