import { emptyTask } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import { command, lazily, optional } from "./command.ts";

const PROPOSAL = {
  name: "proposal",
  description: "Id of the proposal; its first digits do, where no other begins with them",
} as const;
const ACCOUNT = {
  name: "account",
  type: ArgumentType.STRING_WITHOUT_DEFAULT,
  defaultValue: undefined,
} as const;

export const governanceTasks = [
  emptyTask("governance", "Proposals: from the words to what they change, by votes of OPG").build(),
  command(["governance", "list"], "List proposals, and what waits in the AccessManager")
    .setAction(lazily(async () => (await import("./governance/list.ts")).list))
    .build(),
  command(["governance", "show"], "Show what a proposal would do, how the vote stands, and what comes next")
    .addPositionalArgument(PROPOSAL)
    .setAction(lazily(async () => (await import("./governance/show.ts")).show))
    .build(),
  command(["governance", "propose"], "Try out calls of the timelock, and propose them")
    .addVariadicArgument({
      name: "calls",
      description:
        "'Contract.function(arguments)', with contracts by name, or 'address:0xdata'; in their order",
    })
    .addOption(optional("description", "What is proposed, and why"))
    .addOption(optional("descriptionFile", "The same from a file"))
    .addFlag({ name: "schedule", description: "Have the timelock schedule the calls in the AccessManager" })
    .addFlag({ name: "check", description: "Only try the calls; nothing is sent" })
    .addFlag({ name: "force", description: "Propose what fails when it is tried" })
    .setAction(lazily(async () => (await import("./governance/propose.ts")).propose))
    .build(),
  command(["governance", "vote"], "Vote with what was delegated to the account before voting began")
    .addPositionalArgument(PROPOSAL)
    .addOption(optional("support", "for, against or abstain"))
    .addOption(optional("reason", "Why; it is logged"))
    .setAction(lazily(async () => (await import("./governance/vote.ts")).vote))
    .build(),
  command(["governance", "queue"], "Hand what was carried to the timelock; anyone")
    .addPositionalArgument(PROPOSAL)
    .setAction(lazily(async () => (await import("./governance/queue.ts")).queue))
    .build(),
  command(["governance", "execute"], "Have the timelock do what was carried, once its delay is over; anyone")
    .addPositionalArgument(PROPOSAL)
    .setAction(lazily(async () => (await import("./governance/execute.ts")).execute))
    .build(),
  command(["governance", "cancel"], "Take back the account's own proposal, before voting begins")
    .addPositionalArgument(PROPOSAL)
    .setAction(lazily(async () => (await import("./governance/cancel.ts")).cancel))
    .build(),
  command(["governance", "delegate"], "Give the account's votes to an account; to itself by default")
    .addPositionalArgument({ ...ACCOUNT, description: "Who votes with them from now on" })
    .setAction(lazily(async () => (await import("./governance/delegate.ts")).delegate))
    .build(),
  command(["governance", "votes"], "Show an account's votes, who has them, and what a proposal takes")
    .addPositionalArgument({ ...ACCOUNT, description: "Whose; the account's own by default" })
    .setAction(lazily(async () => (await import("./governance/votes.ts")).votes))
    .build(),
  command(["governance", "wrap"], "Get votes for OPG, where OPG itself has none")
    .addPositionalArgument({ name: "amount", description: "OPG" })
    .setAction(lazily(async () => (await import("./governance/wrap.ts")).wrap))
    .build(),
  command(["governance", "unwrap"], "Get back the OPG that votes")
    .addPositionalArgument({ name: "amount", description: "OPG, or `all`" })
    .addOption(optional("to", "Who receives it; the account by default"))
    .setAction(lazily(async () => (await import("./governance/unwrap.ts")).unwrap))
    .build(),
];
