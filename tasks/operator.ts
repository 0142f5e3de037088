import { emptyTask } from "hardhat/config";
import { command, lazily, optional } from "./command.ts";

const SIGNER = [
  optional(
    "signer",
    "Address of the node's key; where it is an account of the network, it consents by itself",
  ),
  optional(
    "keystore",
    "Encrypted keystore of the node's key; OPG_NODE_KEYSTORE_PASSWORD carries the password",
  ),
  optional("signerProof", "The key's consent, signed elsewhere (EIP-712 SignerConsent)"),
] as const;
const OPERATOR = optional("operator", "Id of the operator; by default the one that the account owns");

export const operatorTasks = [
  emptyTask("operator", "Operators: registration, stake, offers").build(),
  command(["operator", "register"], "Register an operator owned by the account")
    .addOption(SIGNER[0])
    .addOption(SIGNER[1])
    .addOption(SIGNER[2])
    .addOption(optional("roles", "Comma-separated: inference, verifier, storage, data; inference by default"))
    .addOption(optional("endpoint", "Where callers reach the node"))
    .setAction(lazily(async () => (await import("./operator/register.ts")).register))
    .build(),
  command(["operator", "onboard"], "Register, stake, and serve a release, in one transaction")
    .addPositionalArgument({ name: "release", description: "Id, publisher/name@version, or name" })
    .addOption(optional("stake", "OPG to stake"))
    .addOption(optional("price", "OPG an inference"))
    .addOption(
      optional(
        "slots",
        "Accepted requests to hold at once; 1 by default; without one, `network coverage` does not list it",
      ),
    )
    .addOption(optional("modes", "Comma-separated; VANILLA by default"))
    .addOption(SIGNER[0])
    .addOption(SIGNER[1])
    .addOption(SIGNER[2])
    .addOption(optional("roles", "Comma-separated: inference, verifier, storage, data; inference by default"))
    .addOption(optional("endpoint", "Where callers reach the node"))
    .setAction(lazily(async () => (await import("./operator/onboard.ts")).onboard))
    .build(),
  command(["operator", "stake"], "Add stake from the account's OPG")
    .addPositionalArgument({ name: "amount", description: "OPG" })
    .addOption(OPERATOR)
    .setAction(lazily(async () => (await import("./operator/stake.ts")).stake))
    .build(),
  command(["operator", "serve"], "Offer a release at a price, or stop offering it")
    .addPositionalArgument({ name: "release", description: "Id, publisher/name@version, or name" })
    .addOption(optional("price", "OPG an inference"))
    .addOption(optional("modes", "Comma-separated; VANILLA by default"))
    .addFlag({ name: "stop", description: "Withdraw the offer" })
    .addOption(OPERATOR)
    .setAction(lazily(async () => (await import("./operator/serve.ts")).serve))
    .build(),
  command(["operator", "cover"], "Set stake aside for covers, and say what insuring costs")
    .addOption(optional("pipe", "Percent of the stake for answers inside transactions; 0 to 50"))
    .addOption(optional("requests", "Percent of the stake for answers to requests; both together at most 50"))
    .addOption(optional("freeze", "pipe or requests: reserve nothing more there, at once"))
    .addOption(optional("release", "The offered release that --rate-bps is of"))
    .addOption(
      optional("rateBps", "What insuring adds to the price, in basis points of the cover; 0 sells none"),
    )
    .addOption(OPERATOR)
    .setAction(lazily(async () => (await import("./operator/cover.ts")).cover))
    .build(),
  command(["operator", "update"], "Change endpoint, gateway, roles or slots")
    .addOption(optional("endpoint", "Where callers reach the node"))
    .addOption(
      optional(
        "gateway",
        "Where the node answers unpaid reads (ERC-3668): <its address>/v1/gateway; empty removes it",
      ),
    )
    .addOption(optional("roles", "Comma-separated: inference, verifier, storage, data"))
    .addOption(optional("slots", "Accepted requests to hold at once; each needs stake behind it"))
    .addOption(OPERATOR)
    .setAction(lazily(async () => (await import("./operator/update.ts")).update))
    .build(),
  command(["operator", "show"], "Show an operator: standing, stake, offers, earnings")
    .addOption(OPERATOR)
    .addOption(optional("signer", "The operator behind this key"))
    .setAction(lazily(async () => (await import("./operator/show.ts")).show))
    .build(),
  command(["operator", "unbond"], "Begin to take stake out; it can be slashed until it is withdrawn")
    .addPositionalArgument({ name: "amount", description: "OPG, or `all`" })
    .addOption(OPERATOR)
    .setAction(lazily(async () => (await import("./operator/unbond.ts")).unbond))
    .build(),
  command(["operator", "withdraw"], "Take out what has unbonded")
    .addOption(optional("to", "Who receives it; the account by default"))
    .addOption(OPERATOR)
    .setAction(lazily(async () => (await import("./operator/withdraw.ts")).withdraw))
    .build(),
  command(["operator", "rotate-signer"], "Replace the node's key at once")
    .addOption(SIGNER[0])
    .addOption(SIGNER[1])
    .addOption(SIGNER[2])
    .addOption(OPERATOR)
    .setAction(lazily(async () => (await import("./operator/rotateSigner.ts")).rotateSigner))
    .build(),
  command(
    ["operator", "revoke-signer"],
    "Stop the node's key at once; the operator answers nothing until it is rotated",
  )
    .addOption(optional("signer", "The key to stop; the operator's present one by default"))
    .addFlag({ name: "yes", description: "Do not ask" })
    .addOption(OPERATOR)
    .setAction(lazily(async () => (await import("./operator/revokeSigner.ts")).revokeSigner))
    .build(),
  command(
    ["operator", "collect-award"],
    "Pay out the bounties and compensation that slashes awarded to an account",
  )
    .addOption(optional("account", "Whose; the account's own by default"))
    .setAction(lazily(async () => (await import("./operator/collectAward.ts")).collectAward))
    .build(),
  command(["operator", "leave-jail"], "Return from jail after a slash")
    .addOption(OPERATOR)
    .setAction(lazily(async () => (await import("./operator/leaveJail.ts")).leaveJail))
    .build(),
];
