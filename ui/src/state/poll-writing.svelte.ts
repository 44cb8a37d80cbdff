import type { PollDraft, PollView } from '../bridge/backend';

/** Limits of the core, so that the form can say them while one types. */
export const POLL_LIMITS = {
  question: 300,
  option: 120,
  options: 10,
  fewestOptions: 2,
  questions: 20,
} as const;

/** One option that is being written; `key` stays when it moves. */
export interface OptionWriting {
  key: number;
  text: string;
  right: boolean;
}

/** One question that is being written. */
export interface QuestionWriting {
  key: number;
  text: string;
  multiple: boolean;
  options: OptionWriting[];
}

/** A poll that is being written. It outlives the form, so that a look at the chat loses nothing. */
export class PollWriting {
  open = $state(false);
  pollId = $state<string | null>(null);
  title = $state('');
  quiz = $state(false);
  anonymous = $state(false);
  liveResults = $state(true);
  changeable = $state(true);
  seconds = $state<number | null>(null);
  questions = $state<QuestionWriting[]>([]);
  /** The number of what was sent and has no outcome yet. */
  waiting = $state<number | null>(null);
  error = $state('');

  #keys = 0;
  #sent = Math.floor(Math.random() * 1_000_000);

  /** A blank form. */
  begin(): void {
    this.#clear();
    this.questions = [this.#question('', ['', ''])];
    this.open = true;
  }

  /** A form with what `poll` asks: to change that draft, or for another poll of the same kind. */
  from(poll: PollView, how: 'change' | 'again'): void {
    this.#clear();
    this.pollId = how === 'change' ? poll.pollId : null;
    this.title = poll.questions.length > 1 ? poll.title : '';
    this.quiz = poll.quiz;
    this.anonymous = poll.anonymous;
    this.liveResults = poll.liveResults;
    this.changeable = poll.questions[0]?.changeable ?? true;
    this.seconds = poll.seconds;
    this.questions = poll.questions
      .filter((question) => question.kind !== 'words')
      .map((question) => ({
        ...this.#question(
          question.text,
          question.options.map((option) => option.text),
          question.options.map((option) => option.right),
        ),
        multiple: question.kind === 'several',
      }));
    if (this.questions.length === 0) this.questions = [this.#question('', ['', ''])];
    this.open = true;
  }

  /** Closes the form and forgets what is in it. */
  reset(): void {
    this.#clear();
    this.open = false;
  }

  /** Changes a question or an option. */
  edit<Part extends QuestionWriting | OptionWriting>(part: Part, change: Partial<Part>): void {
    Object.assign(part, change);
  }

  setQuiz(quiz: boolean): void {
    this.quiz = quiz;
    // Whoever may try until it is right learns nothing, and neither does the host.
    this.changeable = !quiz;
    this.liveResults = !quiz;
  }

  addQuestion(): void {
    if (this.questions.length < POLL_LIMITS.questions) this.questions.push(this.#question('', ['', '']));
  }

  removeQuestion(at: number): void {
    if (this.questions.length > 1) this.questions.splice(at, 1);
  }

  moveQuestion(at: number, by: -1 | 1): void {
    move(this.questions, at, by);
  }

  /** Adds an option after the last. Tells whether there was room. */
  addOption(question: QuestionWriting): boolean {
    if (question.options.length >= POLL_LIMITS.options) return false;
    question.options.push({ key: ++this.#keys, text: '', right: false });
    return true;
  }

  removeOption(question: QuestionWriting, at: number): void {
    if (question.options.length > POLL_LIMITS.fewestOptions) question.options.splice(at, 1);
  }

  moveOption(question: QuestionWriting, at: number, by: -1 | 1): void {
    move(question.options, at, by);
  }

  /** Marks an option as right; where one can be chosen, the others are not. */
  setRight(question: QuestionWriting, at: number, right: boolean): void {
    question.options.forEach((option, index) => {
      if (index === at) option.right = right;
      else if (right && !question.multiple) option.right = false;
    });
  }

  /** A number for what is sent now. */
  send(): number {
    this.error = '';
    this.#sent += 1;
    this.waiting = this.#sent;
    return this.#sent;
  }

  /** What is in the form, for the core. Options that were left empty at the end are not. */
  draft(): PollDraft {
    return {
      pollId: this.pollId,
      title: this.title,
      quiz: this.quiz,
      anonymous: this.anonymous,
      liveResults: this.liveResults,
      changeable: this.changeable,
      seconds: this.seconds,
      questions: this.questions.map((question) => {
        const options = [...question.options];
        while (options.length > POLL_LIMITS.fewestOptions && options.at(-1)?.text.trim() === '')
          options.pop();
        return {
          text: question.text,
          multiple: question.multiple,
          options: options.map((option) => option.text),
          right: this.quiz ? options.flatMap((option, index) => (option.right ? [index + 1] : [])) : [],
        };
      }),
    };
  }

  #clear(): void {
    this.pollId = null;
    this.title = '';
    this.quiz = false;
    this.anonymous = false;
    this.liveResults = true;
    this.changeable = true;
    this.seconds = null;
    this.questions = [];
    this.waiting = null;
    this.error = '';
  }

  #question(text: string, options: string[], right: boolean[] = []): QuestionWriting {
    return {
      key: ++this.#keys,
      text,
      multiple: false,
      options: options.map((option, index) => ({
        key: ++this.#keys,
        text: option,
        right: right[index] ?? false,
      })),
    };
  }
}

function move<T>(list: T[], at: number, by: -1 | 1): void {
  const [moved] = list.splice(at, 1);
  if (moved !== undefined) list.splice(Math.min(Math.max(at + by, 0), list.length), 0, moved);
}
