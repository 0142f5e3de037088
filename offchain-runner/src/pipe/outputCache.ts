/** Outputs of the last runs: a release is a function of its input, so asking again need not run it again. */
export class OutputCache {
  readonly #maxBytes: number;
  readonly #outputs = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(release: string, inputHash: string): Uint8Array | undefined {
    const key = release + inputHash;
    const output = this.#outputs.get(key);
    if (output === undefined) return undefined;
    this.#outputs.delete(key);
    this.#outputs.set(key, output);
    return output;
  }

  put(release: string, inputHash: string, output: Uint8Array): void {
    const key = release + inputHash;
    this.#drop(key);
    this.#outputs.set(key, output);
    this.#bytes += output.length + key.length;
    for (const oldest of this.#outputs.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const output = this.#outputs.get(key);
    if (output === undefined) return;
    this.#bytes -= output.length + key.length;
    this.#outputs.delete(key);
  }
}
