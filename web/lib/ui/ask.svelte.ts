// Asking a person before something large, from code: `if (await ask({ title, text, act })) ...`.
import { createContext } from 'svelte';

export type Question = {
  title: string;
  text: string;
  /** The act and its object. */ act: string;
  kind?: 'primary' | 'danger';
};

export class Asker {
  question = $state.raw<Question | null>(null);
  #answer: ((yes: boolean) => void) | null = null;

  ask(question: Question): Promise<boolean> {
    this.answer(false);
    this.question = question;
    return new Promise((resolve) => (this.#answer = resolve));
  }

  answer(yes: boolean): void {
    this.#answer?.(yes);
    this.#answer = null;
    this.question = null;
  }
}

export const [getAsker, setAsker] = createContext<Asker>();
