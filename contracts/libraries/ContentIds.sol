// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {HubText} from "./HubText.sol";

/// @title ContentIds
/// @notice Ids under which callers that know only an artifact find its release.
/// @dev One form can be checked here: the CIDv1 of a raw leaf with sha2-256 in base32, `b` followed by the 36 bytes
/// 0x01 (version) 0x55 (raw) 0x12 (sha2-256) 0x20 (32 bytes) ‖ digest. See https://github.com/multiformats/cid
library ContentIds {
    uint256 internal constant MAX_LENGTH = 128;

    uint256 private constant RAW_LEAF_LENGTH = 59;
    /// The multibase letter and the first 30 of the four fixed bytes' 32 bits; the last two are zero.
    bytes7 private constant RAW_LEAF_PREFIX = "bafkrei";
    bytes32 private constant BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

    /// @notice True when `contentId` may stand for a release whose entry file has `digest`: the derived id where it
    /// has the form of one, else any 1 to 128 printable bytes.
    function fits(string calldata contentId, bytes32 digest) internal pure returns (bool) {
        if (isRawLeaf(contentId)) return keccak256(bytes(contentId)) == keccak256(rawLeafOf(digest));
        uint256 length = bytes(contentId).length;
        return length != 0 && length <= MAX_LENGTH && HubText.isPrintable(bytes(contentId));
    }

    /// @notice True when `contentId` has the form of a raw leaf's id.
    function isRawLeaf(string calldata contentId) internal pure returns (bool) {
        return bytes(contentId).length == RAW_LEAF_LENGTH && bytes7(bytes(contentId)) == RAW_LEAF_PREFIX;
    }

    /// @notice The id of the raw leaf with this sha2-256 digest.
    function rawLeafOf(bytes32 digest) internal pure returns (bytes memory) {
        // After the prefix, 2 zero bits, 256 of digest and 2 zero bits make 52 letters of 5 bits: twice 26 letters.
        uint256 bits = uint256(digest);
        return abi.encodePacked(RAW_LEAF_PREFIX, _lettersOf(bits >> 128), _lettersOf(bits << 2));
    }

    /// @dev The lowest 130 bits in base32.
    function _lettersOf(uint256 bits) private pure returns (bytes26) {
        uint256 letters;
        for (uint256 i; i < 26; ++i) {
            letters |= uint256(uint8(BASE32[(bits >> (5 * i)) & 31])) << (8 * i);
        }
        return bytes26(uint208(letters));
    }
}
