import { firstBlockOf } from "@opg-network/sdk/deployment";
import { formatOpg } from "@opg-network/sdk/opg";
import { formatVersion } from "@opg-network/sdk/releaseVersion";
import { addressArgument } from "../arguments.ts";
import { arithmeticOf } from "../assurance.ts";
import { allEvents } from "../eventLogs.ts";
import { STATUS_NAMES } from "../release.ts";
import { type Report, table } from "../report.ts";
import type { Session } from "../session.ts";

export interface ListArguments {
  publisher: string | undefined;
  name: string | undefined;
}

export async function list({ publisher, name }: ListArguments, session: Session): Promise<Report> {
  const by = publisher === undefined ? undefined : addressArgument("--publisher", publisher);
  const { hub } = await session.readOnly();
  const from = firstBlockOf(await session.deployment());
  const created = await allEvents(hub, hub.filters.ModelCreated(undefined, by), from);
  const models = new Map(
    created
      .filter(({ args }) => name === undefined || args.name === name)
      .map(({ args }) => [args.model, args]),
  );
  const published = await allEvents(hub, hub.filters.ReleasePublished(), from);

  const releases = await Promise.all(
    published.flatMap(({ args }) => {
      const model = models.get(args.model);
      if (model === undefined) return [];
      return [
        Promise.all([hub.termsOf(args.release), hub.isExact(args.release)]).then(([terms, isExact]) => ({
          release: args.release,
          publisher: model.publisher,
          name: model.name,
          version: formatVersion({ major: Number(args.major), minor: Number(args.minor) }),
          status: STATUS_NAMES[Number(terms.status)] ?? "none",
          arithmetic: arithmeticOf({ isExact }),
          royalty: formatOpg(terms.royalty),
        })),
      ];
    }),
  );
  return {
    lines:
      releases.length === 0
        ? ["No releases"]
        : table(
            ["name", "version", "status", "arithmetic", "royalty", "publisher", "release"],
            releases.map((row) => [
              row.name,
              row.version,
              row.status,
              row.arithmetic,
              `${row.royalty} OPG`,
              row.publisher,
              row.release,
            ]),
          ),
    value: { releases },
  };
}
