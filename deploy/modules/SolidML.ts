import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ModelHubModule } from "./ModelHub.ts";
import { PipeModule } from "./Pipe.ts";

/** All OPG there is: results are loaded by whoever pays for them, which has seen their fees. */
export const NO_CAP: bigint = 10n ** 27n;

/** The front of the published inference interface, for any operator that qualifies. */
export const SolidMLModule = buildModule("SolidML", (m) => {
  const { hub } = m.useModule(ModelHubModule);
  const { pipe } = m.useModule(PipeModule);
  const solidML = m.contract("SolidML", [hub, pipe, { maxFee: NO_CAP, minStake: 0n, operatorId: 0 }]);
  return { solidML };
});
