import { MODES } from "@opg-network/sdk/request";
import type { ContractRunner } from "ethers";
import { isCallException, ZeroAddress } from "ethers";
import type { IGroth16Verifier } from "../../../types/contracts/interfaces/IGroth16Verifier.ts";
import { IGroth16Verifier__factory } from "../../../types/factories/contracts/interfaces/IGroth16Verifier__factory.ts";
import { IPlonkVerifier__factory } from "../../../types/factories/contracts/interfaces/IPlonkVerifier__factory.ts";
import { IProofSettlement__factory } from "../../../types/factories/contracts/interfaces/IProofSettlement__factory.ts";
import type { Contracts } from "./contracts.ts";

const ZK = MODES.indexOf("ZK");

/** What the chain says of the keys that proofs are checked with. */
export interface KeyRegistry {
  /** The contracts that check proofs of mode ZK, one for each proof system; none where there are none. */
  verifiers(): Promise<readonly string[]>;
  /** Whether results of a release may be proved. */
  isOffered(release: string): Promise<boolean>;
  isAdmitted(verifier: string, release: string): Promise<boolean>;
  /** Name of the error with which the verifier would refuse the key; undefined = it would admit it. */
  refusal(verifier: string, release: string): Promise<string | undefined>;
}

export const verifierInterface = IGroth16Verifier__factory.createInterface();
const plonkInterface = IPlonkVerifier__factory.createInterface();

export function createKeyRegistry({ hub, requests }: Contracts, runner: ContractRunner): KeyRegistry {
  const at = (verifier: string): IGroth16Verifier => IGroth16Verifier__factory.connect(verifier, runner);
  return {
    async verifiers() {
      const settlement = IProofSettlement__factory.connect(await requests.SETTLEMENT(), runner);
      const verifier = await settlement.verifierOf(ZK);
      return verifier === ZeroAddress ? [] : [verifier, await at(verifier).PLONK()];
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
        const data = error.data ?? "0x";
        return (verifierInterface.parseError(data) ?? plonkInterface.parseError(data))?.name ?? "unknown";
      }
    },
  };
}
