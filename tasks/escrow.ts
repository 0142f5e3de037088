import { emptyTask } from "hardhat/config";
import { command, lazily, optional } from "./command.ts";

export const escrowTasks = [
  emptyTask("escrow", "OPG that pays for requests, and what operators earned").build(),
  command(["escrow", "deposit"], "Put OPG into the escrow that pays for requests")
    .addPositionalArgument({ name: "amount", description: "OPG" })
    .addOption(optional("account", "Whose balance grows; the account's own by default"))
    .setAction(lazily(async () => (await import("./escrow/deposit.ts")).deposit))
    .build(),
  command(["escrow", "withdraw"], "Take OPG out of the escrow")
    .addPositionalArgument({ name: "amount", description: "OPG, or `all`" })
    .addOption(optional("to", "Who receives it; the account by default"))
    .setAction(lazily(async () => (await import("./escrow/withdraw.ts")).withdraw))
    .build(),
  command(["escrow", "show"], "Show an account's OPG: in the escrow, held for obligations, in the wallet")
    .addOption(optional("account", "Whose; the account's own by default"))
    .setAction(lazily(async () => (await import("./escrow/show.ts")).show))
    .build(),
  command(["escrow", "claim"], "Divide an operator's matured earnings among those they belong to")
    .addOption(
      optional("release", "Only for this release; by default every one that the operator has offered"),
    )
    .addOption(optional("operator", "Id of the operator; by default the one that the account owns"))
    .setAction(lazily(async () => (await import("./escrow/claim.ts")).claim))
    .build(),
];
