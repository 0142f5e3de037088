import { emptyTask } from "hardhat/config";
import { command, lazily, optional } from "./command.ts";

export const networkTasks = [
  emptyTask("network", "Who can serve what").build(),
  command(["network", "coverage"], "List the operators that could serve the next call of a release")
    .addPositionalArgument({
      name: "release",
      description: "Id, publisher/name@version, name, or content:<id>",
    })
    .addOption(optional("mode", "VANILLA, ZK or TEE; VANILLA by default"))
    .setAction(lazily(async () => (await import("./network/coverage.ts")).coverage))
    .build(),
];
