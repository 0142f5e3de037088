// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CompactTerms} from "../types/CompactTerms.sol";
import {IExactMachine} from "./IExactMachine.sol";
import {KeyOrigin} from "../types/KeyOrigin.sol";
import {ModelId} from "../types/ModelId.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @notice `Experimental → Stable → Deprecated`; any of them → `Yanked`, which is final.
enum ReleaseStatus {
    None,
    Experimental,
    Stable,
    Deprecated,
    Yanked
}

/// @notice Whether the same input gives the same bits on every machine.
enum Arithmetic {
    Approximate,
    Exact
}

/// @notice One artifact of a release.
struct ModelFile {
    /// Relative path inside the release, at most 256 bytes, `/`-separated, no empty, `.` or `..` parts, no backslash.
    string path;
    /// Bytes; not zero.
    uint64 size;
    /// Not zero.
    bytes32 sha256Digest;
    /// Where it can be fetched, at most 512 bytes; what arrives is checked against size and digest.
    string uri;
}

/// @notice One input or output of the model.
struct TensorSpec {
    /// 1 to 128 bytes.
    string name;
    /// ONNX `TensorProto.DataType`, 1 to 16 without strings (8) and complex numbers (14, 15).
    uint8 dtype;
    /// At most 8 dimensions, each positive or −1 = dynamic.
    int32[] shape;
}

/// @notice Somebody whose data or upstream model the release rests on.
struct Contributor {
    address account;
    /// Share of the royalty in basis points.
    uint16 bps;
}

/// @notice What makes a release's exact arithmetic and its ZK circuit checkable. The first two fields are non-zero
/// exactly when the release is declared exact, the others exactly when its modes include ZK.
struct ExactCommitment {
    /// Root of the lowered graph.
    bytes32 graphRoot;
    /// Version of the lowering that produced it, from 1.
    uint16 loweringVersion;
    address zkVerifier;
    bytes32 zkKeyDigest;
    KeyOrigin zkKeyOrigin;
}

/// @notice What a publisher declares about a release beside its terms. Emitted whole, and committed to by the
/// release's id. All text is printable ASCII (0x20 to 0x7e).
struct ReleaseContent {
    /// Index into `files` of the `.onnx` file that a node loads.
    uint8 entry;
    /// 1 to 16, paths unique.
    ModelFile[] files;
    /// 1 to 64, names unique, in the order of the encoding.
    TensorSpec[] inputs;
    /// 1 to 64, names unique, in the order of the encoding.
    TensorSpec[] outputs;
    /// At most 16, accounts unique, together at most 10,000 basis points; what is left goes to the publisher.
    Contributor[] contributors;
    Arithmetic arithmetic;
    ExactCommitment exact;
}

/// @notice The terms that money depends on. Immutable but for `status` and `statusSince`.
struct ReleaseTerms {
    /// Token wei per inference, to the publisher and contributors. A whole number of grains.
    uint256 royalty;
    /// Token wei an operator must have at stake to answer. A whole number of grains.
    uint256 minStake;
    /// Set of modes (`types/Mode.sol`).
    uint8 modes;
    ReleaseStatus status;
    /// Timestamp of the last change of status.
    uint40 statusSince;
}

/// @notice Where a release stands in the hub.
struct ReleaseRecord {
    ModelId model;
    uint16 major;
    uint16 minor;
    /// Block of the `ReleasePublished` event, so that a reader fetches the content without a scan.
    uint40 publishedBlock;
    Arithmetic arithmetic;
    /// keccak256(abi.encode(inputs, outputs)); the same for all releases of a major version.
    bytes32 schemaHash;
    /// keccak256(abi.encode(contributors)); zero when there are none.
    bytes32 contributorsHash;
}

