// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

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

/// @notice How the keys of a release's ZK circuit were made, weakest first.
enum KeyOrigin {
    None,
    Single,
    Ceremony,
    Universal
}

/// @notice One artifact of a release.
struct ModelFile {
    /// Relative path inside the release, `/`-separated, no empty, `.` or `..` parts.
    string path;
    /// Bytes.
    uint64 size;
    bytes32 sha256Digest;
    /// Where it can be fetched; what arrives is checked against size and digest.
    string uri;
}

/// @notice One input or output of the model.
struct TensorSpec {
    string name;
    /// ONNX `TensorProto.DataType`.
    uint8 dtype;
    /// −1 = dynamic.
    int32[] shape;
}

/// @notice Somebody whose data or upstream model the release rests on.
struct Contributor {
    address account;
    /// Share of the royalty in basis points.
    uint16 bps;
}

/// @notice What makes a release's exact arithmetic and its ZK circuit checkable; zero where it has none.
struct ExactCommitment {
    /// Root of the lowered graph.
    bytes32 graphRoot;
    /// Version of the lowering that produced it.
    uint16 loweringVersion;
    address zkVerifier;
    bytes32 zkKeyDigest;
    KeyOrigin zkKeyOrigin;
}

/// @notice All that a publisher declares about a release. Emitted whole; the contract keeps its hash.
struct ReleaseContent {
    /// Index into `files` of the `.onnx` file that a node loads.
    uint8 entry;
    ModelFile[] files;
    TensorSpec[] inputs;
    TensorSpec[] outputs;
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
    bytes32 contentHash;
    bytes32 schemaHash;
    /// keccak256(abi.encode(contributors)); zero when there are none.
    bytes32 contributorsHash;
}

/// @title The registry of models and their releases
/// @notice Names are scoped by publisher. A release is immutable and bound to its content; what can change is its
/// status and the owner of its model.
/// @dev Assumptions: a release's content is checked by whoever loads it (digests), not by this contract; re-publishing
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
    event ContentCommitted(bytes32 indexed commitment);
    event ContentBound(ReleaseId indexed release, bytes32 indexed contentIdHash, string contentId);

    /// Names are 1 to 64 of `a-z 0-9 - _ .`, beginning and ending with a letter or digit.
    error ModelNameInvalid(string name);
    error ModelExists(ModelId model);
    error ModelUnknown(ModelId model);
    error NotPublisher(ModelId model, address caller);
    error NotHeir(ModelId model, address caller);
    error ReleaseUnknown(ReleaseId release);
    error ReleaseYanked(ReleaseId release, uint40 since);
    error ReleaseStatusEdgeInvalid(ReleaseId release, ReleaseStatus from, ReleaseStatus to);
    /// A release whose schema differs from its predecessor's must be a major one.
    error SchemaChanged(ModelId model, bytes32 previousSchemaHash, bytes32 schemaHash);
    error VersionExhausted(ModelId model, uint16 major, uint16 minor);
    error ReleaseFilesInvalid(uint256 index);
    error ReleaseSchemaInvalid(uint256 index);
    error ReleaseModesInvalid(uint8 modes);
    error ContributorsInvalid(uint256 totalBps, uint256 count);
    error ContributorsMismatch(ReleaseId release);
    error ExactCommitmentMissing();
    error ContentIdInvalid(string contentId);
    error ContentIdTaken(string contentId, ReleaseId release);
    error ContentNotCommitted(bytes32 commitment);
    error ContentCommitmentTooYoung(bytes32 commitment, uint256 usableAt);
    error ContentIdUnknown(string contentId);
    error NoStableRelease(ModelId model, uint16 major);

    /// @notice Creates a model owned by the caller.
    function createModel(string calldata name) external returns (ModelId model);

    /// @notice Offers the model to `heir` (zero takes an offer back). Nothing moves until the heir accepts.
    function offerOwnership(ModelId model, address heir) external;

    /// @notice Takes over a model that was offered to the caller; royalties not yet claimed go to the new owner.
    function acceptOwnership(ModelId model) external;

    /// @notice Publishes the next release: the next minor of the latest major, or the next major.
    /// @dev Versions: first v1.00, then by `isMajor`. Terms: `royalty` and `minStake` whole grains. `contentId`: empty
    /// binds nothing; else see `commitContent`.
    /// @param isMajor required when inputs or outputs differ from the release before
    /// @param contentId id under which callers that know only the artifact find this release; "" for none
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
    /// seconds later `publish` may bind it. A front-runner who learns the id from that publication has no commitment
    /// of that age, so nobody earns royalties by front-running one.
    /// @param commitment keccak256(abi.encode(publisher, contentId, salt))
    function commitContent(bytes32 commitment) external;

    /// @notice Moves a release along its life-cycle. A yank acts at once on channels and after
    /// `YANK_DELAY` on consumers that pinned the release; it never touches what is in flight.
    function setStatus(ReleaseId release, ReleaseStatus status) external;

    /// @notice The terms of a release that new use may begin with; reverts where it may not (unknown, or yanked
    /// longer than `YANK_DELAY` ago).
    function usableTerms(ReleaseId release) external view returns (ReleaseTerms memory);

    /// @notice The terms of any release, whatever its status; reverts when unknown.
    function termsOf(ReleaseId release) external view returns (ReleaseTerms memory);

    function recordOf(ReleaseId release) external view returns (ReleaseRecord memory);

    /// @notice True when the release is declared exact and all that a dispute needs is on chain.
    function isExact(ReleaseId release) external view returns (bool);

    /// @notice The newest release of a major version that has been `Stable` for `STABLE_DELAY`, still is, and is not
    /// yanked. For consumers that follow a channel; pinning an exact release is safer.
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
}
