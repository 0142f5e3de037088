import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ModelHubModule } from "./ModelHub.ts";
import { PlonkVerifierModule } from "./PlonkVerifier.ts";
import { ProofSettlementModule } from "./ProofSettlement.ts";

const ZK = 1;

/** The verifier of mode ZK, which from then on has no other but the one that this hands proofs of PLONK to. */
export const Groth16VerifierModule = buildModule("Groth16Verifier", (m) => {
  const { hub } = m.useModule(ModelHubModule);
  const { settlement } = m.useModule(ProofSettlementModule);
  const { plonk } = m.useModule(PlonkVerifierModule);
  const groth16 = m.contract("Groth16Verifier", [hub, m.getParameter("leastOrigin"), plonk]);
  m.call(settlement, "setVerifier", [ZK, groth16]);
  return { groth16 };
});
