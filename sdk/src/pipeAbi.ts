import { Interface } from "ethers";
import { INFERENCE_QUERY_TYPE } from "./inferenceQuery.ts";

// What the SDK calls, reads and decodes; a test holds every line to the compiled contracts.

const CALL_TYPE = "tuple(address target,uint256 value,bytes data)";
const CANDIDATE_TYPE =
  "tuple(uint32 operatorId,address signer,uint256 price,uint16 coverRateBps,uint256 stake,uint16 freeSlots,uint256 acceptBudget,uint40 endpointBlock)";
const STANDING_TYPE =
  "tuple(uint32 operatorId,uint56 stake,uint16 slots,uint16 slashCount,uint8 status,bool jailed,uint40 since,uint40 lastSlashAt,bool unbonding,uint16 era,uint8 coverPercent)";

export const PIPE_ABI = [
  "function preload(bytes results)",
  `function execute(bytes results, ${CALL_TYPE}[] calls) payable returns (bytes[])`,
  "function budgetOf(address payer, address consumer) view returns (tuple(uint256 balance,uint256 blockLimit))",
  "function balanceOf(address account) view returns (uint256)",
  "function executor() view returns (address)",
  "function HUB() view returns (address)",
  `error InferenceRequired(address account, address consumer, ${INFERENCE_QUERY_TYPE}[] queries)`,
  "error BudgetTooLow(address payer, address consumer, uint256 balance, uint256 required)",
  "error BlockLimitReached(address payer, address consumer, uint256 left, uint256 required)",
  "error BalanceTooLow(address account, uint256 balance, uint256 required)",
];

export const COVERAGE_ABI = [
  `function coverage(bytes32 release, uint8 mode, uint256 offset, uint256 limit) view returns (${CANDIDATE_TYPE}[] candidates, uint256 next)`,
];

export const OPERATORS_ABI = [
  "event EndpointSet(uint32 indexed operatorId, string endpoint)",
  `function standingOf(address signer) view returns (${STANDING_TYPE})`,
  "function domainSeparator() view returns (bytes32)",
  "function maxValidity() view returns (uint40)",
];

export const MODEL_HUB_ABI = [
  "function isExact(bytes32 release) view returns (bool)",
  "function proofKeyOriginOf(bytes32 release) view returns (uint8)",
  "function exactCommitmentOf(bytes32 release) view returns (tuple(bytes32 graphRoot,uint16 loweringVersion,address zkVerifier,bytes32 zkKeyDigest,uint8 zkKeyOrigin))",
];

export const EXACT_MACHINE_ABI = [
  "function evaluate(bytes32 graphRoot, bytes input) view returns (bytes output)",
];

export const ON_CHAIN_MODEL_ABI = [
  "function graphRoot() view returns (bytes32)",
  "function evaluate(bytes input) view returns (bytes output)",
];

/** ERC-7821, as OpenZeppelin's `ERC7821` implements it. */
export const BATCH_ACCOUNT_ABI = [
  "function execute(bytes32 mode, bytes executionData) payable",
  "function supportsExecutionMode(bytes32 mode) view returns (bool result)",
];

export const PIPE_INTERFACE: Interface = new Interface(PIPE_ABI);
export const BATCH_ACCOUNT_INTERFACE: Interface = new Interface(BATCH_ACCOUNT_ABI);
