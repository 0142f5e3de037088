import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import {
  ask,
  type Explorer,
  ExplorerError,
  expectBody,
  PATIENCE,
  type Patience,
  type VerificationOutcome,
} from "./explorer.ts";
import type { VerificationPayload } from "./payload.ts";

/** One address and one key for every chain: https://docs.etherscan.io/etherscan-v2 */
export const ETHERSCAN_URL = "https://api.etherscan.io/v2/api";

/** "MIT License" in Etherscan's list. */
const MIT = "3";

const answerSchema = z.looseObject({ status: z.string(), message: z.string(), result: z.string() });

/** Where explorers have not seen the contract's creation yet. */
const NOT_INDEXED = /unable to locate contractcode/i;
const ALREADY = /already verified/i;
const PENDING = /pending|in progress/i;
const LIMITED = /rate limit/i;

export interface EtherscanOptions {
  apiKey: string;
  url?: string;
  patience?: Patience;
}

/** Explorers of Etherscan's kind, through version 2 of its API. */
export function etherscan({ apiKey, url = ETHERSCAN_URL, patience = PATIENCE }: EtherscanOptions): Explorer {
  const address = (chainId: number, query: Record<string, string>) => {
    const full = new URL(url);
    full.search = new URLSearchParams({ chainid: String(chainId), apikey: apiKey, ...query }).toString();
    return full;
  };

  async function call(target: URL, init: RequestInit, signal: AbortSignal) {
    const answer = expectBody(answerSchema, await ask(target, init, signal), target);
    const shown = { url: `${target.origin}${target.pathname}`, problem: answer.result };
    if (LIMITED.test(answer.result)) throw new ExplorerError("explorer-busy", shown);
    if (/invalid api key|missing.*api key/i.test(answer.result))
      throw new ExplorerError("explorer-refused", shown);
    return answer;
  }

  async function verify(payload: VerificationPayload, signal: AbortSignal): Promise<VerificationOutcome> {
    const form = {
      module: "contract",
      action: "verifysourcecode",
      contractaddress: payload.address,
      sourceCode: JSON.stringify(payload.input),
      codeformat: "solidity-standard-json-input",
      contractname: payload.identifier,
      compilerversion: `v${payload.compilerVersion}`,
      // As their documentation spells it, and as it should be.
      constructorArguements: payload.constructorArguments.slice(2),
      constructorArguments: payload.constructorArguments.slice(2),
      licenseType: MIT,
    };
    const submit = address(payload.chainId, { module: "contract", action: "verifysourcecode" });
    for (let poll = 0; ; ++poll) {
      const body = new URLSearchParams(form);
      const { status, result } = await call(submit, { method: "POST", body }, signal);
      if (status === "1") return await verdict(payload, result, signal);
      if (ALREADY.test(result)) return { status: "already-verified" };
      if (!NOT_INDEXED.test(result)) return { status: "rejected", reason: result };
      if (poll >= patience.polls)
        throw new ExplorerError("explorer-undecided", { url, problem: "the contract is not indexed" });
      await sleep(patience.pollMs, undefined, { signal });
    }
  }

  async function verdict(
    { chainId }: VerificationPayload,
    guid: string,
    signal: AbortSignal,
  ): Promise<VerificationOutcome> {
    const target = address(chainId, { module: "contract", action: "checkverifystatus", guid });
    for (let poll = 0; poll < patience.polls; ++poll) {
      const { status, result } = await call(target, {}, signal);
      if (ALREADY.test(result)) return { status: "already-verified" };
      if (status === "1") return { status: "verified" };
      if (!PENDING.test(result)) return { status: "rejected", reason: result };
      await sleep(patience.pollMs, undefined, { signal });
    }
    throw new ExplorerError("explorer-undecided", { url, problem: `submission ${guid} is pending` });
  }

  return { name: "etherscan", verify };
}
