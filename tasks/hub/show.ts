import { formatOpg } from "@opg-network/sdk/opg";
import type { TensorSpec } from "@opg-network/sdk/schema";
import { modeNames } from "../arguments.ts";
import { assuranceOf } from "../assurance.ts";
import { type Release, readRelease, resolveRelease } from "../release.ts";
import { fields, isoTime, type Report } from "../report.ts";
import type { Session } from "../session.ts";

export interface ShowArguments {
  release: string;
}

export async function show({ release: reference }: ShowArguments, session: Session): Promise<Report> {
  const release = await readRelease(session, await resolveRelease(session, reference));
  const { operators } = await session.readOnly();
  const offers = Number(await operators.offeringCount(release.id));
  return {
    lines: fields([
      ["release", release.id],
      ["name", `${release.name} ${release.version}`],
      ["publisher", release.publisher],
      ["status", `${release.status} since ${isoTime(release.statusSince)}`],
      ["royalty", `${formatOpg(release.royalty)} OPG an inference`],
      ["minimum stake", `${formatOpg(release.minStake)} OPG`],
      ["modes", modeNames(release.modes).join(", ")],
      ["arithmetic", assuranceOf(release)],
      ["graph root", release.graphRoot],
      ...release.inputs.map((spec) => ["input", describe(spec)] as const),
      ...release.outputs.map((spec) => ["output", describe(spec)] as const),
      ...release.files.map(
        ({ path, size, sha256, uri }) =>
          ["file", `${path}, ${size} bytes, sha256 ${sha256}, ${uri}`] as const,
      ),
      ...release.contributors.map(
        ({ account, bps }) => ["contributor", `${account}, ${bps / 100} % of the royalty`] as const,
      ),
      ["offers", String(offers)],
    ]),
    value: { ...contentOf(release), offers },
  };
}

function describe({ name, dtype, shape }: TensorSpec): string {
  return `${name}: ${dtype} [${shape.map((size) => (size === -1 ? "?" : size)).join(", ")}]`;
}

function contentOf(release: Release) {
  const { id, encoded: _, statusSince, royalty, minStake, modes, entry, ...rest } = release;
  return {
    release: id,
    ...rest,
    graphRoot: release.graphRoot ?? null,
    statusSince: isoTime(statusSince),
    royalty: formatOpg(royalty),
    minStake: formatOpg(minStake),
    modes: modeNames(modes),
    entry: release.files[entry]?.path,
  };
}
