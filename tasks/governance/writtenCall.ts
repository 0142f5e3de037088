import { type FunctionFragment, getAddress, isAddress, isHexString, type ParamType } from "ethers";
import { ROLES } from "../../deploy/roles.ts";
import { CommandError } from "../commandError.ts";
import type { KnownContract } from "./knownContracts.ts";
import type { Call } from "./proposal.ts";

const NAMED = /^\s*(\w+)\.(\w+)\s*\((.*)\)\s*$/s;
const RAW = /^\s*(\w+):(0x[0-9a-fA-F]*)\s*$/;
/** What stands in quotes, or is a word or a number that may go without. */
const WORDS = /"(?:[^"\\]|\\.)*"|[\w.+-]+/g;

/**
 * A call as it is written: `Contract.function(arguments)` with a contract of the deployment, or `target:0xdata`. Arguments
 * are JSON whose words and numbers need no quotes; a contract's name stands for its address, a role's for its number.
 * Throws `call-invalid`.
 */
export function writtenCall(text: string, contracts: readonly KnownContract[]): Call {
  const named = NAMED.exec(text);
  if (named !== null) {
    const [, contract = "", fn = "", inner = ""] = named;
    return namedCall({ text, contract, fn, inner }, contracts);
  }
  const raw = RAW.exec(text);
  if (raw === null || !isHexString(raw[2], true))
    throw invalid(text, "write 'Contract.function(arguments)', or 'address:0xdata'");
  const [, target = "", data = ""] = raw;
  return { target: addressFrom(text, target, contracts), value: 0n, data };
}

interface Written {
  text: string;
  contract: string;
  fn: string;
  inner: string;
}

function namedCall({ text, contract, fn, inner }: Written, contracts: readonly KnownContract[]): Call {
  const known = contracts.find(({ name }) => name === contract);
  if (known === undefined)
    throw invalid(
      text,
      `the deployment has no contract ${contract}; it has ${contracts.map(({ name }) => name).join(", ")}`,
    );
  const values = valuesIn(text, inner);
  const fragment = functionOf(text, known, fn, values.length);
  const args = fragment.inputs.map((type, i) => resolved(text, type, values[i], contracts));
  try {
    return { target: known.address, value: 0n, data: known.abi.encodeFunctionData(fragment, args) };
  } catch (cause) {
    throw invalid(text, `its arguments are not those of ${fragment.format("full")}`, cause);
  }
}

function valuesIn(text: string, inner: string): unknown[] {
  const quoted = inner.replace(WORDS, (word) =>
    word.startsWith('"') || word === "true" || word === "false" ? word : JSON.stringify(word),
  );
  try {
    return JSON.parse(`[${quoted}]`) as unknown[];
  } catch (cause) {
    throw invalid(text, "its arguments are not JSON", cause);
  }
}

function functionOf(text: string, { name, abi }: KnownContract, fn: string, count: number): FunctionFragment {
  const functions: FunctionFragment[] = [];
  abi.forEachFunction((fragment) => {
    if (fragment.name === fn) functions.push(fragment);
  });
  if (functions.length === 0) throw invalid(text, `${name} has no function ${fn}`);
  const [fragment, another] = functions.filter(({ inputs }) => inputs.length === count);
  const all = functions.map((each) => each.format("full")).join(" and ");
  if (fragment === undefined) throw invalid(text, `${count} argument(s) are given to ${all}`);
  if (another !== undefined) throw invalid(text, `it could be ${all}; write it as address:0xdata`);
  if (fragment.constant) throw invalid(text, `${name}.${fn} only reads`);
  return fragment;
}

function resolved(
  text: string,
  type: ParamType,
  value: unknown,
  contracts: readonly KnownContract[],
): unknown {
  if (type.isArray()) {
    if (!Array.isArray(value)) throw invalid(text, `${label(type)} must be a list`);
    return value.map((item) => resolved(text, type.arrayChildren, item, contracts));
  }
  if (type.isTuple()) {
    return type.components.map((component, i) =>
      resolved(text, component, partOf(text, type, value, i), contracts),
    );
  }
  if (type.type === "bool") {
    if (typeof value !== "boolean") throw invalid(text, `${label(type)} must be true or false`);
    return value;
  }
  if (typeof value !== "string") throw invalid(text, `${label(type)} must be one value`);
  if (type.type === "address") return addressFrom(text, value, contracts);
  if (type.type === "uint64" && Object.hasOwn(ROLES, value)) return ROLES[value as keyof typeof ROLES];
  return value;
}

/** By name where the value is an object, by position where it is a list. */
function partOf(text: string, type: ParamType, value: unknown, position: number): unknown {
  const components = type.components ?? [];
  if (Array.isArray(value)) {
    if (value.length === components.length) return value[position];
  } else if (typeof value === "object" && value !== null) {
    const names = components.map(({ name }) => name);
    const given = Object.keys(value);
    if (given.length === names.length && names.every((name) => given.includes(name)))
      return (value as Record<string, unknown>)[names[position] ?? ""];
  }
  throw invalid(
    text,
    `${label(type)} must be {${components.map(({ name, type }) => `${name}: ${type}`).join(", ")}}`,
  );
}

function addressFrom(text: string, value: string, contracts: readonly KnownContract[]): string {
  const known = contracts.find(({ name }) => name === value);
  if (known !== undefined) return known.address;
  if (!isAddress(value)) throw invalid(text, `"${value}" is neither an address nor a contract's name`);
  return getAddress(value);
}

function label({ name, type }: ParamType): string {
  return name === "" ? type : `${name} (${type})`;
}

function invalid(call: string, problem: string, cause?: unknown): CommandError {
  return new CommandError("call-invalid", { call, problem }, cause);
}
