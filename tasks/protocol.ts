import { emptyTask } from "hardhat/config";
import { command, lazily, optional } from "./command.ts";

export const protocolTasks = [
  emptyTask("protocol", "Deploy the protocol, and see what is deployed").build(),
  command(["protocol", "deploy"], "Deploy the protocol, or complete a deployment that was interrupted")
    .addOption(optional("parameters", "Parameters file; deploy/parameters/<network>.json5 by default"))
    .addFlag({ name: "yes", description: "Do not ask" })
    .setAction(lazily(async () => (await import("./protocol/deploy.ts")).deploy))
    .build(),
  command(["protocol", "check"], "Compare what is deployed with its parameters file; fails where they differ")
    .addOption(optional("parameters", "Parameters file; deploy/parameters/<network>.json5 by default"))
    .setAction(lazily(async () => (await import("./protocol/check.ts")).check))
    .build(),
  command(
    ["protocol", "verify"],
    "Write what explorers need to verify the sources, and submit it where asked",
  )
    .addOption(optional("submit", "etherscan (with ETHERSCAN_API_KEY), blockscout or sourcify"))
    .addOption(optional("explorerUrl", "Address of the explorer's API, where it is not the usual one"))
    .setAction(lazily(async () => (await import("./protocol/verify.ts")).verify))
    .build(),
  command(["protocol", "show"], "Show addresses, parameters, and who holds which power")
    .setAction(lazily(async () => (await import("./protocol/show.ts")).show))
    .build(),
];
