import type { PublishedRelease, ReleaseCatalog } from "../../../../offchain-runner/src/hub/releaseCatalog.ts";
import type { InferenceEngine } from "../../../../offchain-runner/src/jobs/inferenceEngine.ts";
import { RELEASE } from "./someRequest.ts";

const FILE = { path: "model.onnx", size: 1, sha256: `0x${"00".repeat(32)}`, uri: "model.onnx" };

export const SOME_RELEASE: PublishedRelease = {
  id: RELEASE,
  version: "v1.00",
  entry: 0,
  files: [FILE],
  inputs: [],
  outputs: [],
  contributors: [],
  isExact: false,
};

export const someCatalog: ReleaseCatalog = {
  idOf: async (reference) => reference,
  load: async () => SOME_RELEASE,
};

/** Does what it is told: answers, fails, or takes its time. */
export class ScriptedEngine implements InferenceEngine {
  onPrepare: () => Promise<void> = async () => undefined;
  onCheck: () => void = () => undefined;
  onRun: () => Promise<Uint8Array> = async () => Uint8Array.of(7);
  runs = 0;

  async prepare(): Promise<void> {
    await this.onPrepare();
  }

  checkInput(): void {
    this.onCheck();
  }

  expectedRunMs(_releaseId: string): number | undefined {
    return undefined;
  }

  async run(): Promise<Uint8Array> {
    this.runs += 1;
    return this.onRun();
  }
}
