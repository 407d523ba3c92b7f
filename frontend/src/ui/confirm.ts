import { shallowRef } from "vue";

export interface Question {
  title: string;
  text: string;
  confirm: string;
  danger: boolean;
  answer: (yes: boolean) => void;
}

export const question = shallowRef<Question | null>(null);

/** Asks before something that can't be taken back; resolves to what the person chose. */
export function confirm(words: Omit<Question, "answer">): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      ...words,
      answer: (yes) => {
        question.value = null;
        resolve(yes);
      },
    };
  });
}
