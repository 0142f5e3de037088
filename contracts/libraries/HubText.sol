// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title HubText
/// @notice The grammar of what publishers write into the hub. Printable ASCII throughout, so that every reader of the
/// logs decodes the same text and none stumbles over bad UTF-8 or control characters.
library HubText {
    uint256 internal constant MAX_NAME_LENGTH = 64;
    uint256 internal constant MAX_PATH_LENGTH = 256;

    uint256 private constant EACH_BYTE = type(uint256).max / 255;
    uint256 private constant HIGH_BITS = 0x80 * EACH_BYTE;
    uint256 private constant SPACES = 0x20 * EACH_BYTE;

    /// @notice True for 1 to 64 of `a-z 0-9 - _ .` that begin and end with a letter or digit.
    function isModelName(bytes calldata name) internal pure returns (bool) {
        uint256 length = name.length;
        if (length == 0 || length > MAX_NAME_LENGTH) return false;
        if (!_isAlphanumeric(name[0]) || !_isAlphanumeric(name[length - 1])) return false;
        for (uint256 i; i < length; ++i) {
            bytes1 char = name[i];
            if (!_isAlphanumeric(char) && char != "-" && char != "_" && char != ".") return false;
        }
        return true;
    }

    /// @notice True for 1 to 256 printable bytes without backslash whose `/`-separated parts are neither empty nor
    /// `.` nor `..`, so that the path is relative and stays below where it starts.
    function isRelativePath(bytes calldata path) internal pure returns (bool) {
        uint256 length = path.length;
        if (length == 0 || length > MAX_PATH_LENGTH || !isPrintable(path)) return false;
        uint256 start;
        for (uint256 i; i < length; ++i) {
            if (path[i] == "\\") return false;
            if (path[i] != "/") continue;
            if (!_isPathPart(path[start:i])) return false;
            start = i + 1;
        }
        return _isPathPart(path[start:]);
    }

    /// @notice True when every byte is between 0x20 and 0x7e.
    /// @dev Looks at 32 bytes at once. With no high bit set, no sum below carries into the next byte.
    function isPrintable(bytes calldata text) internal pure returns (bool) {
        for (uint256 i; i < text.length; i += 32) {
            uint256 word = uint256(bytes32(text[i:]));
            uint256 left = text.length - i;
            if (left < 32) word |= SPACES >> (8 * left);
            if (word & HIGH_BITS != 0) return false;
            if ((word + 0x60 * EACH_BYTE) & HIGH_BITS != HIGH_BITS) return false;
            if ((word + EACH_BYTE) & HIGH_BITS != 0) return false;
        }
        return true;
    }

    function _isPathPart(bytes calldata part) private pure returns (bool) {
        if (part.length == 0) return false;
        if (part.length > 2 || part[0] != ".") return true;
        return part.length == 2 && part[1] != ".";
    }

    function _isAlphanumeric(bytes1 char) private pure returns (bool) {
        return (char >= "a" && char <= "z") || (char >= "0" && char <= "9");
    }
}
