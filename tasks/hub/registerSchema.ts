import { DTYPES } from "@opg-network/sdk/dtype";
import type { TensorSpec } from "@opg-network/sdk/schema";
import { modelIdOf, readRelease, resolveRelease, titleOf } from "../release.ts";
import { fields, type Report } from "../report.ts";
import type { Session } from "../session.ts";
import { send } from "../transaction.ts";

/** Makes a release callable through `SolidML`. Anyone may; the hub's hash of the schema decides. */
export async function registerSchema(args: { release: string }, session: Session): Promise<Report> {
  const release = await readRelease(session, await resolveRelease(session, args.release));
  const { solidML } = await session.contracts();
  const title = titleOf(release);
  // The id of a model that was taken over is still made of its first publisher.
  const isOwn = modelIdOf(release.publisher, release.name) === release.model;
  const modelCID = isOwn
    ? `${release.publisher.toLowerCase()}/${release.name}@${release.version}`
    : undefined;
  const isNew = !(await solidML.isRegistered(release.id));
  if (!isNew) session.say(`The schema of ${title} is registered already`);
  else session.say(`Registering the schema of ${title} with SolidML`);
  const receipt = isNew
    ? await send(() =>
        solidML.registerSchema(release.id, release.inputs.map(specOf), release.outputs.map(specOf)),
      )
    : undefined;
  return {
    lines: [
      `${title} can be called through SolidML`,
      ...fields([
        ["modelCID", modelCID],
        ["transaction", receipt?.hash],
        ["gas", receipt && String(receipt.gasUsed)],
      ]),
    ],
    value: {
      release: release.id,
      modelCID: modelCID ?? null,
      transaction: receipt?.hash ?? null,
      gas: receipt === undefined ? 0 : Number(receipt.gasUsed),
    },
  };
}

function specOf({ name, dtype, shape }: TensorSpec) {
  return { name, dtype: DTYPES[dtype].number, shape: [...shape] };
}
