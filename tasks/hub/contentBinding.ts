import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { firstBlockOf } from "@opg-network/sdk/deployment";
import { AbiCoder, hexlify, keccak256 } from "ethers";
import { bytes32Argument } from "../arguments.ts";
import { CommandError } from "../commandError.ts";
import { latestEvent } from "../eventLogs.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";

const POLL_MS = 1_000;
const NO_SALT = `0x${"0".repeat(64)}`;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** A content id with the salt of a commitment to it that is old enough for `publish` to bind it. */
export interface ContentBinding {
  contentId: string;
  salt: string;
}

/**
 * Commits to a content id and waits until the commitment counts: somebody who learns the id from the publication cannot
 * have one as old. Nothing to do without a content id.
 */
export async function bindingOf(
  session: Session,
  { contentId: wanted, salt: given }: { contentId: string | undefined; salt: string | undefined },
  entryDigest: string,
): Promise<ContentBinding> {
  if (wanted === undefined) {
    if (given !== undefined)
      throw new CommandError("arguments-conflict", { problem: "--salt is of no use without --content-id" });
    return { contentId: "", salt: NO_SALT };
  }
  const own = rawLeafCid(entryDigest);
  const contentId = wanted === "cid" ? own : wanted;
  if (contentId.length === own.length && contentId.startsWith("bafkrei") && contentId !== own) {
    throw new CommandError("content-id-mismatch", { contentId, expected: own });
  }
  const salt = given === undefined ? hexlify(randomBytes(32)) : bytes32Argument("--salt", given);
  const { hub } = await session.contracts();
  const account = await session.account();
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["address", "string", "bytes32"],
    [account.address, contentId, salt],
  );
  const commitment = keccak256(encoded);
  const committed = hub.filters.ContentCommitted(commitment);
  if (given === undefined || !(await latestEvent(hub, committed, firstBlockOf(await session.deployment())))) {
    session.say(`Committing to ${contentId}; should this be interrupted, go on with --salt ${salt}`);
    await send(() => hub.commitContent(commitment));
  }
  const event = await latestEvent(hub, committed, firstBlockOf(await session.deployment()));
  const block = await event?.getBlock();
  if (block === undefined) throw new Error(`no event of commitment ${commitment}`);
  await untilUsable(session, block.timestamp + Number(await hub.COMMIT_DELAY()));
  return { contentId, salt };
}

/** The CIDv1 (raw leaf, sha2-256) of a file: `b` and base32 of 0x01551220 and the digest. */
export function rawLeafCid(digest: string): string {
  const bits = BigInt(`0x01551220${digest.replace(/^0x/, "")}`) << 2n;
  const letters = Array.from({ length: 58 }, (_, i) => BASE32[Number((bits >> BigInt(5 * (57 - i))) & 31n)]);
  return `b${letters.join("")}`;
}

/** By the time that the next block will have: on a chain without traffic the last one may be old. */
async function untilUsable(session: Session, usableAt: number): Promise<void> {
  const { provider } = session.connection;
  for (let told = false; ; told = true) {
    const block = (await provider.request({
      method: "eth_getBlockByNumber",
      params: ["pending", false],
    })) as {
      timestamp: string;
    };
    const left = usableAt - Number(block.timestamp);
    if (left <= 0) return;
    if (!told) session.say(`Waiting ${left} s until the commitment counts`);
    await sleep(POLL_MS);
  }
}
