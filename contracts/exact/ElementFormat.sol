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

    /// @notice Writes `count` packed elements at `from` as words at `to`.
    function unpack(ElementFormat memory format, uint256 from, uint256 to, uint256 count) internal pure {
        (uint256 width, bool isSigned) = (format.width, format.isSigned);
        assembly ("memory-safe") {
            let drop := sub(256, shl(3, width))
            for {
                let end := add(from, mul(width, count))
            } lt(from, end) {
                from := add(from, width)
            } {
                let value := mload(from)
                switch isSigned
                case 0 {
                    value := shr(drop, value)
                }
                default {
                    value := sar(drop, value)
                }
                mstore(to, value)
                to := add(to, 32)
            }
        }
    }

    /// @notice The same out of calldata.
    function unpackCalldata(ElementFormat memory format, uint256 from, uint256 to, uint256 count) internal pure {
        (uint256 width, bool isSigned) = (format.width, format.isSigned);
        assembly ("memory-safe") {
            let drop := sub(256, shl(3, width))
            for {
                let end := add(from, mul(width, count))
            } lt(from, end) {
                from := add(from, width)
            } {
                let value := calldataload(from)
                switch isSigned
                case 0 {
                    value := shr(drop, value)
                }
                default {
                    value := sar(drop, value)
                }
                mstore(to, value)
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
