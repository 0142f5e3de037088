import { emptyTask } from "hardhat/config";
import { command, lazily, optional } from "./command.ts";

export const hubTasks = [
  emptyTask("hub", "Models and their releases").build(),
  command(["hub", "publish"], "Publish the next release of a model from its folder (manifest.json and files)")
    .addPositionalArgument({ name: "folder", description: "Folder with manifest.json" })
    .addOption(
      optional(
        "uriBase",
        "Where the files can be fetched; by default the node's model folder, <name>/<path>",
      ),
    )
    .addOption(
      optional("model", "Id of a model that was taken over; by default the account's own of that name"),
    )
    .addOption(
      optional("contentId", "CID or blob id to bind to the release; `cid` for the entry file's own CID"),
    )
    .addOption(optional("salt", "Salt of a commitment to the content id made before, to go on from there"))
    .addOption(optional("keys", "Folder of keys for mode ZK, as `hub prove-setup` made it"))
    .addOption(
      optional(
        "onChain",
        "How an exact model is also evaluated on chain, with no operator: machine, contract or none (the default)",
      ),
    )
    .addFlag({ name: "major", description: "Publish a major release, as changed inputs or outputs demand" })
    .addFlag({
      name: "solidml",
      description: "Register its schema too, for contracts of the published interface (SolidML)",
    })
    .setAction(lazily(async () => (await import("./hub/publish.ts")).publish))
    .build(),
  command(["hub", "lower"], "Show what an exact model is to the machine, and put its graph on chain")
    .addPositionalArgument({ name: "folder", description: "Folder with manifest.json" })
    .addFlag({ name: "store", description: "Put its graph on chain; without it nothing is sent" })
    .setAction(lazily(async () => (await import("./hub/lower.ts")).lower))
    .build(),
  command(["hub", "prove-setup"], "Make the keys that results of an exact model are proved and checked with")
    .addPositionalArgument({ name: "folder", description: "Folder with manifest.json" })
    .addOption(optional("out", "Where circuit and keys go; `keys` in the folder by default"))
    .addOption(
      optional(
        "powers",
        "Powers of tau (.ptau, prepared for phase 2); local ones by default, worthless elsewhere",
      ),
    )
    .addOption(optional("powersDigest", "sha256 that the powers must have, 32 bytes in hexadecimal"))
    .addOption(
      optional("ceremony", "Proving key (.zkey) that a ceremony made, to take instead of making one"),
    )
    .addOption(
      optional(
        "system",
        "groth16 (the default), or plonk: keys without a secret of their own, slower to prove with",
      ),
    )
    .setAction(lazily(async () => (await import("./hub/proveSetup.ts")).proveSetup))
    .build(),
  command(["hub", "admit-key"], "Have the verifier take the key of a release in mode ZK, once it is stored")
    .addPositionalArgument({
      name: "release",
      description: "Id, publisher/name@version, name, or content:<id>",
    })
    .setAction(lazily(async () => (await import("./hub/admitKey.ts")).admitKeyOf))
    .build(),
  command(
    ["hub", "confirm-exact"],
    "Have a release count as exact whose graph was stored after it was published",
  )
    .addPositionalArgument({
      name: "release",
      description: "Id, publisher/name@version, name, or content:<id>",
    })
    .setAction(lazily(async () => (await import("./hub/confirmExact.ts")).confirmExact))
    .build(),
  command(["hub", "deliver"], "Put an exact model on chain to be evaluated there, with no operator")
    .addPositionalArgument({ name: "folder", description: "Folder with manifest.json" })
    .addOption(
      optional("onChain", "machine: on the machine, from blobs; contract (the default): as code of its own"),
    )
    .addOption(
      optional("out", "Where the contract's Solidity goes, for review; by default the model's folder"),
    )
    .addFlag({ name: "dry", description: "Write and check the contract only; nothing is sent" })
    .setAction(lazily(async () => (await import("./hub/deliver.ts")).deliver))
    .build(),
  command(
    ["hub", "check-contract"],
    "Write a model's contract again and say whether what is on chain is that, bit for bit",
  )
    .addPositionalArgument({ name: "folder", description: "Folder with manifest.json and the model" })
    .addOption(optional("address", "Contract to compare; by default where the model's own is"))
    .addOption(optional("release", "Release that has to commit to the same graph"))
    .setAction(lazily(async () => (await import("./hub/checkContract.ts")).checkContract))
    .build(),
  command(["hub", "quantize"], "Turn a float model into an exact one, and say what that costs in accuracy")
    .addPositionalArgument({ name: "model", description: "The float model, an .onnx file" })
    .addOption(
      optional("calibration", "JSON list of inputs, each as `inference request --input` takes them (needed)"),
    )
    .addOption(optional("out", "Folder for model.onnx, quantization.json and manifest.json (needed)"))
    .addOption(optional("check", "JSON list of inputs to measure the errors on; by default the calibration"))
    .addOption(
      optional(
        "inputs",
        "Encodings of inputs, <name>:<uint8|int32>:<integer that stands for 1>, with commas",
      ),
    )
    .addOption(optional("perOne", "Integer that stands for 1 in the outputs; 1000000 by default"))
    .addOption(optional("manifest", "Manifest of the float model, to make the exact one's from"))
    .addOption(optional("name", "Name of the exact model in its manifest; by default the float's"))
    .setAction(lazily(async () => (await import("./hub/quantize.ts")).quantizeModel))
    .build(),
  command(
    ["hub", "register-schema"],
    "Let contracts of the published interface (SolidML) call a release; anyone may, once",
  )
    .addPositionalArgument({
      name: "release",
      description: "Id, publisher/name@version, name, or content:<id>",
    })
    .setAction(lazily(async () => (await import("./hub/registerSchema.ts")).registerSchema))
    .build(),
  command(["hub", "show"], "Show a release")
    .addPositionalArgument({
      name: "release",
      description: "Id, publisher/name@version, name, or content:<id>",
    })
    .setAction(lazily(async () => (await import("./hub/show.ts")).show))
    .build(),
  command(["hub", "list"], "List releases")
    .addOption(optional("publisher", "Only models created by this address"))
    .addOption(optional("name", "Only models of this name"))
    .setAction(lazily(async () => (await import("./hub/list.ts")).list))
    .build(),
  command(
    ["hub", "set-status"],
    "Move a release along: experimental, stable, deprecated; or yank it, for good",
  )
    .addPositionalArgument({
      name: "release",
      description: "Id, publisher/name@version, name, or content:<id>",
    })
    .addPositionalArgument({ name: "status", description: "stable, deprecated or yanked" })
    .addFlag({ name: "yes", description: "Do not ask" })
    .setAction(lazily(async () => (await import("./hub/setStatus.ts")).setStatus))
    .build(),
];
