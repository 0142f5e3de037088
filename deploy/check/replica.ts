import type { Deployment } from "@opg-network/sdk/deployment";
import { getAddress, type Interface, TypedDataEncoder } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";
import { deployProtocol } from "../deployProtocol.ts";
import type { TokenTraits } from "../existingToken.ts";
import { type ProtocolParameters, withDeployer } from "../protocolParameters.ts";

/** Between the replica's first block and the one in which OPG is minted. */
const CLOCK_MARGIN_SEC = 1_000;

/** The same parameters deployed by the same modules on a chain in memory: what a deployment has to be like. */
export interface Replica {
  connection: NetworkConnection<string>;
  deployment: Deployment;
  deployer: string;
  /** Gas of each transaction that deploys, by contract; of the others under `calls`. */
  gas: ReadonlyMap<string, bigint>;
}

export interface ReplicaOptions {
  chainId: number;
  /** Whose "deployer" it is in the parameters. */
  deployer: string;
  /** What the OPG that exists can do, where the parameters name one. */
  traits?: TokenTraits | undefined;
  /** Timestamp at which OPG is minted, which its schedule counts from; now by default. */
  mintedAt?: number | undefined;
}

/** Rehearses the deployment; whatever the contracts would refuse is refused here, and costs nothing. */
export async function replicate(
  hre: HardhatRuntimeEnvironment,
  parameters: ProtocolParameters,
  { chainId, deployer, traits, mintedAt }: ReplicaOptions,
): Promise<Replica> {
  const connection = await hre.network.create({
    network: "op",
    chainType: "op",
    override: {
      chainId,
      ...(mintedAt === undefined ? {} : { initialDate: new Date((mintedAt - CLOCK_MARGIN_SEC) * 1_000) }),
    },
  });
  // Not the first, whose contracts on a local chain stand where its contracts here would.
  const signer = (await connection.ethers.getSigners()).at(-1);
  if (signer === undefined) throw new Error("a chain in memory has accounts");
  const { existing } = parameters.token;
  if (existing !== null) {
    // Stands for the one that exists: constructors ask what it is, and nothing of what it holds.
    const { deployedBytecode } = await hre.artifacts.readArtifact("OPG");
    await connection.provider.request({ method: "hardhat_setCode", params: [existing, deployedBytecode] });
  }
  if (mintedAt !== undefined)
    await connection.provider.request({ method: "evm_setNextBlockTimestamp", params: [mintedAt] });
  const deployment = await deployProtocol(
    connection,
    // The accounts of a chain in memory are others.
    renamed(withDeployer(parameters, deployer), deployer, signer.address),
    {
      ignitionDir: hre.config.paths.ignition,
      artifacts: hre.artifacts,
      deployer: signer.address,
      traits,
      say: () => undefined,
    },
  );
  return {
    connection,
    deployment,
    deployer: signer.address,
    gas: await gasOf(connection, deployment),
  };
}

async function gasOf(
  connection: NetworkConnection<string>,
  deployment: Deployment,
): Promise<Map<string, bigint>> {
  const names = new Map(
    Object.entries(deployment.contracts).map(([name, { address }]) => [address, name] as const),
  );
  const gas = new Map<string, bigint>();
  for (let number = await connection.ethers.provider.getBlockNumber(); number > 0; --number) {
    for (const hash of (await connection.ethers.provider.getBlock(number))?.transactions ?? []) {
      const receipt = await connection.ethers.provider.getTransactionReceipt(hash);
      if (receipt === null) continue;
      const { contractAddress } = receipt;
      const name = contractAddress === null ? undefined : names.get(getAddress(contractAddress));
      gas.set(name ?? "calls", (gas.get(name ?? "calls") ?? 0n) + receipt.gasUsed);
    }
  }
  return gas;
}

/** The parameters with one address in the place of another. */
function renamed<T>(value: T, from: string, to: string): T {
  if (value === from) return to as T;
  if (Array.isArray(value)) return value.map((item) => renamed(item, from, to)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item, from, to)])) as T;
}

/** Turns what was read from a replica into what the deployment must say: its addresses, and hashes made of them. */
export class Translation {
  readonly #words = new Map<string, string>();

  static async between(
    replica: Replica,
    deployment: Deployment,
    deployer: string,
    abiOf: (name: string) => Promise<Interface>,
  ): Promise<Translation> {
    const translation = new Translation();
    translation.add(replica.deployer, deployer);
    for (const [name, { address: there }] of Object.entries(replica.deployment.contracts)) {
      const here = addressOf(deployment, name);
      if (here === undefined) continue;
      translation.add(there, here);
      const abi = await abiOf(name);
      // An OPG that exists stands at one address in both, and may be anything.
      if (!abi.hasFunction("eip712Domain") || there === here) continue;
      const answer = await replica.connection.ethers.provider.call({
        to: there,
        data: abi.encodeFunctionData("eip712Domain"),
      });
      const [, title, version, chainId] = abi.decodeFunctionResult("eip712Domain", answer);
      const separator = (verifyingContract: string) =>
        TypedDataEncoder.hashDomain({ name: title, version, chainId, verifyingContract });
      translation.#words.set(separator(there), separator(here));
    }
    return translation;
  }

  /** From now on, one address stands for the other. */
  add(there: string, here: string): void {
    this.#words.set(there, here);
    this.#words.set(wordOf(there), wordOf(here));
  }

  /** @param value as ethers decodes it, or a word of code */
  of(value: string): string {
    return this.#words.get(value) ?? value;
  }
}

/** Where the deployment has a contract of this name, if it does. */
export function addressOf(deployment: Deployment, name: string): string | undefined {
  return (deployment.contracts as Partial<Record<string, { address: string }>>)[name]?.address;
}

function wordOf(address: string): string {
  return `0x${address.slice(2).toLowerCase().padStart(64, "0")}`;
}