/// @title The registry of models and their releases
/// @notice Names are scoped by publisher. A release is immutable and bound to its content; what can change is its
/// status and the owner of its model. No account has any power over the models of others.
/// @dev A release's id is `releaseIdOf(model, major, minor, contentHash)` with `contentHash` = keccak256 of the data of
/// its `ReleasePublished` event, so whoever has the id can check the log that any RPC node hands out.
/// Assumptions: a release's content is checked by whoever loads it (digests), not by this contract; re-publishing
/// a copy of somebody's model under another name cannot be prevented.
interface IModelHub {
    event ModelCreated(ModelId indexed model, address indexed publisher, string name);
    event OwnershipOffered(ModelId indexed model, address indexed publisher, address indexed heir);
    event OwnershipMoved(ModelId indexed model, address indexed from, address indexed to);
    event ReleasePublished(
        ReleaseId indexed release,
        ModelId indexed model,
        uint16 major,
        uint16 minor,
        uint256 royalty,
        uint256 minStake,
        uint8 modes,
        ReleaseContent content
    );
    event ReleaseStatusSet(ReleaseId indexed release, ReleaseStatus from, ReleaseStatus to);
    /// Results that can only have been signed after `exactFrom` are measured by exact arithmetic.
    event ReleaseConfirmedExact(ReleaseId indexed release, bytes32 indexed graphRoot, uint40 exactFrom);
    event ContentCommitted(bytes32 indexed commitment);
    event ContentBound(ReleaseId indexed release, bytes32 indexed contentIdHash, string contentId);

    /// Names are 1 to 64 of `a-z 0-9 - _ .`, beginning and ending with a letter or digit.
    error ModelNameInvalid(string name);
    /// @notice The publisher has a model of this name.
    error ModelExists(ModelId model);
    /// @notice There is no such model.
    error ModelUnknown(ModelId model);
    /// @notice Only the publisher of the model may do this.
    error NotPublisher(ModelId model, address caller);
    /// @notice The model was not offered to the caller.
    error NotHeir(ModelId model, address caller);
    /// @notice The model is offered to this account already.
    error HeirUnchanged(ModelId model, address heir);
    /// @notice There is no such release.
    error ReleaseUnknown(ReleaseId release);
    /// `since` is when it was yanked.
    error ReleaseYanked(ReleaseId release, uint40 since);
    /// @notice A release does not go from the one status to the other.
    error ReleaseStatusEdgeInvalid(ReleaseId release, ReleaseStatus from, ReleaseStatus to);
    /// A release whose schema differs from its predecessor's must be a major one.
    error SchemaChanged(ModelId model, bytes32 previousSchemaHash, bytes32 schemaHash);
    /// The version given is the last one possible: after v*.99 comes a major release, after v65535.* nothing.
    error VersionExhausted(ModelId model, uint16 major, uint16 minor);
    /// @notice The model has no release of this version.
    error VersionUnknown(ModelId model, uint16 major, uint16 minor);
    /// No files, too many, or the entry is not among them.
    error ReleaseFilesInvalid(uint256 count, uint256 entry);
    /// @notice A path is relative, of plain characters, and climbs nowhere.
    error FilePathInvalid(uint256 index, string path);
    /// @notice Two files of the release have this path.
    error FilePathRepeated(uint256 index, string path);
    /// Size or digest is zero.
    error FileDigestMissing(uint256 index, string path);
    /// @notice The address of a file is empty or longer than the maximum.
    error FileUriInvalid(uint256 index, string uri);
    /// No inputs, no outputs, or too many.
    error ReleaseSchemaInvalid(uint256 inputs, uint256 outputs);
    /// @notice A tensor has a name, a known type, and dimensions that are positive or -1.
    error TensorSpecInvalid(string name, uint8 dtype, int32[] shape);
    /// @notice Two tensors of the schema have this name.
    error TensorNameRepeated(string name);
    /// @notice A release allows at least one mode, and no unknown one.
    error ReleaseModesInvalid(uint8 modes);
    /// Too many contributors, or more than the whole royalty is given away.
    error ContributorsInvalid(uint256 totalBps, uint256 count);
    /// Account zero or repeated, or no share.
    error ContributorInvalid(uint256 index, address account, uint16 bps);
    /// @notice The contributors brought are not those that the release was published with.
    error ContributorsMismatch(ReleaseId release);
    /// An exact release lacks its graph, or an approximate one has one.
    error LoweringInvalid(Arithmetic arithmetic, bytes32 graphRoot, uint16 loweringVersion);
    /// An exact release has no dynamic shape, and inputs that always fit into a transaction; `encodedInput` is the
    /// length of their encoding, 0 where the shapes or types allow none.
    error ExactSchemaInvalid(uint256 encodedInput);
    /// @notice The release was not published as exact.
    error ExactNotDeclared(ReleaseId release);
    /// @notice The release is confirmed as exact.
    error ExactAlreadyConfirmed(ReleaseId release);
    /// @notice The graph of the release has not been confirmed as stored.
    error ExactNotConfirmed(ReleaseId release);
    /// @notice A blob of the graph or its weights is not on chain.
    error GraphNotStored(ReleaseId release, bytes32 graphRoot);
    /// @notice Running the graph could cost more gas than the maximum.
    error GraphTooCostly(ReleaseId release, uint256 gasBound, uint256 maximum);
    /// Mode ZK is declared without circuit, or a circuit without mode ZK.
    error ZkCommitmentInvalid(uint8 modes, address zkVerifier, bytes32 zkKeyDigest, KeyOrigin zkKeyOrigin);
    /// A query or request demands keys that are harder to forge with than the release's.
    error KeyOriginTooLow(ReleaseId release, KeyOrigin origin, KeyOrigin least);
    /// @notice A content id is not empty, not too long, and of plain characters.
    error ContentIdInvalid(string contentId);
    /// @notice The content id is bound to `release`.
    error ContentIdTaken(string contentId, ReleaseId release);
    /// @notice Nobody made this commitment, or another account did.
    error ContentNotCommitted(bytes32 commitment);
    /// @notice The commitment can be used from `usableAt` on.
    error ContentCommitmentTooYoung(bytes32 commitment, uint256 usableAt);
    /// @notice No release is bound to the content id.
    error ContentIdUnknown(string contentId);
    /// @notice None of the newest releases of this major version is stable.
    error NoStableRelease(ModelId model, uint16 major);

