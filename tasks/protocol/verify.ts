import { mkdir } from "node:fs/promises";
import path from "node:path";
import { deploymentFolder } from "../../deploy/deployProtocol.ts";
import { replaceFile } from "../../deploy/journal.ts";
import { blockscout } from "../../deploy/verification/blockscout.ts";
import { etherscan } from "../../deploy/verification/etherscan.ts";
import { EXPLORER_NAMES, type Explorer, type ExplorerName } from "../../deploy/verification/explorer.ts";
import {
  type VerificationPayload,
  verificationFolder,
  verificationPayloads,
} from "../../deploy/verification/payload.ts";
import { sourcify } from "../../deploy/verification/sourcify.ts";
import { vestingWallets } from "../../deploy/verification/vestingWallets.ts";
import { build } from "../build.ts";
import { CommandError } from "../commandError.ts";
import { type Report, table } from "../report.ts";
import type { Session } from "../session.ts";

export interface VerifyArguments {
  submit: string | undefined;
  explorerUrl: string | undefined;
}

/** Explorers of the chains that this project is deployed to. */
const BLOCKSCOUT_URLS: Readonly<Record<number, string>> = {
  84532: "https://base-sepolia.blockscout.com",
};

export async function verify({ submit, explorerUrl }: VerifyArguments, session: Session): Promise<Report> {
  const { hre, say } = session;
  const explorer = submit === undefined ? undefined : explorerNamed(submit, explorerUrl, session.chainId);
  await build(hre);
  const deployment = await session.deployment();
  const folder = deploymentFolder(hre.config.paths.ignition, `chain-${session.chainId}`);
  const wallets = await vestingWallets(session.connection, hre.artifacts, deployment);
  const payloads = await verificationPayloads(hre.artifacts, deployment, folder, wallets);
  const target = verificationFolder(folder);
  await write(target, payloads);
  const written = `${payloads.length} payloads in ${path.relative(".", target)}`;
  if (explorer === undefined) {
    return {
      lines: [written, "Nothing was submitted; say --submit etherscan, blockscout or sourcify"],
      value: { folder: target, contracts: payloads.map(({ contract }) => contract) },
    };
  }
  say(written);
  const results = await submitAll(explorer, payloads, say);
  const rejected = results.filter(({ status }) => status === "rejected").map(({ contract }) => contract);
  return {
    lines: table(
      ["contract", "address", explorer.name],
      results.map(({ contract, address, status, reason }) => [contract, address, reason ?? status]),
    ),
    value: { folder: target, explorer: explorer.name, contracts: results },
    ...(rejected.length === 0
      ? {}
      : {
          failure: new CommandError("verification-rejected", {
            explorer: explorer.name,
            contracts: rejected,
          }),
        }),
  };
}

async function submitAll(
  explorer: Explorer,
  payloads: readonly VerificationPayload[],
  say: (line: string) => void,
) {
  const results: { contract: string; address: string; status: string; reason?: string }[] = [];
  const { signal } = new AbortController();
  // One after the other: explorers limit how often they are asked.
  for (const payload of payloads) {
    say(`Submitting ${payload.contract} to ${explorer.name}`);
    const { contract, address } = payload;
    results.push({ contract, address, ...(await explorer.verify(payload, signal)) });
  }
  return results;
}

async function write(folder: string, payloads: readonly VerificationPayload[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const payload of payloads) {
    await replaceFile(path.join(folder, `${payload.contract}.json`), `${JSON.stringify(payload, null, 2)}\n`);
    await replaceFile(
      path.join(folder, `${payload.contract}.input.json`),
      `${JSON.stringify(payload.input, null, 2)}\n`,
    );
  }
}

function explorerNamed(name: string, url: string | undefined, chainId: number): Explorer {
  const known = EXPLORER_NAMES.find((candidate): candidate is ExplorerName => candidate === name);
  switch (known) {
    case "etherscan": {
      const apiKey = process.env.ETHERSCAN_API_KEY;
      if (apiKey === undefined || apiKey === "") {
        throw new CommandError("argument-missing", {
          name: "ETHERSCAN_API_KEY",
          why: "in the environment; Etherscan takes submissions with a key only",
        });
      }
      return etherscan({ apiKey, ...(url === undefined ? {} : { url }) });
    }
    case "blockscout": {
      const explorer = url ?? BLOCKSCOUT_URLS[chainId];
      if (explorer === undefined) {
        throw new CommandError("argument-missing", {
          name: "--explorer-url",
          why: `no Blockscout of chain ${chainId} is known`,
        });
      }
      return blockscout({ url: explorer });
    }
    case "sourcify":
      return sourcify(url === undefined ? {} : { url });
    case undefined:
      throw new CommandError("argument-invalid", {
        name: "--submit",
        value: name,
        expected: EXPLORER_NAMES.join(", "),
      });
  }
}
