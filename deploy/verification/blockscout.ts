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

export interface BlockscoutOptions {
  /** Of the explorer itself: `https://base-sepolia.blockscout.com`. */
  url: string;
  patience?: Patience;
}

const submitted = z.looseObject({ message: z.string() });
const contract = z.looseObject({
  is_verified: z.boolean().nullish(),
  is_fully_verified: z.boolean().nullish(),
});

const ALREADY = /already verified/i;
const STARTED = /verification started/i;

/** Its REST API: https://docs.blockscout.com/devs/verification/blockscout-smart-contract-verification-api */
export function blockscout({ url, patience = PATIENCE }: BlockscoutOptions): Explorer {
  const contractUrl = (address: string) => new URL(`/api/v2/smart-contracts/${address}`, url);

  async function isVerified(address: string, signal: AbortSignal): Promise<boolean> {
    const target = contractUrl(address);
    const answer = await ask(target, {}, signal);
    if (answer.status === 404) return false;
    return expectBody(contract, answer, target).is_verified === true;
  }

  async function verify(payload: VerificationPayload, signal: AbortSignal): Promise<VerificationOutcome> {
    if (await isVerified(payload.address, signal)) return { status: "already-verified" };
    const form = new FormData();
    form.set("compiler_version", `v${payload.compilerVersion}`);
    form.set("license_type", "mit");
    form.set("contract_name", payload.identifier);
    form.set("autodetect_constructor_args", "false");
    form.set("constructor_args", payload.constructorArguments);
    const file = new Blob([JSON.stringify(payload.input)], { type: "application/json" });
    form.set("files[0]", file, `${payload.contract}.input.json`);
    const target = new URL(`${contractUrl(payload.address).pathname}/verification/via/standard-input`, url);
    const answer = await ask(target, { method: "POST", body: form }, signal);
    const { message } = expectBody(submitted, answer, target);
    if (ALREADY.test(message)) return { status: "already-verified" };
    if (!STARTED.test(message)) return { status: "rejected", reason: message };
    // It says nowhere that a submission failed, but over a socket; what is verified shows.
    for (let poll = 0; poll < patience.polls; ++poll) {
      if (await isVerified(payload.address, signal)) return { status: "verified" };
      await sleep(patience.pollMs, undefined, { signal });
    }
    throw new ExplorerError("explorer-undecided", {
      url,
      problem: `${payload.contract} does not show as verified`,
    });
  }

  return { name: "blockscout", verify };
}
