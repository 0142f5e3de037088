import { formatOpg } from "@opg-network/sdk/opg";
import { GRAIN } from "@opg-network/sdk/request";
import { formatEther, ZeroAddress } from "ethers";
import { bytes32Argument } from "../arguments.ts";
import { fields, isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { type ClaimState, type Story, storyOf } from "./story.ts";

export interface ShowArguments {
  key: string;
}

const MEANING: Record<ClaimState, string> = {
  open: "a challenge is open; anybody may continue it and is paid for it",
  proved: "one transaction computed that the output is wrong",
  contradicted: "the operator signed two outputs for one input",
  wrong: "the challenge ended: the output is wrong",
  right: "the challenge ended: the signed output is right, and the bond went to the accused",
  lapsed: "nobody continued the challenge in time; the bond went to the accused",
};

export async function show(args: ShowArguments, session: Session): Promise<Report> {
  const key = bytes32Argument("key", args.key);
  const story = await storyOf(session, key);
  const { disputes } = await session.readOnly();
  const [challenge, bounty, isProvedWrong] = await Promise.all([
    disputes.challengeOf(key),
    disputes.bountyOf(key),
    disputes.isProvedWrong(key),
  ]);
  const isOpen = challenge.opener !== ZeroAddress;
  const [pc, endPc] = [Number(challenge.pc), Number(challenge.endPc)];
  const lapsesAt = isOpen ? isoTime(challenge.lapsesAt) : undefined;
  const waits = bounty.claimant !== ZeroAddress && bounty.grains !== 0n;
  return {
    lines: [
      ...fields([
        ["claim", key],
        ["state", `${story.state}: ${MEANING[story.state]}`],
        ["operator", String(story.operator)],
        ["release", story.release],
        ["accuser", story.accuser],
        ["input", story.claim?.inputHash],
        ["signed output", story.claim?.outputHash],
        ["right output", rightOf(story)],
        [
          "progress",
          isOpen ? `${percent(pc, endPc)} of the program, checkpoint ${pc} of ${endPc}` : undefined,
        ],
        ["bond left", isOpen ? `${formatEther(challenge.bond)} coin` : undefined],
        [
          "lapses",
          isOpen ? `${lapsesAt}, unless somebody continues (\`dispute continue ${key}\`)` : undefined,
        ],
        ["slashed", story.slashed === 0n ? undefined : `${formatOpg(story.slashed)} OPG`],
        [
          "bounty",
          waits
            ? `${formatOpg(bounty.grains * GRAIN)} OPG for ${bounty.claimant}, from ${isoTime(bounty.payableAt)} (\`dispute claim ${key}\`)`
            : undefined,
        ],
      ]),
      ...story.steps.map(
        ({ worker, pc, gas, paid }, i) =>
          `step ${i + 1}: to ${pc} by ${worker}, ${gas} gas of computation, paid ${formatEther(paid)} coin`,
      ),
    ],
    value: {
      ...{ key, state: story.state, operator: story.operator, release: story.release ?? null },
      ...{ accuser: story.accuser, claim: story.claim ?? null, isProvedWrong },
      rightOutputHash: rightOf(story) ?? null,
      slashed: formatOpg(story.slashed),
      challenge: isOpen ? { pc, endPc, lapsesAt, bond: formatEther(challenge.bond) } : null,
      bounty: waits
        ? {
            claimant: bounty.claimant,
            amount: formatOpg(bounty.grains * GRAIN),
            payableAt: isoTime(bounty.payableAt),
          }
        : null,
      steps: story.steps.map((step) => ({ ...step, paid: formatEther(step.paid) })),
    },
  };
}

export function percent(part: number, whole: number): string {
  return `${Math.floor((100 * part) / whole)} %`;
}

function rightOf({ rightOutputHash }: Story): string | undefined {
  if (rightOutputHash === undefined) return undefined;
  return /^0x0+$/.test(rightOutputHash)
    ? "none: the input or the codec is not the release's"
    : rightOutputHash;
}
