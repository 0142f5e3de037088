// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IExactMachine} from "./interfaces/IExactMachine.sol";
import {
    Arithmetic,
    ExactCommitment,
    IModelHub,
    ReleaseContent,
    ReleaseRecord,
    ReleaseStatus,
    ReleaseTerms
} from "./interfaces/IModelHub.sol";
import {ContentIds} from "./libraries/ContentIds.sol";
import {HubText} from "./libraries/HubText.sol";
import {ReleaseRules} from "./libraries/ReleaseRules.sol";
import {CompactTerms} from "./types/CompactTerms.sol";
import {GRAIN, toGrains} from "./types/Grain.sol";
import {KeyOrigin} from "./types/KeyOrigin.sol";
import {Mode} from "./types/Mode.sol";
import {ModelId, modelIdOf} from "./types/ModelId.sol";
import {ReleaseId, releaseIdOf} from "./types/ReleaseId.sol";

/// @title ModelHub
/// @notice Owns models, releases, their status and the bindings of content ids. Each model is written by its publisher
/// alone; there is no other role. Asks the exact machine what is stored, once a release, and trusts it with that.
contract ModelHub is IModelHub {
    /// @inheritdoc IModelHub
    uint256 public constant YANK_DELAY = 7 days;
    /// @inheritdoc IModelHub
    uint256 public constant STABLE_DELAY = 3 days;
    /// @inheritdoc IModelHub
    uint256 public constant COMMIT_DELAY = 60 seconds;
    /// @inheritdoc IModelHub
    uint256 public constant MAX_MINOR = 99;
    /// @inheritdoc IModelHub
    uint256 public constant CHANNEL_DEPTH = 32;
    /// @inheritdoc IModelHub
    /// @dev The most that `Operators` admits as `maxValidity`.
    uint40 public constant EXACT_DELAY = 1 days;
    /// @inheritdoc IModelHub
    /// @dev Some eighty steps of a challenge, which ends within a day.
    uint256 public constant MAX_EXACT_GAS = 1_000_000_000;

    /// @inheritdoc IModelHub
    IExactMachine public immutable MACHINE;

    struct Model {
        address publisher;
        uint16 latestMajor;
        address heir;
        string name;
    }

    /// The releases of one major version, by minor.
    struct MajorVersion {
        bytes32 schemaHash;
        ReleaseId[] releases;
    }

    /// One slot: all that decides whether and at what price a release may be used, and where it was published.
    struct Standing {
        uint56 royaltyGrains;
        uint56 minStakeGrains;
        uint8 modes;
        ReleaseStatus status;
        uint40 statusSince;
        uint16 major;
        uint8 minor;
        uint32 publishedBlock;
        /// Timestamp, until 2106; 0 while approximate.
        uint32 exactFrom;
    }

    mapping(ModelId id => Model model) private _models;
    mapping(ModelId model => mapping(uint16 major => MajorVersion)) private _versions;
    mapping(ReleaseId release => Standing standing) private _standings;
    mapping(ReleaseId release => ModelId model) private _modelOf;
    mapping(ReleaseId release => bytes32 hash) private _contributorsHash;
    mapping(ReleaseId release => ExactCommitment exact) private _exactCommitment;
    mapping(bytes32 contentIdHash => ReleaseId release) private _bound;
    mapping(bytes32 commitment => uint256 timestamp) private _committedAt;

    constructor(IExactMachine machine) {
        MACHINE = machine;
    }

    /// @inheritdoc IModelHub
    function createModel(string calldata name) external returns (ModelId model) {
        model = modelIdOf(msg.sender, name);
        require(_models[model].publisher == address(0), ModelExists(model));
        require(HubText.isModelName(bytes(name)), ModelNameInvalid(name));

        _models[model].publisher = msg.sender;
        _models[model].name = name;
        emit ModelCreated(model, msg.sender, name);
    }

    /// @inheritdoc IModelHub
    function offerOwnership(ModelId model, address heir) external {
        _requirePublisher(model);
        require(_models[model].heir != heir, HeirUnchanged(model, heir));

        _models[model].heir = heir;
        emit OwnershipOffered(model, msg.sender, heir);
    }

    /// @inheritdoc IModelHub
    function acceptOwnership(ModelId model) external {
        address publisher = publisherOf(model);
        require(_models[model].heir == msg.sender, NotHeir(model, msg.sender));

        _models[model].publisher = msg.sender;
        _models[model].heir = address(0);
        emit OwnershipMoved(model, publisher, msg.sender);
    }

    /// @inheritdoc IModelHub
    function publish(
        ModelId model,
        bool isMajor,
        ReleaseContent calldata content,
        uint256 royalty,
        uint256 minStake,
        uint8 modes,
        string calldata contentId,
        bytes32 salt
    ) external returns (ReleaseId release) {
        _requirePublisher(model);
        ReleaseRules.requireValid(content, modes);
        bytes32 schemaHash = keccak256(abi.encode(content.inputs, content.outputs));
        (uint16 major, uint16 minor) = _nextVersion(model, isMajor, schemaHash);
        // The event's data, so that a log proves itself against the id.
        bytes memory published = abi.encode(major, minor, royalty, minStake, modes, content);
        release = releaseIdOf(model, major, minor, keccak256(published));

        if (minor == 0) {
            _models[model].latestMajor = major;
            _versions[model][major].schemaHash = schemaHash;
        }
        _versions[model][major].releases.push(release);
        _modelOf[release] = model;
        // toGrains bounds both amounts by the supply, 2^50 grains.
        _standings[release] = Standing({
            royaltyGrains: uint56(toGrains(royalty)),
            minStakeGrains: uint56(toGrains(minStake)),
            modes: modes,
            status: ReleaseStatus.Experimental,
            statusSince: uint40(block.timestamp),
            major: major,
            minor: uint8(minor),
            publishedBlock: uint32(block.number),
            exactFrom: 0
        });
        if (content.contributors.length != 0) _contributorsHash[release] = keccak256(abi.encode(content.contributors));
        if (content.arithmetic == Arithmetic.Exact || modes & Mode.ZK.bit() != 0) {
            _exactCommitment[release] = content.exact;
        }
        // Saves 5,300 gas over `emit`, which would encode the content again. Reads `published` alone, writes no memory.
        bytes32 topic = ReleasePublished.selector;
        assembly ("memory-safe") {
            log3(add(published, 32), mload(published), topic, release, model)
        }

        // Nothing was signed for a release before it had its id.
        if (content.arithmetic == Arithmetic.Exact && _isAffordable(content.exact.graphRoot)) {
            _confirm(release, content.exact.graphRoot, block.timestamp);
        }
        if (bytes(contentId).length != 0) {
            _bind(release, contentId, salt, content.files[content.entry].sha256Digest);
        }
    }

    /// @inheritdoc IModelHub
    function commitContent(bytes32 commitment) external {
        // The earliest stands: whoever copies a commitment out of the mempool must not make it younger.
        if (_committedAt[commitment] != 0) return;

        _committedAt[commitment] = block.timestamp;
        emit ContentCommitted(commitment);
    }

    /// @inheritdoc IModelHub
    function confirmExact(ReleaseId release) external {
        require(_standingOf(release).exactFrom == 0, ExactAlreadyConfirmed(release));
        bytes32 graphRoot = _exactCommitment[release].graphRoot;
        require(graphRoot != 0, ExactNotDeclared(release));
        require(MACHINE.isReady(graphRoot), GraphNotStored(release, graphRoot));
        uint256 gasBound = MACHINE.gasBoundOf(graphRoot);
        require(gasBound <= MAX_EXACT_GAS, GraphTooCostly(release, gasBound, MAX_EXACT_GAS));
        _confirm(release, graphRoot, block.timestamp + EXACT_DELAY);
    }

    /// @inheritdoc IModelHub
    function setStatus(ReleaseId release, ReleaseStatus status) external {
        Standing memory standing = _standingOf(release);
        ReleaseStatus from = standing.status;
        _requirePublisher(_modelOf[release]);
        require(_isEdge(from, status), ReleaseStatusEdgeInvalid(release, from, status));
        bool isConfirmed = standing.exactFrom != 0 || _exactCommitment[release].graphRoot == 0;
        require(status != ReleaseStatus.Stable || isConfirmed, ExactNotConfirmed(release));

        _standings[release].status = status;
        _standings[release].statusSince = uint40(block.timestamp);
        emit ReleaseStatusSet(release, from, status);
    }

    /// @inheritdoc IModelHub
    function usableTerms(ReleaseId release) external view returns (ReleaseTerms memory) {
        Standing memory standing = _standingOf(release);
        bool usable = standing.status != ReleaseStatus.Yanked || block.timestamp < standing.statusSince + YANK_DELAY;
        require(usable, ReleaseYanked(release, standing.statusSince));
        return _termsOf(standing);
    }

    /// @inheritdoc IModelHub
    function usableTermsCompact(ReleaseId release) external view returns (CompactTerms word) {
        Standing storage standing = _standings[release];
        // The struct fills one slot; reading it whole saves its readers the decoding of every field.
        assembly ("memory-safe") {
            word := sload(standing.slot)
        }
        uint8 status = word.status();
        require(status != uint8(ReleaseStatus.None), ReleaseUnknown(release));
        bool usable = status != uint8(ReleaseStatus.Yanked) || block.timestamp < word.statusSince() + YANK_DELAY;
        require(usable, ReleaseYanked(release, word.statusSince()));
    }

    /// @inheritdoc IModelHub
    function termsOf(ReleaseId release) external view returns (ReleaseTerms memory) {
        return _termsOf(_standingOf(release));
    }

    /// @inheritdoc IModelHub
    function recordOf(ReleaseId release) external view returns (ReleaseRecord memory) {
        Standing memory standing = _standingOf(release);
        ModelId model = _modelOf[release];
        return
            ReleaseRecord({
                model: model,
                major: standing.major,
                minor: standing.minor,
                publishedBlock: standing.publishedBlock,
                arithmetic: _exactCommitment[release].graphRoot == 0 ? Arithmetic.Approximate : Arithmetic.Exact,
                schemaHash: _versions[model][standing.major].schemaHash,
                contributorsHash: _contributorsHash[release]
            });
    }

    /// @inheritdoc IModelHub
    function contributorsHashOf(ReleaseId release) external view returns (bytes32) {
        _standingOf(release);
        return _contributorsHash[release];
    }

    /// @inheritdoc IModelHub
    function exactCommitmentOf(ReleaseId release) external view returns (ExactCommitment memory) {
        _standingOf(release);
        return _exactCommitment[release];
    }

    /// @inheritdoc IModelHub
    function proofKeyOriginOf(ReleaseId release) external view returns (KeyOrigin) {
        _standingOf(release);
        return _exactCommitment[release].zkKeyOrigin;
    }

    /// @inheritdoc IModelHub
    function isExact(ReleaseId release) external view returns (bool) {
        uint32 exactFrom = _standingOf(release).exactFrom;
        return exactFrom != 0 && block.timestamp >= exactFrom;
    }

    /// @inheritdoc IModelHub
    function exactGraphOf(ReleaseId release) external view returns (bytes32 graphRoot, uint40 exactFrom) {
        exactFrom = _standingOf(release).exactFrom;
        if (exactFrom != 0) graphRoot = _exactCommitment[release].graphRoot;
    }

    /// @inheritdoc IModelHub
    function latestStable(ModelId model, uint16 major) external view returns (ReleaseId) {
        ReleaseId[] storage releases = _versions[model][major].releases;
        uint256 count = releases.length;
        uint256 oldest = count > CHANNEL_DEPTH ? count - CHANNEL_DEPTH : 0;
        for (uint256 i = count; i > oldest; --i) {
            ReleaseId release = releases[i - 1];
            Standing storage standing = _standings[release];
            bool settled = block.timestamp >= standing.statusSince + STABLE_DELAY;
            if (standing.status == ReleaseStatus.Stable && settled) return release;
        }
        revert NoStableRelease(model, major);
    }

    /// @inheritdoc IModelHub
    function releaseAt(ModelId model, uint16 major, uint16 minor) external view returns (ReleaseId) {
        ReleaseId[] storage releases = _versions[model][major].releases;
        require(minor < releases.length, VersionUnknown(model, major, minor));
        return releases[minor];
    }

    /// @inheritdoc IModelHub
    function latestVersion(ModelId model) external view returns (uint16 major, uint16 minor) {
        _requireExists(model);
        major = _models[model].latestMajor;
        if (major != 0) minor = uint16(_versions[model][major].releases.length - 1);
    }

    /// @inheritdoc IModelHub
    function releaseByContentId(string calldata contentId) external view returns (ReleaseId release, bool derived) {
        release = _bound[keccak256(bytes(contentId))];
        require(ReleaseId.unwrap(release) != 0, ContentIdUnknown(contentId));
        // Nothing of this form was ever bound without being derived.
        derived = ContentIds.isRawLeaf(contentId);
    }

    /// @inheritdoc IModelHub
    function publisherOf(ModelId model) public view returns (address) {
        _requireExists(model);
        return _models[model].publisher;
    }

    /// @inheritdoc IModelHub
    function heirOf(ModelId model) external view returns (address) {
        _requireExists(model);
        return _models[model].heir;
    }

    /// @inheritdoc IModelHub
    function royaltyRecipientOf(ReleaseId release) external view returns (address) {
        _standingOf(release);
        return _models[_modelOf[release]].publisher;
    }

    /// @inheritdoc IModelHub
    function nameOf(ModelId model) external view returns (string memory) {
        _requireExists(model);
        return _models[model].name;
    }

    function _bind(ReleaseId release, string calldata contentId, bytes32 salt, bytes32 entryDigest) private {
        bytes32 contentIdHash = keccak256(bytes(contentId));
        ReleaseId holder = _bound[contentIdHash];
        require(ReleaseId.unwrap(holder) == 0, ContentIdTaken(contentId, holder));
        bytes32 commitment = keccak256(abi.encode(msg.sender, contentId, salt));
        uint256 committedAt = _committedAt[commitment];
        require(committedAt != 0, ContentNotCommitted(commitment));
        uint256 usableAt = committedAt + COMMIT_DELAY;
        require(block.timestamp >= usableAt, ContentCommitmentTooYoung(commitment, usableAt));
        require(ContentIds.fits(contentId, entryDigest), ContentIdInvalid(contentId));

        delete _committedAt[commitment];
        _bound[contentIdHash] = release;
        emit ContentBound(release, contentIdHash, contentId);
    }

    function _nextVersion(
        ModelId model,
        bool isMajor,
        bytes32 schemaHash
    ) private view returns (uint16 major, uint16 minor) {
        major = _models[model].latestMajor;
        if (major == 0) return (1, 0);
        MajorVersion storage latest = _versions[model][major];
        uint256 next = latest.releases.length;
        if (isMajor) {
            require(major != type(uint16).max, VersionExhausted(model, major, uint16(next - 1)));
            return (major + 1, 0);
        }
        require(latest.schemaHash == schemaHash, SchemaChanged(model, latest.schemaHash, schemaHash));
        require(next <= MAX_MINOR, VersionExhausted(model, major, uint16(next - 1)));
        minor = uint16(next);
    }

    function _requireExists(ModelId model) private view {
        require(_models[model].publisher != address(0), ModelUnknown(model));
    }

    function _requirePublisher(ModelId model) private view {
        _requireExists(model);
        require(_models[model].publisher == msg.sender, NotPublisher(model, msg.sender));
    }

    function _standingOf(ReleaseId release) private view returns (Standing memory standing) {
        standing = _standings[release];
        require(standing.status != ReleaseStatus.None, ReleaseUnknown(release));
    }

    function _termsOf(Standing memory standing) private pure returns (ReleaseTerms memory) {
        return
            ReleaseTerms({
                royalty: standing.royaltyGrains * GRAIN,
                minStake: standing.minStakeGrains * GRAIN,
                modes: standing.modes,
                status: standing.status,
                statusSince: standing.statusSince
            });
    }

    function _isAffordable(bytes32 graphRoot) private view returns (bool) {
        return MACHINE.isReady(graphRoot) && MACHINE.gasBoundOf(graphRoot) <= MAX_EXACT_GAS;
    }

    function _confirm(ReleaseId release, bytes32 graphRoot, uint256 exactFrom) private {
        _standings[release].exactFrom = uint32(exactFrom);
        emit ReleaseConfirmedExact(release, graphRoot, uint40(exactFrom));
    }

    function _isEdge(ReleaseStatus from, ReleaseStatus to) private pure returns (bool) {
        if (from == ReleaseStatus.Yanked) return false;
        if (to == ReleaseStatus.Yanked) return true;
        return
            (from == ReleaseStatus.Experimental && to == ReleaseStatus.Stable) ||
            (from == ReleaseStatus.Stable && to == ReleaseStatus.Deprecated);
    }
}
