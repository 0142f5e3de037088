import { fileURLToPath } from "node:url";

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const ROOT = at("");
export const HARDHAT = at("node_modules/hardhat/dist/src/cli.js");
export const RUNNER = at("offchain-runner/src/main.ts");
export const MODELS = at("models");
export const LOCAL = at(".local");
export const LOCAL_CHAIN_ID = 31_337;
