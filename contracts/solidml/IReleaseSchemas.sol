// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TensorSpec} from "../interfaces/IModelHub.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @title The schemas that `SolidML` converts by
/// @notice The hub keeps the hash of a release's schema; whoever wants to use the release through `SolidML` brings the
/// schema itself, once.
interface IReleaseSchemas {
    event SchemaRegistered(ReleaseId indexed release, bytes32 indexed schemaHash);

    /// @notice The schema brought is not that of the release.
    error SchemaMismatch(ReleaseId release, bytes32 schemaHash, bytes32 expected);
    /// Nobody has registered it; anyone may.
    error SchemaNotRegistered(ReleaseId release);
    /// It begins with `0x<publisher>/`, and no name and version follow.
    error ModelVersionInvalid(string modelId);
    /// @notice No such mode exists.
    error ModeUnknown(uint8 mode);
    /// @notice The call brings no tensor of this name, which the model needs.
    error ModelInputMissing(string name);
    /// The model has no such input, or it was given already.
    error ModelInputUnknown(string name);

    /// @notice Registers the schema of a release, checked against the hub's hash. Anyone may; a release registered
    /// already stays as it is. Emits `SchemaRegistered`.
    /// @dev Releases of one schema share its storage, so the second costs a fraction of the first.
    function registerSchema(ReleaseId release, TensorSpec[] calldata inputs, TensorSpec[] calldata outputs) external;

    /// @notice The registered schema.
    function schemaOf(
        ReleaseId release
    ) external view returns (TensorSpec[] memory inputs, TensorSpec[] memory outputs);

    function isRegistered(ReleaseId release) external view returns (bool);

    /// @notice The release that a `modelCID` stands for.
    /// @param modelId a content id that the hub knows, or `0x<publisher>/<name>@v<major>.<minor>`: 40 hex digits, then
    /// the version as the hub counts it, `v` optional, minor with two digits
    function releaseOf(string calldata modelId) external view returns (ReleaseId);
}
