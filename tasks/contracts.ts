import type { ContractName, Deployment, OptionalContractName } from "@opg-network/sdk/deployment";
import { type ContractRunner, Interface } from "ethers";
import {
  AccessManager__factory,
  BlobStore__factory,
  Coverage__factory,
  Disputes__factory,
  ExactMachine__factory,
  Gateways__factory,
  Groth16Verifier__factory,
  InferenceRequests__factory,
  ModelHub__factory,
  OnChainModels__factory,
  OPG__factory,
  OPGVotes__factory,
  Operators__factory,
  Pipe__factory,
  PipeExecutor__factory,
  PlonkVerifier__factory,
  ProofSettlement__factory,
  ProtocolGovernor__factory,
  SolidML__factory,
  TimelockController__factory,
  TokenGenesis__factory,
  WorkflowScheduler__factory,
} from "../types/index.ts";

export type Contracts = ReturnType<typeof contractsAt>;

export function contractsAt({ contracts }: Deployment, runner: ContractRunner) {
  return {
    authority: AccessManager__factory.connect(contracts.AccessManager.address, runner),
    opg: OPG__factory.connect(contracts.OPG.address, runner),
    blobs: BlobStore__factory.connect(contracts.BlobStore.address, runner),
    machine: ExactMachine__factory.connect(contracts.ExactMachine.address, runner),
    models: OnChainModels__factory.connect(contracts.OnChainModels.address, runner),
    hub: ModelHub__factory.connect(contracts.ModelHub.address, runner),
    operators: Operators__factory.connect(contracts.Operators.address, runner),
    settlement: ProofSettlement__factory.connect(contracts.ProofSettlement.address, runner),
    requests: InferenceRequests__factory.connect(contracts.InferenceRequests.address, runner),
    disputes: Disputes__factory.connect(contracts.Disputes.address, runner),
    coverage: Coverage__factory.connect(contracts.Coverage.address, runner),
    gateways: Gateways__factory.connect(contracts.Gateways.address, runner),
    groth16: Groth16Verifier__factory.connect(contracts.Groth16Verifier.address, runner),
    plonk: PlonkVerifier__factory.connect(contracts.PlonkVerifier.address, runner),
    pipe: Pipe__factory.connect(contracts.Pipe.address, runner),
    solidML: SolidML__factory.connect(contracts.SolidML.address, runner),
    scheduler: WorkflowScheduler__factory.connect(contracts.WorkflowScheduler.address, runner),
  };
}

/** Of each contract that a deployment can have. */
const FACTORIES = {
  AccessManager: AccessManager__factory,
  BlobStore: BlobStore__factory,
  Coverage: Coverage__factory,
  Disputes: Disputes__factory,
  ExactMachine: ExactMachine__factory,
  Gateways: Gateways__factory,
  Groth16Verifier: Groth16Verifier__factory,
  InferenceRequests: InferenceRequests__factory,
  ModelHub: ModelHub__factory,
  OnChainModels: OnChainModels__factory,
  OPG: OPG__factory,
  OPGVotes: OPGVotes__factory,
  Operators: Operators__factory,
  Pipe: Pipe__factory,
  PipeExecutor: PipeExecutor__factory,
  PlonkVerifier: PlonkVerifier__factory,
  ProofSettlement: ProofSettlement__factory,
  ProtocolGovernor: ProtocolGovernor__factory,
  SolidML: SolidML__factory,
  TimelockController: TimelockController__factory,
  TokenGenesis: TokenGenesis__factory,
  WorkflowScheduler: WorkflowScheduler__factory,
} satisfies Record<ContractName | OptionalContractName, unknown>;

/** Every error that any contract of the protocol raises. */
export const protocolErrors = new Interface(
  Object.values(FACTORIES).flatMap(({ abi }) => abi.filter(({ type }) => type === "error")),
);

/** What a contract of a deployment can be asked and told. */
export function interfaceOf(contract: ContractName | OptionalContractName): Interface {
  return new Interface(FACTORIES[contract].abi);
}
