import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { NO_CAP } from "./SolidML.ts";

/**
 * What stands on a `ProofSettlement` and cannot be pointed at another, deployed anew beside the old: for a verifier that
 * has to be replaced. Operators, hub, disputes and roles stay. `docs/operations.md` says what governance does then.
 */
export const SettlementMigrationModule = buildModule("SettlementMigration", (m) => {
  const [opg, authority] = [m.getParameter("opg"), m.getParameter("authority")];
  const [operators, hub] = [m.getParameter("operators"), m.getParameter("hub")];
  const [treasury, fee] = [m.getParameter("treasury"), m.getParameter("protocolFeeBps")];
  const settlement = m.contract("ProofSettlement", [operators, authority]);
  const requests = m.contract("InferenceRequests", [
    opg,
    operators,
    hub,
    settlement,
    authority,
    treasury,
    fee,
  ]);
  const gateways = m.contract("Gateways", [operators, hub, settlement]);
  const pipe = m.contract("Pipe", [opg, operators, hub, settlement, gateways, authority, treasury, fee]);
  const coverage = m.contract("Coverage", [hub, operators, requests]);
  const solidML = m.contract("SolidML", [hub, pipe, { maxFee: NO_CAP, minStake: 0n, operatorId: 0 }]);
  const plonk = m.contract("PlonkVerifier", [hub, m.getParameter("acceptedPowers")]);
  const verifier = m.contract("Groth16Verifier", [hub, m.getParameter("leastOrigin"), plonk]);
  return { settlement, requests, gateways, pipe, coverage, solidML, plonk, verifier };
});
