// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ModelIds
/// @notice The id of a release by its version: `0x<publisher>/<name>@v<major>.<minor>`.
library ModelIds {
    uint256 private constant PUBLISHER_LENGTH = 42;

    /// @notice A version of a model, by publisher and name.
    struct Version {
        address publisher;
        string name;
        uint16 major;
        uint16 minor;
    }

    /// @notice True when `modelId` begins as such an id does: then it is one, and never a content id, so that nobody
    /// can bind the name of somebody else's release.
    function isVersion(string calldata modelId) internal pure returns (bool) {
        bytes calldata text = bytes(modelId);
        if (text.length <= PUBLISHER_LENGTH || text[PUBLISHER_LENGTH] != "/") return false;
        (bool valid, ) = _publisherOf(text);
        return valid;
    }

    /// @notice Parses such an id; `valid` is false where what follows the publisher is no name and version.
    function parse(string calldata modelId) internal pure returns (bool valid, Version memory version) {
        bytes calldata text = bytes(modelId);
        (, version.publisher) = _publisherOf(text);
        uint256 cut = text.length;
        while (cut > PUBLISHER_LENGTH && text[cut - 1] != "@") --cut;
        if (cut == PUBLISHER_LENGTH) return (false, version);
        version.name = string(text[PUBLISHER_LENGTH + 1:cut - 1]);
        (valid, version.major, version.minor) = _numbersOf(text[cut:]);
    }

    function _publisherOf(bytes calldata text) private pure returns (bool valid, address publisher) {
        if (text[0] != "0" || text[1] != "x") return (false, publisher);
        uint160 digits;
        for (uint256 i = 2; i < PUBLISHER_LENGTH; ++i) {
            uint8 char = uint8(text[i]) | 0x20;
            bool isDigit = text[i] >= "0" && text[i] <= "9";
            if (!isDigit && (char < 0x61 || char > 0x66)) return (false, publisher);
            digits = (digits << 4) | (isDigit ? char - 0x30 : char - 0x57);
        }
        return (true, address(digits));
    }

    /// @dev `v` optional, major from 1 without leading zeros, minor of two digits: what the hub assigns.
    function _numbersOf(bytes calldata text) private pure returns (bool valid, uint16 major, uint16 minor) {
        if (text.length != 0 && text[0] == "v") text = text[1:];
        if (text.length < 4 || text.length > 8 || text[text.length - 3] != "." || text[0] == "0") return (false, 0, 0);
        uint256 number;
        for (uint256 i; i < text.length; ++i) {
            if (i == text.length - 3) continue;
            if (text[i] < "0" || text[i] > "9") return (false, 0, 0);
            number = number * 10 + uint8(text[i]) - 0x30;
        }
        valid = number / 100 <= type(uint16).max;
        (major, minor) = (uint16(number / 100), uint16(number % 100));
    }
}