    /// @notice Creates a model owned by the caller.
    function createModel(string calldata name) external returns (ModelId model);

    /// @notice Offers the model to `heir` (zero takes an offer back). Nothing moves until the heir accepts.
    /// @dev The model's id and its name under its first publisher stay as they are.
    function offerOwnership(ModelId model, address heir) external;

    /// @notice Takes over a model that was offered to the caller; royalties not yet claimed go to the new owner.
    function acceptOwnership(ModelId model) external;

    /// @notice Publishes the next release: the next minor of the latest major, or the next major.
    /// @dev Versions: first v1.00, then by `isMajor`; minors end at `MAX_MINOR`. The status begins as `Experimental`.
    /// @param isMajor required when inputs or outputs differ from the release before
    /// @param royalty token wei per inference, a whole number of grains
    /// @param minStake token wei an operator must have at stake to answer, a whole number of grains
    /// @param modes set of modes (`types/Mode.sol`), at least one
    /// @param contentId id under which callers that know only the artifact find this release, 1 to 128 printable
    /// bytes; "" for none. Where it has the form of a raw-leaf CIDv1 (`bafkrei…`) it must be that of the entry file
    /// @param salt the salt of the commitment made before; ignored without `contentId`
    function publish(
        ModelId model,
        bool isMajor,
        ReleaseContent calldata content,
        uint256 royalty,
        uint256 minStake,
        uint8 modes,
        string calldata contentId,
        bytes32 salt
    ) external returns (ReleaseId release);

    /// @notice Announces, without revealing it, that the caller will bind a content id. At least `COMMIT_DELAY`
    /// seconds later `publish` may bind it, once. A front-runner who learns the id from that publication has no
    /// commitment of that age, so nobody earns royalties by front-running one.
    /// @dev Repeating a commitment changes nothing, so nobody can make another's younger.
    /// Warning: choose a random salt, else the id can be guessed from the commitment. Warning: a publication that fails
    /// on chain reveals the id; repeat it within `COMMIT_DELAY`.
    /// @param commitment keccak256(abi.encode(publisher, contentId, salt)), `publisher` being who will call `publish`
    function commitContent(bytes32 commitment) external;

    /// @notice Makes a release that was declared exact count as exact, once its graph and weights are stored. Anyone.
    /// @dev `publish` does the same at once where they are stored before. Later it takes effect after `EXACT_DELAY`, so
    /// that nothing is measured by it that was signed while the release counted as approximate.
    function confirmExact(ReleaseId release) external;

    /// @notice Moves a release one step along its life-cycle, or yanks it. A release declared exact becomes `Stable`
    /// only once it is confirmed. A yank acts at once on channels and after
    /// `YANK_DELAY` on consumers that pinned the release; it never touches what is in flight.
    function setStatus(ReleaseId release, ReleaseStatus status) external;

