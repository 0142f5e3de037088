// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MachineFixture} from "./MachineFixture.sol";

contract StepsTest is MachineFixture {
    int256 private constant MIN = type(int64).min;
    int256 private constant MAX = type(int64).max;

    function test_fillsExtremes() public {
        int256[] memory y = _run(record(1, abi.encodePacked(uint32(1), uint32(3), i64(MIN))), "", counting(5));
        assertEq(y[0], 0);
        for (uint256 i = 1; i < 4; ++i) assertEq(y[i], MIN);
        assertEq(y[4], 4);
    }

    function test_movesOverlappingRunsAsAWhole() public {
        bytes memory loop = abi.encodePacked(uint8(1), uint32(4), int32(1), int32(1));
        int256[] memory y = _run(record(2, abi.encodePacked(uint32(0), uint32(1), loop)), "", counting(5));
        for (uint256 i = 1; i < 5; ++i) assertEq(y[i], int256(i) - 1);
    }

    function test_copiesElementByElementWhereStridesAreNotOne() public {
        // From 4 down to 1, each onto the next: the source is read before it is overwritten.
        bytes memory down = abi.encodePacked(uint8(1), uint32(4), int32(-1), int32(-1));
        int256[] memory y = _run(record(2, abi.encodePacked(uint32(3), uint32(4), down)), "", counting(5));
        for (uint256 i = 1; i < 5; ++i) assertEq(y[i], int256(i) - 1);
        // One source to all.
        bytes memory spread = abi.encodePacked(uint8(1), uint32(5), int32(0), int32(1));
        y = _run(record(2, abi.encodePacked(uint32(3), uint32(0), spread)), "", counting(5));
        for (uint256 i; i < 5; ++i) assertEq(y[i], 3);
    }

    function test_dividesTowardZeroAndClipsAtBothEnds() public {
        int256[] memory x = new int256[](6);
        (x[0], x[1], x[2], x[3], x[4], x[5]) = (-7, 7, -1, MIN, MAX, 100);
        bytes memory body = abi.encodePacked(uint32(0), uint32(0), uint32(1), uint32(1), uint32(6), uint8(0));
        body = abi.encodePacked(body, i64(1), i64(0), i64(2), i64(-50), i64(40));
        int256[] memory y = _run(record(4, body), "", x);
        assertEq(y[0], -3);
        assertEq(y[1], 3);
        assertEq(y[2], 0);
        assertEq(y[3], -50);
        assertEq(y[4], 40);
        assertEq(y[5], 40);
    }

    function test_keepsProductsOfExtremesExactBeforeItDivides() public {
        int256[] memory x = new int256[](2);
        (x[0], x[1]) = (MIN, MAX);
        bytes memory body = abi.encodePacked(uint32(0), uint32(0), uint32(1), uint32(1), uint32(2), uint8(0));
        body = abi.encodePacked(body, i64(MAX), i64(0), i64(MAX), i64(MIN), i64(MAX));
        int256[] memory y = _run(record(4, body), "", x);
        assertEq(y[0], MIN);
        assertEq(y[1], MAX);
    }

    function test_combinesExtremes() public {
        int256[5] memory expected = [int256(-1), 1, 0, MAX, MIN];
        for (uint8 kind; kind < 5; ++kind) {
            int256[] memory x = new int256[](2);
            (x[0], x[1]) =
                kind == 1
                    ? (MAX, MAX - 1)
                    : kind == 2
                        ? (MIN, int256(0))
                        : (MIN, MAX);
            bytes memory body = abi.encodePacked(kind, uint32(0), uint32(1), uint32(0), uint8(1));
            body = abi.encodePacked(body, uint32(1), int32(0), int32(0), int32(0));
            assertEq(_run(record(5, body), "", x)[0], expected[kind]);
        }
    }

    function test_looksUpSignedAndUnsignedElements() public {
        int256[] memory x = new int256[](4);
        (x[0], x[1]) = (-1, 1);
        bytes memory body = abi.encodePacked(uint32(0), uint32(2), uint32(2), i64(-1), uint32(3), uint32(1));
        bytes memory table = hex"ff80007f0001";
        uint32 position = 8 + 33;
        int256[] memory y = _run(record(6, abi.encodePacked(body, uint8(0x82), position)), table, x);
        assertEq(y[2], -128);
        assertEq(y[3], 1);
        y = _run(record(6, abi.encodePacked(body, uint8(2), position)), table, x);
        assertEq(y[2], 0xff80);
    }

    function test_findsFirstAndLastOfEqualExtremes() public {
        int256[] memory x = new int256[](7);
        (x[0], x[1], x[2], x[3], x[4], x[5]) = (2, MAX, MIN, MAX, MIN, 2);
        int256[7] memory expected = [MAX * 2 + MIN * 2 + 4, MAX, MIN, 1, 3, 2, 4];
        for (uint8 kind; kind < 7; ++kind) {
            bytes memory body = abi.encodePacked(kind, uint32(0), uint32(6), uint8(0), uint8(1), uint32(6), int32(1));
            assertEq(_run(record(7, body), "", x)[6], expected[kind]);
        }
    }

    /// @dev Weights of 255 times inputs of 255 everywhere: the largest sums that lanes must hold.
    function test_multipliesExtremesAtSizesThatLeaveARest() public {
        uint16[5] memory ks = [1, 255, 256, 257, 513];
        uint8[10] memory ns = [1, 9, 10, 11, 20, 21, 29, 30, 31, 61];
        for (uint256 i; i < ks.length; ++i) {
            for (uint256 j; j < ns.length; ++j) _multiply(ks[i], ns[j]);
        }
    }

    function _multiply(uint256 k, uint256 n) private {
        int256[] memory x = new int256[](k + n + 1);
        for (uint256 i; i < k; ++i) x[i] = 255;
        x[k + n] = 77;
        bytes memory body = abi.encodePacked(uint32(0), uint32(k), uint32(1), uint32(0), uint32(0), uint32(k));
        body = abi.encodePacked(body, uint32(n), uint32(8 + 57), uint8(1), i64(1), i64(MIN), i64(MAX));
        int256[] memory y = _run(record(3, body), _weights(k, n), x);
        for (uint256 j; j < n; ++j) assertEq(y[k + j], int256(k * 255 * 254) - int256(j));
        assertEq(y[k + n], 77);
    }

    function _weights(uint256 k, uint256 n) private pure returns (bytes memory packed) {
        for (uint256 from; from < k; from += 256) {
            uint256 terms = k - from < 256 ? k - from : 256;
            for (uint256 first; first < n; first += 30) {
                uint256 columns = n - first < 30 ? n - first : 30;
                uint256 word;
                for (uint256 c; c < columns; ++c) word |= 255 << (24 * (c % 10) + 8 * (c / 10));
                bytes memory block_ = new bytes(32 * terms);
                for (uint256 i; i < terms; ++i) {
                    assembly ("memory-safe") {
                        mstore(add(add(block_, 32), shl(5, i)), word)
                    }
                }
                packed = bytes.concat(packed, block_);
                if (from + terms < k) continue;
                for (uint256 c; c < columns; ++c) {
                    packed = abi.encodePacked(packed, i64(1), i64(-int256(first + c)));
                }
            }
        }
    }

    function _run(bytes memory program, bytes memory constants, int256[] memory x) private returns (int256[] memory) {
        return evaluate(publish(program, constants, uint32(x.length)), x);
    }
}
