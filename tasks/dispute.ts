import { emptyTask } from "hardhat/config";
import { command, lazily, optional } from "./command.ts";

const KEY = {
  name: "key",
  description: "Key of the claim, as `dispute list` and `dispute open` print it",
} as const;

export const disputeTasks = [
  emptyTask("dispute", "Wrong results of exact releases: proofs, challenges, bounties").build(),
  command(["dispute", "list"], "List challenges and what was punished")
    .addOption(optional("operator", "Only of this operator"))
    .addOption(optional("release", "Only about this release: id, publisher/name@version, or name"))
    .setAction(lazily(async () => (await import("./dispute/list.ts")).list))
    .build(),
  command(["dispute", "show"], "Tell the story of one claim: who accused whom, how far it is, who gets what")
    .addPositionalArgument(KEY)
    .setAction(lazily(async () => (await import("./dispute/show.ts")).show))
    .build(),
  command(
    ["dispute", "open"],
    "Compute the results of a transaction again, and prove what is wrong: at once, or by a challenge",
  )
    .addPositionalArgument({
      name: "transaction",
      description: "Hash of the transaction that used the results",
    })
    .addFlag({ name: "check", description: "Only say what is wrong; nothing is sent" })
    .addFlag({ name: "yes", description: "Put up a bond without asking" })
    .setAction(lazily(async () => (await import("./dispute/open.ts")).open))
    .build(),
  command(["dispute", "continue"], "Compute an open challenge, step by step, to its verdict")
    .addPositionalArgument(KEY)
    .addOption(optional("steps", "Steps at most; by default as many as it takes"))
    .setAction(lazily(async () => (await import("./dispute/continue.ts")).continueChallenge))
    .build(),
  command(["dispute", "claim"], "Pay out what is due after a verdict: bounty, wages, award, coin")
    .addPositionalArgument(KEY)
    .setAction(lazily(async () => (await import("./dispute/claim.ts")).claim))
    .build(),
];
