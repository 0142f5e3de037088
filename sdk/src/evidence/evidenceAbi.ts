import { EventFragment, Interface } from "ethers";

// What evidence is read from, and what it is brought to; a test holds every line to the compiled contracts.

const REQUEST_TYPE =
  "tuple(uint256 origin, uint256 price, uint256 times, bytes32 release, uint256 cover, bytes32 inputHash)";

export const REQUESTS_EVIDENCE_ABI = [
  `event RequestOpened(bytes32 indexed id, address indexed requester, bytes32 indexed release, ${REQUEST_TYPE} request, bytes input)`,
  "event ResultsSigned(address indexed signer, uint40 validUntil, bytes signature)",
  "event RequestFulfilled(bytes32 indexed id, uint32 indexed operatorId, uint256 paid, bytes output)",
  "event FulfilmentSkipped(bytes32 indexed id, bytes32 resultHash, bytes4 reason)",
];

export const PIPE_EVIDENCE_ABI = [
  "event ResultsLoaded(address indexed signer, address indexed payer, bytes bundle)",
  "event Inferred(address indexed consumer, bytes32 indexed release, bytes input)",
  "event Insured(address indexed consumer, bytes32 indexed release, address indexed beneficiary, uint256 amount, bytes input)",
];

/** First topics of the events, by name. */
export const EVIDENCE_TOPICS: Readonly<Record<string, string>> = Object.fromEntries(
  new Interface([...REQUESTS_EVIDENCE_ABI, ...PIPE_EVIDENCE_ABI]).fragments
    .filter((fragment) => EventFragment.isFragment(fragment))
    .map(({ name, topicHash }) => [name, topicHash]),
);
