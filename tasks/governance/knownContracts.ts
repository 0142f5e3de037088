import type { Deployment } from "@opg-network/sdk/deployment";
import type { Interface } from "ethers";
import { interfaceOf } from "../contracts.ts";

/** A contract of the deployment that a call can be written for, or read by. */
export interface KnownContract {
  name: string;
  address: string;
  abi: Interface;
}

export function knownContracts({ contracts }: Deployment): KnownContract[] {
  return Object.entries(contracts).map(([name, { address }]) => ({
    name,
    address,
    abi: interfaceOf(name as keyof typeof contracts),
  }));
}
