import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ModelHubModule } from "./ModelHub.ts";

/** The verifier of keys that need no secret of their own. */
export const PlonkVerifierModule = buildModule("PlonkVerifier", (m) => {
  const { hub } = m.useModule(ModelHubModule);
  const plonk = m.contract("PlonkVerifier", [hub, m.getParameter("acceptedPowers")]);
  return { plonk };
});
