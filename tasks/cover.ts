import { emptyTask } from "hardhat/config";
import { command, lazily, optional } from "./command.ts";

const BENEFICIARY = optional("beneficiary", "Who is insured; the account by default");

export const coverTasks = [
  emptyTask("cover", "Covers: what results insure, and what wrong ones pay").build(),
  command(["cover", "list"], "List what insures a beneficiary now")
    .addOption(BENEFICIARY)
    .setAction(lazily(async () => (await import("./cover/list.ts")).list))
    .build(),
  command(["cover", "claim"], "Claim covers of results that were proved wrong, and pay what is due")
    .addOption(BENEFICIARY)
    .setAction(lazily(async () => (await import("./cover/claim.ts")).claim))
    .build(),
];
