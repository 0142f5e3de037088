/** Lines of a circuit's main template: declarations that have to stand outside of loops, and the steps in order. */
export class CircuitText {
  readonly #lines: string[] = [];
  #depth = 1;
  #names = 0;

  /** A name that no other step has. */
  name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  line(text: string): void {
    this.#lines.push(`${"    ".repeat(this.#depth)}${text}`);
  }

  constants(name: string, values: readonly (bigint | number)[]): void {
    this.line(`var ${name}[${values.length}] = ${list(values)};`);
  }

  /** `for (…) { body }`. */
  loop(index: string, count: number | string, body: () => void): void {
    this.line(`for (var ${index} = 0; ${index} < ${count}; ${index}++) {`);
    this.#indented(body);
  }

  /** Names of a step are its own. */
  block(title: string, body: () => void): void {
    this.line(`// ${title}`);
    this.line("{");
    this.#indented(body);
  }

  /**
   * Nested loops, outermost first; each pointer is an expression over the loops' indices.
   * @param pointers where each starts, and how far each loop moves it
   */
  walk(
    counts: readonly number[],
    pointers: readonly { from: number; strides: readonly number[] }[],
    body: (...places: string[]) => void,
  ): void {
    const indices = counts.map(() => this.name("i"));
    const places = pointers.map(({ from, strides }) => {
      const moves = strides.flatMap((stride, depth) =>
        stride === 0 ? [] : [`${indices[depth]} * (${stride})`],
      );
      return [String(from), ...moves].join(" + ");
    });
    const nest = (depth: number): void => {
      const index = indices[depth];
      if (index === undefined) body(...places);
      else this.loop(index, counts[depth] ?? 0, () => nest(depth + 1));
    };
    nest(0);
  }

  toString(): string {
    return this.#lines.join("\n");
  }

  #indented(body: () => void): void {
    this.#depth += 1;
    body();
    this.#depth -= 1;
    this.line("}");
  }
}

export function list(values: readonly (bigint | number)[]): string {
  return `[${values.join(", ")}]`;
}
