import { emptyTask } from "hardhat/config";
import { command, lazily, optional } from "./command.ts";

const REQUEST = { name: "request", description: "Id of the request" } as const;

export const inferenceTasks = [
  emptyTask("inference", "Asynchronous inference requests").build(),
  command(["inference", "request"], "Ask for an inference, paid from the escrow")
    .addPositionalArgument({
      name: "release",
      description: "Id, publisher/name@version, name, or content:<id>",
    })
    .addOption(optional("input", "JSON file: tensors by name, as nested arrays or as {shape, data}"))
    .addOption(
      optional("candles", "JSON file with rows of open, high, low, close; fed as price / last close - 1"),
    )
    .addOption(
      optional("case", "Name of the case in a --candles file that has several; the first by default"),
    )
    .addOption(optional("fee", "OPG; by default what the cheapest operator asks"))
    .addOption(optional("mode", "VANILLA, ZK or TEE; VANILLA by default"))
    .addOption(optional("deadline", "Seconds until an answer no longer counts; 600 by default"))
    .addOption(optional("fullFee", "Seconds for which the full fee is paid; half of the deadline by default"))
    .addOption(
      optional("acceptPeriod", "Seconds for which an operator may reserve the request; 0 by default"),
    )
    .addOption(optional("operator", "Id of the only operator that may answer"))
    .addOption(optional("minStake", "OPG that the operator must have at stake"))
    .addOption(optional("cover", "OPG that the answer insures; exact releases only"))
    .addOption(optional("beneficiary", "Who is paid when the answer is proved wrong; the asker by default"))
    .addOption(optional("lane", "Which of the account's lanes; a free one by default"))
    .addFlag({ name: "wait", description: "Wait for the answer, for 120 s at most" })
    .addFlag({ name: "yes", description: "Deposit what is missing without asking" })
    .setAction(lazily(async () => (await import("./inference/request.ts")).request))
    .build(),
  command(["inference", "quote"], "Compare the ways to an answer inside a transaction: cost, wait, trust")
    .addPositionalArgument({
      name: "release",
      description: "Id, publisher/name@version, name, or content:<id>",
    })
    .addOption(optional("input", "JSON file: tensors by name, as nested arrays or as {shape, data} (needed)"))
    .addOption(
      optional(
        "model",
        "Contract that evaluates it, checked by `hub check-contract`; the machine by default",
      ),
    )
    .addOption(optional("minStake", "OPG that the operator must have at stake"))
    .setAction(lazily(async () => (await import("./inference/quote.ts")).quote))
    .build(),
  command(["inference", "show"], "Show a request and its answer")
    .addPositionalArgument(REQUEST)
    .setAction(lazily(async () => (await import("./inference/show.ts")).show))
    .build(),
  command(["inference", "wait"], "Wait for the answer to a request")
    .addPositionalArgument(REQUEST)
    .addOption(optional("timeout", "Seconds to wait; 120 by default"))
    .setAction(lazily(async () => (await import("./inference/wait.ts")).wait))
    .build(),
  command(["inference", "cancel"], "Take an open request back")
    .addPositionalArgument(REQUEST)
    .setAction(lazily(async () => (await import("./inference/cancel.ts")).cancel))
    .build(),
  command(["inference", "expire"], "Refund a request that nobody answered in time")
    .addPositionalArgument(REQUEST)
    .setAction(lazily(async () => (await import("./inference/expire.ts")).expire))
    .build(),
  command(
    ["inference", "verify"],
    "Check a fulfilment: signature, operator's standing, and the model run again",
  )
    .addPositionalArgument({ name: "transaction", description: "Hash of the transaction" })
    .addOption(optional("modelFolder", "Where files with relative URIs are; models/ by default"))
    .addOption(
      optional(
        "tolerance",
        "Largest difference of floats, relative or absolute, to call consistent; 1e-5 by default",
      ),
    )
    .addFlag({ name: "allowPrivateNetworks", description: "Fetch files from private networks too" })
    .setAction(lazily(async () => (await import("./inference/verify.ts")).verify))
    .build(),
];
