import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PipeConfig } from "../../../../offchain-runner/src/config.ts";
import { loadConfig } from "../../../../offchain-runner/src/config.ts";
import { RELEASE } from "./someRequest.ts";

const ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

/** The defaults of `pipe.*`. */
export function pipeConfig(overrides: Partial<PipeConfig> = {}): PipeConfig {
  const folder = mkdtempSync(join(tmpdir(), "opg-deployment-"));
  const file = join(folder, "deployment.json");
  const recorded = { address: ADDRESS, block: 1 };
  const contracts = { Operators: recorded, ModelHub: recorded, InferenceRequests: recorded, Pipe: recorded };
  writeFileSync(file, JSON.stringify({ chainId: 31_337, contracts }));
  try {
    const { pipe } = loadConfig(undefined, {
      OPG_NODE_RPC_URLS: "http://127.0.0.1:1",
      OPG_NODE_CHAIN_ID: "31337",
      OPG_NODE_PRIVATE_KEY: `0x${"11".repeat(32)}`,
      OPG_NODE_DATA_DIR: "data",
      OPG_NODE_MODEL_DIR: "models",
      OPG_NODE_SERVE: JSON.stringify([{ release: RELEASE }]),
      OPG_NODE_DEPLOYMENT_FILE: file,
    });
    return { ...pipe, ...overrides };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
