// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {CompactPrice} from "../../../contracts/examples/CompactPrice.sol";
import {HourCandle} from "../../../contracts/examples/HourCandle.sol";
import {FeeTerms, IVolatilityPool} from "../../../contracts/examples/IVolatilityPool.sol";
import {PoolFixture} from "./PoolFixture.sol";

contract PoolCandlesTest is PoolFixture {
    /// Moved and put back within a block: no trace at all.
    function test_whatABlockPutsBackLeavesNoTrace() public {
        bytes32 before = keccak256(_input());
        uint256 bought = _swap(token0, 500 ether);
        _swap(token1, bought);
        vm.warp(vm.getBlockTimestamp() + 2 hours);
        (, HourCandle[24] memory candles) = pool.lastDay();
        // What is left is the fees' mark on the price, not the push by half.
        assertApproxEqRel(_relative(candles[23].low(), candles[0].close()), 1e18, 0.03e18);
        assertNotEq(keccak256(_input()), before);
    }

    /// Left standing for one block of two seconds: at most 1/300 of a move, however far the price was pushed.
    function test_oneBlockMovesTheRecordByALittle() public {
        // Without fees, so that putting back is exact.
        pool = _deployPool(FeeTerms(0, 0, INFERENCE_FEE, STAKE));
        _equip(provider);
        _equip(trader);
        vm.prank(provider);
        pool.deposit(RESERVE0, RESERVE1, 0, 0, provider, block.timestamp);
        vm.warp(vm.getBlockTimestamp() + 26 hours);
        uint256 bought = _swap(token0, 5000 ether);
        vm.warp(vm.getBlockTimestamp() + 2);
        _swap(token1, bought);
        vm.warp((vm.getBlockTimestamp() / 1 hours + 1) * 1 hours);
        (, HourCandle[24] memory candles) = pool.lastDay();
        assertApproxEqRel(_relative(candles[23].low(), candles[22].close()), 1e18, 0.0034e18);
        assertLt(_relative(candles[23].low(), candles[22].close()), 0.997e18);
    }

    /// Held against everybody for a while: the record follows by 1/600 of itself a second, up or down, and no further.
    function testFuzz_recordFollowsSlowly(uint256 amount, uint256 held, bool up) public {
        held = bound(held, 1, 600);
        uint256 hour = (vm.getBlockTimestamp() / 1 hours + 1) * 1 hours;
        vm.warp(hour - held);
        pool.observe();
        if (up) _swap(token1, bound(amount, 1 ether, 15_000_000 ether));
        else _swap(token0, bound(amount, 0.001 ether, 9000 ether));
        vm.warp(hour);
        (, HourCandle[24] memory candles) = pool.lastDay();
        uint256 most = ((600 + held) * 1e18) / 600;
        // But for the last bits of a price, one part in 2^54.
        assertLe(_relative(candles[23].high(), candles[22].close()), most + 100);
        assertGe(_relative(candles[23].low(), candles[22].close()), 1e36 / most - 100);
    }

    /// A trader that pushes the price, swaps and pushes it back asks the model the question that it would have asked.
    function testFuzz_sandwichLeavesTheQuestion(uint256 amount, int256 forecast) public {
        _carry(bound(forecast, 0, 0.05e18));
        bytes32 before = keccak256(_input());
        vm.recordLogs();
        uint256 bought = _swap(token0, bound(amount, 1 ether, 5000 ether));
        _swap(token1, 1 ether);
        _swap(token1, bought);
        assertEq(keccak256(_input()), before);
        // One forecast, carried once, answered all three.
        assertEq(_feesSeen(), 1);
    }

    /// A price that stands is recorded in full within the hour.
    function test_standingPriceIsRecorded() public {
        _swap(token0, 200 ether);
        vm.warp((vm.getBlockTimestamp() / 1 hours + 2) * 1 hours);
        (, HourCandle[24] memory candles) = pool.lastDay();
        assertEq(CompactPrice.unwrap(candles[23].close()), CompactPrice.unwrap(pool.price()));
    }

    /// The input is one and the same for an hour, whatever trades and whoever observes.
    function testFuzz_inputHoldsForAnHour(uint256 amount, uint256 early, uint256 late) public {
        _swap(token0, bound(amount, 1 ether, 800 ether));
        uint256 hour = (vm.getBlockTimestamp() / 1 hours + 1) * 1 hours;
        early = bound(early, 0, 3598);
        late = bound(late, early + 1, 3599);
        vm.warp(hour + early);
        bytes32 before = keccak256(_input());
        _swap(token1, bound(amount, 1 ether, 1_000_000 ether));
        assertEq(keccak256(_input()), before);
        vm.warp(hour + late);
        assertEq(keccak256(_input()), before);
        pool.observe();
        assertEq(keccak256(_input()), before);
    }

    function test_longQuietLeavesFlatCandles() public {
        _swap(token0, 200 ether);
        vm.warp(vm.getBlockTimestamp() + 400 days);
        pool.observe();
        (bool isComplete, HourCandle[24] memory candles) = pool.lastDay();
        assertTrue(isComplete);
        assertEq(CompactPrice.unwrap(candles[23].open()), CompactPrice.unwrap(pool.price()));
        assertEq(CompactPrice.unwrap(candles[5].high()), CompactPrice.unwrap(candles[5].low()));
    }

    /// The input as of a view is the input as of a transaction.
    function testFuzz_observingChangesNoInput(uint256 amount, uint256 pause) public {
        _swap(token0, bound(amount, 1 ether, 5000 ether));
        vm.warp(vm.getBlockTimestamp() + bound(pause, 0, 60 hours));
        bytes32 seen = keccak256(_input());
        pool.observe();
        assertEq(keccak256(_input()), seen);
    }

    /// How many different fees the swaps since `recordLogs` paid.
    function _feesSeen() private returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 last = type(uint256).max;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IVolatilityPool.Swapped.selector) continue;
            (, , uint256 fee, ) = abi.decode(logs[i].data, (uint256, uint256, uint256, uint8));
            if (fee != last) ++count;
            last = fee;
        }
    }

    function _relative(CompactPrice a, CompactPrice b) private pure returns (uint256) {
        return a.relativeTo(b, 1e18);
    }
}
