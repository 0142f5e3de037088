import { formatEther, type ParamType, type Result } from "ethers";
import { ROLES } from "../../deploy/roles.ts";
import type { KnownContract } from "./knownContracts.ts";
import type { Call } from "./proposal.ts";

export interface DecodedArgument {
  name: string;
  type: string;
  /** Whole numbers as decimals, structs as objects. */
  value: Decoded;
}

export type Decoded = string | boolean | Decoded[] | { [name: string]: Decoded };

/** A call in the words of the contract that it goes to; `null` where these are not known. */
export interface DecodedCall {
  target: string;
  contract: string | null;
  function: string | null;
  arguments: DecodedArgument[] | null;
  /** Of the chain's coin. */
  value: string;
  data: string;
  /** What a call such as `AccessManager.schedule` carries. */
  inner: DecodedCall | null;
}

export function decodedCall({ target, value, data }: Call, contracts: readonly KnownContract[]): DecodedCall {
  const known = contracts.find(({ address }) => address === target);
  const raw = { target, contract: known?.name ?? null, value: formatEther(value), data };
  const parsed = parse(known, data);
  if (parsed === undefined) return { ...raw, function: null, arguments: null, inner: null };
  const [to, carried, coin = "0"] = ["target", "data", "value"].map(
    (part) => parsed.args.find(({ name }) => name === part)?.value,
  );
  return {
    ...raw,
    function: parsed.signature,
    arguments: parsed.args,
    inner:
      typeof to === "string" && typeof carried === "string"
        ? decodedCall({ target: to, value: BigInt(String(coin)), data: carried }, contracts)
        : null,
  };
}

/** One line; what is not known is called so. */
export function describeCall(call: DecodedCall, contracts: readonly KnownContract[]): string {
  const coin = call.value === "0.0" ? "" : ` with ${call.value} coin`;
  const who = call.contract ?? `unknown contract ${call.target}`;
  if (call.inner !== null) {
    const name = `${who}.${call.function?.split("(")[0] ?? ""}`;
    return `${name} of ${describeCall(call.inner, contracts)}${coin}`;
  }
  if (call.function === null || call.arguments === null) {
    const what = call.contract === null ? "data" : "none of its functions, data";
    return `${who}: ${what} ${call.data}${coin}`;
  }
  const args = call.arguments.map(({ name, type, value }) => {
    const text = textOf(value, type, contracts);
    return name === "" ? text : `${name}: ${text}`;
  });
  return `${who}.${call.function.split("(")[0]}(${args.join(", ")})${coin}`;
}

/** What an ABI cannot read, to the last argument, is not that function's, whatever its selector says. */
function parse(known: KnownContract | undefined, data: string) {
  try {
    const parsed = known?.abi.parseTransaction({ data });
    if (!parsed) return undefined;
    const args = parsed.fragment.inputs.map((type, i) => ({
      name: type.name,
      type: type.format("sighash"),
      value: plain(type, parsed.args[i]),
    }));
    return { signature: parsed.signature, args };
  } catch {
    return undefined;
  }
}

function plain(type: ParamType, value: unknown): Decoded {
  if (type.isArray()) return [...(value as Result)].map((item) => plain(type.arrayChildren, item));
  if (type.isTuple())
    return Object.fromEntries(
      type.components.map((component, i) => [
        component.name || String(i),
        plain(component, (value as Result)[i]),
      ]),
    );
  return typeof value === "boolean" ? value : String(value);
}

function textOf(value: Decoded, type: string, contracts: readonly KnownContract[]): string {
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value))
    return `[${value.map((item) => textOf(item, type.replace(/\[\d*\]$/, ""), contracts)).join(", ")}]`;
  if (typeof value === "object") {
    const parts = Object.entries(value).map(([name, part]) => `${name}: ${textOf(part, "", contracts)}`);
    return `{${parts.join(", ")}}`;
  }
  const name = contracts.find(({ address }) => address === value)?.name;
  if (name !== undefined) return `${value} = ${name}`;
  const role = type === "uint64" ? Object.entries(ROLES).find(([, id]) => String(id) === value) : undefined;
  if (role !== undefined) return `${value} = ${role[0]}`;
  return type === "string" ? JSON.stringify(value) : value;
}
