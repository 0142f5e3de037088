import { isCallException, keccak256 } from "ethers";
import type { IExactMachine } from "../../../types/contracts/interfaces/IExactMachine.ts";
import { machineInterface } from "../chain/contracts.ts";
import { MAX_TRANSACTION_GAS } from "../chain/gasModel.ts";
import type { ChainGraph } from "./chainGraph.ts";
import { VerifierError } from "./verifierError.ts";

/** Less than a step has in a transaction, so that what passes here passes there. */
const STEP_GAS = MAX_TRANSACTION_GAS - 2_000_000n;
const MAX_STEPS = 1_000;

/** Asks the machine by calls, in the steps that a challenge would take, what it will say. */
export class Rehearsal {
  readonly #machine: IExactMachine;

  constructor(machine: IExactMachine) {
    this.#machine = machine;
  }

  /** @throws VerifierError when the machine cannot compute the graph */
  async isRight(
    { graphRoot, root }: ChainGraph,
    input: Uint8Array,
    outputHash: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    let [pc, state]: [bigint, Uint8Array | string] = [0n, input];
    for (let step = 0; step < MAX_STEPS; ++step) {
      signal.throwIfAborted();
      try {
        [pc, state] = await this.#machine.run(graphRoot, pc, state, 0, { gasLimit: STEP_GAS });
      } catch (error) {
        if (!isCallException(error)) throw error;
        if (error.data != null && machineInterface.parseError(error.data)?.name === "InputInvalid")
          return false;
        throw new VerifierError("check-failed", "the machine does not compute the graph", {
          retryable: true,
          data: { graphRoot, pc: Number(pc) },
          cause: error,
        });
      }
      if (Number(pc) === root.programBytes) return keccak256(state) === outputHash;
    }
    throw new VerifierError("check-failed", "the graph takes more steps than a challenge has", {
      data: { graphRoot },
    });
  }
}
