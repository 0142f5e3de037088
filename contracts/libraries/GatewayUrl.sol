// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title GatewayUrl
/// @notice Which text may stand as the address of an ERC-3668 gateway.
library GatewayUrl {
    uint256 internal constant MAX_LENGTH = 256;

    /// @notice True for `https://…`, and `http://` to this machine, of at most `MAX_LENGTH` visible ASCII characters.
    /// @dev Braces are refused: `{data}` would ask for GET, which long inputs do not fit. So is what ends a user name:
    /// `127.0.0.1:80` could be one, before another host.
    function isValid(string calldata url) internal pure returns (bool) {
        bytes calldata text = bytes(url);
        if (text.length > MAX_LENGTH) return false;
        for (uint256 i; i < text.length; ++i) {
            bytes1 char = text[i];
            if (char < 0x21 || char > 0x7e || char == "{" || char == "}" || char == "@") return false;
        }
        return _hasHost(text, "https://") || _isLoopback(text);
    }

    /// @dev Without the end of the host, `http://127.0.0.1.example` would pass.
    function _isLoopback(bytes calldata text) private pure returns (bool) {
        return _isHost(text, "http://127.0.0.1") || _isHost(text, "http://localhost") || _isHost(text, "http://[::1]");
    }

    function _isHost(bytes calldata text, bytes memory host) private pure returns (bool) {
        if (!_startsWith(text, host)) return false;
        return text.length == host.length || text[host.length] == ":" || text[host.length] == "/";
    }

    function _hasHost(bytes calldata text, bytes memory scheme) private pure returns (bool) {
        return text.length > scheme.length && _startsWith(text, scheme);
    }

    function _startsWith(bytes calldata text, bytes memory start) private pure returns (bool) {
        return text.length >= start.length && keccak256(text[:start.length]) == keccak256(start);
    }
}
