import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import {
  InferenceRequests__factory,
  Operators__factory,
  Pipe__factory,
  ProofSettlement__factory,
} from "../../types/index.ts";
import { RESTRICTED, ROLES } from "../roles.ts";
import { AuthorityModule } from "./Authority.ts";
import { CoverageModule } from "./Coverage.ts";
import { DisputesModule } from "./Disputes.ts";
import { ExactMachineModule } from "./ExactMachine.ts";
import { GatewaysModule } from "./Gateways.ts";
import { Groth16VerifierModule } from "./Groth16Verifier.ts";
import { InferenceRequestsModule } from "./InferenceRequests.ts";
import { ModelHubModule } from "./ModelHub.ts";
import { OperatorsModule } from "./Operators.ts";
import { PipeModule } from "./Pipe.ts";
import { PlonkVerifierModule } from "./PlonkVerifier.ts";
import { ProofSettlementModule } from "./ProofSettlement.ts";
import { SolidMLModule } from "./SolidML.ts";
import { WorkflowSchedulerModule } from "./WorkflowScheduler.ts";

/** Everything but the token, and who may do what, set in one transaction so that nothing stands half-wired. */
export const ProtocolModule = buildModule("Protocol", (m) => {
  const { authority } = m.useModule(AuthorityModule);
  const { blobs, machine, models } = m.useModule(ExactMachineModule);
  const { hub } = m.useModule(ModelHubModule);
  const { operators } = m.useModule(OperatorsModule);
  const { settlement } = m.useModule(ProofSettlementModule);
  const { requests } = m.useModule(InferenceRequestsModule);
  const { disputes } = m.useModule(DisputesModule);
  const { coverage } = m.useModule(CoverageModule);
  const { gateways } = m.useModule(GatewaysModule);
  const { plonk } = m.useModule(PlonkVerifierModule);
  const { groth16 } = m.useModule(Groth16VerifierModule);
  const { pipe, executor } = m.useModule(PipeModule);
  const { solidML } = m.useModule(SolidMLModule);
  const { scheduler } = m.useModule(WorkflowSchedulerModule);

  const managed = {
    Operators: { target: operators, abi: Operators__factory.createInterface() },
    ProofSettlement: { target: settlement, abi: ProofSettlement__factory.createInterface() },
    InferenceRequests: { target: requests, abi: InferenceRequests__factory.createInterface() },
    Pipe: { target: pipe, abi: Pipe__factory.createInterface() },
  };
  const calls = [
    ...(["GUARDIAN", "GOVERNOR", "SLASHER", "COVERER"] as const).map((role) =>
      m.encodeFunctionCall(authority, "labelRole", [ROLES[role], role], { id: `label_${role}` }),
    ),
    // The guardian can cancel what the governor has scheduled, and nothing else of it.
    m.encodeFunctionCall(authority, "setRoleGuardian", [ROLES.GOVERNOR, ROLES.GUARDIAN], {
      id: "guard_governor",
    }),
    m.encodeFunctionCall(authority, "grantRole", [ROLES.GUARDIAN, m.getParameter("guardian"), 0], {
      id: "grant_guardian",
    }),
    m.encodeFunctionCall(
      authority,
      "grantRole",
      [ROLES.GOVERNOR, m.getParameter("governor"), m.getParameter("governorDelay")],
      { id: "grant_governor" },
    ),
    m.encodeFunctionCall(authority, "grantRole", [ROLES.SLASHER, disputes, 0], { id: "grant_slasher" }),
    m.encodeFunctionCall(authority, "grantRole", [ROLES.COVERER, pipe, 0], { id: "grant_coverer_pipe" }),
    m.encodeFunctionCall(authority, "grantRole", [ROLES.COVERER, requests, 0], {
      id: "grant_coverer_requests",
    }),
    // From now on another slasher waits long enough for every operator to leave first.
    m.encodeFunctionCall(authority, "setGrantDelay", [ROLES.SLASHER, m.getParameter("exitDelay")], {
      id: "delay_slasher",
    }),
    ...Object.entries(managed).flatMap(([name, { target, abi }]) => [
      ...Object.entries(RESTRICTED[name as keyof typeof managed]).map(([fn, role]) =>
        m.encodeFunctionCall(
          authority,
          "setTargetFunctionRole",
          [target, [abi.getFunction(fn as never).selector], ROLES[role]],
          { id: `${name}_${fn}` },
        ),
      ),
      m.encodeFunctionCall(authority, "setTargetAdminDelay", [target, m.getParameter("exitDelay")], {
        id: `${name}_delay`,
      }),
    ]),
  ];
  // The deployer sets the verifier of ZK, which the governor alone could do from here on.
  m.call(authority, "multicall", [calls], { id: "wire", after: [Groth16VerifierModule] });

  return {
    authority,
    blobs,
    machine,
    models,
    hub,
    operators,
    settlement,
    requests,
    disputes,
    coverage,
    gateways,
    groth16,
    plonk,
    pipe,
    executor,
    solidML,
    scheduler,
  };
});
