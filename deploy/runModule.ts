import type {
  DeploymentParameters,
  IgnitionModule,
  IgnitionModuleResult,
} from "@nomicfoundation/ignition-core";

/** Brings a module onto the chain, or finds it there, and tells the addresses of its results. */
export type RunModule = <Results extends IgnitionModuleResult<string>>(
  module: IgnitionModule<string, string, Results>,
  values: DeploymentParameters,
) => Promise<Record<keyof Results, string>>;