    /// @notice The terms of a release that new use may begin with; reverts where it may not (unknown, or yanked
    /// longer than `YANK_DELAY` ago).
    function usableTerms(ReleaseId release) external view returns (ReleaseTerms memory);

    /// @notice The same as one word, for those who pay for gas.
    /// @dev The compiler looks for a selector from the lowest on, 22 gas a step: this name has the second lowest.
    function usableTermsCompact(ReleaseId release) external view returns (CompactTerms);

    /// @notice The terms of any release, whatever its status; reverts when unknown.
    function termsOf(ReleaseId release) external view returns (ReleaseTerms memory);

    function recordOf(ReleaseId release) external view returns (ReleaseRecord memory);

    /// @notice The contributors' hash alone (see `ReleaseRecord`); zero when there are none.
    function contributorsHashOf(ReleaseId release) external view returns (bytes32);

    /// @notice What the release committed to at publication; zeros where it has no such part.
    function exactCommitmentOf(ReleaseId release) external view returns (ExactCommitment memory);

    /// @notice How the keys of the release's circuit were made; `None` without mode ZK. Any known release.
    /// @dev The name has the highest selector, so that no other function is found later for it.
    function proofKeyOriginOf(ReleaseId release) external view returns (KeyOrigin);

    /// @notice True when the release is declared exact, and all that a dispute needs was confirmed to be on chain.
    /// @dev Until then it counts as approximate everywhere, whatever it declares.
    function isExact(ReleaseId release) external view returns (bool);

    /// @notice What disputes measure results by; zeros until it is confirmed.
    /// @param release any known one
    /// @return graphRoot root of the lowered graph
    /// @return exactFrom timestamp; only results valid beyond it are measured
    function exactGraphOf(ReleaseId release) external view returns (bytes32 graphRoot, uint40 exactFrom);

    /// @notice The newest release of a major version that has been `Stable` for `STABLE_DELAY`, still is, and is not
    /// yanked. For consumers that follow a channel; pinning an exact release is safer.
    /// @dev Looks at the newest `CHANNEL_DEPTH` releases of that major version. Warning: it can move backwards, when
    /// the newest one is deprecated or yanked, and it reverts with `NoStableRelease` when none is left.
    function latestStable(ModelId model, uint16 major) external view returns (ReleaseId);

    /// @notice The release of a model by version number.
    function releaseAt(ModelId model, uint16 major, uint16 minor) external view returns (ReleaseId);

    /// @notice The newest version number; (0, 0) when nothing was published.
    function latestVersion(ModelId model) external view returns (uint16 major, uint16 minor);

    /// @notice The release bound to a content id (CID or blob id). The first binding is permanent.
    /// @return release the release
    /// @return derived true when the id is the CIDv1 (raw leaf, sha2-256) of the entry file's digest, which the hub
    /// computed itself; false when the publisher declared it
    function releaseByContentId(string calldata contentId) external view returns (ReleaseId release, bool derived);

    function publisherOf(ModelId model) external view returns (address);
    function heirOf(ModelId model) external view returns (address);

    /// @notice The publisher that earns a release's royalty today.
    function royaltyRecipientOf(ReleaseId release) external view returns (address);

    function nameOf(ModelId model) external view returns (string memory);

    /// @notice Seconds for which a yanked release stays usable by those that pinned it.
    function YANK_DELAY() external view returns (uint256);

    /// @notice Seconds for which a release must have been `Stable` before a channel offers it.
    function STABLE_DELAY() external view returns (uint256);

    /// @notice Seconds between the commitment to a content id and its binding.
    function COMMIT_DELAY() external view returns (uint256);

    /// @notice The last minor version within a major one.
    function MAX_MINOR() external view returns (uint256);

    /// @notice Seconds from a late confirmation until it takes effect; as long as a result may be valid.
    function EXACT_DELAY() external view returns (uint40);

    /// @notice What an evaluation of an exact release may cost at most, gas.
    function MAX_EXACT_GAS() external view returns (uint256);

    /// @notice The machine that says what is stored and, in disputes, what is right.
    function MACHINE() external view returns (IExactMachine);

    /// @notice How many releases of a major version `latestStable` looks at.
    function CHANNEL_DEPTH() external view returns (uint256);
}
