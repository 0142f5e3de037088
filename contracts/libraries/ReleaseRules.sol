// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {
    Arithmetic,
    Contributor,
    ExactCommitment,
    IModelHub,
    KeyOrigin,
    ModelFile,
    ReleaseContent,
    TensorSpec
} from "../interfaces/IModelHub.sol";
import {ALL_MODES, Mode} from "../types/Mode.sol";
import {Dtype} from "../types/Dtype.sol";
import {HubText} from "./HubText.sol";

/// @title ReleaseRules
/// @notice What a publisher may declare about a release. Every list is bounded, so nothing here can grow without end.
library ReleaseRules {
    uint256 internal constant MAX_FILES = 16;
    uint256 internal constant MAX_URI_LENGTH = 512;
    uint256 internal constant MAX_TENSORS = 64;
    uint256 internal constant MAX_TENSOR_NAME_LENGTH = 128;
    uint256 internal constant MAX_RANK = 8;
    uint256 internal constant MAX_CONTRIBUTORS = 16;
    uint256 internal constant MAX_CONTRIBUTOR_BPS = 10_000;

    /// Bytes of the encoded input of an exact release.
    uint256 internal constant MAX_EXACT_INPUT = 16_384;
    uint256 private constant MAX_TENSOR_BYTES = 1 << 32;

    /// Integers and bool.
    uint256 private constant EXACT_DTYPES = 0x32fc;
    uint8 private constant MAX_DTYPE = 16;
    /// Undefined (0), string (8), complex64 (14), complex128 (15): no fixed-width number that the codec could carry.
    uint256 private constant REFUSED_DTYPES = (1 << 0) | (1 << 8) | (1 << 14) | (1 << 15);

    /// @notice Reverts with the first rule that content and modes break.
    function requireValid(ReleaseContent calldata content, uint8 modes) internal pure {
        _requireFiles(content.files, content.entry);
        uint256 inputs = content.inputs.length;
        uint256 outputs = content.outputs.length;
        bool counted = inputs != 0 && inputs <= MAX_TENSORS && outputs != 0 && outputs <= MAX_TENSORS;
        require(counted, IModelHub.ReleaseSchemaInvalid(inputs, outputs));
        _requireTensors(content.inputs);
        _requireTensors(content.outputs);
        _requireContributors(content.contributors);
        require(modes != 0 && modes <= ALL_MODES, IModelHub.ReleaseModesInvalid(modes));
        if (content.arithmetic == Arithmetic.Exact) _requireStatic(content.inputs, content.outputs);
        _requireCommitments(content.exact, content.arithmetic, modes);
    }

    function _requireFiles(ModelFile[] calldata files, uint256 entry) private pure {
        uint256 count = files.length;
        require(entry < count && count <= MAX_FILES, IModelHub.ReleaseFilesInvalid(count, entry));
        bytes32[] memory seen = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            ModelFile calldata file = files[i];
            bytes calldata path = bytes(file.path);
            require(HubText.isRelativePath(path), IModelHub.FilePathInvalid(i, file.path));
            require(_isNew(seen, i, keccak256(path)), IModelHub.FilePathRepeated(i, file.path));
            require(file.size != 0 && file.sha256Digest != 0, IModelHub.FileDigestMissing(i, file.path));
            bytes calldata uri = bytes(file.uri);
            bool locates = uri.length <= MAX_URI_LENGTH && HubText.isPrintable(uri);
            require(locates, IModelHub.FileUriInvalid(i, file.uri));
        }
    }

    function _requireTensors(TensorSpec[] calldata tensors) private pure {
        bytes32[] memory seen = new bytes32[](tensors.length);
        for (uint256 i; i < tensors.length; ++i) {
            TensorSpec calldata tensor = tensors[i];
            require(_isTensor(tensor), IModelHub.TensorSpecInvalid(tensor.name, tensor.dtype, tensor.shape));
            bytes32 nameHash = keccak256(bytes(tensor.name));
            require(_isNew(seen, i, nameHash), IModelHub.TensorNameRepeated(tensor.name));
        }
    }

    function _isTensor(TensorSpec calldata tensor) private pure returns (bool) {
        uint256 length = bytes(tensor.name).length;
        if (length == 0 || length > MAX_TENSOR_NAME_LENGTH || !HubText.isPrintable(bytes(tensor.name))) return false;
        if (tensor.dtype > MAX_DTYPE || (REFUSED_DTYPES >> tensor.dtype) & 1 == 1) return false;
        if (tensor.shape.length > MAX_RANK) return false;
        for (uint256 i; i < tensor.shape.length; ++i) {
            int32 dimension = tensor.shape[i];
            if (dimension < -1 || dimension == 0) return false;
        }
        return true;
    }

    function _requireContributors(Contributor[] calldata contributors) private pure {
        uint256 count = contributors.length;
        require(count <= MAX_CONTRIBUTORS, IModelHub.ContributorsInvalid(0, count));
        bytes32[] memory seen = new bytes32[](count);
        uint256 totalBps;
        for (uint256 i; i < count; ++i) {
            address account = contributors[i].account;
            uint16 bps = contributors[i].bps;
            bool valid = account != address(0) && bps != 0 && _isNew(seen, i, bytes32(uint256(uint160(account))));
            require(valid, IModelHub.ContributorInvalid(i, account, bps));
            totalBps += bps;
        }
        require(totalBps <= MAX_CONTRIBUTOR_BPS, IModelHub.ContributorsInvalid(totalBps, count));
    }

    /// @dev Whoever disputes must be able to bring the input, so none may be longer than a transaction carries.
    function _requireStatic(TensorSpec[] calldata inputs, TensorSpec[] calldata outputs) private pure {
        uint256 encodedInput = _encodedLength(inputs);
        bool isBounded = encodedInput != 0 && encodedInput <= MAX_EXACT_INPUT && _encodedLength(outputs) != 0;
        require(isBounded, IModelHub.ExactSchemaInvalid(encodedInput));
    }

    /// @return length of `abi.encode(Tensor[])`; 0 where a shape is dynamic, a type no integer, or a size absurd
    function _encodedLength(TensorSpec[] calldata tensors) private pure returns (uint256 length) {
        length = 64;
        for (uint256 i; i < tensors.length; ++i) {
            TensorSpec calldata tensor = tensors[i];
            if ((EXACT_DTYPES >> tensor.dtype) & 1 == 0) return 0;
            uint256 size = Dtype.widthOf(tensor.dtype);
            for (uint256 j; j < tensor.shape.length; ++j) {
                if (tensor.shape[j] < 1) return 0;
                size *= uint32(tensor.shape[j]);
                if (size > MAX_TENSOR_BYTES) return 0;
            }
            // Offset, dtype, two offsets, two lengths, shape, data in whole words.
            length += 32 * (6 + tensor.shape.length + (size + 31) / 32);
        }
    }

    function _requireCommitments(ExactCommitment calldata exact, Arithmetic arithmetic, uint8 modes) private pure {
        (bytes32 graphRoot, uint16 version) = (exact.graphRoot, exact.loweringVersion);
        bool lowered = graphRoot != 0 && version != 0;
        bool untouched = graphRoot == 0 && version == 0;
        bool consistent = arithmetic == Arithmetic.Exact ? lowered : untouched;
        require(consistent, IModelHub.LoweringInvalid(arithmetic, graphRoot, version));

        (address verifier, bytes32 key, KeyOrigin origin) = (exact.zkVerifier, exact.zkKeyDigest, exact.zkKeyOrigin);
        bool proves = verifier != address(0) && key != 0 && origin != KeyOrigin.None;
        bool silent = verifier == address(0) && key == 0 && origin == KeyOrigin.None;
        consistent = modes & Mode.ZK.bit() != 0 ? proves : silent;
        require(consistent, IModelHub.ZkCommitmentInvalid(modes, verifier, key, origin));
    }

    /// @dev Remembers `item` at `index` of `seen`; true when it is not among the items before.
    function _isNew(bytes32[] memory seen, uint256 index, bytes32 item) private pure returns (bool) {
        for (uint256 i; i < index; ++i) {
            if (seen[i] == item) return false;
        }
        seen[index] = item;
        return true;
    }
}
