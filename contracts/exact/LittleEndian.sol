// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Lanes} from "../libraries/Lanes.sol";

/// @title LittleEndian
/// @notice Elements as tensors carry them, 1, 2, 4 or 8 bytes without gaps, and the words of the arena.
library LittleEndian {
    /// All bits but the lowest of each byte.
    uint256 private constant NOT_BOOL = 0xfefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefe;

    /// @notice Writes `count` elements of calldata at `from` as words at `to`.
    /// @return wrong not zero where bools were asked for and an element is neither 0 nor 1; all bytes of the last word
    /// are looked at
    function unpack(
        uint256 from,
        uint256 to,
        uint256 count,
        uint256 width,
        bool isSigned,
        bool isBool
    ) internal pure returns (uint256 wrong) {
        unchecked {
            uint256 perWord = 32 / width;
            while (count != 0) {
                uint256 word;
                assembly ("memory-safe") {
                    word := calldataload(from)
                }
                if (isBool) wrong |= word & NOT_BOOL;
                uint256 here = count < perWord ? count : perWord;
                if (here == 32 && !isSigned) _scatterBytes(word, to);
                else _scatter(Lanes.swap(word, width), to, here, 8 * width, isSigned);
                from += 32;
                to += 32 * here;
                count -= here;
            }
        }
    }

    /// @notice Packs `count` words at `from` to `to`, and zeros after them up to the next whole word.
    /// @return end where the next whole word begins
    function pack(uint256 from, uint256 to, uint256 count, uint256 width) internal pure returns (uint256 end) {
        unchecked {
            uint256 perWord = 32 / width;
            while (count != 0) {
                uint256 here = count < perWord ? count : perWord;
                uint256 word = here == 32 ? _gatherBytes(from) : Lanes.swap(_gather(from, here, 8 * width), width);
                assembly ("memory-safe") {
                    mstore(to, word)
                }
                from += 32 * here;
                to += 32;
                count -= here;
            }
            return to;
        }
    }

    /// @notice Whether all bytes from `place` up to `end`, whole words, are 0 or 1.
    function areBools(uint256 place, uint256 end) internal pure returns (bool) {
        uint256 all;
        assembly ("memory-safe") {
            for {} lt(place, end) {
                place := add(place, 32)
            } {
                all := or(all, mload(place))
            }
        }
        return all & NOT_BOOL == 0;
    }

    /// @dev All 32 bytes of a word, unrolled: a third of the price of shifting.
    function _scatterBytes(uint256 word, uint256 to) private pure {
        assembly ("memory-safe") {
            mstore(to, byte(0, word))
            mstore(add(to, 32), byte(1, word))
            mstore(add(to, 64), byte(2, word))
            mstore(add(to, 96), byte(3, word))
            mstore(add(to, 128), byte(4, word))
            mstore(add(to, 160), byte(5, word))
            mstore(add(to, 192), byte(6, word))
            mstore(add(to, 224), byte(7, word))
            mstore(add(to, 256), byte(8, word))
            mstore(add(to, 288), byte(9, word))
            mstore(add(to, 320), byte(10, word))
            mstore(add(to, 352), byte(11, word))
            mstore(add(to, 384), byte(12, word))
            mstore(add(to, 416), byte(13, word))
            mstore(add(to, 448), byte(14, word))
            mstore(add(to, 480), byte(15, word))
            mstore(add(to, 512), byte(16, word))
            mstore(add(to, 544), byte(17, word))
            mstore(add(to, 576), byte(18, word))
            mstore(add(to, 608), byte(19, word))
            mstore(add(to, 640), byte(20, word))
            mstore(add(to, 672), byte(21, word))
            mstore(add(to, 704), byte(22, word))
            mstore(add(to, 736), byte(23, word))
            mstore(add(to, 768), byte(24, word))
            mstore(add(to, 800), byte(25, word))
            mstore(add(to, 832), byte(26, word))
            mstore(add(to, 864), byte(27, word))
            mstore(add(to, 896), byte(28, word))
            mstore(add(to, 928), byte(29, word))
            mstore(add(to, 960), byte(30, word))
            mstore(add(to, 992), byte(31, word))
        }
    }

    /// @dev The first elements of a word, the first on top. Four at a time where there are as many.
    function _scatter(uint256 word, uint256 to, uint256 count, uint256 bits, bool isSigned) private pure {
        assembly ("memory-safe") {
            let drop := sub(256, bits)
            let end := add(to, shl(5, count))
            let fours := sub(end, and(shl(5, count), 96))
            switch isSigned
            case 0 {
                for {} lt(to, fours) {
                    to := add(to, 128)
                } {
                    mstore(to, shr(drop, word))
                    word := shl(bits, word)
                    mstore(add(to, 32), shr(drop, word))
                    word := shl(bits, word)
                    mstore(add(to, 64), shr(drop, word))
                    word := shl(bits, word)
                    mstore(add(to, 96), shr(drop, word))
                    word := shl(bits, word)
                }
                for {} lt(to, end) {
                    to := add(to, 32)
                } {
                    mstore(to, shr(drop, word))
                    word := shl(bits, word)
                }
            }
            default {
                for {} lt(to, fours) {
                    to := add(to, 128)
                } {
                    mstore(to, sar(drop, word))
                    word := shl(bits, word)
                    mstore(add(to, 32), sar(drop, word))
                    word := shl(bits, word)
                    mstore(add(to, 64), sar(drop, word))
                    word := shl(bits, word)
                    mstore(add(to, 96), sar(drop, word))
                    word := shl(bits, word)
                }
                for {} lt(to, end) {
                    to := add(to, 32)
                } {
                    mstore(to, sar(drop, word))
                    word := shl(bits, word)
                }
            }
        }
    }

    /// @dev The lowest bytes of 32 words.
    function _gatherBytes(uint256 from) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            for {
                let end := add(from, 1024)
            } lt(from, end) {
                from := add(from, 256)
            } {
                mstore8(0, mload(from))
                mstore8(1, mload(add(from, 32)))
                mstore8(2, mload(add(from, 64)))
                mstore8(3, mload(add(from, 96)))
                mstore8(4, mload(add(from, 128)))
                mstore8(5, mload(add(from, 160)))
                mstore8(6, mload(add(from, 192)))
                mstore8(7, mload(add(from, 224)))
                word := or(shl(64, word), shr(192, mload(0)))
            }
        }
    }

    /// @dev The reverse of `_scatter`: what an element has above its width is cut off.
    function _gather(uint256 from, uint256 count, uint256 bits) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            let drop := sub(256, bits)
            let shift := 0
            for {
                let end := add(from, shl(5, count))
            } lt(from, end) {
                from := add(from, 32)
            } {
                word := or(word, shr(shift, shl(drop, mload(from))))
                shift := add(shift, bits)
            }
        }
    }
}
