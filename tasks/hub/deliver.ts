import path from "node:path";
import { readManifest } from "@opg-network/sdk/manifest";
import { dataLength } from "ethers";
import { CommandError } from "../commandError.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { checkModel } from "./checkModel.ts";
import { loweredModel } from "./loweredModel.ts";
import { addressOf, deliverModel, plannedDelivery, writeSource } from "./onChainModel.ts";

export interface DeliverArguments {
  folder: string;
  onChain: string | undefined;
  out: string | undefined;
  dry: boolean;
}

/** Evaluation on chain for an exact model, whether or not it is published. */
export async function deliver(args: DeliverArguments, session: Session): Promise<Report> {
  const manifest = await readManifest(path.join(args.folder, "manifest.json"));
  await checkModel(args.folder, manifest);
  const graph = await loweredModel(args.folder, manifest);
  const delivery = await plannedDelivery(args.onChain ?? "contract", manifest, graph, session);
  if (delivery === undefined) {
    throw new CommandError("arguments-conflict", {
      problem: "with --on-chain none there is nothing to deliver",
    });
  }
  const source =
    delivery.kind === "contract" ? await writeSource(delivery, args.out ?? args.folder) : undefined;
  const address = await addressOf(delivery, session);
  const delivered = args.dry ? undefined : await deliverModel(delivery, session);
  const bytes = delivery.kind === "contract" ? dataLength(delivery.code.runtimeCode) : undefined;
  return {
    lines: [
      args.dry ? `${manifest.name} would be at ${address}` : `${manifest.name} is evaluated at ${address}`,
      ...fields([
        ["graph root", delivery.graph.graphRoot],
        ["source", source],
        ["code", bytes === undefined ? undefined : `${bytes} bytes`],
        ["evaluation", delivered === undefined ? undefined : `${delivered.evaluation} gas as a transaction`],
        ["gas", delivered === undefined ? undefined : String(delivered.gas)],
      ]),
    ],
    value: {
      address,
      onChain: delivery.kind,
      graphRoot: delivery.graph.graphRoot,
      source: source ?? null,
      codeBytes: bytes ?? null,
      evaluationGas: delivered === undefined ? null : Number(delivered.evaluation),
      gas: delivered === undefined ? null : Number(delivered.gas),
    },
  };
}
