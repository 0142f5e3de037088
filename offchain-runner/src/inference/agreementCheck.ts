import { encodeTensors } from "@opg-network/sdk/tensorCodec";
import type { LoweredGraph } from "../exact/blobs.ts";
import { ExactInterpreter } from "../exact/interpreter.ts";
import type { WireTensor } from "./workerProtocol.ts";

/** Whether what the runtime gives of an exact release is what its lowered graph means. */
export class AgreementCheck {
  readonly #interpreter: ExactInterpreter;

  constructor(graph: LoweredGraph) {
    this.#interpreter = new ExactInterpreter(graph);
  }

  /** Bit for bit; also where the interpreter gives nothing, there is no agreement. */
  holds(inputs: readonly WireTensor[], outputs: readonly WireTensor[]): boolean {
    try {
      const expected = this.#interpreter.evaluate(encodeTensors(inputs));
      return Buffer.from(expected).equals(encodeTensors(outputs));
    } catch {
      return false;
    }
  }
}
