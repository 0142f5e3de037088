import type { Narrator } from "../local/localNetwork.ts";

/** Tells the story line by line, with the seconds since it began. */
export interface StoryTeller extends Narrator {
  line(text?: string): void;
  /** Label and value, aligned. */
  fact(label: string, value: string): void;
  problem(text: string): void;
  stopping(): void;
  stopped(): void;
}

const LABEL_WIDTH = 22;

export function narrate(output: NodeJS.WriteStream): StoryTeller {
  const beganAt = Date.now();
  const colours = output.isTTY && process.env.NO_COLOR === undefined;
  const paint = (code: number, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const line = (text = "") => void output.write(`${text}\n`);
  const elapsed = () => `${((Date.now() - beganAt) / 1000).toFixed(1)} s`.padStart(7);
  return {
    line,
    step: (title) => line(`${paint(2, elapsed())}  ${paint(1, title)}`),
    command: (text) => line(paint(2, `         $ ${text}`)),
    fact: (label, value) => line(`         ${label.padEnd(LABEL_WIDTH)} ${value}`),
    problem: (text) => line(`${paint(2, elapsed())}  ${paint(31, text)}`),
    stopping: () => line(`${paint(2, elapsed())}  Stopping the node and the chain`),
    stopped: () => line(`${paint(2, elapsed())}  Stopped; no process is left behind`),
  };
}
