// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice How an element is kept outside the arena: big-endian, in so many bytes.
struct ElementFormat {
    uint256 width;
    bool isSigned;
}

/// @title ElementFormats
/// @notice Packed elements of checkpoints and tables.
library ElementFormats {
    uint256 private constant SIGNED = 0x80;

    /// @notice The format of a width byte: 1, 2, 4 or 8, with bit 7 for a sign; whether there is such a format.
    function fromByte(uint256 code) internal pure returns (ElementFormat memory format, bool known) {
        format.width = code & 0x7f;
        format.isSigned = code >= SIGNED;
        known = format.width == 1 || format.width == 2 || format.width == 4 || format.width == 8;
    }

    /// @notice The byte that the sign is spread from, counted from the lowest; the highest where there is no sign.
    function signByte(ElementFormat memory format) internal pure returns (uint256) {
        unchecked {
            return format.isSigned ? format.width - 1 : 31;
        }
    }

    /// @notice Writes `count` packed elements at `from` as words at `to`.
    function unpack(ElementFormat memory format, uint256 from, uint256 to, uint256 count) internal pure {
        uint256 width = format.width;
        uint256 top = signByte(format);
        assembly ("memory-safe") {
            let drop := sub(256, shl(3, width))
            for {
                let end := add(from, mul(width, count))
            } lt(from, end) {
                from := add(from, width)
            } {
                mstore(to, signextend(top, shr(drop, mload(from))))
                to := add(to, 32)
            }
        }
    }

    /// @notice The same out of calldata.
    function unpackCalldata(ElementFormat memory format, uint256 from, uint256 to, uint256 count) internal pure {
        uint256 width = format.width;
        uint256 top = signByte(format);
        assembly ("memory-safe") {
            let drop := sub(256, shl(3, width))
            for {
                let end := add(from, mul(width, count))
            } lt(from, end) {
                from := add(from, width)
            } {
                mstore(to, signextend(top, shr(drop, calldataload(from))))
                to := add(to, 32)
            }
        }
    }

    /// @notice Packs `count` words at `from` to `to`. Writes up to 31 bytes beyond.
    function pack(ElementFormat memory format, uint256 from, uint256 to, uint256 count) internal pure {
        uint256 width = format.width;
        assembly ("memory-safe") {
            let lift := sub(256, shl(3, width))
            for {
                let end := add(from, shl(5, count))
            } lt(from, end) {
                from := add(from, 32)
            } {
                mstore(to, shl(lift, mload(from)))
                to := add(to, width)
            }
        }
    }
}
