import { MODES } from "@opg-network/sdk/request";
import type { ContractRunner } from "ethers";
import { isCallException, ZeroAddress } from "ethers";
import type { IGroth16Verifier } from "../../../types/contracts/interfaces/IGroth16Verifier.ts";
import { IGroth16Verifier__factory } from "../../../types/factories/contracts/interfaces/IGroth16Verifier__factory.ts";
import { IProofSettlement__factory } from "../../../types/factories/contracts/interfaces/IProofSettlement__factory.ts";
import type { Contracts } from "./contracts.ts";

const ZK = MODES.indexOf("ZK");

/** What the chain says of the keys that proofs are checked with. */
export interface KeyRegistry {
  /** The contract that checks proofs of mode ZK; undefined where there is none. */
  verifier(): Promise<string | undefined>;
  /** Whether results of a release may be proved. */
  isOffered(release: string): Promise<boolean>;
  isAdmitted(verifier: string, release: string): Promise<boolean>;
  /** Name of the error with which the verifier would refuse the key; undefined = it would admit it. */
  refusal(verifier: string, release: string): Promise<string | undefined>;
}

export const verifierInterface = IGroth16Verifier__factory.createInterface();

export function createKeyRegistry({ hub, requests }: Contracts, runner: ContractRunner): KeyRegistry {
  const at = (verifier: string): IGroth16Verifier => IGroth16Verifier__factory.connect(verifier, runner);
  return {
    async verifier() {
      const settlement = IProofSettlement__factory.connect(await requests.SETTLEMENT(), runner);
      const verifier = await settlement.verifierOf(ZK);
      return verifier === ZeroAddress ? undefined : verifier;
    },
    async isOffered(release) {
      const { modes } = await hub.termsOf(release);
      return ((modes >> BigInt(ZK)) & 1n) === 1n;
    },
    async isAdmitted(verifier, release) {
      return (await at(verifier).keyOf(release)) !== ZeroAddress;
    },
    async refusal(verifier, release) {
      try {
        await at(verifier).admitKey.staticCall(release);
        return undefined;
      } catch (error) {
        if (!isCallException(error)) throw error;
        return verifierInterface.parseError(error.data ?? "0x")?.name ?? "unknown";
      }
    },
  };
}
